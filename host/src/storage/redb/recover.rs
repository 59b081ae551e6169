//! What happens once at open: the format is checked, the start is counted, memory is rebuilt from the inbox, and calls that a
//! crash cut off become unknowns.

use std::cmp::Ordering;
use std::collections::HashMap;

use redb::{Database, ReadableTable};

use super::ReadError;
use super::buried::Buried;
use super::tables::{
    self, ALARMS, AT_DESK, AUDIT, CALLS, CONVERSATION, COUNTS, DESK, INBOX, JOURNAL_BYTES, META, OUTBOX, OutboxHead,
    QUARANTINE, SETTLED, Seen, TURNS,
};
use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::inbound::DedupeKey;
use crate::outbox::Status;
use crate::storage::{InboxItem, InboxSeq};

const FORMAT: u64 = 3;
/// A sequence number is the count of starts and, below it, a counter: it grows across restarts without being stored.
const COUNTER_BITS: u32 = 40;

/// What the writer keeps in memory.
#[derive(Debug)]
pub(super) struct Memory {
    /// Accepted but not yet consumed; once consumed, the key is a row of the conversation.
    pub pending: HashMap<(ConversationId, DedupeKey), Seen>,
    pub last_seq: u64,
    /// What stays known of erased conversations.
    pub buried: Buried,
    /// All journal entries. Saved with each sweep: after a crash it is short of what came since the last.
    pub journal_bytes: u64,
    pub journal_bytes_saved: u64,
    /// Where the last sweep of the conversation table stopped.
    pub swept_to: Vec<u8>,
}

pub(super) fn recover(database: &Database, now: Timestamp) -> Result<Memory, ReadError> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    let memory = {
        let mut meta = transaction.open_table(META)?;
        let found = meta.get("format")?.map_or(FORMAT, |format| format.value());
        match found.cmp(&FORMAT) {
            Ordering::Less => return Err(ReadError::Older { found, known: FORMAT }),
            Ordering::Equal => {}
            Ordering::Greater => return Err(ReadError::Newer { found, known: FORMAT }),
        }
        let journal_bytes = meta.get(JOURNAL_BYTES)?.map_or(0, |bytes| bytes.value());
        let starts = meta.get("starts")?.map_or(0, |starts| starts.value()) + 1;
        meta.insert("format", FORMAT)?;
        meta.insert("starts", starts)?;

        // Opened once so that readers find them.
        transaction.open_table(CONVERSATION)?;
        transaction.open_table(TURNS)?;
        transaction.open_table(ALARMS)?;
        transaction.open_table(CALLS)?;
        transaction.open_table(DESK)?;
        transaction.open_table(COUNTS)?;
        transaction.open_table(AT_DESK)?;
        transaction.open_table(SETTLED)?;
        transaction.open_table(QUARANTINE)?;
        transaction.open_table(AUDIT)?;
        let buried = Buried::recover(&transaction)?;

        let pending = pending(&transaction.open_table(INBOX)?)?;
        mark_interrupted(&mut transaction.open_table(OUTBOX)?, now)?;
        Memory {
            pending,
            buried,
            last_seq: starts << COUNTER_BITS,
            swept_to: Vec::new(),
            journal_bytes,
            journal_bytes_saved: journal_bytes,
        }
    };
    transaction.commit()?;
    Ok(memory)
}

fn pending(
    inbox: &impl ReadableTable<u64, &'static [u8]>,
) -> Result<HashMap<(ConversationId, DedupeKey), Seen>, ReadError> {
    let mut pending = HashMap::new();
    for row in inbox.iter()? {
        let (seq, bytes) = row?;
        let Some(row) = tables::unless_damaged(tables::inbox_row(InboxSeq(seq.value()), bytes.value()))? else {
            continue;
        };
        let known_by = match row.item {
            InboxItem::Inbound { dedupe_key, received, .. } => Some((dedupe_key, received)),
            InboxItem::Desk { dedupe_key, received, .. } => dedupe_key.map(|key| (key, received)),
            InboxItem::Event(_) | InboxItem::Answer { .. } | InboxItem::EndSession { .. } => None,
        };
        if let Some((key, received)) = known_by {
            pending.insert((row.conversation, key), Seen { seq: row.seq.0, at: received.0 });
        }
    }
    Ok(pending)
}

fn mark_interrupted(outbox: &mut redb::Table<'_, u64, &'static [u8]>, now: Timestamp) -> Result<(), ReadError> {
    let mut interrupted = Vec::new();
    for row in outbox.iter()? {
        let (seq, bytes) = row?;
        let Some((head, entry)) = tables::unless_damaged(tables::outbox_parts(bytes.value()))? else { continue };
        if matches!(head.status, Status::Sending { .. }) {
            let head = OutboxHead {
                status: Status::Unknown { since: now, reason: "the host stopped during the call".into() },
                attempts: head.attempts,
                ambiguous: head.ambiguous + 1,
            };
            interrupted.push((seq.value(), tables::outbox_value(&head, entry)));
        }
    }
    for (seq, value) in interrupted {
        outbox.insert(seq, value.as_slice())?;
    }
    Ok(())
}
