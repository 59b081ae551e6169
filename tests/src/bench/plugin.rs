//! One turn of a Rust plugin, against the least that wasmtime takes to instantiate and call the same component.

use std::time::{Duration, Instant};

use turnwise::limits;
use turnwise::plugins::{Plugin, Plugins, Wanted};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use self::bindings::turnwise::bot::types as wit;
use super::rows::{Sample, sample};
use super::stats::Durations;
use super::{Row, repository};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "turnwise:bot/plugin",
        exports: { default: async },
    });
}

/// As the table has them.
pub(super) const NAME: &str = "Plugins::decide, menu";
pub(super) const BARE_NAME: &str = "bare wasmtime: instantiate and call menu";

/// Turns of one kind before it is the other's turn.
const BLOCK: usize = 50;

/// The host's plugins with `menu`, and the same component in an engine of its own.
pub(super) struct PluginBench {
    pub(super) plugins: Plugins,
    pub(super) menu: std::sync::Arc<Plugin>,
    bare: Bare,
}

struct Bare {
    engine: Engine,
    pre: bindings::PluginPre<()>,
    context: wit::Context,
    event: wit::Event,
}

impl PluginBench {
    pub(super) async fn load() -> Self {
        let file = repository().join("plugins/menu.wasm");
        let bytes = std::fs::read(&file).expect("plugins/menu.wasm is built: `make plugins`");
        let plugins = Plugins::new(limits::PLUGIN_MEMORY_BYTES_MAX).expect("an engine");
        let wanted = Wanted { name: "menu".into(), file, settings: Vec::new(), limits: Default::default() };
        let menu = plugins.compile(wanted).await.expect("menu.wasm loads");
        Self { plugins, menu, bare: Bare::new(&bytes).expect("menu.wasm loads in a bare engine") }
    }

    /// The two by turns, each for half the span.
    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    pub(super) async fn measure(&self, span: Duration) -> Vec<Row> {
        let Sample { turn, .. } = sample();
        let (mut hosted, mut bare) = (Durations::default(), Durations::default());
        let started = Instant::now();
        while started.elapsed() < span {
            for _ in 0..BLOCK {
                let begun = Instant::now();
                let result = self.plugins.decide_with(&self.menu, &turn.context, None, &turn.event).await;
                hosted.add(begun.elapsed());
                result.outcome.expect("the plugin answers");
            }
            for _ in 0..BLOCK {
                let begun = Instant::now();
                self.bare.turn().await.expect("the plugin answers");
                bare.add(begun.elapsed());
            }
        }
        vec![row(BARE_NAME, bare), row(NAME, hosted)]
    }
}

fn row(what: &str, took: Durations) -> Row {
    let took = took.percentiles();
    Row { what: what.into(), in_flight: 1, ack: Some(took), per_second: Some(1e3 / took.p50_ms), ..Row::default() }
}

impl Bare {
    fn new(bytes: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = bindings::PluginPre::new(linker.instantiate_pre(&component)?)?;
        let (context, event) = arguments();
        Ok(Self { engine, pre, context, event })
    }

    async fn turn(&self) -> wasmtime::Result<wit::Decision> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate_async(&mut store).await?;
        let answer = instance.turnwise_bot_bot().call_handle(&mut store, &self.context, None, &self.event).await?;
        answer.map_err(|error| wasmtime::Error::msg(format!("{error:?}")))
    }
}

/// As the host configures its engine.
fn config() -> Config {
    let count = |count: usize| u32::try_from(count).expect("limits are small");
    let slots = limits::TURNS_IN_FLIGHT_MAX;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count(slots))
        .total_stacks(count(slots))
        .total_core_instances(count(slots * limits::PLUGIN_CORE_INSTANCES_MAX))
        .total_memories(count(slots * limits::PLUGIN_MEMORIES_MAX))
        .total_tables(count(slots * limits::PLUGIN_TABLES_MAX))
        .max_core_instances_per_component(count(limits::PLUGIN_CORE_INSTANCES_MAX))
        .max_memories_per_component(count(limits::PLUGIN_MEMORIES_MAX))
        .max_tables_per_component(count(limits::PLUGIN_TABLES_MAX))
        .max_memories_per_module(count(limits::PLUGIN_MEMORIES_MAX))
        .max_tables_per_module(count(limits::PLUGIN_TABLES_MAX))
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .table_elements(limits::PLUGIN_TABLE_ELEMENTS_MAX)
        .max_memory_size(limits::PLUGIN_MEMORY_BYTES_MAX)
        .linear_memory_keep_resident(limits::PLUGIN_KEEP_RESIDENT_BYTES)
        .table_keep_resident(limits::PLUGIN_KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(limits::PLUGIN_STACK_BYTES_MAX)
        .async_stack_size(4 * limits::PLUGIN_STACK_BYTES_MAX)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What the host gives the plugin in `sample`, in the contract's types.
fn arguments() -> (wit::Context, wit::Event) {
    let Sample { turn, .. } = sample();
    let (context, turnwise::conversation::Event::Message(message)) = (turn.context, turn.event) else {
        unreachable!("a webhook is a message")
    };
    let context = wit::Context {
        conversation: context.conversation.to_string(),
        session: context.session,
        turn: context.turn,
        user: wit::User {
            external_id: context.user.external_id,
            alias: None,
            phone: context.user.phone,
            language: context.user.language,
            profile_name: context.user.profile_name,
        },
        source: context.source,
        now: context.now.0,
        seed: context.seed,
        settings: Vec::new(),
        fields: context
            .fields
            .into_iter()
            .map(|field| wit::NamedJson { name: field.name, value: field.value })
            .collect(),
        desk: wit::DeskStatus::None,
    };
    let message = wit::Message {
        id: message.id,
        text: message.text,
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: message.received.0,
    };
    (context, wit::Event::Message(message))
}
