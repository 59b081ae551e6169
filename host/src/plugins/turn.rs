//! One turn in a fresh instance: a store is made, called once, and thrown away whatever happened.

use std::num::NonZeroU32;
use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::awake::{TooLong, within};
use super::bindings::plugin::turnwise::bot::{log, types};
use super::convert;
use super::engine::Runtime;
use super::failure::{Phase, TurnFailure};
use super::limiter::Limiter;
use super::load::Plugin;
use super::log::{LogLevel, LogLine, TurnLog};
use super::wasi::Wasi;
use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{BadOutput, Context, Decision, Event, check};
use crate::limits;

/// What came of a turn.
#[derive(Debug)]
pub struct TurnResult {
    pub outcome: Result<Decision, TurnFailure>,
    /// Abbreviated SHA-256 of the plugin that ran; zero where none did.
    pub plugin_digest: [u8; 8],
    pub log: Vec<LogLine>,
    /// Over all memories of the instance; 0 where none was made.
    pub memory_bytes_peak: usize,
    /// From having a place to run until the instance is gone; waiting for the place is not counted.
    pub duration: Duration,
}

impl TurnResult {
    /// A turn that did not get as far as an instance.
    #[must_use]
    pub fn failed(failure: TurnFailure) -> Self {
        Self {
            outcome: Err(failure),
            plugin_digest: [0; 8],
            log: Vec::new(),
            memory_bytes_peak: 0,
            duration: Duration::ZERO,
        }
    }
}

/// What the host keeps for one instance.
pub(super) struct TurnData {
    limiter: Limiter,
    log: TurnLog,
    now: Timestamp,
    seed: u32,
    wasi: Option<Box<Wasi>>,
}

impl TurnData {
    pub(super) fn wasi(&mut self) -> &mut Wasi {
        let Self { wasi, now, seed, log, .. } = self;
        wasi.get_or_insert_with(|| Box::new(Wasi::new(*now, *seed, log)))
    }
}

impl types::Host for TurnData {}

impl log::Host for TurnData {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.log.write(level, &message);
        Ok(())
    }
}

/// Runs one turn once there is a place for it.
pub(super) async fn run(
    runtime: &Runtime,
    plugin: &Plugin,
    context: &Context,
    state: Option<&str>,
    event: &Event,
) -> TurnResult {
    let _place = match runtime.place().await {
        Ok(place) => place,
        Err(failure) => return TurnResult::failed(failure),
    };
    let started = Instant::now();
    let (context, event, seed, now) = (convert::context(context), convert::event(event), context.seed, context.now);
    let mut cell = Cell::new(runtime, plugin.limits, now, seed);
    let called = within(cell.wall_clock_max(), async {
        let store = &mut cell.store;
        let instance = plugin.pre.instantiate_async(&mut *store).await.map_err(|error| (Phase::Start, error))?;
        let handle = instance.turnwise_bot_bot();
        handle.call_handle(store, &context, state, &event).await.map_err(|error| (Phase::Call, error))
    })
    .await;
    let (answered, remains) = cell.close(called);
    let outcome = answered.and_then(|answer| {
        let decision = convert::decision(answer.map_err(|error| TurnFailure::refused(convert::plugin_error(error)))?);
        check(&decision).map_err(|error| TurnFailure::BadOutput(error.to_string()))?;
        Ok(decision)
    });
    TurnResult {
        outcome,
        plugin_digest: plugin.digest_short(),
        log: remains.log,
        memory_bytes_peak: remains.memory_bytes_peak,
        duration: started.elapsed(),
    }
}

/// What came of a migration.
pub(super) struct Migrated {
    pub outcome: Result<String, TurnFailure>,
    pub log: Vec<LogLine>,
    pub duration: Duration,
}

/// Has state of an older version rewritten by a plugin that can, in an instance of its own; `None` for one that cannot.
pub(super) async fn migrate(
    runtime: &Runtime,
    plugin: &Plugin,
    context: &Context,
    state: &str,
    from: u32,
) -> Option<Migrated> {
    let migration = plugin.migration.as_ref()?;
    let _place = match runtime.place().await {
        Ok(place) => place,
        Err(failure) => return Some(Migrated { outcome: Err(failure), log: Vec::new(), duration: Duration::ZERO }),
    };
    let started = Instant::now();
    let mut cell = Cell::new(runtime, plugin.limits, context.now, context.seed);
    let called = within(cell.wall_clock_max(), async {
        let store = &mut cell.store;
        let instance = migration.instantiate_async(&mut *store).await.map_err(|error| (Phase::Start, error))?;
        let guest = instance.turnwise_bot_migration();
        guest.call_migrate(store, state, from).await.map_err(|error| (Phase::Call, error))
    })
    .await;
    let (migrated, remains) = cell.close(called);
    let outcome = migrated.and_then(|answer| {
        let state = answer.map_err(|error| TurnFailure::refused(convert::plugin_error(error)))?;
        if state.len() > limits::STATE_BYTES_MAX {
            return Err(TurnFailure::BadOutput(BadOutput::StateTooLong { bytes: state.len() }.to_string()));
        }
        Ok(state)
    });
    Some(Migrated { outcome, log: remains.log, duration: started.elapsed() })
}

/// A store under all limits, for one instance.
pub(super) struct Cell {
    pub store: Store<TurnData>,
    log: TurnLog,
    limits: PluginLimits,
}

/// What an instance leaves behind.
pub(super) struct Remains {
    pub log: Vec<LogLine>,
    pub memory_bytes_peak: usize,
}

impl Cell {
    pub(super) fn new(runtime: &Runtime, limits: PluginLimits, now: Timestamp, seed: u32) -> Self {
        let log = TurnLog::new(limits.log_bytes_max);
        let data = TurnData { limiter: Limiter::new(limits.memory_bytes_max), log: log.clone(), now, seed, wasi: None };
        let mut store = Store::new(&runtime.engine, data);
        store.limiter(|data| &mut data.limiter);
        store.set_hostcall_fuel(limits.hostcall_fuel);
        store.set_epoch_deadline(1);
        // Ticks are counted where they are seen to pass: while the machine does other things none is, so only the plugin's own
        // time is spent. Every tick lets other turns on.
        let mut ticks_left = ticks(limits.deadline).get();
        store.epoch_deadline_callback(move |_| {
            ticks_left = ticks_left.saturating_sub(1);
            Ok(if ticks_left == 0 {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
            })
        });
        Self { store, log, limits }
    }

    /// After this much time a call is given up whatever it does.
    pub(super) fn wall_clock_max(&self) -> Duration {
        self.limits.deadline.saturating_mul(limits::PLUGIN_WALL_CLOCK_DEADLINES)
    }

    /// Ends the instance and says what became of the call.
    pub(super) fn close<T>(
        self,
        called: Result<Result<T, (Phase, wasmtime::Error)>, TooLong>,
    ) -> (Result<T, TurnFailure>, Remains) {
        let wall_clock_max = self.wall_clock_max();
        let Self { store, log, limits } = self;
        let (refused, memory_bytes_peak) = (store.data().limiter.refused(), store.data().limiter.memory_bytes());
        // Streams write their last line when they go.
        drop(store);
        let outcome = match called {
            Ok(Ok(value)) => Ok(value),
            Ok(Err((phase, error))) => Err(TurnFailure::of(phase, &error, refused, &limits)),
            Err(TooLong) => Err(TurnFailure::Stalled { limit: wall_clock_max }),
        };
        (outcome, Remains { log: log.take(), memory_bytes_peak })
    }
}

/// One more than the deadline has, since the first tick comes at any moment.
fn ticks(deadline: Duration) -> NonZeroU32 {
    let ticks = deadline.as_nanos().div_ceil(limits::PLUGIN_TICK.as_nanos());
    NonZeroU32::MIN.saturating_add(u32::try_from(ticks).unwrap_or(u32::MAX))
}
