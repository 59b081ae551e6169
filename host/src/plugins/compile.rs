//! From a plugin's bytes to machine code: found where it was kept, or compiled under limits that name themselves.

mod cache;
mod child;
mod engine_id;
mod structure;
mod trusted;

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::failure::cause;
use super::inspect::{self, Problem};
use super::look::{Content, Digest};
use crate::limits;
use cache::Cache;
use child::ChildError;
pub use child::{COMMAND, CompileLimits, serve};
use engine_id::EngineId;

/// How plugins are compiled. The default keeps nothing and uses no other process: for tests and for looking at one file.
#[derive(Clone, Debug, Default)]
pub struct Compiling {
    /// A `turnwise` of this very build, to compile in; without one a plugin that takes for ever to compile does so in this process.
    pub program: Option<PathBuf>,
    /// Where code is kept for the next start.
    pub cache: Option<PathBuf>,
    pub limits: CompileLimits,
}

impl Compiling {
    /// As a host does it: in processes of this program, which must be `turnwise` itself.
    #[must_use]
    pub fn in_processes() -> Self {
        // The link leads to what is running, even after its file was replaced by another version.
        let running = Path::new("/proc/self/exe");
        let program = if running.exists() { Some(running.to_owned()) } else { std::env::current_exe().ok() };
        Self { program, ..Self::default() }
    }

    /// The same, keeping code in this folder.
    #[must_use]
    pub fn kept_in(self, cache: Option<PathBuf>) -> Self {
        Self { cache, ..self }
    }
}

/// The compiler of one engine.
pub(super) struct Compiler {
    engine: Engine,
    id: EngineId,
    program: Option<PathBuf>,
    limits: CompileLimits,
    cache: Option<Arc<Cache>>,
    /// Each takes all the cores it can get and hundreds of megabytes.
    at_once: Semaphore,
    /// The plugins that are there.
    asked_for: Mutex<BTreeSet<Digest>>,
    told_of_no_process: AtomicBool,
}

impl Compiler {
    /// A cache that cannot be used costs a warning and its use.
    pub(super) fn new(engine: &Engine, how: Compiling) -> Self {
        let Compiling { program, cache, limits } = how;
        let id = EngineId::of(engine);
        let cache = cache.and_then(|dir| match Cache::open(&dir, id) {
            Ok(cache) => Some(Arc::new(cache)),
            Err(error) => {
                let dir = dir.display();
                tracing::warn!(%dir, %error, "compiled plugins are not kept, so the next start compiles them again");
                None
            }
        });
        Self {
            engine: engine.clone(),
            id,
            program,
            limits,
            cache,
            at_once: Semaphore::new(limits::PLUGIN_COMPILES_AT_ONCE),
            asked_for: Mutex::default(),
            told_of_no_process: AtomicBool::new(false),
        }
    }

    /// The plugin's code if it was kept. Blocks for as long as it takes to read it.
    pub(super) fn find(&self, digest: &Digest) -> Option<Component> {
        self.asked_for.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest);
        let entry = self.cache.as_ref()?.find(digest)?;
        match trusted::load(&self.engine, &entry) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(file = %entry.0.display(), "a compiled plugin cannot be used; it is compiled again: {error:#}");
                let _ = std::fs::remove_file(&entry.0);
                None
            }
        }
    }

    /// Compiles, within the limits where there is a process for it, and keeps the code.
    pub(super) async fn compile(self: &Arc<Self>, plugin: Arc<Content>) -> Result<Component, Problem> {
        structure::check(&plugin.bytes).map_err(Problem::TooMuchToCompile)?;
        let _turn =
            self.at_once.acquire().await.map_err(|_| Problem::CompilerFailed("the host is shutting down".into()))?;
        if let Some(program) = &self.program {
            match self.compile_apart(program, &plugin).await {
                Err(ChildError::Unavailable(why)) => {
                    if !self.told_of_no_process.swap(true, Ordering::Relaxed) {
                        tracing::warn!(
                            why,
                            "plugins are compiled in this process, without limits: another cannot be started"
                        );
                    }
                }
                Err(ChildError::Refused(detail)) => return Err(inspect::invalid(detail)),
                Err(ChildError::TooMuch(limit)) => return Err(Problem::TooMuchToCompile(limit)),
                Err(ChildError::Crashed(how)) => return Err(Problem::CompilerFailed(how)),
                Ok(component) => return Ok(component),
            }
        }
        let compiler = Arc::clone(self);
        let compiled = tokio::task::spawn_blocking(move || compiler.compile_here(&plugin));
        compiled.await.unwrap_or_else(|panic| Err(Problem::CompilerFailed(panic.to_string())))
    }

    async fn compile_apart(&self, program: &Path, plugin: &Content) -> Result<Component, ChildError> {
        let unwritten = |error: io::Error| ChildError::Crashed(format!("its code cannot be written: {error}"));
        // Code that is not kept has a folder of its own until it is mapped.
        let (cache, folder) = match &self.cache {
            Some(cache) => (Arc::clone(cache), None),
            None => {
                let ours = Permissions::from_mode(0o700);
                let folder = tempfile::Builder::new().permissions(ours).tempdir().map_err(unwritten)?;
                let cache = Cache::open(folder.path(), self.id).map_err(|error| unwritten(io::Error::other(error)))?;
                (Arc::new(cache), Some(folder))
            }
        };
        let draft = cache.draft().map_err(unwritten)?;
        let code = draft.as_file().try_clone().map_err(unwritten)?;
        child::compile(program, &plugin.bytes, self.id, self.limits, code).await?;
        let (engine, digest) = (self.engine.clone(), plugin.digest);
        let loaded = tokio::task::spawn_blocking(move || {
            let entry = cache.keep(&digest, draft).map_err(unwritten)?;
            let loaded = trusted::load(&engine, &entry).map_err(|error| ChildError::Crashed(format!("{error:#}")));
            drop(folder);
            loaded
        });
        loaded.await.unwrap_or_else(|panic| Err(ChildError::Crashed(panic.to_string())))
    }

    fn compile_here(&self, plugin: &Content) -> Result<Component, Problem> {
        let component = Component::new(&self.engine, &plugin.bytes).map_err(|error| inspect::invalid(cause(&error)))?;
        if let Some(cache) = &self.cache
            && let Err(error) = keep(cache, &component, &plugin.digest)
        {
            tracing::warn!("a compiled plugin cannot be kept, so the next start compiles it again: {error:#}");
        }
        Ok(component)
    }

    /// Removes code of plugins that nobody has asked for since the start: their files are gone.
    pub(super) fn forget_others(&self) {
        if let Some(cache) = &self.cache {
            cache.keep_only(&self.asked_for.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn keep(cache: &Cache, component: &Component, digest: &Digest) -> wasmtime::Result<()> {
    let mut draft = cache.draft()?;
    draft.write_all(&component.serialize()?)?;
    cache.keep(digest, draft)?;
    Ok(())
}

#[cfg(test)]
mod tests;
