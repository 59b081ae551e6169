//! The plugin host: which plugins there are, and one turn of one of them. Everything about wasmtime stays in here.

mod awake;
mod bindings;
mod breaker;
mod compile;
mod convert;
mod engine;
mod failure;
mod folder;
mod inspect;
mod limiter;
mod listed;
mod load;
mod log;
mod look;
mod plan;
mod registry;
mod shadow;
mod stored;
mod ticker;
mod turn;
mod versions;
mod wasi;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::conversation::{Context, Event};
pub use breaker::{Admitted, Opened, PluginBreaker};
pub use compile::{COMMAND as COMPILE_COMMAND, CompileLimits, Compiling, serve as compile_for_host};
pub use engine::EngineError;
pub use failure::{CallStack, TurnFailure};
pub use folder::Folder;
pub use inspect::{CONTRACT, Interfaces, Problem, hex};
pub use listed::{Listed, Stopped};
pub use load::{LoadError, Manifest, Plugin, Wanted};
pub use log::{LogLevel, LogLine};
pub use look::Digest;
pub use plan::WITHDRAWN;
pub use registry::{Serving, Standing};
pub use shadow::{Shadow, Shadowed, ShadowedTurn};
pub use stored::StoredState;
pub use turn::TurnResult;
pub use versions::{ReleaseError, RolledBack, Versions};

use engine::Runtime;
use look::Content;
use registry::Registry;

/// All plugins by the name of their bot. An entry can be replaced at any time: turns under way keep the plugin they began with.
pub struct Plugins {
    runtime: Arc<Runtime>,
    registry: Registry,
}

impl Plugins {
    /// A host without plugins, with room for instances of `memory_bytes_max` each.
    pub fn new(memory_bytes_max: usize) -> Result<Self, EngineError> {
        Self::compiling(memory_bytes_max, Compiling::default())
    }

    /// The same, compiling in this way.
    pub fn compiling(memory_bytes_max: usize, compiling: Compiling) -> Result<Self, EngineError> {
        Ok(Self { runtime: Arc::new(Runtime::new(memory_bytes_max, compiling)?), registry: Registry::default() })
    }

    /// A plugin ready to run that nobody is sent to yet, from a file that nobody writes to.
    pub async fn compile(&self, wanted: Wanted) -> Result<Arc<Plugin>, LoadError> {
        let file = wanted.file.clone();
        let read = tokio::task::spawn_blocking(move || look::read_once(&file)).await;
        let read = read.unwrap_or_else(|panic| Err(Problem::Unreadable(panic.into())));
        match read {
            Ok(content) => self.compile_content(wanted, content).await,
            Err(problem) => Err(LoadError { name: wanted.name, file: wanted.file, problem }),
        }
    }

    /// The same from these very bytes.
    async fn compile_content(&self, wanted: Wanted, content: Content) -> Result<Arc<Plugin>, LoadError> {
        load::load(&self.runtime, wanted, content).await.map(Arc::new)
    }

    /// Sends the turns of its bot to this plugin from now on; returns the one before it, if there was one.
    pub fn activate(&self, plugin: Arc<Plugin>, now: Timestamp) -> Option<Arc<Plugin>> {
        self.registry.activate(plugin, now)
    }

    /// [`Self::activate`] where nobody asks since when.
    pub fn insert(&self, plugin: Arc<Plugin>) -> Option<Arc<Plugin>> {
        self.activate(plugin, Timestamp::default())
    }

    /// Takes a plugin away; its bot has none from now on.
    pub fn remove(&self, bot: &str) -> Option<Arc<Plugin>> {
        self.registry.remove(bot)?.serving.map(|serving| serving.plugin)
    }

    /// [`Self::standings`] for operators, in the order of the names.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.standings().iter().map(|(name, standing)| Listed::of(name, standing)).collect()
    }

    /// How every bot stands: what serves, since when, and what is wrong with its file. The name `*` stands for the folder itself.
    #[must_use]
    pub fn standings(&self) -> BTreeMap<String, Standing> {
        self.registry.all()
    }

    #[must_use]
    pub fn get(&self, bot: &str) -> Option<Arc<Plugin>> {
        self.registry.get(bot)
    }

    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.registry.names()
    }

    /// One turn in a fresh instance. Waits for a place to run, then ends within the plugin's limits whatever the plugin does.
    pub async fn decide(&self, bot: &str, context: &Context, state: Option<&str>, event: &Event) -> TurnResult {
        match self.get(bot) {
            Some(plugin) => self.decide_with(&plugin, context, state, event).await,
            None => TurnResult::failed(TurnFailure::NoSuchPlugin { name: bot.to_owned(), known: self.names() }),
        }
    }

    /// The same for a plugin already at hand: its settings and digest belong to this turn even if it is being replaced.
    pub async fn decide_with(
        &self,
        plugin: &Plugin,
        context: &Context,
        state: Option<&str>,
        event: &Event,
    ) -> TurnResult {
        turn::run(&self.runtime, plugin, context, state, event).await
    }

    /// Says once what is wrong with a bot's file. Whatever serves goes on.
    fn complain(&self, bot: &str, file: &Path, problem: &Problem, refused: Option<Digest>) {
        if !self.registry.complain(bot, file, problem.to_string(), refused) {
            return;
        }
        let file = file.display();
        let serves = self
            .get(bot)
            .map(|plugin| format!("{} {}", plugin.version().unwrap_or("-"), inspect::hex(&plugin.digest_short())));
        match problem {
            Problem::Unsettled => tracing::info!(plugin = bot, %file, serves, reason = %problem, "plugin not loaded"),
            Problem::Gone => tracing::warn!(plugin = bot, %file, serves, reason = %problem, "plugin gone"),
            _ => tracing::error!(plugin = bot, %file, serves, reason = %problem, "plugin not loaded"),
        }
    }

    /// A bot's file is again what serves.
    fn clear(&self, bot: &str) {
        if self.registry.clear(bot) {
            tracing::info!(plugin = bot, "plugin file is what serves again");
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
