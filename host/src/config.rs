//! `turnwise.toml`: a pure function from its text and the environment to a [`Config`], or to every mistake at once.

mod connection;
mod desk;
pub mod dev;
pub mod environment;
pub mod error;
mod grants;
mod read;
mod reference;
mod render;
mod report;
pub mod secret;
mod section;
mod suggest;
#[cfg(test)]
pub(crate) mod tests;
mod units;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderName;
use ipnet::IpNet;

use crate::conversation::NamedJson;
use crate::conversation::commands::Commands;
use crate::conversation::release::ReleaseRule;
use crate::conversation::routing::Rule;
use crate::limits::SESSION_IDLE_TIMEOUT;
use crate::people::Role;
use crate::storage;
pub use connection::{Connection, Header, RetryRule};
pub use desk::{Chatwoot, Desk, DeskKind};
pub use dev::DevOptions;
pub use environment::{Environment, SystemEnvironment};
pub use error::{ConfigError, ConfigErrors, Position};
pub(crate) use read::is_loopback;
pub use read::{ABSENT_PLUGINS, ABSENT_SECRETS, load, load_excusing, parse};
pub use secret::Secret;
pub use section::is_name;

/// A valid configuration with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub storage: Storage,
    pub braze: Braze,
    pub sources: BTreeMap<String, Source>,
    pub plugins: Plugins,
    pub connections: BTreeMap<String, Connection>,
    /// Which of the connections every plugin may call, beside those it is given itself. No file can say so, only `turnwise dev` does.
    pub connections_of_all: Vec<String>,
    pub console: Console,
    /// `turnwise dev`: whoever is on this machine is an admin. No file can say so.
    pub dev: bool,
    /// Where people answer, if they do.
    pub desk: Option<Desk>,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    /// Under which names besides those of this machine the admin listener is reached, in lower case, without a port.
    pub admin_hosts: Vec<String>,
    pub connections_max: usize,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub body_bytes_max: usize,
    /// How long shutdown waits for what is under way.
    pub drain_timeout: Duration,
}

/// `[storage]`
#[derive(Clone, Debug)]
pub struct Storage {
    /// Of `url = "redb:PATH"`, relative to the configuration file's folder.
    pub path: PathBuf,
    pub settings: storage::redb::Settings,
}

/// `[console]`
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// A proxy in front of the admin listener that says who signed in.
    pub proxy: Option<Proxy>,
}

/// Which proxy is believed, and how far.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// In which it names who signed in.
    pub header: HeaderName,
    /// What it sends as `x-turnwise-proxy-secret`, if that is asked for.
    pub secret: Option<Secret>,
    /// Where it is, if that is asked for; empty: anywhere.
    pub peers: Vec<IpNet>,
    /// What somebody may whom nobody added; none: nothing.
    pub unknown: Option<Role>,
}

/// `[braze]`
#[derive(Clone, Debug)]
pub struct Braze {
    /// e.g. `https://rest.fra-01.braze.eu`, without a trailing slash.
    pub endpoint: String,
    pub api_key: Secret,
    pub campaigns: BTreeMap<String, Campaign>,
    /// `[braze.canvases.NAME]`: configured name → Canvas id.
    pub canvases: BTreeMap<String, String>,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub requests_in_flight_max: usize,
    /// Whether a reply whose answer was lost is sent again (at least once) or kept for a person (at most once).
    pub resend_unknown: bool,
    /// From a lost answer to the repeat.
    pub resend_wait: Duration,
    /// From the stop of all sending to the first call that tries again.
    pub probe_wait: Duration,
}

/// `[braze.campaigns.NAME]`
#[derive(Clone, Debug)]
pub struct Campaign {
    pub id: String,
    pub text_property: String,
    /// The campaign's layout shows choices by itself; otherwise they are numbered lines below the text.
    pub buttons: bool,
}

/// `[sources.NAME]`
#[derive(Clone, Debug)]
pub struct Source {
    pub bot: String,
    /// At most two live at once, so that one can be replaced without a gap.
    pub tokens: Vec<Secret>,
    /// The campaign replies go through, as named under `[braze.campaigns]`.
    pub campaign: String,
    /// Said when a turn fails.
    pub fallback_text: String,
    /// Which bot else gets which messages.
    pub rules: Vec<Rule>,
    /// A session ends after this long without a turn.
    pub idle_timeout: Duration,
    /// Keys of a bot's JSON state that outlive its session.
    pub carry_over: Vec<String>,
    pub commands: Commands,
}

/// `[plugins]`: the folder, and `[plugins.NAME]` for each that has settings of its own.
#[derive(Clone, Debug)]
pub struct Plugins {
    pub dir: PathBuf,
    /// Where compiled plugins are kept for the next start, if they are.
    pub cache: Option<PathBuf>,
    pub named: BTreeMap<String, Plugin>,
}

impl Plugins {
    /// Where the plugin of this name is.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.named.get(name).map_or_else(|| self.dir.join(format!("{name}.wasm")), |plugin| plugin.file.clone())
    }
}

/// `[plugins.NAME]`
#[derive(Clone, Debug)]
pub struct Plugin {
    pub file: PathBuf,
    /// The only content that may be loaded, if one is given: its SHA-256.
    pub sha256: Option<[u8; 32]>,
    pub settings: Vec<NamedJson>,
    pub limits: PluginLimits,
    /// Which of `[connections]` it may call.
    pub connections: Vec<String>,
    /// Which campaigns and Canvases it may trigger by name; all where none are listed.
    pub campaigns: Option<Vec<String>>,
    /// For how long its user's messages are taken together.
    pub burst_window: Option<Duration>,
    /// What is done with a candidate, and with sessions of another version.
    pub release: ReleaseRule,
}

impl Plugin {
    /// A plugin that is given nothing of its own.
    #[must_use]
    pub fn at(file: PathBuf) -> Self {
        Self {
            file,
            sha256: None,
            settings: Vec::new(),
            limits: PluginLimits::default(),
            connections: Vec::new(),
            campaigns: None,
            burst_window: None,
            release: ReleaseRule::default(),
        }
    }
}

impl Source {
    /// A source that one bot answers, with every default.
    #[must_use]
    pub fn answered_by(bot: String, tokens: Vec<Secret>) -> Self {
        Self {
            bot,
            tokens,
            campaign: "reply".to_owned(),
            fallback_text: read::FALLBACK_TEXT.to_owned(),
            rules: Vec::new(),
            idle_timeout: SESSION_IDLE_TIMEOUT,
            carry_over: Vec::new(),
            commands: Commands::built_in(),
        }
    }
}

/// `[plugins.NAME.limits]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginLimits {
    pub memory_bytes_max: usize,
    pub hostcall_fuel: usize,
    pub deadline: Duration,
    pub log_bytes_max: usize,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: crate::limits::PLUGIN_MEMORY_BYTES_MAX,
            hostcall_fuel: crate::limits::PLUGIN_HOSTCALL_FUEL,
            deadline: crate::limits::PLUGIN_DEADLINE,
            log_bytes_max: crate::limits::PLUGIN_LOG_BYTES_MAX,
        }
    }
}
