//! What a remote desk is to be told: rows of an outbox of their own, in order within a conversation, each at least once.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::conversation::{ConversationId, DeskMessage};

/// The place of a row; grows with every row, also across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeskSeq(pub u64);

/// One thing to tell, as the turn committed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskEntry {
    pub conversation: ConversationId,
    /// The turn it comes from, and its place in it: together they name the entry for good.
    pub turn: u32,
    pub index: u16,
    /// The handoff it belongs to, counted from 1 in its conversation.
    pub handoff: u32,
    pub message: DeskMessage,
    pub created: Timestamp,
}

/// An entry with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskRow {
    pub seq: DeskSeq,
    pub entry: DeskEntry,
}
