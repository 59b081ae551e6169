//! The tables, their keys, and the rows that are more than one encoded value.
//!
//! All rows of a conversation are adjacent in one table, so that a turn touches few pages; inbox and outbox are sequential logs.
//! Keys are fixed-width bytes or integers, values are our own versioned bytes: nothing depends on redb's encoding of types.

use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::ReadError;
use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::conversation::count::{Count, Measure};
use crate::inbound::DedupeKey;
use crate::outbox::desk::{DeskRow, DeskSeq};
use crate::outbox::{self, CallRow, CallSeq, OutboxSeq};
use crate::storage::record;
use crate::storage::{Counted, InboxItem, InboxRow, InboxSeq, TurnKey};

/// `conversation[16] | kind[1] | sub`: state, dedupe keys and journal of every conversation.
pub(super) const CONVERSATION: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("conversation");
/// `at[8] | conversation[16] | turn[4]` of every journal entry, with its size in bytes: a day can be read without all conversations,
/// and the oldest found.
pub(super) const TURNS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("turns");
/// `at[8] | conversation[16]`: when each conversation is to be looked at again.
pub(super) const ALARMS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("alarms");
/// Requests without an answer: one byte whether the call was begun, then the call.
pub(super) const CALLS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("calls");
/// `conversation[16]` of those at the desk, with what the inbox shows of them.
pub(super) const AT_DESK: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("at_desk");
/// What a remote desk is to be told.
pub(super) const DESK: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("desk");
/// `day[4] | version[8] | bot | 0 | measure | 0 | label`: how often that was.
pub(super) const COUNTS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("counts");
/// Accepted, not yet consumed.
pub(super) const INBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("inbox");
/// Committed, not yet settled.
pub(super) const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
/// What became of outbox rows.
pub(super) const SETTLED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("settled");
/// Webhook bodies that could not be read.
pub(super) const QUARANTINE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("quarantine");
/// `kind | 0 | key`: people, their sessions and tokens, and what else the host keeps for itself.
pub(super) const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// Who did or looked at what.
pub(super) const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");
/// Keyed hashes of dedupe keys of erased conversations, as they were seen.
pub(super) const BURIED: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("buried");
/// The format's version, the count of starts, and how large the journal is.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// In META: the size of all journal entries in bytes, as it was when the journal was last swept.
pub(super) const JOURNAL_BYTES: &str = "journal_bytes";

pub(super) const KIND_DEDUPE: u8 = b'D';
const KIND_JOURNAL: u8 = b'H';
const KIND_OUTBOX: u8 = b'O';
const KIND_STATE: u8 = b'S';

/// Where a conversation's state is.
pub(super) fn state_key(id: ConversationId) -> [u8; 17] {
    key(id, KIND_STATE, [])
}

/// Behind everything of a conversation.
pub(super) fn end_key(id: ConversationId) -> [u8; 17] {
    key(id, u8::MAX, [])
}

/// Whose row it is; none where the key is not one of ours.
pub(super) fn conversation_of(key: &[u8]) -> Option<ConversationId> {
    Some(ConversationId(*key.first_chunk()?))
}

/// Where one of its dedupe keys is.
pub(super) fn dedupe_key(id: ConversationId, key_: DedupeKey) -> [u8; 33] {
    key(id, KIND_DEDUPE, key_.0)
}

/// Where one of its turns is.
pub(super) fn journal_key(id: ConversationId, turn: u32) -> [u8; 21] {
    key(id, KIND_JOURNAL, turn.to_be_bytes())
}

/// Where the number of an outbox row is, by the turn it is of and its place there: while it waits, and as long as its fate is kept.
pub(super) fn outbox_key(id: ConversationId, turn: u32, index: u16) -> [u8; 23] {
    let mut sub = [0; 6];
    sub[..4].copy_from_slice(&turn.to_be_bytes());
    sub[4..].copy_from_slice(&index.to_be_bytes());
    key(id, KIND_OUTBOX, sub)
}

/// The place of a turn among all turns.
pub(super) fn turn_key(key: TurnKey) -> [u8; 28] {
    let mut bytes = [0; 28];
    bytes[..8].copy_from_slice(&key.at.0.to_be_bytes());
    bytes[8..24].copy_from_slice(&key.conversation.0);
    bytes[24..].copy_from_slice(&key.turn.to_be_bytes());
    bytes
}

/// A turn from its place; none where the key is not one of ours.
pub(super) fn turn_of(key: &[u8]) -> Option<TurnKey> {
    let (at, rest) = key.split_first_chunk::<8>()?;
    let (conversation, rest) = rest.split_first_chunk::<16>()?;
    let turn = u32::from_be_bytes(rest.try_into().ok()?);
    Some(TurnKey { at: Timestamp(u64::from_be_bytes(*at)), conversation: ConversationId(*conversation), turn })
}

/// Where an alarm is.
pub(super) fn alarm_key((at, id): (Timestamp, ConversationId)) -> [u8; 24] {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&at.0.to_be_bytes());
    key[8..].copy_from_slice(&id.0);
    key
}

/// An alarm from its place; none where the key is not one of ours.
pub(super) fn alarm_of(key: &[u8]) -> Option<(Timestamp, ConversationId)> {
    let (at, id) = key.split_first_chunk::<8>()?;
    Some((Timestamp(u64::from_be_bytes(*at)), ConversationId(id.try_into().ok()?)))
}

/// A call's value.
pub(super) fn call_value(started: bool, call: &[u8]) -> Vec<u8> {
    [&[u8::from(started)], call].concat()
}

/// A call from its value.
pub(super) fn call_row(seq: u64, bytes: &[u8]) -> Result<CallRow, ReadError> {
    let unreadable = |why| ReadError::unreadable("calls", why);
    let (started, call) =
        bytes.split_first().ok_or_else(|| unreadable(record::Unreadable::Damaged("it is empty".into())))?;
    Ok(CallRow { seq: CallSeq(seq), call: record::decode(call).map_err(unreadable)?, started: *started != 0 })
}

/// What a remote desk is to be told, from its value.
pub(super) fn desk_row(seq: u64, bytes: &[u8]) -> Result<DeskRow, ReadError> {
    let entry = record::decode(bytes).map_err(|why| ReadError::unreadable("desk", why))?;
    Ok(DeskRow { seq: DeskSeq(seq), entry })
}

/// Where a record is.
pub(super) fn record_key(kind: &str, key: &str) -> String {
    format!("{kind}\0{key}")
}

/// Where something is counted.
pub(super) fn count_key(day: u32, count: &Count) -> Vec<u8> {
    let Count { bot, version, measure, label } = count;
    let (bot, measure, label) = (bot.as_bytes(), measure.name().as_bytes(), label.as_bytes());
    [day.to_be_bytes().as_slice(), version, bot, &[0], measure, &[0], label].concat()
}

/// What is counted there; none where it is nothing that this host counts.
pub(super) fn count_of(key: &[u8], times: u64) -> Option<Counted> {
    let (day, rest) = key.split_first_chunk::<4>()?;
    let (version, rest) = rest.split_first_chunk::<8>()?;
    let (bot, rest) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
    let (measure, label) = rest.split_once('\0')?;
    let measure = Measure::ALL.into_iter().find(|known| known.name() == measure)?;
    let count = Count { bot: bot.into(), version: *version, measure, label: label.into() };
    Some(Counted { day: u32::from_be_bytes(*day), count, times })
}

/// The number of a journal row's turn.
pub(super) fn number_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*key.get(17..)?.first_chunk()?))
}

/// The kind of a row of the conversation table.
pub(super) fn kind_of(key: &[u8]) -> Option<u8> {
    key.get(16).copied()
}

fn key<const SUB: usize, const LENGTH: usize>(id: ConversationId, kind: u8, sub: [u8; SUB]) -> [u8; LENGTH] {
    let mut key = [0; LENGTH];
    key[..16].copy_from_slice(&id.0);
    key[16] = kind;
    key[17..].copy_from_slice(&sub);
    key
}

/// When and as what an inbound was accepted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub seq: u64,
    pub at: u64,
}

/// An inbox row's value.
pub(super) fn inbox_value(conversation: ConversationId, item: &InboxItem) -> Vec<u8> {
    record::encode(&(conversation, item))
}

/// An inbox row from its value.
pub(super) fn inbox_row(seq: InboxSeq, bytes: &[u8]) -> Result<InboxRow, ReadError> {
    let (conversation, item) = record::decode(bytes).map_err(|why| ReadError::unreadable("inbox", why))?;
    Ok(InboxRow { seq, conversation, item })
}

/// Where an outbox row stands. Kept in front of the entry, so that marking a row never re-encodes what is to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OutboxHead {
    pub status: outbox::Status,
    pub attempts: u32,
    pub ambiguous: u32,
}

/// An outbox row's value: the length of the head in two bytes, the head, the entry.
pub(super) fn outbox_value(head: &OutboxHead, entry: &[u8]) -> Vec<u8> {
    let head = record::encode(head);
    let length = u16::try_from(head.len()).expect("reasons are cut to far less than 64 KiB");
    [length.to_be_bytes().as_slice(), &head, entry].concat()
}

/// The two parts of an outbox row's value.
pub(super) fn outbox_parts(bytes: &[u8]) -> Result<(OutboxHead, &[u8]), ReadError> {
    let damaged = || ReadError::unreadable("outbox", record::Unreadable::Damaged("it is cut short".into()));
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(damaged)?;
    let (head, entry) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or_else(damaged)?;
    Ok((record::decode(head).map_err(|why| ReadError::unreadable("outbox", why))?, entry))
}

/// An outbox row from its value.
pub(super) fn outbox_row(seq: OutboxSeq, bytes: &[u8]) -> Result<outbox::Row, ReadError> {
    let (head, entry) = outbox_parts(bytes)?;
    let entry = record::decode(entry).map_err(|why| ReadError::unreadable("outbox", why))?;
    let OutboxHead { status, attempts, ambiguous } = head;
    Ok(outbox::Row { seq, entry, status, attempts, ambiguous })
}

/// A damaged row is passed over, loudly, and kept: one row must not keep everybody else from being answered. A row of a newer host is
/// an error, since this host would pass over all it wrote.
pub(super) fn unless_damaged<T>(row: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
    match row {
        Err(ReadError::Unreadable { what, why: why @ record::Unreadable::Damaged(_) }) => {
            tracing::error!(table = what, %why, "a row is kept but passed over");
            Ok(None)
        }
        row => row.map(Some),
    }
}
