//! One turn of a Rust plugin, against the least that wasmtime takes to instantiate and call the same component.

use std::time::{Duration, Instant};

use turnwise::limits;
use turnwise::plugins::{Plugin, Plugins, Wanted};

use super::bare_wasmtime::{BarePlugin, BareWasmtime};
use super::rows::{Sample, sample};
use super::stats::Durations;
use super::{Row, repository};

/// As the table has them.
pub(super) const NAME: &str = "Plugins::decide, menu";
pub(super) const BARE_NAME: &str = "bare wasmtime: instantiate and call menu";

/// Turns of one kind before it is the other's turn.
const BLOCK: usize = 50;

/// The host's plugins with `menu`, and the same component in an engine of its own.
pub(super) struct PluginBench {
    pub(super) plugins: Plugins,
    pub(super) menu: std::sync::Arc<Plugin>,
    bare: BarePlugin,
}

impl PluginBench {
    pub(super) async fn load() -> Self {
        let file = repository().join("plugins/menu.wasm");
        let bytes = std::fs::read(&file).expect("plugins/menu.wasm is built: `make plugins`");
        let plugins = Plugins::new(limits::PLUGIN_MEMORY_BYTES_MAX).expect("an engine");
        let wanted = Wanted { name: "menu".into(), file, settings: Vec::new(), limits: Default::default() };
        let menu = plugins.compile(wanted).await.expect("menu.wasm loads");
        let bare = BareWasmtime::new().and_then(|bare| bare.load(&bytes)).expect("menu.wasm loads in a bare engine");
        Self { plugins, menu, bare }
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
