//! Operations as bytes: rows are encoded and keys hashed on the caller's thread, so that the one thread that writes only moves them.

use std::time::Duration;

use super::tables::{self, OutboxHead, Seen};
use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::inbound::{DedupeKey, Inbound};
use crate::outbox::Status;
use crate::storage::record;
use crate::storage::{InboxItem, TurnCommit};

/// An inbound to append.
pub(super) struct Arrival {
    pub conversation: ConversationId,
    pub dedupe_key: DedupeKey,
    pub dedupe_window: Duration,
    /// Its inbox row.
    pub row: Vec<u8>,
}

impl Arrival {
    pub(super) fn of(now: Timestamp, inbound: Inbound) -> Self {
        let (conversation, dedupe_key) = (inbound.conversation(), inbound.dedupe_key());
        let dedupe_window = inbound.dedupe_window();
        let row = tables::inbox_value(conversation, &InboxItem::Inbound { inbound, dedupe_key, received: now });
        Self { conversation, dedupe_key, dedupe_window, row }
    }
}

/// A turn to commit.
pub(super) struct Turn {
    pub id: ConversationId,
    pub expected_version: u64,
    pub consumed: u64,
    pub conversation: Vec<u8>,
    pub journal_key: [u8; 21],
    pub journal: Vec<u8>,
    /// The key to remember, and its row.
    pub dedupe: Option<(DedupeKey, Vec<u8>)>,
    pub outbox: Vec<Vec<u8>>,
    /// Inbox rows.
    pub follow_ups: Vec<Vec<u8>>,
}

impl Turn {
    pub(super) fn of(turn: TurnCommit) -> Self {
        let TurnCommit { id, consumed, .. } = turn;
        let ready = OutboxHead { status: Status::Ready, attempts: 0, ambiguous: 0 };
        let seen = |received: Timestamp| record::encode(&Seen { seq: consumed.0, at: received.0 });
        Self {
            id,
            expected_version: turn.expected_version,
            consumed: consumed.0,
            conversation: record::encode(&turn.conversation),
            journal_key: tables::journal_key(id, turn.journal.turn),
            journal: record::encode(&turn.journal),
            dedupe: turn.dedupe.map(|(key, received)| (key, seen(received))),
            outbox: turn.outbox.iter().map(|entry| tables::outbox_value(&ready, &record::encode(entry))).collect(),
            follow_ups: turn
                .follow_ups
                .into_iter()
                .map(|event| tables::inbox_value(id, &InboxItem::Event(event)))
                .collect(),
        }
    }
}
