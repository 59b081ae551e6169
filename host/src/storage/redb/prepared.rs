//! Operations as bytes: rows are encoded and keys hashed on the caller's thread, so that the one thread that writes only moves them.

use std::time::Duration;

use super::tables::{self, OutboxHead, Seen};
use crate::clock::Timestamp;
use crate::conversation::{Case, Context, ConversationId, JournalEntry};
use crate::inbound::{DedupeKey, Inbound};
use crate::outbox::Status;
use crate::storage::record;
use crate::storage::{InboxItem, TurnCommit, TurnKey};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

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

/// An item to push.
pub(super) struct Item {
    pub conversation: ConversationId,
    /// By which its duplicates are known, and when it came.
    pub dedupe: Option<(DedupeKey, Timestamp)>,
    /// Its inbox row.
    pub row: Vec<u8>,
}

impl Item {
    pub(super) fn of(conversation: ConversationId, item: &InboxItem) -> Self {
        let dedupe = match item {
            InboxItem::Desk { dedupe_key, received, .. } => dedupe_key.map(|key| (key, *received)),
            _ => None,
        };
        Self { conversation, dedupe, row: tables::inbox_value(conversation, item) }
    }
}

/// A journal entry, and where it goes.
pub(super) struct Journaled {
    pub key: [u8; 21],
    pub turn_key: [u8; 28],
    pub row: Vec<u8>,
}

impl Journaled {
    fn of(entry: &JournalEntry) -> Self {
        let Context { conversation, turn, now: at, .. } = entry.context;
        Self {
            key: tables::journal_key(conversation, turn),
            turn_key: tables::turn_key(TurnKey { at, conversation, turn }),
            row: record::encode(entry),
        }
    }
}

/// Where an alarm was, and where it is from now on.
pub(super) struct AlarmMove {
    pub from: Option<[u8; 24]>,
    pub to: Option<[u8; 24]>,
}

/// A turn to commit.
pub(super) struct Turn {
    pub id: ConversationId,
    pub expected_version: u64,
    pub consumed: Option<u64>,
    /// None where the alarm stays.
    pub alarm: Option<AlarmMove>,
    pub conversation: Vec<u8>,
    /// None where no journal is kept.
    pub journal: Option<Journaled>,
    /// The key to remember, and its row.
    pub dedupe: Option<(DedupeKey, Vec<u8>)>,
    /// Each with where its number is kept.
    pub outbox: Vec<([u8; 23], Vec<u8>)>,
    pub calls: Vec<Vec<u8>>,
    pub desk: Vec<Vec<u8>>,
    /// What the inbox shows of it from now on; none within, it is not at the desk any more. None where it was not and is not.
    pub case: Option<Option<Vec<u8>>>,
    /// Where what happened is counted.
    pub counts: Vec<Vec<u8>>,
}

impl Turn {
    /// `journal`: whether one is kept.
    pub(super) fn of(turn: TurnCommit, journal: bool) -> Self {
        let TurnCommit { id, consumed, .. } = turn;
        let (alarm_before, alarm_after) = (turn.alarm_before, turn.conversation.alarm);
        let place = |alarm: Option<Timestamp>| alarm.map(|at| tables::alarm_key((at, id)));
        let day = u32::try_from(turn.conversation.last_turn.0 / DAY_MS).unwrap_or(u32::MAX);
        let ready = OutboxHead { status: Status::Ready, attempts: 0, ambiguous: 0 };
        let case = Case::of(&turn.conversation).map(|case| record::encode(&case));
        let seen = |received: Timestamp| record::encode(&Seen { seq: consumed.unwrap_or_default().0, at: received.0 });
        Self {
            id,
            expected_version: turn.expected_version,
            consumed: consumed.map(|seq| seq.0),
            alarm: (alarm_before != alarm_after)
                .then(|| AlarmMove { from: place(alarm_before), to: place(alarm_after) }),
            conversation: record::encode(&turn.conversation),
            journal: turn.journal.as_ref().filter(|_| journal).map(Journaled::of),
            dedupe: turn.dedupe.map(|(key, received)| (key, seen(received))),
            outbox: turn
                .outbox
                .iter()
                .map(|entry| {
                    let place = tables::outbox_key(entry.conversation, entry.turn, entry.index);
                    (place, tables::outbox_value(&ready, &record::encode(entry)))
                })
                .collect(),
            calls: turn.calls.iter().map(|call| tables::call_value(false, &record::encode(call))).collect(),
            desk: turn.desk.iter().map(record::encode).collect(),
            case: (turn.was_at_desk || case.is_some()).then_some(case),
            counts: turn.counts.iter().map(|count| tables::count_key(day, count)).collect(),
        }
    }
}
