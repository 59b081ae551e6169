//! Row G13 of the fault matrix: random files and random plugins, from fixed seeds. Whatever they are, the host says something and goes on.
//!
//! A longer run: `TURNWISE_FUZZ_CASES=100000 cargo test --release -p turnwise g13`.

use std::time::Duration;

use arbitrary::Unstructured;
use wasm_smith::{Component, Config, Module};

use super::guest::{component_of, keeping, module};
use super::{compile, host, turn};
use crate::config::PluginLimits;

/// Of each kind; a few seconds in all.
const CASES: u64 = 150;

fn cases() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "for a longer run by hand")]
    let asked = std::env::var("TURNWISE_FUZZ_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

/// `SplitMix64`
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

fn config() -> Config {
    // What the host does not have would only be refused.
    Config {
        threads_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        exceptions_enabled: false,
        tail_call_enabled: true,
        max_memories: 2,
        max_memory32_bytes: 16 << 20,
        ..Config::default()
    }
}

/// Loads it; where that works, runs a turn.
async fn survives(bytes: &[u8]) -> bool {
    let plugins = host();
    let limits = PluginLimits { deadline: Duration::from_millis(10), ..PluginLimits::default() };
    match compile(&plugins, "bot", bytes, limits).await {
        Err(error) => {
            // The compiler's panics are the one thing that would be somebody's mistake.
            let told = error.to_string();
            assert!(!told.contains("panicked") && told.len() < 8 * 1024, "{told}");
            false
        }
        Ok(plugin) => {
            plugins.insert(plugin);
            if let Err(failure) = turn(&plugins).await.outcome {
                assert!(!failure.to_string().is_empty());
            }
            true
        }
    }
}

#[tokio::test]
async fn g13_random_components_are_refused_or_run() {
    for seed in 0..cases() {
        let bytes = Random(seed).bytes(4096);
        let component = Component::new(config(), &mut Unstructured::new(&bytes)).expect("enough bytes");
        survives(&component.to_bytes()).await;
    }
}

#[tokio::test]
async fn g13_damaged_plugins_are_refused_or_run() {
    let good = keeping();
    for seed in 0..cases() {
        let mut random = Random(seed);
        let mut bytes = good.clone();
        for _ in 0..=random.below(8) {
            match random.below(3) {
                0 => {
                    let at = random.below(bytes.len());
                    bytes[at] ^= 1 << random.below(8);
                }
                1 => bytes.truncate(random.below(bytes.len()).max(1)),
                _ => {
                    let (at, len) = (random.below(bytes.len()), random.below(16));
                    let inserted = random.bytes(len);
                    bytes.splice(at..at, inserted);
                }
            }
        }
        survives(&bytes).await;
    }
}

#[tokio::test]
async fn g13_random_code_behind_the_contract_costs_its_turn_only() {
    let exports = wat::parse_str(module("turnwise:bot/bot@0.1.0#handle", "unreachable", "")).expect("it parses");
    let mut ran = 0;
    for seed in 0..cases() {
        let bytes = Random(seed ^ 0xc0de).bytes(8192);
        let config = Config {
            exports: Some(exports.clone()),
            max_imports: 0,
            max_memories: 1,
            reference_types_enabled: false,
            allow_start_export: false,
            ..config()
        };
        let Ok(random) = Module::new(config, &mut Unstructured::new(&bytes)) else { continue };
        if let Some(component) = component_of(random.to_bytes(), "plugin", "")
            && survives(&component).await
        {
            ran += 1;
        }
    }
    assert!(ran > cases() / 10, "{ran} of {} ran", cases());
}
