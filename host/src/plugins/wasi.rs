//! WASI 0.2 with nothing behind it: no files, no sockets, no environment, no arguments; the turn's clock and the turn's dice.
//!
//! Many languages import all of it and use little. It is put together at the first use only, since most plugins never ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use wasmtime::bail;
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult, subscribe};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::log::{Lines, LogLevel, TurnLog};
use super::turn::TurnData;
use crate::clock::Timestamp;
use crate::limits;

/// What WASI of one turn is made of.
pub(super) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    now: Timestamp,
    monotonic: Monotonic,
    dice: Dice,
}

impl Wasi {
    pub(super) fn new(now: Timestamp, seed: u32, log: &TurnLog) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::PLUGIN_RESOURCES_MAX);
        let context = WasiCtx::builder()
            .stdout(Output { log: log.clone(), level: LogLevel::Info })
            .stderr(Output { log: log.clone(), level: LogLevel::Warn })
            .build();
        Self { context, table, now, monotonic: Monotonic::default(), dice: Dice(u64::from(seed)) }
    }
}

/// Links all of WASI 0.2, then puts the turn's clock and dice over the real ones.
pub(super) fn add_to_linker(linker: &mut Linker<TurnData>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    wall_clock::add_to_linker::<_, HasSelf<TurnData>>(linker, |turn| turn)?;
    monotonic_clock::add_to_linker::<_, HasSelf<TurnData>>(linker, |turn| turn)?;
    random::add_to_linker::<_, HasSelf<TurnData>>(linker, |turn| turn)?;
    insecure::add_to_linker::<_, HasSelf<TurnData>>(linker, |turn| turn)?;
    insecure_seed::add_to_linker::<_, HasSelf<TurnData>>(linker, |turn| turn)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiView for TurnData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

impl wall_clock::Host for TurnData {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let Timestamp(millis) = self.wasi().now;
        let nanoseconds = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
        Ok(wall_clock::Datetime { seconds: millis / 1000, nanoseconds })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

/// Nanoseconds of the turn's own time: every look moves it on a little, and a sleep takes all of its time at once. So whoever
/// waits for it to pass sees it pass, and every replay sees the same.
#[derive(Clone, Default)]
struct Monotonic(Arc<AtomicU64>);

const LOOK_NANOS: u64 = 1_000;

impl monotonic_clock::Host for TurnData {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.wasi().monotonic.0.fetch_add(LOOK_NANOS, Ordering::Relaxed))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(LOOK_NANOS)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let wasi = self.wasi();
        let slept = wasi.table.push(Slept { clock: wasi.monotonic.clone(), until: when })?;
        subscribe(&mut wasi.table, slept)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.wasi().monotonic.0.load(Ordering::Relaxed);
        self.subscribe_instant(now.saturating_add(duration))
    }
}

/// A sleep that is over when it is asked for.
struct Slept {
    clock: Monotonic,
    until: u64,
}

#[async_trait]
impl Pollable for Slept {
    async fn ready(&mut self) {
        self.clock.0.fetch_max(self.until, Ordering::Relaxed);
    }
}

/// `SplitMix64`: every seed gives a different, evenly spread sequence. Not for secrets, as the contract says.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= limits::PLUGIN_RANDOM_BYTES_MAX) else {
            bail!("{len} random bytes were asked for; {} are given a call", limits::PLUGIN_RANDOM_BYTES_MAX);
        };
        Ok(std::iter::repeat_with(|| self.roll().to_le_bytes()).flatten().take(len).collect())
    }
}

impl random::Host for TurnData {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.wasi().dice.bytes(len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.wasi().dice.roll())
    }
}

impl insecure::Host for TurnData {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.wasi().dice.bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.wasi().dice.roll())
    }
}

impl insecure_seed::Host for TurnData {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let dice = &mut self.wasi().dice;
        Ok((dice.roll(), dice.roll()))
    }
}

/// stdout or stderr, going to the turn's log.
struct Output {
    log: TurnLog,
    level: LogLevel,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    // Only WASI 0.3 asks for this one, and it is not compiled in.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(OutputLines(Lines::new(self.log.clone(), self.level)))
    }
}

struct OutputLines(Lines);

/// How much a guest may write before asking again.
const WRITE_BYTES_MAX: usize = 64 * 1024;

impl OutputStream for OutputLines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[async_trait]
impl Pollable for OutputLines {
    async fn ready(&mut self) {}
}
