//! What turns may ask for: the configuration, and what the plugins that serve say of themselves.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, is_name};
use crate::conversation::effects::Catalog;
use crate::conversation::{DeskRules, NamedJson, Release, Version};
use crate::plugins::{Plugin, Plugins};

/// What a manifest's `handles` says of a bot that does what every bot's user can say by itself.
const COMMANDS: &str = "commands";

pub(super) struct Configured {
    config: Arc<Config>,
    plugins: Arc<Plugins>,
    /// Bots that the configuration names, whether their plugins are there or not.
    bots: HashSet<String>,
}

impl Configured {
    pub(super) fn new(config: Arc<Config>, plugins: Arc<Plugins>) -> Self {
        let routed = config.sources.values().flat_map(|source| {
            [&source.bot].into_iter().chain(source.rules.iter().map(|rule| &rule.bot)).cloned().collect::<Vec<_>>()
        });
        let bots = routed.chain(config.plugins.named.keys().cloned()).collect();
        Self { config, plugins, bots }
    }
}

impl Catalog for Configured {
    fn denies_campaign(&self, bot: &str, name: &str) -> Option<String> {
        self.config.denies_campaign(bot, name)
    }

    fn denies_canvas(&self, bot: &str, name: &str) -> Option<String> {
        self.config.denies_canvas(bot, name)
    }

    fn denies_connection(&self, bot: &str, name: &str) -> Option<String> {
        self.config.denies_connection(bot, name)
    }

    fn has_bot(&self, name: &str) -> bool {
        self.bots.contains(name) || (is_name(name) && self.plugins.get(name).is_some())
    }

    fn settings(&self, bot: &str) -> Vec<NamedJson> {
        self.config.plugins.named.get(bot).map_or_else(Vec::new, |plugin| plugin.settings.clone())
    }

    fn burst_window(&self, bot: &str) -> Option<Duration> {
        self.config.plugins.named.get(bot)?.burst_window
    }

    fn desk(&self) -> Option<&DeskRules> {
        self.config.desk.as_ref().map(|desk| &desk.rules)
    }

    fn release(&self, bot: &str) -> Release {
        let plugin = |version: Version| self.plugins.get(&version.plugin(bot));
        let digest = |plugin: Arc<Plugin>| plugin.digest_short();
        let candidate = plugin(Version::Candidate);
        Release {
            stable: plugin(Version::Stable).map(digest),
            candidate_is_stopped: candidate.as_ref().is_some_and(|plugin| plugin.breaker.opened().is_some()),
            candidate: candidate.map(digest),
            previous: plugin(Version::Previous).map(digest),
            rule: self.config.plugins.named.get(bot).map(|plugin| plugin.release).unwrap_or_default(),
        }
    }

    fn handles_commands(&self, bot: &str) -> bool {
        let plugin = self.plugins.get(bot);
        let manifest = plugin.as_ref().and_then(|plugin| plugin.manifest.as_ref());
        manifest.is_some_and(|manifest| manifest.handles.iter().any(|handled| handled == COMMANDS))
    }
}
