//! The least that wasmtime takes to instantiate and call a plugin: the host's engine settings, WASI as wasmtime has it, and nothing else.

use turnwise::limits;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use self::bindings::turnwise::bot::{log, types as wit};
use super::rows::{Sample, sample};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "turnwise:bot/plugin",
        exports: { default: async },
    });
}

/// An engine of its own.
pub(super) struct BareWasmtime {
    engine: Engine,
    linker: Linker<Data>,
}

/// One plugin, ready to be instantiated.
pub(super) struct BarePlugin {
    engine: Engine,
    pre: bindings::PluginPre<Data>,
    context: wit::Context,
    event: wit::Event,
}

/// One instance of it.
pub(super) struct BareInstance<'a> {
    plugin: &'a BarePlugin,
    store: Store<Data>,
    instance: bindings::Plugin,
}

struct Data {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl wit::Host for Data {}

impl log::Host for Data {
    fn write(&mut self, _level: log::Level, _message: String) {}
}

impl BareWasmtime {
    pub(super) fn new() -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let mut linker = Linker::new(&engine);
        bindings::Plugin::add_to_linker::<_, HasSelf<Data>>(&mut linker, |data| data)?;
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        Ok(Self { engine, linker })
    }

    pub(super) fn load(&self, bytes: &[u8]) -> wasmtime::Result<BarePlugin> {
        let component = Component::new(&self.engine, bytes)?;
        let pre = bindings::PluginPre::new(self.linker.instantiate_pre(&component)?)?;
        let (context, event) = arguments();
        Ok(BarePlugin { engine: self.engine.clone(), pre, context, event })
    }
}

impl BarePlugin {
    pub(super) async fn instance(&self) -> wasmtime::Result<BareInstance<'_>> {
        let data = Data { wasi: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, data);
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok(BareInstance { plugin: self, store, instance })
    }

    /// In a fresh instance.
    pub(super) async fn turn(&self) -> wasmtime::Result<()> {
        self.instance().await?.turn().await
    }
}

impl BareInstance<'_> {
    pub(super) async fn turn(&mut self) -> wasmtime::Result<()> {
        let BarePlugin { context, event, .. } = self.plugin;
        let answer = self.instance.turnwise_bot_bot().call_handle(&mut self.store, context, None, event).await?;
        answer.map(drop).map_err(|error| wasmtime::Error::msg(format!("{error:?}")))
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
