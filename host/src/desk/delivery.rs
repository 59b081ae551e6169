//! Tells a remote desk what turns committed, in order within a conversation, conversations side by side, each message at least once.
//!
//! A row stays in storage until the desk has it, or will never have it. A desk that is down is probed, and everything waits; only who
//! asked for people does not wait for ever: an `Open` that cannot be delivered in time has failed, and the bot speaks on.

mod attempt;
mod lanes;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use super::RemoteDesk;
use crate::breaker::{Breaker, Change, Figures, Verdict};
use crate::clock::{Clock, Timestamp};
use crate::limits::{DESK_BUSY_WAIT, DESK_BUSY_WAIT_MAX, DESK_DELIVERIES_MAX, DESK_ROWS_TAKEN_MAX};
use crate::outbox::desk::DeskSeq;
use crate::storage::{Storage, StorageError};
use attempt::{Attempt, Came, Tried};
use lanes::Lanes;

/// More than half of so many calls within the window stop all others but one at a time.
const BREAKER: Figures = Figures {
    calls_min: 5,
    window: Duration::from_secs(30),
    probe_wait: Duration::from_secs(2),
    probe_wait_max: Duration::from_secs(30),
};
/// The longest wait at a time, so that a clock that is set is noticed.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// From a full storage queue to the next try.
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// How long to wait for whom.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// From asking for people to the failure of an offer that could not be delivered.
    pub unreachable_after: Duration,
    /// How long a stop waits for the deliveries under way.
    pub drain_timeout: Duration,
}

/// The loop that tells.
pub struct Delivery {
    attempt: Arc<Attempt>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// Notified when the desk answers again.
    back: Arc<Notify>,
    lanes: Lanes,
    breaker: Breaker,
    /// The desk wants not to be asked until then.
    busy_until: Timestamp,
    /// Why the last call that failed did.
    reason: String,
    /// The last row read.
    read_up_to: DeskSeq,
    tries: JoinSet<Result<Tried, StorageError>>,
}

impl Delivery {
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        desk: Arc<dyn RemoteDesk>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        back: Arc<Notify>,
    ) -> Self {
        let started = clock.now();
        let unreachable_after = settings.unreachable_after;
        Self {
            attempt: Arc::new(Attempt { storage, desk, clock: Arc::clone(&clock), unreachable_after, started }),
            clock,
            settings,
            back,
            lanes: Lanes::default(),
            breaker: Breaker::new(BREAKER),
            busy_until: Timestamp::default(),
            reason: String::new(),
            read_up_to: DeskSeq::default(),
            tries: JoinSet::new(),
        }
    }

    /// Tells until `shutdown`; what is under way may then end within the drain timeout, the rest is found at the next start.
    ///
    /// # Errors
    /// Storage that keeps nothing more.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), StorageError> {
        let changed = self.attempt.storage.desk_changed();
        tokio::pin!(shutdown);
        loop {
            self.read().await?;
            let wait = self.start();
            tokio::select! {
                () = &mut shutdown => break,
                () = changed.notified() => {}
                Some(tried) = self.tries.join_next() => self.advance(tried)?,
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
        self.drain().await
    }

    async fn read(&mut self) -> Result<(), StorageError> {
        loop {
            let room = DESK_ROWS_TAKEN_MAX.saturating_sub(self.lanes.rows());
            if room == 0 {
                return Ok(());
            }
            let rows = match self.attempt.storage.desk_due(self.read_up_to, room).await {
                Err(StorageError::Busy { .. }) => {
                    sleep(BUSY_WAIT).await;
                    continue;
                }
                rows => rows?,
            };
            let is_all = rows.len() < room;
            for row in rows {
                self.read_up_to = row.seq;
                self.lanes.enter(row);
            }
            if is_all {
                return Ok(());
            }
        }
    }

    /// Begins whatever may begin, and says when to look again; never, where nothing waits.
    fn start(&mut self) -> Option<Duration> {
        let now = self.clock.now();
        let unreachable_after = self.settings.unreachable_after;
        let is_expired = |created: Timestamp| now >= created.after(unreachable_after);
        // Whom nobody can even try to serve waits no longer than who was tried in vain.
        let is_blocked = now < self.busy_until || self.is_stopped(now);
        for (row, reason) in self.lanes.expired(is_expired, is_blocked.then_some(self.reason.as_str())) {
            let attempt = Arc::clone(&self.attempt);
            self.tries.spawn(async move { attempt.give_up(row, reason).await });
        }
        for row in self.lanes.orphans() {
            let attempt = Arc::clone(&self.attempt);
            self.tries.spawn(async move { attempt.leave(row).await });
        }
        while self.tries.len() < DESK_DELIVERIES_MAX && now >= self.busy_until {
            let Some(conversation) = self.lanes.next_due(now) else { break };
            let Ok(pass) = self.breaker.admit(now) else { break };
            let Some(next) = self.lanes.take(conversation) else { break };
            let attempt = Arc::clone(&self.attempt);
            self.tries.spawn(async move { attempt.tell(next, pass).await });
        }
        self.lanes.waits().then_some(WAIT_MAX / 10)
    }

    fn is_stopped(&mut self, now: Timestamp) -> bool {
        match self.breaker.admit(now) {
            Ok(pass) => {
                self.breaker.release(pass);
                false
            }
            Err(_) => true,
        }
    }

    fn advance(&mut self, tried: Result<Result<Tried, StorageError>, JoinError>) -> Result<(), StorageError> {
        let tried = tried.unwrap_or_else(|panic| Err(StorageError::Failed(format!("a delivery panicked: {panic}"))))?;
        let Tried { conversation, seq, pass, came } = tried;
        let now = self.clock.now();
        if !came.reason().is_empty() {
            came.reason().clone_into(&mut self.reason);
        }
        let verdict = match &came {
            Came::Settled { .. } => Some(Verdict::Working),
            Came::Unauthorised(_) => Some(Verdict::Refusing),
            Came::Failing(_) => Some(Verdict::Failing),
            Came::Busy { .. } | Came::NotTried { .. } => None,
        };
        match (pass, verdict) {
            (Some(pass), Some(verdict)) => self.observe(now, pass, verdict, came.reason()),
            (Some(pass), None) => self.breaker.release(pass),
            (None, _) => {}
        }
        if let Came::Busy { after, .. } = &came {
            let wait = after.unwrap_or(DESK_BUSY_WAIT).min(DESK_BUSY_WAIT_MAX);
            self.busy_until = now.after(wait);
            tracing::warn!(target: "turnwise::desk", wait_ms = wait.as_millis(), reason = came.reason(), "the desk wants to be asked less");
        }
        self.lanes.settle(conversation, seq, &came, now);
        Ok(())
    }

    fn observe(&mut self, now: Timestamp, pass: crate::breaker::Pass, verdict: Verdict, reason: &str) {
        let waiting = self.lanes.rows();
        match self.breaker.observe(now, pass, verdict) {
            Some(Change::Opened { .. }) => {
                tracing::error!(
                    target: "turnwise::desk", reason, waiting,
                    "the desk is not told anything for now; what users write to agents is kept, and who asks for an agent goes back to the bot"
                );
            }
            Some(Change::Closed) => {
                tracing::info!(target: "turnwise::desk", waiting, "the desk answers again");
                self.back.notify_one();
            }
            None => {}
        }
    }

    async fn drain(mut self) -> Result<(), StorageError> {
        let deadline = Instant::now() + self.settings.drain_timeout;
        loop {
            match timeout_at(deadline, self.tries.join_next()).await {
                Ok(Some(tried)) => self.advance(tried)?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    let deliveries = self.tries.len();
                    tracing::warn!(target: "turnwise::desk", deliveries, "drain timeout passed; they are made again at the next start");
                    self.tries.shutdown().await;
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
