//! What operators do by hand, in redb.

use std::collections::HashSet;
use std::ops::Bound;

use async_trait::async_trait;
use redb::{ReadableTable, ReadableTableMetadata};

use super::apply::Batch;
use super::prepared::Arrival;
use super::tables::{self, ALARMS, CALLS, CONVERSATION, INBOX, OUTBOX, OutboxHead, QUARANTINE, SETTLED, TURNS};
use super::{ReadError, Redb};
use crate::clock::Timestamp;
use crate::conversation::{Conversation, ConversationId};
use crate::inbound::Inbound;
use crate::limits::TRACK_WINDOW;
use crate::outbox::{Action, OutboxSeq, Status};
use crate::storage::record::{self, Fate};
use crate::storage::{
    Accepted, Depths, Erased, OutboxRow, QuarantineId, Quarantined, Redriven, Released, StorageError, TurnKey, Upkeep,
};

#[async_trait]
impl Upkeep for Redb {
    async fn depths(&self) -> Result<Depths, StorageError> {
        self.read_rows(|transaction| {
            Ok(Depths {
                inbox: transaction.open_table(INBOX)?.len()?,
                outbox: transaction.open_table(OUTBOX)?.len()?,
                calls: transaction.open_table(CALLS)?.len()?,
                settled: transaction.open_table(SETTLED)?.len()?,
                quarantine: transaction.open_table(QUARANTINE)?.len()?,
                turns: transaction.open_table(TURNS)?.len()?,
                alarms: transaction.open_table(ALARMS)?.len()?,
            })
        })
    }

    async fn outbox_row(&self, seq: OutboxSeq) -> Result<Option<OutboxRow>, StorageError> {
        self.read_rows(|transaction| {
            if let Some(bytes) = transaction.open_table(OUTBOX)?.get(seq.0)? {
                return Ok(Some(OutboxRow::Waiting(tables::outbox_row(seq, bytes.value())?)));
            }
            let settled = transaction.open_table(SETTLED)?;
            settled.get(seq.0)?.map(|bytes| fate(bytes.value()).map(OutboxRow::Settled)).transpose()
        })
    }

    async fn fates(&self, before: OutboxSeq, max: usize) -> Result<Vec<(OutboxSeq, Fate)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(SETTLED)?;
            let newest = table.range::<u64>((Bound::Unbounded, Bound::Excluded(before.0)))?.rev().map(|row| {
                let (seq, bytes) = row?;
                Ok(tables::unless_damaged(fate(bytes.value()))?.map(|fate| (OutboxSeq(seq.value()), fate)))
            });
            newest.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn redrive(&self, now: Timestamp, seq: OutboxSeq) -> Result<Redriven, StorageError> {
        self.apply(move |batch| batch.redrive(now, seq)).await
    }

    async fn let_go(&self, seq: OutboxSeq) -> Result<bool, StorageError> {
        self.apply(move |batch| batch.let_go(seq)).await
    }

    async fn quarantined_rows(
        &self,
        before: QuarantineId,
        max: usize,
    ) -> Result<Vec<(QuarantineId, Quarantined)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(QUARANTINE)?;
            let newest = table.range::<u64>((Bound::Unbounded, Bound::Excluded(before.0)))?.rev().map(|row| {
                let (id, bytes) = row?;
                Ok(tables::unless_damaged(quarantined(bytes.value()))?.map(|body| (QuarantineId(id.value()), body)))
            });
            newest.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn quarantined_row(&self, id: QuarantineId) -> Result<Option<Quarantined>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(QUARANTINE)?;
            table.get(id.0)?.map(|bytes| quarantined(bytes.value())).transpose()
        })
    }

    async fn release(&self, now: Timestamp, id: QuarantineId, inbound: Inbound) -> Result<Released, StorageError> {
        let arrival = Arrival::of(now, inbound);
        self.apply(move |batch| batch.release(now, id, arrival)).await
    }

    async fn discard(&self, ids: Vec<QuarantineId>) -> Result<u64, StorageError> {
        self.apply(move |batch| batch.discard(&ids)).await
    }

    async fn outbox_of(&self, id: ConversationId) -> Result<Vec<(OutboxSeq, OutboxRow)>, StorageError> {
        self.read_rows(|transaction| {
            let (settled, outbox) = (transaction.open_table(SETTLED)?, transaction.open_table(OUTBOX)?);
            let (first, last) = (tables::outbox_key(id, 0, 0), tables::outbox_key(id, u32::MAX, u16::MAX));
            let mut found = Vec::new();
            for place in transaction.open_table(CONVERSATION)?.range(first.as_slice()..=last.as_slice())? {
                let (_, seq) = place?;
                let Ok(seq) = seq.value().try_into().map(u64::from_be_bytes) else { continue };
                if let Some(bytes) = settled.get(seq)? {
                    let fate = tables::unless_damaged(fate(bytes.value()))?;
                    found.extend(fate.map(|fate| (OutboxSeq(seq), OutboxRow::Settled(fate))));
                } else if let Some(bytes) = outbox.get(seq)? {
                    let row = tables::unless_damaged(tables::outbox_row(OutboxSeq(seq), bytes.value()))?;
                    found.extend(row.map(|row| (OutboxSeq(seq), OutboxRow::Waiting(row))));
                }
            }
            found.sort_by_key(|(seq, _)| *seq);
            Ok(found)
        })
    }

    async fn latest(&self, before: Timestamp, max: usize) -> Result<Vec<(ConversationId, Conversation)>, StorageError> {
        self.read_rows(|transaction| {
            let (turns, table) = (transaction.open_table(TURNS)?, transaction.open_table(CONVERSATION)?);
            let end = tables::turn_key(TurnKey { at: before, conversation: ConversationId([0; 16]), turn: 0 });
            let (mut seen, mut found) = (HashSet::new(), Vec::new());
            for place in turns.range::<&[u8]>((Bound::Unbounded, Bound::Excluded(end.as_slice())))?.rev() {
                let Some(key) = tables::turn_of(place?.0.value()) else { continue };
                if found.len() >= max {
                    break;
                }
                if !seen.insert(key.conversation) {
                    continue;
                }
                let Some(row) = table.get(tables::state_key(key.conversation).as_slice())? else { continue };
                let row = record::decode::<Conversation>(row.value());
                let row = row.map_err(|why| ReadError::unreadable("a conversation", why));
                // One that had a turn since belongs to an earlier page.
                let Some(row) = tables::unless_damaged(row)?.filter(|row| row.last_turn < before) else { continue };
                found.push((key.conversation, row));
            }
            Ok(found)
        })
    }

    async fn forget(&self, _now: Timestamp, ids: Vec<ConversationId>) -> Result<Erased, StorageError> {
        self.apply(move |batch| batch.forget(&ids)).await
    }
}

fn fate(bytes: &[u8]) -> Result<Fate, ReadError> {
    record::decode(bytes).map_err(|why| ReadError::unreadable("settled", why))
}

fn quarantined(bytes: &[u8]) -> Result<Quarantined, ReadError> {
    record::decode(bytes).map_err(|why| ReadError::unreadable("quarantine", why))
}

impl Batch<'_> {
    fn redrive(&mut self, now: Timestamp, seq: OutboxSeq) -> Result<Redriven, ReadError> {
        if self.outbox.open(self.transaction)?.get(seq.0)?.is_some() {
            return Ok(Redriven::NotDead);
        }
        let settled = self.settled.open(self.transaction)?;
        let Some(found) = settled.get(seq.0)?.map(|bytes| fate(bytes.value())).transpose()? else {
            return Ok(Redriven::Absent);
        };
        let (Status::Dead { .. }, Some(mut entry)) = (found.status, found.entry) else { return Ok(Redriven::NotDead) };
        // A message outside the user's window is refused by WhatsApp; a profile change is true whenever it is written.
        match entry.action {
            Action::Track { .. } => entry.expires = now.after(TRACK_WINDOW),
            _ if now > entry.expires => return Ok(Redriven::Expired),
            _ => {}
        }
        settled.remove(seq.0)?;
        let fresh = self.next_seq();
        let head = OutboxHead { status: Status::Ready, attempts: 0, ambiguous: found.ambiguous };
        let row = tables::outbox_value(&head, &record::encode(&entry));
        self.outbox.open(self.transaction)?.insert(fresh, row.as_slice())?;
        let place = tables::outbox_key(entry.conversation, entry.turn, entry.index);
        self.conversation.open(self.transaction)?.insert(place.as_slice(), fresh.to_be_bytes().as_slice())?;
        self.changed.outbox = true;
        Ok(Redriven::Ready(OutboxSeq(fresh)))
    }

    fn let_go(&mut self, seq: OutboxSeq) -> Result<bool, ReadError> {
        let settled = self.settled.open(self.transaction)?;
        let Some(mut found) = settled.get(seq.0)?.map(|bytes| fate(bytes.value())).transpose()? else {
            return Ok(false);
        };
        if !matches!(found.status, Status::Dead { .. }) || found.entry.take().is_none() {
            return Ok(false);
        }
        settled.insert(seq.0, record::encode(&found).as_slice())?;
        Ok(true)
    }

    fn release(&mut self, now: Timestamp, id: QuarantineId, arrival: Arrival) -> Result<Released, ReadError> {
        if self.quarantine.open(self.transaction)?.remove(id.0)?.is_none() {
            return Ok(Released::Absent);
        }
        Ok(match self.accept(now, vec![arrival])?.first() {
            Some(Accepted::New(seq)) => Released::Accepted(*seq),
            Some(Accepted::Duplicate(seq)) => Released::Duplicate(*seq),
            None => Released::Absent,
        })
    }

    fn discard(&mut self, ids: &[QuarantineId]) -> Result<u64, ReadError> {
        let quarantine = self.quarantine.open(self.transaction)?;
        ids.iter().try_fold(0, |count, id| Ok(count + u64::from(quarantine.remove(id.0)?.is_some())))
    }

    fn forget(&mut self, ids: &[ConversationId]) -> Result<Erased, ReadError> {
        let before = self.sizes()?;
        let mut conversations = 0;
        for id in ids {
            conversations += u64::from(self.exists(*id)?);
            self.erase(*id)?;
        }
        let after = self.sizes()?;
        let [turns, inbox, outbox] = [0, 1, 2].map(|at| before[at] - after[at]);
        Ok(Erased { conversations, turns, inbox, outbox })
    }

    fn sizes(&mut self) -> Result<[u64; 3], ReadError> {
        let outbox = self.outbox.open(self.transaction)?.len()? + self.settled.open(self.transaction)?.len()?;
        Ok([self.turns.open(self.transaction)?.len()?, self.inbox.open(self.transaction)?.len()?, outbox])
    }
}
