//! From a file to a plugin that is ready to run, or to one sentence that says why not.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, InstancePre};

use super::awake::within;
use super::bindings::described::DescribedIndices;
use super::bindings::migrating::MigratingPre;
use super::bindings::plugin::{Plugin as World, PluginPre};
use super::breaker::PluginBreaker;
use super::convert;
use super::engine::Runtime;
use super::failure::Phase;
use super::inspect::{self, Interfaces, Problem};
use super::look::{Content, Digest};
use super::shadow::Shadow;
use super::turn::{Cell, TurnData};
use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::NamedJson;

/// A compiled plugin, linked and tried once.
pub struct Plugin {
    pub name: String,
    pub file: PathBuf,
    /// SHA-256 of the file.
    pub digest: Digest,
    pub file_bytes: usize,
    /// From having the file to having its code, whether that was made or found.
    pub compile_time: Duration,
    /// Its code was kept from an earlier time.
    pub compiled_before: bool,
    /// What an instance takes before it is called.
    pub memory_bytes_at_start: usize,
    /// The contract it was built for, e.g. "turnwise:bot@0.1.0".
    pub contract: String,
    pub interfaces: Interfaces,
    pub manifest: Option<Manifest>,
    /// `[plugins.NAME.settings]`, for the context of its turns.
    pub settings: Vec<NamedJson>,
    pub limits: PluginLimits,
    /// Whether it may be asked. Only the driver does: a replay or a test asks in any case.
    pub breaker: PluginBreaker,
    /// What was learned of it as a candidate that is only watched.
    pub shadow: Shadow,
    pub(super) pre: PluginPre<TurnData>,
    pub(super) migration: Option<MigratingPre<TurnData>>,
}

impl Plugin {
    /// The version of the state that this plugin writes, where its manifest gives one.
    #[must_use]
    pub fn state_version(&self) -> Option<u32> {
        self.manifest.as_ref().map(|manifest| manifest.state_version)
    }

    /// What its manifest calls its version.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.manifest.as_ref().map(|manifest| manifest.version.as_str())
    }

    /// Whether it can read state of an older version in [`super::Plugins::decide_on`].
    #[must_use]
    pub fn migrates(&self) -> bool {
        self.migration.is_some()
    }

    /// The first 8 bytes of the digest, for the journal.
    #[must_use]
    pub fn digest_short(&self) -> [u8; 8] {
        let mut short = [0; 8];
        short.copy_from_slice(&self.digest[..8]);
        short
    }
}

/// What the plugin says of itself, as `wit/bot.wit` documents it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Manifest {
    pub name: String,
    pub version: String,
    pub state_version: u32,
    pub steps: Vec<String>,
    pub connections: Vec<String>,
    pub campaigns: Vec<String>,
    pub handles: Vec<String>,
}

/// One file that is not a plugin, and why.
#[derive(Debug, thiserror::Error)]
#[error("plugin {name:?} ({}): {problem}", file.display())]
pub struct LoadError {
    pub name: String,
    pub file: PathBuf,
    pub problem: Problem,
}

/// What to load: a name, a file, and what the configuration says of it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    pub file: PathBuf,
    pub settings: Vec<NamedJson>,
    pub limits: PluginLimits,
}

/// Compiles, links and starts a plugin once.
pub(super) async fn load(runtime: &Arc<Runtime>, wanted: Wanted, content: Content) -> Result<Plugin, LoadError> {
    let Wanted { name, file, settings, limits } = wanted;
    let failed = |problem| LoadError { name: name.clone(), file: file.clone(), problem };
    inspect::check_header(&content.bytes).map_err(failed)?;
    let (digest, file_bytes) = (content.digest, content.bytes.len());
    let started = Instant::now();
    let found = find(runtime, digest).await;
    let compiled_before = found.is_some();
    let component = match found {
        Some(component) => component,
        None => runtime.compiler.compile(Arc::new(content)).await.map_err(failed)?,
    };
    let compile_time = started.elapsed();
    let Linked { contract, interfaces, linked, pre } = link(runtime, &component).map_err(failed)?;
    let memory_bytes_at_start = try_start(runtime, &linked, limits).await.map_err(failed)?;
    let manifest = describe(runtime, &linked, limits).await.map_err(failed)?;
    Ok(Plugin {
        breaker: PluginBreaker::new(&name),
        shadow: Shadow::default(),
        name,
        file,
        digest,
        file_bytes,
        compile_time,
        compiled_before,
        memory_bytes_at_start,
        contract,
        interfaces,
        manifest,
        settings,
        limits,
        pre,
        migration: MigratingPre::new(linked).ok(),
    })
}

/// The plugin's code, where it was kept from an earlier time.
async fn find(runtime: &Arc<Runtime>, digest: Digest) -> Option<Component> {
    let runtime = Arc::clone(runtime);
    tokio::task::spawn_blocking(move || runtime.compiler.find(&digest)).await.unwrap_or_default()
}

struct Linked {
    contract: String,
    interfaces: Interfaces,
    linked: InstancePre<TurnData>,
    pre: PluginPre<TurnData>,
}

fn link(runtime: &Runtime, component: &Component) -> Result<Linked, Problem> {
    let interfaces = Interfaces::of(component, &runtime.engine);
    let contract = inspect::check_contract(&interfaces)?;
    inspect::check_size(component)?;
    let linked = runtime.linker.instantiate_pre(component).map_err(|error| inspect::mismatch(&error))?;
    let pre = PluginPre::new(linked.clone()).map_err(|error| inspect::mismatch(&error))?;
    Ok(Linked { contract, interfaces, linked, pre })
}

/// Starts the plugin once under its limits, as a turn would; returns what it takes before it is called.
async fn try_start(runtime: &Runtime, linked: &InstancePre<TurnData>, limits: PluginLimits) -> Result<usize, Problem> {
    let place = runtime.place().await.map_err(Problem::Start)?;
    let mut cell = Cell::new(runtime, limits, Timestamp::default(), 0);
    let started = within(cell.wall_clock_max(), async {
        let store = &mut cell.store;
        let instance = linked.instantiate_async(&mut *store).await.map_err(|error| (Phase::Start, error))?;
        Ok(World::new(store, &instance).map(drop))
    })
    .await;
    let (started, remains) = cell.close(started);
    drop(place);
    started.map_err(Problem::Start)?.map_err(|error| inspect::mismatch(&error))?;
    Ok(remains.memory_bytes_peak)
}

/// Asks a plugin that has a manifest for it.
async fn describe(
    runtime: &Runtime,
    linked: &InstancePre<TurnData>,
    limits: PluginLimits,
) -> Result<Option<Manifest>, Problem> {
    let Ok(described) = DescribedIndices::new(linked) else { return Ok(None) };
    let place = runtime.place().await.map_err(Problem::Manifest)?;
    let mut cell = Cell::new(runtime, limits, Timestamp::default(), 0);
    let described = within(cell.wall_clock_max(), async {
        let store = &mut cell.store;
        let instance = linked.instantiate_async(&mut *store).await.map_err(|error| (Phase::Start, error))?;
        let world = match described.load(&mut *store, &instance) {
            Ok(world) => world,
            Err(error) => return Ok(Err(error)),
        };
        world.turnwise_bot_manifest().call_describe(store).await.map(Ok).map_err(|error| (Phase::Call, error))
    })
    .await;
    let (described, _) = cell.close(described);
    drop(place);
    let described = described.map_err(Problem::Manifest)?.map_err(|error| inspect::mismatch(&error))?;
    Ok(Some(convert::manifest(described)))
}
