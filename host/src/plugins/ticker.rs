//! The heartbeat that running plugins are interrupted by. It stands still while no turn runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use wasmtime::{Engine, EngineWeak};

use crate::limits::PLUGIN_TICK;

/// A thread that advances the engine's epoch with every tick, and ends when this is dropped.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    parked: AtomicBool,
    stopped: AtomicBool,
}

/// Ticks come while this lives.
pub(super) struct Running<'a>(&'a Ticker);

/// Going to sleep after every turn would cost every turn a wake-up.
const IDLE_TICKS: u32 = 100;

impl Ticker {
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("plugin-ticker".into()).spawn({
            let (shared, engine) = (shared.clone(), engine.weak());
            move || tick(&shared, &engine)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn run(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, SeqCst);
        if self.shared.parked.load(SeqCst) {
            self.wake();
        }
        Running(self)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

fn tick(shared: &Shared, engine: &EngineWeak) {
    let mut idle_ticks = 0;
    while !shared.stopped.load(SeqCst) {
        if idle_ticks >= IDLE_TICKS {
            shared.parked.store(true, SeqCst);
            // Looked at again after saying so: a turn that began in between has not seen that it should wake anyone.
            while shared.running.load(SeqCst) == 0 && !shared.stopped.load(SeqCst) {
                thread::park();
            }
            shared.parked.store(false, SeqCst);
            idle_ticks = 0;
        }
        thread::sleep(PLUGIN_TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
        idle_ticks = if shared.running.load(SeqCst) == 0 { idle_ticks + 1 } else { 0 };
    }
}
