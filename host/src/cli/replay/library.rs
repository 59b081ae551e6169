//! The plugins there are, found by what they are and compiled once they are asked for.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::config::{self, PluginLimits};
use crate::conversation::release::ShortDigest;
use crate::conversation::{Context, Event};
use crate::limits::PLUGIN_MEMORY_BYTES_MAX;
use crate::plugins::{Compiling, EngineError, LoadError, Plugin, Plugins, Problem, StoredState, TurnResult, Wanted};

/// Files that may be plugins, and the engine that runs them.
pub(super) struct Library {
    plugins: Plugins,
    config: config::Plugins,
    files: Vec<PathBuf>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// Every file by its content, once anybody asked.
    files: Option<HashMap<ShortDigest, PathBuf>>,
    loaded: HashMap<ShortDigest, Option<Arc<Plugin>>>,
}

/// Why a plugin cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum LibraryError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {}", .0.file.display(), .0.problem)]
    Load(#[from] LoadError),
    #[error("{} (--plugin): {why}", file.display())]
    NoFile { file: PathBuf, why: std::io::Error },
}

impl LibraryError {
    /// Whether another file was meant, rather than this one being no plugin.
    pub(super) fn is_wrong_use(&self) -> bool {
        match self {
            Self::Load(error) => matches!(error.problem, Problem::Unreadable(_) | Problem::NotAFile),
            Self::NoFile { .. } => true,
            Self::Engine(_) => false,
        }
    }
}

impl Library {
    /// The plugins of a configuration, and these files.
    pub(super) fn open(config: &config::Plugins, more: &[PathBuf]) -> Result<Self, LibraryError> {
        for file in more {
            fs::metadata(file).map_err(|why| LibraryError::NoFile { file: file.clone(), why })?;
        }
        let in_folder = fs::read_dir(&config.dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let mut in_folder: Vec<PathBuf> =
            in_folder.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect();
        in_folder.sort();
        let named = config.named.values().map(|plugin| plugin.file.clone());
        let files = more.iter().cloned().chain(named).chain(in_folder).collect();
        let largest = config.named.values().map(|plugin| plugin.limits.memory_bytes_max).max().unwrap_or_default();
        let compiling = Compiling::in_processes().kept_in(config.cache.clone());
        let plugins = Plugins::compiling(largest.max(PLUGIN_MEMORY_BYTES_MAX), compiling)?;
        Ok(Self { plugins, config: config.clone(), files, found: Mutex::default() })
    }

    /// Where it looks, for people.
    pub(super) fn places(&self) -> String {
        format!("{}/*.wasm", self.config.dir.display())
    }

    /// This very file, with the limits of the bot.
    pub(super) async fn load(&self, file: &Path, bot: &str) -> Result<Arc<Plugin>, LibraryError> {
        let limits = self.config.named.get(bot).map_or_else(PluginLimits::default, |plugin| plugin.limits);
        // Settings come with the context of each turn.
        let wanted = Wanted { name: bot.to_owned(), file: file.to_owned(), settings: Vec::new(), limits };
        Ok(self.plugins.compile(wanted).await?)
    }

    /// The plugin with this content; none where no file has it, or not any more.
    pub(super) async fn find(&self, digest: ShortDigest, bot: &str) -> Result<Option<Arc<Plugin>>, LibraryError> {
        let mut found = self.found.lock().await;
        if let Some(known) = found.loaded.get(&digest) {
            return Ok(known.clone());
        }
        let files = found.files.get_or_insert_with(|| by_content(&self.files));
        let plugin = match files.get(&digest).cloned() {
            Some(file) => Some(self.load(&file, bot).await?).filter(|plugin| plugin.digest_short() == digest),
            None => None,
        };
        found.loaded.insert(digest, plugin.clone());
        Ok(plugin)
    }

    /// One turn, as it would be in a host.
    pub(super) async fn decide(
        &self,
        plugin: &Plugin,
        context: &Context,
        state: Option<StoredState<'_>>,
        event: &Event,
    ) -> TurnResult {
        self.plugins.decide_on(plugin, context, state, event).await
    }
}

/// Files that cannot be read are no plugins; of two with one content either will do.
fn by_content(files: &[PathBuf]) -> HashMap<ShortDigest, PathBuf> {
    let digest = |file: &PathBuf| {
        let bytes = fs::read(file).ok()?;
        let mut short = ShortDigest::default();
        short.copy_from_slice(&Sha256::digest(&bytes)[..8]);
        Some((short, file.clone()))
    };
    files.iter().filter_map(digest).collect()
}
