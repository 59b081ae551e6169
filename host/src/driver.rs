//! Runs turns: take from the inbox, begin, decide, finish, commit. Turns of one conversation run one at a time, in order; different
//! conversations run side by side.

mod alarms;
mod lane;
mod lanes;
mod report;
mod shadow;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::conversation::effects::Catalog;
use crate::conversation::{ConversationId, Route};
use crate::feed::Feed;
use crate::plugins::Plugins;
use crate::storage::{InboxSeq, Storage, StorageError};
use alarms::Alarms;
use lanes::Lanes;

/// Inbox rows held in memory; the rest waits in storage.
const ROWS_IN_MEMORY_MAX: usize = 4_096;
/// Inbox rows read at once.
const ROWS_PER_TAKE_MAX: usize = 512;

/// What a turn needs, shared by all lanes.
pub struct Driver {
    storage: Arc<dyn Storage>,
    plugins: Arc<Plugins>,
    routes: HashMap<String, Arc<Route>>,
    catalog: Arc<dyn Catalog + Send + Sync>,
    clock: Arc<dyn Clock>,
    feed: Feed,
    drain_timeout: Duration,
}

/// The lanes at work.
struct Running {
    driver: Arc<Driver>,
    lanes: Arc<Lanes>,
    stopping: CancellationToken,
    workers: JoinSet<Result<(), StorageError>>,
}

impl Driver {
    /// `drain_timeout`: how long a stop waits for the turns under way.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        plugins: Arc<Plugins>,
        routes: HashMap<String, Arc<Route>>,
        catalog: Arc<dyn Catalog + Send + Sync>,
        clock: Arc<dyn Clock>,
        feed: Feed,
        drain_timeout: Duration,
    ) -> Self {
        Self { storage, plugins, routes, catalog, clock, feed, drain_timeout }
    }

    /// Runs turns until `shutdown`, then finishes those under way, for at most the drain timeout; what is not committed stays in the
    /// inbox, or due.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StorageError> {
        let drain_timeout = self.drain_timeout;
        let (inbox_changed, alarms_changed) = (self.storage.inbox_changed(), self.storage.alarms_changed());
        let mut running = Running {
            driver: Arc::new(self),
            lanes: Arc::new(Lanes::new(ROWS_IN_MEMORY_MAX)),
            stopping: CancellationToken::new(),
            workers: JoinSet::new(),
        };
        let mut taken = InboxSeq::default();
        let mut alarms = Alarms::default();
        tokio::pin!(shutdown);
        loop {
            // Messages first: one that arrived before a session expired goes on with it, however late it is looked at.
            taken = running.take_rows(taken).await?;
            let look_again = running.take_alarms(&mut alarms).await?;
            tokio::select! {
                () = &mut shutdown => break,
                () = inbox_changed.notified() => {}
                () = alarms_changed.notified() => alarms.look_now(),
                () = tokio::time::sleep(look_again) => {}
                () = running.lanes.room_made() => {}
                Some(ended) = running.workers.join_next() => report_panic(ended)?,
            }
        }
        running.drain(drain_timeout).await
    }
}

impl Running {
    /// Takes the rows behind the last one taken, as far as there is room.
    async fn take_rows(&mut self, mut taken: InboxSeq) -> Result<InboxSeq, StorageError> {
        while self.lanes.has_room() {
            let rows = self.driver.storage.take(taken, ROWS_PER_TAKE_MAX).await?;
            let Some(last) = rows.last() else { break };
            taken = last.seq;
            for row in rows {
                let id = row.conversation;
                if self.lanes.push(row) {
                    self.work(id);
                }
            }
        }
        Ok(taken)
    }

    /// Wakes conversations whose alarm went off; returns when to look again.
    async fn take_alarms(&mut self, alarms: &mut Alarms) -> Result<Duration, StorageError> {
        let (storage, now) = (Arc::clone(&self.driver.storage), self.driver.clock.now());
        while self.lanes.has_room() && alarms.is_time(now) {
            for id in alarms.look(storage.as_ref(), now).await? {
                if self.lanes.push_alarm(id) {
                    self.work(id);
                }
            }
        }
        Ok(alarms.wait(now))
    }

    fn work(&mut self, id: ConversationId) {
        let (driver, lanes, stopping) = (Arc::clone(&self.driver), Arc::clone(&self.lanes), self.stopping.clone());
        self.workers.spawn(async move { driver.run_lane(id, &lanes, &stopping).await });
    }

    async fn drain(mut self, drain_timeout: Duration) -> Result<(), StorageError> {
        self.stopping.cancel();
        let deadline = Instant::now() + drain_timeout;
        loop {
            match timeout_at(deadline, self.workers.join_next()).await {
                Ok(Some(ended)) => report_panic(ended)?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    let turns = self.workers.len();
                    tracing::warn!(turns, "drain timeout passed; turns under way are left to the next start");
                    self.workers.shutdown().await;
                    return Ok(());
                }
            }
        }
    }
}

fn report_panic(ended: Result<Result<(), StorageError>, tokio::task::JoinError>) -> Result<(), StorageError> {
    match ended {
        Ok(result) => result,
        Err(panic) => {
            tracing::error!(%panic, "a turn panicked; its conversation waits for the next start");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
