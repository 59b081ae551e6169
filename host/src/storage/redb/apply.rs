//! What each operation does to the tables, inside the writer's transaction.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::ReadError;
use super::prepared::{AlarmMove, Arrival, Item, Turn};
use super::recover::Memory;
use super::settings::JournalKeep;
use super::tables::{
    self, ALARMS, AT_DESK, AUDIT, BURIED, CALLS, CONVERSATION, COUNTS, DESK, INBOX, JOURNAL_BYTES, KIND_DEDUPE, META,
    OUTBOX, OutboxHead, QUARANTINE, RECORDS, SETTLED, Seen, TURNS,
};
use crate::clock::Timestamp;
use crate::conversation::{ConversationId, JournalEntry, Response};
use crate::inbound::DedupeKey;
use crate::limits::{AUDIT_RETENTION, DEDUPE_WINDOW, QUARANTINE_RETENTION, SETTLED_RETENTION, SWEEP_ROWS_MAX};
use crate::outbox::desk::DeskSeq;
use crate::outbox::{Call, CallSeq, OutboxSeq, Status};
use crate::storage::record::{self, Fate};
use crate::storage::{Accepted, Committed, InboxItem, InboxSeq, Pushed, Quarantined, Settlement, Swept, TurnKey};

/// One transaction's tables, opened as they are needed: each open table costs the commit a few pages.
pub(super) struct Batch<'txn> {
    pub(super) transaction: &'txn WriteTransaction,
    pub(super) memory: &'txn mut Memory,
    pub(super) conversation: Lazy<'txn, &'static [u8], &'static [u8]>,
    pub(super) turns: Lazy<'txn, &'static [u8], u64>,
    pub(super) inbox: Lazy<'txn, u64, &'static [u8]>,
    pub(super) outbox: Lazy<'txn, u64, &'static [u8]>,
    alarms: Lazy<'txn, &'static [u8], ()>,
    calls: Lazy<'txn, u64, &'static [u8]>,
    desk: Lazy<'txn, u64, &'static [u8]>,
    at_desk: Lazy<'txn, &'static [u8], &'static [u8]>,
    pub(super) settled: Lazy<'txn, u64, &'static [u8]>,
    pub(super) quarantine: Lazy<'txn, u64, &'static [u8]>,
    pub(super) records: Lazy<'txn, &'static str, &'static [u8]>,
    pub(super) audit: Lazy<'txn, u64, &'static [u8]>,
    pub(super) buried: Lazy<'txn, &'static [u8], &'static [u8]>,
    meta: Lazy<'txn, &'static str, u64>,
    counts: Lazy<'txn, &'static [u8], u64>,
    /// To be added when the batch ends: busy days are counted in few places.
    counted: HashMap<Vec<u8>, u64>,
    pub(super) changed: Changed,
}

/// Which queues have new rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changed {
    pub inbox: bool,
    pub outbox: bool,
    pub alarms: bool,
    pub calls: bool,
    pub desk: bool,
}

impl<'txn> Batch<'txn> {
    pub(super) fn new(transaction: &'txn WriteTransaction, memory: &'txn mut Memory) -> Self {
        Self {
            transaction,
            memory,
            conversation: Lazy::new(CONVERSATION),
            turns: Lazy::new(TURNS),
            inbox: Lazy::new(INBOX),
            outbox: Lazy::new(OUTBOX),
            alarms: Lazy::new(ALARMS),
            calls: Lazy::new(CALLS),
            desk: Lazy::new(DESK),
            at_desk: Lazy::new(AT_DESK),
            settled: Lazy::new(SETTLED),
            quarantine: Lazy::new(QUARANTINE),
            records: Lazy::new(RECORDS),
            audit: Lazy::new(AUDIT),
            buried: Lazy::new(BURIED),
            meta: Lazy::new(META),
            counts: Lazy::new(COUNTS),
            counted: HashMap::new(),
            changed: Changed::default(),
        }
    }

    /// Only appends: the dedupe key becomes a row with the turn, until then it is known by memory.
    pub(super) fn accept(&mut self, now: Timestamp, arrivals: Vec<Arrival>) -> Result<Vec<Accepted>, ReadError> {
        arrivals.into_iter().map(|arrival| self.accept_one(now, &arrival)).collect()
    }

    fn accept_one(&mut self, now: Timestamp, arrival: &Arrival) -> Result<Accepted, ReadError> {
        let Arrival { conversation, dedupe_key, dedupe_window, row } = arrival;
        self.append_once(*conversation, *dedupe_key, now, *dedupe_window, row)
    }

    fn append_once(
        &mut self,
        id: ConversationId,
        key: DedupeKey,
        now: Timestamp,
        window: Duration,
        row: &[u8],
    ) -> Result<Accepted, ReadError> {
        if let Some(seen) = self.seen(id, key)?
            && now.since(Timestamp(seen.at)) < window
        {
            return Ok(Accepted::Duplicate(InboxSeq(seen.seq)));
        }
        let seq = self.append(row)?;
        self.memory.pending.insert((id, key), Seen { seq, at: now.0 });
        Ok(Accepted::New(InboxSeq(seq)))
    }

    fn seen(&mut self, id: ConversationId, key: DedupeKey) -> Result<Option<Seen>, ReadError> {
        if let Some(seen) = self.memory.pending.get(&(id, key)) {
            return Ok(Some(*seen));
        }
        if let Some(seen) = self.memory.buried.seen(id, key) {
            return Ok(Some(seen));
        }
        let table = self.conversation.open(self.transaction)?;
        match table.get(tables::dedupe_key(id, key).as_slice())? {
            Some(row) => {
                let seen = record::decode(row.value()).map_err(|why| ReadError::unreadable("a dedupe key", why));
                tables::unless_damaged(seen)
            }
            None => Ok(None),
        }
    }

    fn append(&mut self, row: &[u8]) -> Result<u64, ReadError> {
        let seq = self.next_seq();
        self.inbox.open(self.transaction)?.insert(seq, row)?;
        self.changed.inbox = true;
        Ok(seq)
    }

    pub(super) fn next_seq(&mut self) -> u64 {
        self.memory.last_seq += 1;
        self.memory.last_seq
    }

    pub(super) fn quarantine(&mut self, bodies: &[Quarantined]) -> Result<Vec<u64>, ReadError> {
        let mut ids = Vec::with_capacity(bodies.len());
        for body in bodies {
            let seq = self.next_seq();
            self.quarantine.open(self.transaction)?.insert(seq, record::encode(body).as_slice())?;
            ids.push(seq);
        }
        Ok(ids)
    }

    pub(super) fn commit(&mut self, turns: Vec<Turn>) -> Result<Vec<Committed>, ReadError> {
        turns.into_iter().map(|turn| self.commit_one(turn)).collect()
    }

    fn commit_one(&mut self, turn: Turn) -> Result<Committed, ReadError> {
        let table = self.conversation.open(self.transaction)?;
        let state_key = tables::state_key(turn.id);
        let version = match table.get(state_key.as_slice())? {
            // The version is a conversation's first field, so it can be read alone.
            Some(bytes) => {
                record::decode::<u64>(bytes.value()).map_err(|why| ReadError::unreadable("a conversation", why))?
            }
            None => 0,
        };
        if version != turn.expected_version {
            return Ok(Committed::Conflict);
        }
        if let Some(consumed) = turn.consumed
            && self.inbox.open(self.transaction)?.remove(consumed)?.is_none()
        {
            return Ok(Committed::Conflict);
        }
        table.insert(state_key.as_slice(), turn.conversation.as_slice())?;
        if let Some(journaled) = &turn.journal {
            table.insert(journaled.key.as_slice(), journaled.row.as_slice())?;
            let bytes = journaled.row.len() as u64;
            self.turns.open(self.transaction)?.insert(journaled.turn_key.as_slice(), bytes)?;
            self.memory.journal_bytes += bytes;
        }
        if let Some((key, row)) = &turn.dedupe {
            table.insert(tables::dedupe_key(turn.id, *key).as_slice(), row.as_slice())?;
            // The same text sent again since is another message, and known by its own number until its own turn.
            if self.memory.pending.get(&(turn.id, *key)).is_some_and(|pending| Some(pending.seq) == turn.consumed) {
                self.memory.pending.remove(&(turn.id, *key));
            }
        }
        for (place, row) in &turn.outbox {
            let seq = self.next_seq();
            self.outbox.open(self.transaction)?.insert(seq, row.as_slice())?;
            self.conversation.open(self.transaction)?.insert(place.as_slice(), seq.to_be_bytes().as_slice())?;
            self.changed.outbox = true;
        }
        for row in &turn.calls {
            let seq = self.next_seq();
            self.calls.open(self.transaction)?.insert(seq, row.as_slice())?;
            self.changed.calls = true;
        }
        for row in &turn.desk {
            let seq = self.next_seq();
            self.desk.open(self.transaction)?.insert(seq, row.as_slice())?;
            self.changed.desk = true;
        }
        if let Some(case) = &turn.case {
            let at_desk = self.at_desk.open(self.transaction)?;
            match case {
                Some(case) => at_desk.insert(turn.id.0.as_slice(), case.as_slice())?,
                None => at_desk.remove(turn.id.0.as_slice())?,
            };
        }
        for key in turn.counts {
            *self.counted.entry(key).or_default() += 1;
        }
        if let Some(AlarmMove { from, to }) = turn.alarm {
            self.move_alarm(from, to)?;
        }
        Ok(Committed::Done)
    }

    /// Adds what was counted; to be called once all operations are applied.
    pub(super) fn finish(&mut self) -> Result<Changed, ReadError> {
        for (key, times) in std::mem::take(&mut self.counted) {
            let counts = self.counts.open(self.transaction)?;
            let before = counts.get(key.as_slice())?.map_or(0, |before| before.value());
            counts.insert(key.as_slice(), before + times)?;
        }
        Ok(self.changed)
    }

    fn move_alarm(&mut self, before: Option<[u8; 24]>, after: Option<[u8; 24]>) -> Result<(), ReadError> {
        let alarms = self.alarms.open(self.transaction)?;
        if let Some(before) = before {
            alarms.remove(before.as_slice())?;
        }
        if let Some(after) = after {
            alarms.insert(after.as_slice(), ())?;
            self.changed.alarms |= alarms.first()?.is_some_and(|(first, _)| first.value() == after);
        }
        Ok(())
    }

    /// Appends to the inboxes of conversations that exist.
    pub(super) fn push(&mut self, items: Vec<Item>) -> Result<Vec<Pushed>, ReadError> {
        items.into_iter().map(|item| self.push_one(&item)).collect()
    }

    fn push_one(&mut self, Item { conversation, dedupe, row }: &Item) -> Result<Pushed, ReadError> {
        if !self.exists(*conversation)? {
            return Ok(Pushed::Unknown);
        }
        let Some((key, received)) = *dedupe else { return Ok(Pushed::Queued(InboxSeq(self.append(row)?))) };
        Ok(match self.append_once(*conversation, key, received, DEDUPE_WINDOW, row)? {
            Accepted::New(seq) => Pushed::Queued(seq),
            Accepted::Duplicate(seq) => Pushed::Duplicate(seq),
        })
    }

    pub(super) fn desk_settle(&mut self, seq: DeskSeq, told: Option<InboxItem>) -> Result<(), ReadError> {
        let removed = self.desk.open(self.transaction)?.remove(seq.0)?.map(|row| row.value().to_vec());
        let (Some(row), Some(item)) = (removed, told) else { return Ok(()) };
        let conversation = tables::desk_row(seq.0, &row)?.entry.conversation;
        // Erased meanwhile: there is nobody to tell.
        if self.exists(conversation)? {
            self.append(&tables::inbox_value(conversation, &item))?;
        }
        Ok(())
    }

    pub(super) fn exists(&mut self, id: ConversationId) -> Result<bool, ReadError> {
        Ok(self.conversation.open(self.transaction)?.get(tables::state_key(id).as_slice())?.is_some())
    }

    pub(super) fn call_started(&mut self, seq: CallSeq) -> Result<(), ReadError> {
        let calls = self.calls.open(self.transaction)?;
        let Some(mut row) = calls.get(seq.0)?.map(|row| row.value().to_vec()) else { return Ok(()) };
        if let Some(started) = row.first_mut() {
            *started = 1;
        }
        calls.insert(seq.0, row.as_slice())?;
        Ok(())
    }

    pub(super) fn call_answered(&mut self, seq: CallSeq, answer: Option<Response>) -> Result<(), ReadError> {
        let removed = self.calls.open(self.transaction)?.remove(seq.0)?.map(|row| row.value().to_vec());
        let (Some(row), Some(response)) = (removed, answer) else { return Ok(()) };
        let Call { conversation, turn, index, .. } = tables::call_row(seq.0, &row)?.call;
        // Erased meanwhile: there is nobody to tell.
        if self.exists(conversation)? {
            self.append(&tables::inbox_value(conversation, &InboxItem::Answer { turn, index, response }))?;
        }
        Ok(())
    }

    pub(super) fn settle(&mut self, settlements: Vec<Settlement>) -> Result<(), ReadError> {
        settlements.into_iter().try_for_each(|settlement| self.settle_one(settlement))
    }

    fn settle_one(&mut self, settlement: Settlement) -> Result<(), ReadError> {
        let Settlement { seq, status, attempts, ambiguous, follow_up } = settlement;
        let outbox = self.outbox.open(self.transaction)?;
        if status.is_final() {
            let Some(bytes) = outbox.remove(seq.0)?.map(|row| row.value().to_vec()) else { return Ok(()) };
            let (_, entry) = tables::outbox_parts(&bytes)?;
            let unreadable = |why| ReadError::unreadable("outbox", why);
            // An entry's first fields name it, so they can be read alone.
            let (conversation, turn, index) = record::decode(entry).map_err(unreadable)?;
            let without_doubt = matches!(status, Status::Sent { .. }) && ambiguous == 0;
            let entry = if without_doubt { None } else { Some(record::decode(entry).map_err(unreadable)?) };
            let fate = Fate { conversation, turn, index, status, attempts, ambiguous, entry };
            self.settled.open(self.transaction)?.insert(seq.0, record::encode(&fate).as_slice())?;
        } else {
            let Some(bytes) = outbox.get(seq.0)?.map(|row| row.value().to_vec()) else { return Ok(()) };
            let (_, entry) = tables::outbox_parts(&bytes)?;
            let value = tables::outbox_value(&OutboxHead { status, attempts, ambiguous }, entry);
            outbox.insert(seq.0, value.as_slice())?;
        }
        if let Some((conversation, item)) = follow_up {
            // Erased meanwhile: there is nobody to tell.
            if self.exists(conversation)? {
                self.append(&tables::inbox_value(conversation, &item))?;
            }
        }
        Ok(())
    }

    /// Looks at a bounded piece of each table, so that no batch waits long for it.
    pub(super) fn sweep(&mut self, now: Timestamp, keep: JournalKeep) -> Result<Swept, ReadError> {
        let swept = match (self.sweep_journal(now, keep)?, self.sweep_dedupe_keys(now)?) {
            (Swept::All, Swept::All) => Swept::All,
            _ => Swept::APiece,
        };
        let is_old = |at: Timestamp, retention: Duration| now.since(at) >= retention;
        let forgotten = RefCell::new(Vec::new());
        sweep_log(self.settled.open(self.transaction)?, |fate: Fate| {
            let is_old = match fate.status {
                Status::Sent { at, .. } | Status::Dead { at, .. } => is_old(at, SETTLED_RETENTION),
                _ => false,
            };
            if is_old {
                forgotten.borrow_mut().push(tables::outbox_key(fate.conversation, fate.turn, fate.index));
            }
            is_old
        })?;
        for place in forgotten.into_inner() {
            self.conversation.open(self.transaction)?.remove(place.as_slice())?;
        }
        sweep_log(self.quarantine.open(self.transaction)?, |body: Quarantined| {
            is_old(body.received, QUARANTINE_RETENTION)
        })?;
        sweep_log(self.audit.open(self.transaction)?, |(at,): (Timestamp,)| is_old(at, AUDIT_RETENTION))?;
        self.sweep_buried(now)?;
        Ok(swept)
    }

    /// Removes the oldest turns until the rest is young enough, and small enough all together.
    fn sweep_journal(&mut self, now: Timestamp, keep: JournalKeep) -> Result<Swept, ReadError> {
        let before = self.memory.journal_bytes;
        let mut swept = Swept::APiece;
        for _ in 0..SWEEP_ROWS_MAX {
            let turns = self.turns.open(self.transaction)?;
            let oldest = turns.first()?.map(|(key, bytes)| (key.value().to_vec(), bytes.value()));
            let Some((key, bytes)) = oldest else {
                self.memory.journal_bytes = 0;
                swept = Swept::All;
                break;
            };
            let turn = tables::turn_of(&key);
            let is_old = turn.is_none_or(|turn| now.since(turn.at) >= keep.retention);
            if !is_old && self.memory.journal_bytes <= keep.bytes_max {
                swept = Swept::All;
                break;
            }
            turns.remove(key.as_slice())?;
            self.memory.journal_bytes = self.memory.journal_bytes.saturating_sub(bytes);
            if let Some(TurnKey { conversation, turn, .. }) = turn {
                let table = self.conversation.open(self.transaction)?;
                table.remove(tables::journal_key(conversation, turn).as_slice())?;
            }
        }
        let saved = &mut self.memory.journal_bytes_saved;
        if *saved != self.memory.journal_bytes || before != self.memory.journal_bytes {
            *saved = self.memory.journal_bytes;
            self.meta.open(self.transaction)?.insert(JOURNAL_BYTES, *saved)?;
        }
        Ok(swept)
    }

    fn sweep_dedupe_keys(&mut self, now: Timestamp) -> Result<Swept, ReadError> {
        let table = self.conversation.open(self.transaction)?;
        let mut outdated = Vec::new();
        let mut last = Vec::new();
        for row in table.range(self.memory.swept_to.as_slice()..)?.take(SWEEP_ROWS_MAX) {
            let (key, value) = row?;
            let (key, value) = (key.value(), value.value());
            let old = tables::kind_of(key) == Some(KIND_DEDUPE)
                && record::decode::<Seen>(value).is_ok_and(|seen| now.since(Timestamp(seen.at)) >= DEDUPE_WINDOW);
            last = key.to_vec();
            if old {
                outdated.push(last.clone());
            }
        }
        for key in outdated {
            table.remove(key.as_slice())?;
        }
        // The next sweep starts behind the last row seen, or from the beginning once the end was reached.
        if !last.is_empty() {
            last.push(0);
        }
        self.memory.swept_to = last;
        Ok(if self.memory.swept_to.is_empty() { Swept::All } else { Swept::APiece })
    }

    pub(super) fn erase(&mut self, id: ConversationId) -> Result<(), ReadError> {
        let (first, last) = (id.0.to_vec(), [id.0.as_slice(), &[0xff; 18]].concat());
        self.bury(id)?;
        self.erase_turns(id)?;
        self.erase_alarm(id)?;
        self.conversation.open(self.transaction)?.retain_in(first.as_slice()..=last.as_slice(), |_, _| false)?;
        self.memory.pending.retain(|(conversation, _), _| *conversation != id);

        let inbox = self.inbox.open(self.transaction)?;
        remove_where(inbox, |seq, bytes| Ok(tables::inbox_row(InboxSeq(seq), bytes)?.conversation == id))?;
        let outbox = self.outbox.open(self.transaction)?;
        remove_where(outbox, |seq, bytes| Ok(tables::outbox_row(OutboxSeq(seq), bytes)?.entry.conversation == id))?;
        let calls = self.calls.open(self.transaction)?;
        remove_where(calls, |seq, bytes| Ok(tables::call_row(seq, bytes)?.call.conversation == id))?;
        let desk = self.desk.open(self.transaction)?;
        remove_where(desk, |seq, bytes| Ok(tables::desk_row(seq, bytes)?.entry.conversation == id))?;
        self.at_desk.open(self.transaction)?.remove(id.0.as_slice())?;
        let settled = self.settled.open(self.transaction)?;
        remove_where(settled, |_, bytes| {
            let fate: Fate = record::decode(bytes).map_err(|why| ReadError::unreadable("outbox", why))?;
            Ok(fate.conversation == id)
        })
    }
}

impl Batch<'_> {
    fn erase_alarm(&mut self, id: ConversationId) -> Result<(), ReadError> {
        let table = self.conversation.open(self.transaction)?;
        let stored = table.get(tables::state_key(id).as_slice())?;
        // The alarm is a conversation's third field, so it can be read without the rest.
        let alarm = stored.and_then(|row| record::decode::<(u64, u32, Option<Timestamp>)>(row.value()).ok()?.2);
        self.move_alarm(alarm.map(|at| tables::alarm_key((at, id))), None)
    }

    /// Forgets the places of a conversation's journal entries; the entries themselves are the caller's.
    fn erase_turns(&mut self, id: ConversationId) -> Result<(), ReadError> {
        let (first, last) = (tables::journal_key(id, 0), tables::journal_key(id, u32::MAX));
        let table = self.conversation.open(self.transaction)?;
        let mut places = Vec::new();
        for row in table.range(first.as_slice()..=last.as_slice())? {
            let (key, entry) = row?;
            // A damaged entry's place stays, and is passed over by whoever reads the turns.
            let at = record::decode::<JournalEntry>(entry.value()).map(|entry| entry.context.now);
            if let (Some(turn), Ok(at)) = (tables::number_of(key.value()), at) {
                places.push(tables::turn_key(TurnKey { at, conversation: id, turn }));
            }
        }
        let turns = self.turns.open(self.transaction)?;
        for place in places {
            let bytes = turns.remove(place.as_slice())?.map_or(0, |bytes| bytes.value());
            self.memory.journal_bytes = self.memory.journal_bytes.saturating_sub(bytes);
        }
        Ok(())
    }
}

/// Removes old rows from the left end of a log, where the oldest are, up to the first that is young.
fn sweep_log<T: serde::de::DeserializeOwned>(
    table: &mut Table<'_, u64, &'static [u8]>,
    is_old: impl Fn(T) -> bool,
) -> Result<(), ReadError> {
    for _ in 0..SWEEP_ROWS_MAX {
        let old = match table.first()? {
            Some((seq, bytes)) if record::decode(bytes.value()).is_ok_and(&is_old) => seq.value(),
            _ => break,
        };
        table.remove(old)?;
    }
    Ok(())
}

fn remove_where(
    table: &mut Table<'_, u64, &'static [u8]>,
    matches: impl Fn(u64, &[u8]) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let mut found = Vec::new();
    for row in table.iter()? {
        let (seq, bytes) = row?;
        if matches(seq.value(), bytes.value())? {
            found.push(seq.value());
        }
    }
    for seq in found {
        table.remove(seq)?;
    }
    Ok(())
}

/// A table that is opened at its first use in the transaction.
pub(super) struct Lazy<'txn, K: redb::Key + 'static, V: redb::Value + 'static> {
    definition: TableDefinition<'static, K, V>,
    table: Option<Table<'txn, K, V>>,
}

impl<'txn, K: redb::Key + 'static, V: redb::Value + 'static> Lazy<'txn, K, V> {
    fn new(definition: TableDefinition<'static, K, V>) -> Self {
        Self { definition, table: None }
    }

    pub(super) fn open(&mut self, transaction: &'txn WriteTransaction) -> Result<&mut Table<'txn, K, V>, ReadError> {
        if self.table.is_none() {
            self.table = Some(transaction.open_table(self.definition)?);
        }
        Ok(self.table.as_mut().expect("it was opened above"))
    }
}
