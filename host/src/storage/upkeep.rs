//! What operators do by hand with what is stored: look at what was not sent or not understood, try it again, let it go, erase a user.

use async_trait::async_trait;
use serde::Serialize;

use super::record::Fate;
use super::{InboxSeq, QuarantineId, Quarantined, StorageError};
use crate::clock::Timestamp;
use crate::conversation::{Conversation, ConversationId};
use crate::inbound::Inbound;
use crate::outbox::{self, OutboxSeq};

/// An outbox row, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxRow {
    /// Not final yet.
    Waiting(outbox::Row),
    Settled(Fate),
}

/// What became of a row that was to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redriven {
    /// It is ready, under this number.
    Ready(OutboxSeq),
    /// No row has this number.
    Absent,
    /// It waits to be sent, or was sent.
    NotDead,
    /// What it answers is too old: the user would not get it.
    Expired,
}

/// What became of a quarantined body that was to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// In the inbox, under this number.
    Accepted(InboxSeq),
    /// The same message had been accepted already.
    Duplicate(InboxSeq),
    /// No body has this number.
    Absent,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Depths {
    pub inbox: u64,
    pub outbox: u64,
    pub calls: u64,
    pub settled: u64,
    pub quarantine: u64,
    pub turns: u64,
    pub alarms: u64,
}

/// What an erasure removed, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    pub conversations: u64,
    pub turns: u64,
    pub inbox: u64,
    pub outbox: u64,
}

/// The operators' part of storage.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// How much is stored; cheap enough to be asked every few seconds.
    async fn depths(&self) -> Result<Depths, StorageError>;

    /// The row of this number, whatever became of it.
    async fn outbox_row(&self, seq: OutboxSeq) -> Result<Option<OutboxRow>, StorageError>;

    /// Rows that have left the outbox, before the given one, newest first, at most `max`.
    async fn fates(&self, before: OutboxSeq, max: usize) -> Result<Vec<(OutboxSeq, Fate)>, StorageError>;

    /// Puts a dead row back into the outbox, as if it had never been tried.
    async fn redrive(&self, now: Timestamp, seq: OutboxSeq) -> Result<Redriven, StorageError>;

    /// Forgets what a dead row would have said, so that nobody sends it again; says whether there was one.
    async fn let_go(&self, seq: OutboxSeq) -> Result<bool, StorageError>;

    /// Quarantined bodies before the given one, newest first, at most `max`.
    async fn quarantined_rows(
        &self,
        before: QuarantineId,
        max: usize,
    ) -> Result<Vec<(QuarantineId, Quarantined)>, StorageError>;

    /// One quarantined body.
    async fn quarantined_row(&self, id: QuarantineId) -> Result<Option<Quarantined>, StorageError>;

    /// Accepts what a quarantined body says, now that it could be read, and removes the body.
    async fn release(&self, now: Timestamp, id: QuarantineId, inbound: Inbound) -> Result<Released, StorageError>;

    /// Removes quarantined bodies; says how many there were.
    async fn discard(&self, ids: Vec<QuarantineId>) -> Result<u64, StorageError>;

    /// All that waits or waited to be sent for a conversation, oldest first.
    async fn outbox_of(&self, id: ConversationId) -> Result<Vec<(OutboxSeq, OutboxRow)>, StorageError>;

    /// Conversations with the newest turn first, each once, at most `max`, of those whose last turn is before `before`.
    async fn latest(&self, before: Timestamp, max: usize) -> Result<Vec<(ConversationId, Conversation)>, StorageError>;

    /// Removes everything of these conversations. Deliveries of messages that were accepted before stay known as duplicates, by
    /// a keyed hash: a late one begins nothing anew.
    async fn forget(&self, now: Timestamp, ids: Vec<ConversationId>) -> Result<Erased, StorageError>;
}
