//! The one engine all plugins are compiled for, and the room in which their instances live.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::bindings::plugin::Plugin as World;
use super::compile::{Compiler, Compiling};
use super::failure::TurnFailure;
use super::ticker::{Running, Ticker};
use super::turn::TurnData;
use super::wasi;
use crate::limits;

/// Everything turns share.
pub(super) struct Runtime {
    pub engine: Engine,
    pub linker: Linker<TurnData>,
    pub compiler: Arc<Compiler>,
    ticker: Ticker,
    /// One permit for each instance there is room for. The pool has room for every permit's plugin at its largest, so holding one
    /// is enough.
    slots: Semaphore,
}

/// The right to have one instance; while it is held, time passes for plugins.
pub(super) struct Place<'a> {
    _slot: SemaphorePermit<'a>,
    _running: Running<'a>,
}

/// No plugin can run on this machine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("WebAssembly cannot be compiled on this machine: {0:#}")]
    Engine(wasmtime::Error),
    #[error("the thread that interrupts plugins cannot be started: {0}")]
    Ticker(std::io::Error),
}

impl Runtime {
    /// `memory_bytes_max` is the largest of all plugins' limits.
    pub(super) fn new(memory_bytes_max: usize, compiling: Compiling) -> Result<Self, EngineError> {
        let (engine, slots) = engine(memory_bytes_max).map_err(EngineError::Engine)?;
        let linker = linker(&engine).map_err(EngineError::Engine)?;
        let ticker = Ticker::start(&engine).map_err(EngineError::Ticker)?;
        let compiler = Arc::new(Compiler::new(&engine, compiling));
        Ok(Self { engine, linker, compiler, ticker, slots: Semaphore::new(slots) })
    }

    /// Waits until there is a place for one more instance.
    pub(super) async fn place(&self) -> Result<Place<'_>, TurnFailure> {
        let closed = |_| TurnFailure::Instantiate("the host is shutting down".into());
        let slot = self.slots.acquire().await.map_err(closed)?;
        Ok(Place { _slot: slot, _running: self.ticker.run() })
    }

    #[cfg(test)]
    pub(super) fn places_free(&self) -> usize {
        self.slots.available_permits()
    }
}

/// A pool of instances if the machine has the address space for one (about 17 GiB a slot), however small; else one mapping each.
fn engine(memory_bytes_max: usize) -> wasmtime::Result<(Engine, usize)> {
    let wanted = limits::TURNS_IN_FLIGHT_MAX;
    for slots in [wanted, wanted / 4] {
        let pool = InstanceAllocationStrategy::Pooling(pool(slots, memory_bytes_max));
        match Engine::new(config().allocation_strategy(pool)) {
            Ok(engine) => {
                if slots < wanted {
                    tracing::warn!(slots, wanted, "address space is short: fewer turns run at once");
                }
                return Ok((engine, slots));
            }
            Err(error) => tracing::debug!(slots, error = %format_args!("{error:#}"), "no pool of plugin instances"),
        }
    }
    let engine = Engine::new(config().allocation_strategy(InstanceAllocationStrategy::OnDemand))?;
    tracing::warn!(
        "address space is too short for a pool of plugin instances: each turn maps its own memory, which is slower"
    );
    Ok((engine, wanted))
}

/// The same for whoever compiles and whoever runs: the code of one is for the other.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(limits::PLUGIN_STACK_BYTES_MAX)
        .async_stack_size(4 * limits::PLUGIN_STACK_BYTES_MAX)
        // A replay on another machine has to give the same decision.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // Only 32-bit memories are free of bounds checks.
        .wasm_memory64(false);
    config
}

fn pool(slots: usize, memory_bytes_max: usize) -> PoolingAllocationConfig {
    let count = |each: usize| u32::try_from(each).unwrap_or(u32::MAX);
    let total = |each: usize| count(slots.saturating_mul(each));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(total(1))
        .total_stacks(total(1))
        .total_core_instances(total(limits::PLUGIN_CORE_INSTANCES_MAX))
        .total_memories(total(limits::PLUGIN_MEMORIES_MAX))
        .total_tables(total(limits::PLUGIN_TABLES_MAX))
        .max_core_instances_per_component(count(limits::PLUGIN_CORE_INSTANCES_MAX))
        .max_memories_per_component(count(limits::PLUGIN_MEMORIES_MAX))
        .max_tables_per_component(count(limits::PLUGIN_TABLES_MAX))
        .max_memories_per_module(count(limits::PLUGIN_MEMORIES_MAX))
        .max_tables_per_module(count(limits::PLUGIN_TABLES_MAX))
        // Of the host's own bookkeeping for an instance; interpreters have thousands of functions.
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .table_elements(limits::PLUGIN_TABLE_ELEMENTS_MAX)
        .max_memory_size(memory_bytes_max)
        .linear_memory_keep_resident(limits::PLUGIN_KEEP_RESIDENT_BYTES)
        .table_keep_resident(limits::PLUGIN_KEEP_RESIDENT_BYTES)
        // Linux 6.7 tells which pages were touched; older kernels have the lowest ones wiped unseen.
        .pagemap_scan(Enabled::Auto);
    pool
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<TurnData>> {
    let mut linker = Linker::new(engine);
    World::add_to_linker::<_, HasSelf<TurnData>>(&mut linker, |turn| turn)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
