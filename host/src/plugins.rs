//! The plugin host: which plugins there are, and one turn of one of them. Everything about wasmtime stays in here.

mod bindings;
mod breaker;
mod compile;
mod convert;
mod engine;
mod failure;
mod inspect;
mod limiter;
mod load;
mod log;
mod stored;
mod ticker;
mod turn;
mod wasi;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use crate::config;
use crate::conversation::{Context, Event};
pub use breaker::{Admitted, Opened, PluginBreaker};
pub use compile::{COMMAND as COMPILE_COMMAND, CompileLimits, Compiling, serve as compile_for_host};
pub use engine::EngineError;
pub use failure::{CallStack, TurnFailure};
pub use inspect::{CONTRACT, Interfaces, Problem};
pub use load::{LoadError, Manifest, Plugin, Wanted};
pub use log::{LogLevel, LogLine};
pub use stored::StoredState;
pub use turn::TurnResult;

use engine::Runtime;

/// All plugins by the name of their bot. An entry can be replaced at any time: turns under way keep the plugin they began with.
pub struct Plugins {
    runtime: Arc<Runtime>,
    loaded: RwLock<BTreeMap<String, Arc<Plugin>>>,
}

impl Plugins {
    /// A host without plugins, with room for instances of `memory_bytes_max` each.
    pub fn new(memory_bytes_max: usize) -> Result<Self, EngineError> {
        Self::compiling(memory_bytes_max, Compiling::default())
    }

    /// The same, compiling in this way.
    pub fn compiling(memory_bytes_max: usize, compiling: Compiling) -> Result<Self, EngineError> {
        Ok(Self { runtime: Arc::new(Runtime::new(memory_bytes_max, compiling)?), loaded: RwLock::default() })
    }

    /// Every `*.wasm` of the folder and every plugin the configuration names. One that cannot be loaded costs its error and not the start.
    pub async fn load(config: &config::Plugins, compiling: Compiling) -> Result<(Self, Vec<LoadError>), EngineError> {
        let (wanted, mut errors) = wanted(config);
        let largest = wanted.iter().map(|plugin| plugin.limits.memory_bytes_max).max();
        let largest = largest.unwrap_or_default().max(crate::limits::PLUGIN_MEMORY_BYTES_MAX);
        let plugins = Self::compiling(largest, compiling.kept_in(config.cache.clone()))?;
        for loaded in load::load_all(&plugins.runtime, wanted).await {
            match loaded {
                Ok(plugin) => {
                    plugins.insert(Arc::new(plugin));
                }
                Err(error) => errors.push(error),
            }
        }
        plugins.runtime.compiler.forget_others();
        Ok((plugins, errors))
    }

    /// A plugin ready to run that nobody is sent to yet.
    pub async fn compile(&self, wanted: Wanted) -> Result<Arc<Plugin>, LoadError> {
        load::load(&self.runtime, wanted).await.map(Arc::new)
    }

    /// Sends the turns of its bot to this plugin from now on; the one before it, if there was one.
    pub fn insert(&self, plugin: Arc<Plugin>) -> Option<Arc<Plugin>> {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).insert(plugin.name.clone(), plugin)
    }

    /// Takes a plugin away; its bot has none from now on.
    pub fn remove(&self, bot: &str) -> Option<Arc<Plugin>> {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).remove(bot)
    }

    #[must_use]
    pub fn get(&self, bot: &str) -> Option<Arc<Plugin>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(bot).cloned()
    }

    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
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
}

/// The named plugins, and those files of the folder that none of them names.
fn wanted(config: &config::Plugins) -> (Vec<Wanted>, Vec<LoadError>) {
    let mut wanted: Vec<Wanted> = config
        .named
        .iter()
        .map(|(name, plugin)| Wanted {
            name: name.clone(),
            file: plugin.file.clone(),
            settings: plugin.settings.clone(),
            limits: plugin.limits,
        })
        .collect();
    let mut errors = Vec::new();
    match wasm_files(config) {
        Ok(files) => {
            for file in files {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                if !wanted.iter().any(|named| named.name == name || named.file == file) {
                    let limits = config::PluginLimits::default();
                    wanted.push(Wanted { name, file, settings: Vec::new(), limits });
                }
            }
        }
        // A folder that is not there is no mistake where every plugin has a file of its own.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !wanted.is_empty() => {}
        Err(error) => {
            errors.push(LoadError { name: "*".into(), file: config.dir.clone(), problem: Problem::Unreadable(error) })
        }
    }
    (wanted, errors)
}

/// In the order of their names.
fn wasm_files(config: &config::Plugins) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&config.dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
pub(crate) mod tests;
