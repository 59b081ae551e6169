//! The plugins folder and what is loaded from it, kept in step. Starting and changing are one mechanism: look at every file, and do
//! what [`plan`] says about it.

mod hints;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::{JoinError, JoinSet, spawn_blocking};

use super::inspect::{Problem, hex};
use super::load::Wanted;
use super::look::{Content, Digest, Look, Seen, look};
use super::plan::{self, Found, Known, Step};
use super::{Compiling, EngineError, Plugin, Plugins};
use crate::clock::Clock;
use crate::{config, limits};
use hints::Hints;

/// In the place of a bot's name, for what is wrong with the folder itself.
const FOLDER: &str = "*";

/// The files that plugins come from.
pub struct Folder {
    config: config::Plugins,
    plugins: Arc<Plugins>,
    clock: Arc<dyn Clock>,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Folder {
    /// Loads every plugin the configuration names and every other `*.wasm` of its folder. One that cannot be loaded is logged and
    /// known to [`Plugins::standings`]; it costs nothing else.
    pub async fn open(
        config: config::Plugins,
        compiling: Compiling,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EngineError> {
        let largest = config.named.values().map(|plugin| plugin.limits.memory_bytes_max).max().unwrap_or_default();
        let compiling = compiling.kept_in(config.cache.clone());
        let plugins = Arc::new(Plugins::compiling(largest.max(limits::PLUGIN_MEMORY_BYTES_MAX), compiling)?);
        let mut folder = Self { config, plugins, clock, seen: BTreeMap::new() };
        folder.refresh(limits::PLUGIN_LOADS_AT_START_MAX).await;
        folder.plugins.runtime.compiler.forget_others();
        Ok(folder)
    }

    /// What is loaded, now and later.
    #[must_use]
    pub fn plugins(&self) -> Arc<Plugins> {
        Arc::clone(&self.plugins)
    }

    /// Follows the files until `stop`. A compilation under way then has nobody waiting for it any more.
    pub async fn watch(mut self, stop: impl Future<Output = ()>) {
        let follow = async {
            let mut hints = Hints::new();
            loop {
                let folders = self.folders();
                let followed = spawn_blocking(move || {
                    hints.follow(folders);
                    hints
                });
                hints = followed.await.unwrap_or_else(|_panic| Hints::new());
                self.refresh(limits::PLUGIN_LOADS_MAX).await;
                tokio::select! {
                    () = hints.given() => tokio::time::sleep(limits::PLUGIN_WATCH_DEBOUNCE).await,
                    () = tokio::time::sleep(limits::PLUGIN_WATCH_POLL) => {}
                }
            }
        };
        tokio::select! {
            () = stop => {}
            () = follow => {}
        }
    }

    /// Every folder a plugin is or may come to be in.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let parent = |plugin: &config::Plugin| plugin.file.parent().unwrap_or(Path::new("")).to_owned();
        let folders = self.config.named.values().map(parent).chain([self.config.dir.clone()]);
        folders.map(|folder| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }).collect()
    }

    /// Looks at every file once, at most `at_once` at a time.
    async fn refresh(&mut self, at_once: usize) {
        let in_folder = self.list().await;
        let known = self.plugins.standings().into_iter().filter(|(name, _)| name != FOLDER);
        let known: BTreeMap<_, _> = known.map(|(name, standing)| (name, standing.file)).collect();
        let (wanted, misnamed) = plan::wanted(&self.config, &in_folder, &known);
        for (name, file) in &misnamed {
            self.plugins.complain(name, file, &Problem::BadName, None);
        }
        for name in known.keys().filter(|name| plan::bot(name).is_none() && !misnamed.contains_key(*name)) {
            self.plugins.remove(name);
        }

        let mut before = std::mem::take(&mut self.seen);
        let mut under_way = JoinSet::new();
        let extras_begin = wanted.iter().position(|wanted| plan::is_extra(&wanted.name));
        for (place, wanted) in wanted.into_iter().enumerate() {
            while Some(place) == extras_begin && !under_way.is_empty() {
                self.note(under_way.join_next().await);
            }
            if under_way.len() >= at_once {
                self.note(under_way.join_next().await);
            }
            let configured = self.config.named.get(&wanted.name);
            let attend = Attend {
                plugins: Arc::clone(&self.plugins),
                clock: Arc::clone(&self.clock),
                configured: configured.is_some(),
                is_extra: plan::is_extra(&wanted.name),
                pinned: configured.and_then(|plugin| plugin.sha256),
                before: before.remove(&wanted.file),
                wanted,
            };
            under_way.spawn(attend.run());
        }
        while let Some(ended) = under_way.join_next().await {
            self.note(Some(ended));
        }
    }

    /// The files that are plugins by their names. A folder that is not there is no mistake where every plugin has a file of its own.
    async fn list(&self) -> Vec<PathBuf> {
        let dir = self.config.dir.clone();
        let listed = spawn_blocking(move || wasm_files(&dir)).await.unwrap_or_else(|panic| Err(panic.into()));
        match listed {
            Ok(files) => {
                self.plugins.remove(FOLDER);
                files
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound || self.config.named.is_empty() {
                    self.plugins.complain(FOLDER, &self.config.dir, &Problem::Unreadable(error), None);
                }
                Vec::new()
            }
        }
    }

    fn note(&mut self, ended: Option<Result<(PathBuf, Option<Seen>), JoinError>>) {
        match ended {
            Some(Ok((file, Some(seen)))) => drop(self.seen.insert(file, seen)),
            Some(Err(panic)) if panic.is_panic() => tracing::error!(%panic, "looking at a plugin's file panicked"),
            _ => {}
        }
    }
}

/// One file of one bot.
struct Attend {
    plugins: Arc<Plugins>,
    clock: Arc<dyn Clock>,
    wanted: Wanted,
    configured: bool,
    is_extra: bool,
    pinned: Option<Digest>,
    before: Option<Seen>,
}

impl Attend {
    /// Looks at the file and does what follows from it. Returns what the next look should know.
    async fn run(self) -> (PathBuf, Option<Seen>) {
        let file = self.wanted.file.clone();
        let looked = spawn_blocking({
            let (file, before, now) = (file.clone(), self.before, self.clock.now());
            move || look(&file, before, now)
        });
        let (look, seen) = match looked.await {
            Ok(looked) => looked,
            Err(panic) => (Look::Faulty(Problem::Unreadable(panic.into())), None),
        };
        let (found, content) = match look {
            Look::Same(digest) => (Found::Content(digest), None),
            Look::Read(content) => (Found::Content(content.digest), Some(content)),
            Look::Missing => (Found::Missing, None),
            Look::Faulty(problem) => (Found::Faulty(problem), None),
        };
        let name = &self.wanted.name;
        let standing = self.plugins.registry.standing(name);
        let known = Known {
            configured: self.configured,
            is_extra: self.is_extra,
            pinned: self.pinned,
            serving: standing.as_ref().and_then(|standing| Some(standing.serving.as_ref()?.plugin.digest)),
            refused: standing.as_ref().and_then(|standing| standing.refused),
        };
        match plan::step(known, found) {
            Step::Nothing => (file, seen),
            Step::Keep => {
                self.plugins.clear(name);
                (file, seen)
            }
            Step::Report(problem) => {
                let refused = content.map(|content| content.digest);
                self.plugins.complain(name, &file, &problem, refused);
                (file, seen)
            }
            Step::Forget => {
                self.plugins.remove(name);
                (file, seen)
            }
            Step::Load => {
                let settled = match content {
                    Some(content) => self.load(content).await,
                    None => false,
                };
                // What is not settled is read anew: it may yet become a plugin.
                (file, seen.filter(|_| settled))
            }
        }
    }

    /// Puts the content in the place of what serves, if it can serve. Returns whether that is settled.
    async fn load(self, content: Content) -> bool {
        let Self { plugins, clock, wanted, .. } = self;
        let (name, file, digest) = (wanted.name.clone(), wanted.file.clone(), content.digest);
        match plugins.compile_content(wanted, content).await {
            Ok(plugin) => {
                let replaced = plugins.activate(Arc::clone(&plugin), clock.now());
                announce(&plugin, replaced.as_deref());
                true
            }
            Err(error) => {
                let settled = !error.problem.may_pass();
                plugins.complain(&name, &file, &error.problem, settled.then_some(digest));
                settled
            }
        }
    }
}

/// The line an operator looks for after a change.
fn announce(plugin: &Plugin, replaced: Option<&Plugin>) {
    let (name, contract, compile_ms) = (&plugin.name, &plugin.contract, plugin.compile_time.as_millis());
    let (version, sha256) = (plugin.version(), hex(&plugin.digest_short()));
    let compiled_before = plugin.compiled_before;
    let Some(replaced) = replaced else {
        tracing::info!(plugin = name, version, sha256, contract, compile_ms, compiled_before, "plugin ready");
        return;
    };
    let replaces = format!("{} {}", replaced.version().unwrap_or("-"), hex(&replaced.digest_short()));
    tracing::info!(plugin = name, version, sha256, contract, compile_ms, compiled_before, replaces, "plugin replaced");
    if let (Some(now), Some(before)) = (plugin.state_version(), replaced.state_version())
        && now < before
    {
        tracing::warn!(
            plugin = name,
            state_version = now,
            before,
            "the plugin writes an older version of its state than the one it replaces; it may not be able to read what is there"
        );
    }
}

/// In the order of their names. Hidden ones are the unfinished work of copy tools.
fn wasm_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "wasm") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
