//! The turns of one conversation: what is due, then what arrived, one at a time.

use tokio_util::sync::CancellationToken;

use std::sync::Arc;

use super::Driver;
use super::lanes::{Lanes, Work};
use super::report::log_turn;
use crate::clock::Timestamp;
use crate::conversation::{Answer, Begun, Cause, Conversation, ConversationId, Event, Outcome, Route, Turn};
use crate::feed::{Change, What};
use crate::inbound::DedupeKey;
use crate::plugins::{StoredState, TurnResult};
use crate::storage::{Committed, InboxItem, InboxRow, InboxSeq, StorageError, TurnCommit};
use crate::telemetry;

/// The inbox item that a cause was, to be consumed with it.
#[derive(Clone, Copy)]
struct Consumed {
    seq: InboxSeq,
    dedupe: Option<(DedupeKey, Timestamp)>,
}

impl Driver {
    /// Runs the turns of one conversation until none waits.
    pub(super) async fn run_lane(
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
        while let Some(work) = lanes.next(id) {
            if stopping.is_cancelled() {
                return Ok(());
            }
            stored = match work {
                Work::Row(row) => self.row(id, stored, *row).await?,
                Work::Alarm => self.alarm(id, stored).await?,
            };
            while !lanes.has_rows(id) && !stopping.is_cancelled() {
                let now = self.clock.now();
                let Some(cause) = self.due(stored.as_ref(), now) else { break };
                stored = self.happen(id, stored, cause, None).await?;
            }
        }
        Ok(())
    }

    /// What of the conversation is due by itself.
    fn due(&self, stored: Option<&Conversation>, at: Timestamp) -> Option<Cause> {
        let conversation = stored?;
        let route = self.route(&conversation.source);
        conversation.due(at, route.idle_timeout).map(Cause::Due)
    }

    /// One item of the inbox. Before a message comes what was due when it arrived: a session that had idled too long by then does not
    /// swallow it, and one that had not goes on, however late the message is looked at.
    pub(super) async fn row(
        &self,
        id: ConversationId,
        mut stored: Option<Conversation>,
        row: InboxRow,
    ) -> Result<Option<Conversation>, StorageError> {
        if let InboxItem::Inbound { received, .. } = &row.item {
            while let Some(cause) = self.due(stored.as_ref(), *received) {
                let version = stored.as_ref().map(|conversation| conversation.version);
                stored = self.happen(id, stored, cause, None).await?;
                if stored.as_ref().map(|conversation| conversation.version) == version {
                    break;
                }
            }
        }
        let (seq, item) = (row.seq, row.item);
        let dedupe = match &item {
            InboxItem::Inbound { dedupe_key, received, .. } => Some((*dedupe_key, *received)),
            InboxItem::Desk { dedupe_key, received, .. } => dedupe_key.map(|key| (key, *received)),
            InboxItem::Event(_) | InboxItem::Answer { .. } | InboxItem::EndSession { .. } => None,
        };
        self.happen(id, stored, cause(seq, item), Some(Consumed { seq, dedupe })).await
    }

    /// The conversation's alarm went off. Where nothing is due, it is set to when something will be.
    async fn alarm(
        &self,
        id: ConversationId,
        stored: Option<Conversation>,
    ) -> Result<Option<Conversation>, StorageError> {
        let now = self.clock.now();
        let rings = stored.as_ref().is_some_and(|conversation| conversation.alarm.is_some_and(|alarm| alarm <= now));
        if !rings {
            return Ok(stored);
        }
        let cause = self.due(stored.as_ref(), now).unwrap_or(Cause::Alarm);
        self.happen(id, stored, cause, None).await
    }

    /// One cause, again where the conversation was changed by somebody else meanwhile. Returns the conversation as it stands afterwards.
    async fn happen(
        &self,
        id: ConversationId,
        mut stored: Option<Conversation>,
        mut cause: Cause,
        consumed: Option<Consumed>,
    ) -> Result<Option<Conversation>, StorageError> {
        loop {
            if let Some(conversation) = self.attempt(id, stored, cause, consumed).await? {
                return Ok(Some(conversation));
            }
            // The conversation was erased, or another host took the turn. What was due is looked for again by whoever has it now. A row
            // went with it, or came after it: then it has its turn on what is stored now.
            stored = self.storage.read(id).await?;
            let Some(Consumed { seq, .. }) = consumed else { return Ok(stored) };
            match self.storage.take(InboxSeq(seq.0.saturating_sub(1)), 1).await?.pop() {
                Some(left) if left.seq == seq => cause = self::cause(left.seq, left.item),
                _ => return Ok(stored),
            }
        }
    }

    /// One turn on the conversation as it was read; none, and nothing written, where it is not so any more.
    async fn attempt(
        &self,
        id: ConversationId,
        stored: Option<Conversation>,
        cause: Cause,
        consumed: Option<Consumed>,
    ) -> Result<Option<Conversation>, StorageError> {
        let source = match &cause {
            Cause::Inbound { inbound, .. } => inbound.source.clone(),
            _ => stored.as_ref().map_or_else(String::new, |conversation| conversation.source.clone()),
        };
        let (route, catalog) = (self.route(&source), self.catalog.as_ref());
        let mut commit = TurnCommit::of(id, stored.as_ref(), Conversation::default());
        commit.consumed = consumed.map(|consumed| consumed.seq);
        commit.dedupe = consumed.and_then(|consumed| consumed.dedupe);
        let mut shadowed = None;
        match Turn::begin(id, stored, &route, catalog, self.clock.now(), cause) {
            Begun::Quiet(conversation) => commit.conversation = *conversation,
            Begun::Turn(turn) => {
                let is_watched = turn.is_watched;
                let answer = self.decide(&turn).await;
                let finished = turn.finish(&route, catalog, answer);
                log_turn(id, &finished.journal);
                shadowed = is_watched.then(|| self.shadow_of(&finished.journal)).flatten();
                commit.conversation = finished.conversation;
                commit.journal = Some(finished.journal);
                commit.outbox = finished.outbox;
                commit.calls = finished.calls;
                commit.desk = finished.desk;
                commit.counts = finished.counts;
            }
        }
        let conversation = commit.conversation.clone();
        let change = change(&commit, self.clock.now());
        match self.storage.commit(vec![commit]).await?.first() {
            Some(Committed::Done) => {
                self.feed.publish(change);
                if let Some(shadowed) = shadowed {
                    self.shadow(shadowed).await;
                }
                Ok(Some(conversation))
            }
            _ => Ok(None),
        }
    }

    /// Asks the plugin, unless the host has decided or the plugin mostly fails.
    async fn decide(&self, turn: &Turn) -> Answer {
        if let Some(outcome) = &turn.decided {
            return Answer {
                outcome: outcome.clone(),
                plugin_digest: [0; 8],
                state_version: turn.before.state_version,
                log: Vec::new(),
                duration_us: 0,
            };
        }
        let bot = &turn.before.bot;
        // A version that was there a moment ago may be gone; the bot's own is not.
        let Some(plugin) = self.plugins.get(&turn.version.plugin(bot)).or_else(|| self.plugins.get(bot)) else {
            let result = self.plugins.decide(bot, &turn.context, None, &turn.event).await;
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

    fn route(&self, source: &str) -> Arc<Route> {
        // A source that was taken out of the configuration has no bot: its turns fail by name instead of vanishing.
        self.routes.get(source).cloned().unwrap_or_else(|| Arc::new(Route::unknown(source)))
    }
}

/// What watchers hear of a commit.
fn change(commit: &TurnCommit, at: Timestamp) -> Change {
    let TurnCommit { id, consumed, journal, conversation, was_at_desk, .. } = commit;
    let what = match journal {
        None => What::Quiet { consumed: *consumed },
        Some(journal) => What::Turn {
            turn: journal.context.turn,
            consumed: *consumed,
            refused: match (&journal.event, &journal.outcome) {
                (Event::Desk(_), Outcome::Failed { reason, .. }) => Some(reason.clone()),
                _ => None,
            },
            at_desk: *was_at_desk || conversation.control.owner.is_at_desk(),
        },
    };
    Change { conversation: *id, at, what }
}

fn cause(seq: InboxSeq, item: InboxItem) -> Cause {
    match item {
        InboxItem::Inbound { inbound, received, .. } => Cause::Inbound { id: seq.to_string(), inbound, received },
        InboxItem::Event(event) => Cause::Event(event),
        InboxItem::Answer { turn, index, response } => Cause::Answer { turn, index, response },
        InboxItem::EndSession { outcome } => Cause::EndSession { outcome },
        InboxItem::Desk { act, .. } => Cause::Desk(*act),
    }
}

fn answer(result: TurnResult, state_version: Option<u32>) -> Answer {
    Answer {
        outcome: result.outcome.into(),
        plugin_digest: result.plugin_digest,
        state_version,
        log: result.log.iter().map(ToString::to_string).collect(),
        duration_us: u32::try_from(result.duration.as_micros()).unwrap_or(u32::MAX),
    }
}
