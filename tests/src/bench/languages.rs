//! What a plugin costs in each language: the same bot, built for each, as the host runs it, beside the bare cost of the same component and
//! beside an instance that is used again and again, as no host of ours does.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use turnwise::limits;
use turnwise::plugins::{Compiling, Plugin, Plugins, Wanted};

use super::bare_wasmtime::{BarePlugin, BareWasmtime};
use super::rows::{Sample, sample};
use super::stats::{Durations, Percentiles, median};
use super::{machine, repository};
use crate::binary;

/// Turns of one kind before it is the other's turn.
const BLOCK: usize = 10;
/// Instances alive at once, to see what one takes.
const INSTANCES: usize = 16;
/// What has to be on a thread of its own, as turns have in the host.
const THREADS: usize = 2;

/// The plugins to compare, loaded in the host and in a bare engine.
pub(super) struct LanguagesBench {
    plugins: Arc<Plugins>,
    loaded: Vec<(Arc<Plugin>, BarePlugin, Loading)>,
}

/// What is measured once.
#[derive(Clone, Copy, Debug)]
struct Loading {
    /// In a process of its own, as the host does it.
    compile_ms: f64,
    /// From the cache, in a new host.
    found_ms: f64,
    /// What an instance holds after its turn.
    resident_kib: f64,
}

/// One plugin in one round.
#[derive(Clone, Debug)]
pub(super) struct Language {
    pub(super) name: String,
    file_kib: f64,
    loading: Loading,
    hosted: Percentiles,
    bare: Percentiles,
    /// None where an instance does not last: some languages count on one call each.
    reused: Option<Percentiles>,
    hosted_per_second: f64,
}

/// `plugins/menu*.wasm`: the same bot in every language that is built.
pub(super) fn default_plugins() -> Vec<PathBuf> {
    let files = std::fs::read_dir(repository().join("plugins")).into_iter().flatten().flatten();
    let mut menus: Vec<PathBuf> = files.map(|entry| entry.path()).filter(|path| is_menu(path)).collect();
    menus.sort();
    menus
}

fn is_menu(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("menu") && name.ends_with(".wasm")
}

impl LanguagesBench {
    pub(super) async fn load(files: &[PathBuf], say: impl Fn(&str)) -> Self {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let compiling = Compiling { program: Some(binary()), ..Compiling::default() };
        let compiling = compiling.kept_in(Some(cache.path().join("cache")));
        let host = || Plugins::compiling(limits::PLUGIN_MEMORY_BYTES_MAX, compiling.clone()).expect("an engine");
        let bare = BareWasmtime::new().expect("a bare engine");
        let mut loaded = Vec::new();
        let (first, plugins) = (host(), Arc::new(host()));
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            say(&format!("compiling {}", file.display()));
            let wanted =
                || Wanted { name: name.clone(), file: file.clone(), settings: Vec::new(), limits: Default::default() };
            let made = first.compile(wanted()).await.unwrap_or_else(|error| panic!("{error}"));
            let found = plugins.compile(wanted()).await.unwrap_or_else(|error| panic!("{error}"));
            assert!(found.compiled_before, "{name}: its code was kept");
            let ms = |plugin: &Plugin| plugin.compile_time.as_secs_f64() * 1e3;
            let bytes = std::fs::read(file).expect("it was read before");
            let loading = Loading {
                compile_ms: ms(&made),
                found_ms: ms(&found),
                // In an engine of its own, whose places nobody has used yet.
                resident_kib: resident_kib(
                    &BareWasmtime::new().expect("a bare engine").load(&bytes).expect("it loads"),
                )
                .await,
            };
            loaded.push((found, bare.load(&bytes).expect("it loads in a bare engine"), loading));
        }
        Self { plugins, loaded }
    }

    /// Each for this long.
    pub(super) async fn measure(&self, span: Duration) -> Vec<Language> {
        let mut languages = Vec::new();
        for (plugin, bare, loading) in &self.loaded {
            let (hosted, bare_fresh, reused) = self.latencies(plugin, bare, span).await;
            languages.push(Language {
                name: plugin.name.clone(),
                file_kib: plugin.file_bytes as f64 / 1024.0,
                loading: *loading,
                hosted,
                bare: bare_fresh,
                reused,
                hosted_per_second: self.throughput(plugin, span / 3),
            });
        }
        languages
    }

    /// In the host, bare, and bare in one instance for all, by turns.
    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    async fn latencies(
        &self,
        plugin: &Plugin,
        bare: &BarePlugin,
        span: Duration,
    ) -> (Percentiles, Percentiles, Option<Percentiles>) {
        let Sample { turn, .. } = sample();
        let (mut hosted, mut fresh, mut reused) = (Durations::default(), Durations::default(), Durations::default());
        let mut kept = Some(bare.instance().await.expect("it starts"));
        let started = Instant::now();
        while started.elapsed() < span {
            for _ in 0..BLOCK {
                let begun = Instant::now();
                let result = self.plugins.decide_with(plugin, &turn.context, None, &turn.event).await;
                hosted.add(begun.elapsed());
                result.outcome.unwrap_or_else(|failure| panic!("{}: {failure}", plugin.name));
            }
            for _ in 0..BLOCK {
                let begun = Instant::now();
                bare.turn().await.expect("the plugin answers");
                fresh.add(begun.elapsed());
            }
            for _ in 0..BLOCK {
                let Some(instance) = &mut kept else { break };
                let begun = Instant::now();
                match instance.turn().await {
                    Ok(()) => reused.add(begun.elapsed()),
                    Err(_) => kept = None,
                }
            }
        }
        (hosted.percentiles(), fresh.percentiles(), kept.map(|_| reused.percentiles()))
    }

    /// Turns a second in the host, each of the threads with one after another.
    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    fn throughput(&self, plugin: &Arc<Plugin>, span: Duration) -> f64 {
        let threads = (0..THREADS).map(|_| {
            let (plugins, plugin) = (Arc::clone(&self.plugins), Arc::clone(plugin));
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let Sample { turn, .. } = sample();
                    let (started, mut turns) = (Instant::now(), 0_u32);
                    while started.elapsed() < span {
                        let result = plugins.decide_with(&plugin, &turn.context, None, &turn.event).await;
                        result.outcome.expect("the plugin answers");
                        turns += 1;
                    }
                    f64::from(turns) / started.elapsed().as_secs_f64()
                })
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("it measures")).sum()
    }
}

/// What an instance holds after its turn.
async fn resident_kib(bare: &BarePlugin) -> f64 {
    let resident_kib = || machine::resident_mib(std::process::id()) * 1024.0;
    let mut alive = Vec::new();
    // The first one brings in the code, which all of them share.
    let mut first = bare.instance().await.expect("it starts");
    first.turn().await.expect("the plugin answers");
    alive.push(first);
    let before = resident_kib();
    for _ in 0..INSTANCES {
        let mut instance = bare.instance().await.expect("it starts");
        instance.turn().await.expect("the plugin answers");
        alive.push(instance);
    }
    (resident_kib() - before) / INSTANCES as f64
}

impl Language {
    /// Of one plugin in several rounds.
    pub(super) fn median(rounds: &[&Self]) -> Self {
        let number =
            |value: fn(&Self) -> f64| median(rounds.iter().map(|round| value(round))).expect("there was a round");
        Self {
            name: rounds[0].name.clone(),
            file_kib: rounds[0].file_kib,
            loading: rounds[0].loading,
            hosted: Percentiles { p50_ms: number(|l| l.hosted.p50_ms), p99_ms: number(|l| l.hosted.p99_ms) },
            bare: Percentiles { p50_ms: number(|l| l.bare.p50_ms), p99_ms: number(|l| l.bare.p99_ms) },
            reused: rounds.iter().map(|round| round.reused).collect::<Option<Vec<_>>>().and_then(|reused| {
                Some(Percentiles {
                    p50_ms: median(reused.iter().map(|pair| pair.p50_ms))?,
                    p99_ms: median(reused.iter().map(|pair| pair.p99_ms))?,
                })
            }),
            hosted_per_second: number(|l| l.hosted_per_second),
        }
    }

    pub(super) fn json(&self) -> Value {
        let pair = |pair: Percentiles| json!({ "p50": pair.p50_ms, "p99": pair.p99_ms });
        json!({
            "plugin": self.name,
            "file_kib": self.file_kib,
            "compile_ms": self.loading.compile_ms,
            "found_ms": self.loading.found_ms,
            "hosted_ms": pair(self.hosted),
            "bare_ms": pair(self.bare),
            "reused_ms": self.reused.map(pair),
            "hosted_per_second_on_two_threads": self.hosted_per_second,
            "resident_kib_per_instance": self.loading.resident_kib,
        })
    }
}

/// As the table of docs/performance.md.
pub(super) fn table(languages: &[Language]) -> Result<String, fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "| {:<12} | file KiB | compile ms | from cache ms | turn us p50 / p99 | bare us p50 / p99 | of bare | reused us p50 | turns/s, 2 threads | KiB an instance |",
        "plugin"
    )?;
    writeln!(text, "|{}|---:|---:|---:|---:|---:|---:|---:|---:|---:|", "-".repeat(14))?;
    let us = |ms: f64| ms * 1e3;
    for language in languages {
        let pair = |pair: Percentiles| format!("{:.0} / {:.0}", us(pair.p50_ms), us(pair.p99_ms));
        writeln!(
            text,
            "| {:<12} | {:>8.0} | {:>10.0} | {:>13.1} | {:>17} | {:>17} | {:>7.2} | {:>13} | {:>18.0} | {:>15.0} |",
            language.name,
            language.file_kib,
            language.loading.compile_ms,
            language.loading.found_ms,
            pair(language.hosted),
            pair(language.bare),
            language.hosted.p50_ms / language.bare.p50_ms,
            language.reused.map_or_else(|| "none lasts".to_owned(), |reused| format!("{:.0}", us(reused.p50_ms))),
            language.hosted_per_second,
            language.loading.resident_kib,
        )?;
    }
    Ok(text)
}
