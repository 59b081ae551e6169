//! Durable data behind one trait of few, coarse operations, so that the embedded redb and a PostgreSQL-wire database serve the
//! same engine. Every operation is durable when it returns.

pub mod name;
pub mod record;
mod records;
pub mod redb;
#[cfg(test)]
pub(crate) mod unused;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::clock::Timestamp;
use crate::conversation::count::{Count, Measure};
use crate::conversation::{Case, Conversation, ConversationId, DeskAct, Event, JournalEntry, Response};
use crate::inbound::{DedupeKey, Inbound};
use crate::outbox::desk::{DeskEntry, DeskRow, DeskSeq};
use crate::outbox::{self, Call, CallRow, CallSeq, OutboxSeq};

pub use name::{QuarantineId, TraceId};
pub use record::Fate;
pub use records::{AuditEntry, AuditSeq, RecordChange, Records};
pub use upkeep::{Depths, Erased, OutboxRow, Redriven, Released, Upkeep};

/// The place of an item in the inbox; grows with every item, also across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InboxSeq(pub u64);

/// What waits in the inbox for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InboxItem {
    /// A message, with the key its duplicates are known by.
    Inbound { inbound: Inbound, dedupe_key: DedupeKey, received: Timestamp },
    /// Anything else a turn can be about: what dispatch, timers, agents and the API have to say.
    Event(Event),
    /// The answer to a request: of this turn, at this place in its decision.
    Answer { turn: u32, index: u16, response: Response },
    /// Somebody ends the session.
    EndSession { outcome: String },
    /// Somebody at the desk did something; with the key its duplicates are known by, where it can come twice.
    Desk { act: Box<DeskAct>, dedupe_key: Option<DedupeKey>, received: Timestamp },
}

/// An item with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    pub seq: InboxSeq,
    pub conversation: ConversationId,
    pub item: InboxItem,
}

/// What became of an accepted inbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New(InboxSeq),
    /// The same message is there already, under this number.
    Duplicate(InboxSeq),
}

/// What became of an item that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Queued(InboxSeq),
    /// It is there already, or was handled.
    Duplicate(InboxSeq),
    /// There is no such conversation.
    Unknown,
}

/// Everything a turn changes, applied together or not at all.
#[derive(Clone, Debug)]
pub struct TurnCommit {
    pub id: ConversationId,
    /// The conversation's version the turn started from; another version there means that someone else took the turn.
    pub expected_version: u64,
    /// The conversation's alarm until now.
    pub alarm_before: Option<Timestamp>,
    pub conversation: Conversation,
    /// None where the cause was in the conversation itself.
    pub consumed: Option<InboxSeq>,
    /// The consumed inbound's key, remembered from now on.
    pub dedupe: Option<(DedupeKey, Timestamp)>,
    /// None where nobody was asked for a decision.
    pub journal: Option<JournalEntry>,
    pub outbox: Vec<outbox::Entry>,
    pub calls: Vec<Call>,
    /// What a remote desk is told.
    pub desk: Vec<DeskEntry>,
    /// Whether the conversation was at the desk until now.
    pub was_at_desk: bool,
    /// What is counted.
    pub counts: Vec<Count>,
}

impl TurnCommit {
    /// Writes the conversation alone.
    #[must_use]
    pub fn of(id: ConversationId, before: Option<&Conversation>, conversation: Conversation) -> Self {
        Self {
            id,
            expected_version: before.map_or(0, |before| before.version),
            alarm_before: before.and_then(|before| before.alarm),
            conversation,
            consumed: None,
            dedupe: None,
            journal: None,
            outbox: Vec::new(),
            calls: Vec::new(),
            desk: Vec::new(),
            was_at_desk: before.is_some_and(|before| before.control.owner.is_at_desk()),
            counts: Vec::new(),
        }
    }
}

/// How many sessions ended like this on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeCount {
    /// Days since 1970-01-01, in UTC.
    pub day: u32,
    pub bot: String,
    pub outcome: String,
    pub sessions: u64,
}

impl OutcomeCount {
    /// Of all that was counted, in the order of days, bots and outcomes; all versions of a bot together.
    #[must_use]
    pub fn of(counted: &[Counted]) -> Vec<Self> {
        let mut sessions: BTreeMap<(u32, &str, &str), u64> = BTreeMap::new();
        for Counted { day, count, times } in counted {
            if count.measure == Measure::Ended {
                *sessions.entry((*day, &count.bot, &count.label)).or_default() += times;
            }
        }
        let of = |((day, bot, outcome), sessions): ((u32, &str, &str), u64)| Self {
            day,
            bot: bot.to_owned(),
            outcome: outcome.to_owned(),
            sessions,
        };
        sessions.into_iter().map(of).collect()
    }
}

/// How often something was counted on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Days since 1970-01-01, in UTC.
    pub day: u32,
    pub count: Count,
    pub times: u64,
}

/// What became of a turn's commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// The conversation had another version; nothing was written.
    Conflict,
}

/// A change to an outbox row. A final status removes the row from the outbox and keeps a record of its fate.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub seq: OutboxSeq,
    pub status: outbox::Status,
    pub attempts: u32,
    pub ambiguous: u32,
    /// Told to the conversation, e.g. `delivery-failed`.
    pub follow_up: Option<(ConversationId, InboxItem)>,
}

/// Names a turn; turns are in the order they ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnKey {
    pub at: Timestamp,
    pub conversation: ConversationId,
    /// Counted from 1 in its conversation.
    pub turn: u32,
}

/// A turn of the journal, or why it cannot be read: one damaged entry must not hide the others.
pub type Recorded = Result<JournalEntry, record::Unreadable>;

/// How far a sweep came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// The end was reached; the next sweep begins again.
    All,
    /// There is more behind the piece that was looked at.
    APiece,
}

/// A webhook body that was authenticated but could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub source: String,
    pub received: Timestamp,
    pub reason: String,
    pub body: Vec<u8>,
}

/// Any of these means that nothing further will be made durable: stop acknowledging and exit.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    #[error("storage is full of waiting work: {waiting} operations are queued")]
    Busy { waiting: usize },
    #[error("storage failed and takes no more work: {0}")]
    Failed(String),
    #[error("a row of {what} cannot be read: {why}")]
    Unreadable { what: String, why: record::Unreadable },
}

/// The operations the engine needs. All are batches, all are durable on return; none spans plugin or network time.
#[async_trait]
pub trait Storage: Records + Upkeep + Send + Sync + 'static {
    /// Appends inbounds to the inbox unless the same message was accepted within its window.
    async fn accept(&self, now: Timestamp, inbounds: Vec<Inbound>) -> Result<Vec<Accepted>, StorageError>;

    /// Keeps bodies that could not be read; returns their ids.
    async fn quarantine(&self, bodies: Vec<Quarantined>) -> Result<Vec<u64>, StorageError>;

    /// Inbox rows behind `after`, oldest first, at most `max`.
    async fn take(&self, after: InboxSeq, max: usize) -> Result<Vec<InboxRow>, StorageError>;

    /// The conversation as last committed.
    async fn read(&self, id: ConversationId) -> Result<Option<Conversation>, StorageError>;

    /// The conversation's fence alone; dispatch asks before every call.
    async fn fence(&self, id: ConversationId) -> Result<Option<u32>, StorageError>;

    /// Conversations behind `after`, in the order of their ids, at most `max`; each with its version.
    async fn conversations(
        &self,
        after: Option<ConversationId>,
        max: usize,
    ) -> Result<Vec<(ConversationId, u64)>, StorageError>;

    /// The conversation's turns before the one with the number `before`, newest first, at most `max`; each with its number.
    async fn journal(&self, id: ConversationId, before: u32, max: usize) -> Result<Vec<(u32, Recorded)>, StorageError>;

    /// The turns of all conversations from `from` on and before `to`, oldest first, at most `max`; `after` goes on behind the last
    /// one seen.
    async fn turns(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<TurnKey>,
        max: usize,
    ) -> Result<Vec<(TurnKey, Recorded)>, StorageError>;

    /// Appends items to the inboxes of conversations that exist.
    async fn push(&self, items: Vec<(ConversationId, InboxItem)>) -> Result<Vec<Pushed>, StorageError>;

    /// Conversations at the desk, in no order.
    async fn at_desk(&self) -> Result<Vec<(ConversationId, Case)>, StorageError>;

    /// What a remote desk has not been told, behind `after`, oldest first, at most `max`.
    async fn desk_due(&self, after: DeskSeq, max: usize) -> Result<Vec<DeskRow>, StorageError>;

    /// Removes what the desk has been told, or will not be, and tells its conversation what came of it.
    async fn desk_settle(&self, seq: DeskSeq, told: Option<InboxItem>) -> Result<(), StorageError>;

    /// Conversations with their alarms, the earliest first, at most `max`; `after` goes on behind the last one seen.
    async fn alarms(
        &self,
        after: Option<(Timestamp, ConversationId)>,
        max: usize,
    ) -> Result<Vec<(Timestamp, ConversationId)>, StorageError>;

    /// Commits turns, each all or nothing.
    async fn commit(&self, turns: Vec<TurnCommit>) -> Result<Vec<Committed>, StorageError>;

    /// Outbox rows behind `after` that are not final, oldest first, at most `max`.
    async fn due(&self, after: OutboxSeq, max: usize) -> Result<Vec<outbox::Row>, StorageError>;

    /// Calls behind `after` that have no answer, oldest first, at most `max`.
    async fn calls(&self, after: CallSeq, max: usize) -> Result<Vec<CallRow>, StorageError>;

    /// Records that a call is about to be made: found again after a crash, it may have been.
    async fn call_started(&self, seq: CallSeq) -> Result<(), StorageError>;

    /// Removes a call, and tells its conversation the answer, if there is still one to be told.
    async fn call_answered(&self, seq: CallSeq, answer: Option<Response>) -> Result<(), StorageError>;

    /// What was counted from the first day to the last, both included; days since 1970-01-01.
    async fn counts(&self, first_day: u32, last_day: u32) -> Result<Vec<Counted>, StorageError>;

    /// Records what became of outbox rows.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), StorageError>;

    /// What became of rows that have left the outbox, newest first.
    async fn settled(&self, max: usize) -> Result<Vec<Fate>, StorageError>;

    /// Bodies that could not be read, newest first.
    async fn quarantined(&self, max: usize) -> Result<Vec<Quarantined>, StorageError>;

    /// Removes what has outlived its retention, a bounded piece at a time.
    async fn sweep(&self, now: Timestamp) -> Result<Swept, StorageError>;

    /// Removes everything of a conversation.
    async fn erase(&self, id: ConversationId) -> Result<(), StorageError>;

    /// Notified when the inbox has new rows.
    fn inbox_changed(&self) -> Arc<Notify>;

    /// Notified when an alarm was set earlier than all others.
    fn alarms_changed(&self) -> Arc<Notify>;

    /// Notified when there are new calls.
    fn calls_changed(&self) -> Arc<Notify>;

    /// Notified when there is more to tell a remote desk.
    fn desk_changed(&self) -> Arc<Notify>;

    /// Notified when the outbox has new rows.
    fn outbox_changed(&self) -> Arc<Notify>;

    /// Resolves when storage has failed for good, with the reason.
    async fn failed(&self) -> String;

    /// Finishes what is queued and closes the files.
    async fn close(&self) -> Result<(), StorageError>;
}
