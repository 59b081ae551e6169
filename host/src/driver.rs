//! Runs turns: take from the inbox, begin, decide, finish, commit. Turns of one conversation run one at a time, in order; different
//! conversations run side by side.

mod lanes;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::conversation::effects::Catalog;
use crate::conversation::{Answer, Cause, Conversation, ConversationId, Event, Outcome, Route, Turn};
use crate::plugins::{Plugins, StoredState, TurnResult};
use crate::storage::{Committed, InboxItem, InboxRow, InboxSeq, Storage, StorageError, TurnCommit};
use crate::telemetry;
use lanes::Lanes;

/// Inbox rows held in memory; the rest waits in storage.
const ROWS_IN_MEMORY_MAX: usize = 4_096;
/// Inbox rows read at once.
const ROWS_PER_TAKE_MAX: usize = 512;

/// Failures whose reason is in the plugin's own words, which may repeat the user's.
const QUOTING: [&str; 3] = ["refused", "bad-output", "migration-failed"];

/// What a turn needs, shared by all lanes.
pub struct Driver {
    storage: Arc<dyn Storage>,
    plugins: Arc<Plugins>,
    routes: HashMap<String, Arc<Route>>,
    catalog: Arc<dyn Catalog + Send + Sync>,
    clock: Arc<dyn Clock>,
    drain_timeout: Duration,
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
        drain_timeout: Duration,
    ) -> Self {
        Self { storage, plugins, routes, catalog, clock, drain_timeout }
    }

    /// Runs turns until `shutdown`, then finishes those under way, for at most the drain timeout; what is not committed stays in the
    /// inbox.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StorageError> {
        let driver = Arc::new(self);
        let lanes = Arc::new(Lanes::new(ROWS_IN_MEMORY_MAX));
        let stopping = CancellationToken::new();
        let mut running = JoinSet::new();
        let inbox_changed = driver.storage.inbox_changed();
        let mut taken = InboxSeq::default();
        tokio::pin!(shutdown);
        loop {
            while lanes.has_room() {
                let rows = driver.storage.take(taken, ROWS_PER_TAKE_MAX).await?;
                let Some(last) = rows.last() else { break };
                taken = last.seq;
                for row in rows {
                    let id = row.conversation;
                    if lanes.push(row) {
                        let (driver, lanes, stopping) = (Arc::clone(&driver), Arc::clone(&lanes), stopping.clone());
                        running.spawn(async move { driver.run_lane(id, &lanes, &stopping).await });
                    }
                }
            }
            tokio::select! {
                () = &mut shutdown => break,
                () = inbox_changed.notified() => {}
                () = lanes.room_made() => {}
                Some(ended) = running.join_next() => report(ended)?,
            }
        }
        stopping.cancel();
        let deadline = Instant::now() + driver.drain_timeout;
        loop {
            match timeout_at(deadline, running.join_next()).await {
                Ok(Some(ended)) => report(ended)?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    let turns = running.len();
                    tracing::warn!(turns, "drain timeout passed; turns under way are left to the next start");
                    running.shutdown().await;
                    return Ok(());
                }
            }
        }
    }

    /// Runs the turns of one conversation until none waits.
    async fn run_lane(
        &self,
        id: ConversationId,
        lanes: &Lanes,
        stopping: &CancellationToken,
    ) -> Result<(), StorageError> {
        let _lane = lanes.held(id);
        let mut stored = match self.storage.read(id).await {
            Ok(stored) => stored,
            Err(error @ StorageError::Unreadable { .. }) => {
                // Only this conversation waits, until a host that can read it starts.
                tracing::error!(user = %telemetry::user(id), %error, "conversation is stuck: its messages are kept, unanswered");
                lanes.abandon(id);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        while let Some(row) = lanes.next(id) {
            if stopping.is_cancelled() {
                return Ok(());
            }
            stored = self.turn(id, stored, row).await?;
        }
        Ok(())
    }

    /// One turn. Returns the conversation as it stands afterwards.
    async fn turn(
        &self,
        id: ConversationId,
        mut stored: Option<Conversation>,
        mut row: InboxRow,
    ) -> Result<Option<Conversation>, StorageError> {
        loop {
            let seq = row.seq;
            if let Some(conversation) = self.attempt(id, stored, row).await? {
                return Ok(Some(conversation));
            }
            // The conversation was erased, or another host took the turn. The row went with it, or came after it: then it has its
            // turn on what is stored now.
            stored = self.storage.read(id).await?;
            match self.storage.take(InboxSeq(seq.0.saturating_sub(1)), 1).await?.pop() {
                Some(left) if left.seq == seq => row = left,
                _ => return Ok(stored),
            }
        }
    }

    /// One turn on the conversation as it was read; none, and nothing written, where it is not so any more.
    async fn attempt(
        &self,
        id: ConversationId,
        stored: Option<Conversation>,
        row: InboxRow,
    ) -> Result<Option<Conversation>, StorageError> {
        let expected_version = stored.as_ref().map_or(0, |conversation| conversation.version);
        let dedupe = match &row.item {
            InboxItem::Inbound { dedupe_key, received, .. } => Some((*dedupe_key, *received)),
            InboxItem::Event(_) => None,
        };
        let route = self.route(stored.as_ref(), &row.item);

        let turn = Turn::begin(id, stored, &route, self.clock.now(), row.seq.0, cause(row.seq, row.item));
        let answer = self.decide(&turn).await;
        let finished = turn.finish(&route, self.catalog.as_ref(), answer);
        log_turn(id, &finished.journal);

        let conversation = finished.conversation.clone();
        let commit = TurnCommit {
            id,
            expected_version,
            conversation: finished.conversation,
            consumed: row.seq,
            dedupe,
            journal: finished.journal,
            outbox: finished.outbox,
            follow_ups: finished.follow_ups,
        };
        match self.storage.commit(vec![commit]).await?.first() {
            Some(Committed::Done) => Ok(Some(conversation)),
            _ => Ok(None),
        }
    }

    /// Asks the plugin, unless it mostly fails.
    async fn decide(&self, turn: &Turn) -> Answer {
        let Some(plugin) = self.plugins.get(&turn.before.bot) else {
            let result = self.plugins.decide(&turn.before.bot, &turn.context, None, &turn.event).await;
            return answer(result, None);
        };
        let before = &turn.before;
        let stored = before.state.as_deref().map(|state| StoredState { state, version: before.state_version });
        let admitted = match plugin.breaker.admit(self.clock.now()) {
            Ok(admitted) => admitted,
            Err(failure) => return answer(TurnResult::failed(failure), None),
        };
        let result = self.plugins.decide_on(&plugin, &turn.context, stored, &turn.event).await;
        admitted.learn(self.clock.now(), turn.id, &result.outcome);
        answer(result, plugin.state_version())
    }

    fn route(&self, stored: Option<&Conversation>, item: &InboxItem) -> Arc<Route> {
        let source = match item {
            InboxItem::Inbound { inbound, .. } => inbound.source.as_str(),
            InboxItem::Event(_) => stored.map_or("", |conversation| conversation.source.as_str()),
        };
        // A source that was taken out of the configuration has no bot: its turns fail by name instead of vanishing.
        self.routes.get(source).cloned().unwrap_or_else(|| Arc::new(Route::unknown(source)))
    }
}

fn cause(seq: InboxSeq, item: InboxItem) -> Cause {
    match item {
        InboxItem::Inbound { inbound, received, .. } => Cause::Inbound { id: seq.to_string(), inbound, received },
        InboxItem::Event(event) => Cause::Event(event),
    }
}

fn answer(result: TurnResult, state_version: Option<u32>) -> Answer {
    let outcome = match result.outcome {
        Ok(decision) => Outcome::Decided(decision),
        Err(failure) => Outcome::Failed { kind: failure.kind().into(), reason: failure.to_string() },
    };
    Answer {
        outcome,
        plugin_digest: result.plugin_digest,
        state_version,
        log: result.log.iter().map(ToString::to_string).collect(),
        duration_us: u32::try_from(result.duration.as_micros()).unwrap_or(u32::MAX),
    }
}

fn log_turn(id: ConversationId, journal: &crate::conversation::JournalEntry) {
    let (turn, bot, event, us) = (journal.context.turn, &journal.bot, Event::kind(&journal.event), journal.duration_us);
    match &journal.outcome {
        Outcome::Decided(decision) => {
            let step = decision.step.as_deref();
            tracing::info!(user = %telemetry::user(id), turn, bot, event, step, effects = decision.effects.len(), us, "turn");
        }
        Outcome::Failed { kind, reason } if QUOTING.contains(&kind.as_str()) => {
            tracing::warn!(user = %telemetry::user(id), turn, bot, event, kind, us, "turn failed; the level `debug` says why");
            tracing::debug!(user = %telemetry::user(id), turn, bot, kind, reason, "turn failed");
        }
        Outcome::Failed { kind, reason } => {
            tracing::warn!(user = %telemetry::user(id), turn, bot, event, kind, reason, us, "turn failed");
        }
    }
    for unsupported in &journal.unsupported {
        tracing::warn!(user = %telemetry::user(id), turn, bot, effect = unsupported, "effect not done");
    }
    for line in &journal.log {
        tracing::debug!(user = %telemetry::user(id), turn, bot, line, "plugin says");
    }
}

fn report(ended: Result<Result<(), StorageError>, tokio::task::JoinError>) -> Result<(), StorageError> {
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
