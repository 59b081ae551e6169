//! What stays known of erased conversations: that a message was accepted, by a keyed hash of its dedupe key, for as long as its sender
//! may deliver it again. Without the key, nobody can tell from a number in it which phone numbers were erased.

use std::collections::HashMap;

use hmac::{Hmac, Mac};
use redb::{ReadableTable, WriteTransaction};
use sha2::Sha256;

use super::ReadError;
use super::apply::Batch;
use super::tables::{self, BURIED, KIND_DEDUPE, RECORDS, Seen};
use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::inbound::DedupeKey;
use crate::limits::DEDUPE_WINDOW;
use crate::storage::record;

type Grave = [u8; 16];

/// Kept in memory: there are few, and each accepted message asks.
#[derive(Debug)]
pub(super) struct Buried {
    key: Vec<u8>,
    graves: HashMap<Grave, Seen>,
}

impl Buried {
    /// Reads what is buried; the first time it makes the key.
    pub(super) fn recover(transaction: &WriteTransaction) -> Result<Self, ReadError> {
        let name = tables::record_key("host", "buried-key");
        let mut records = transaction.open_table(RECORDS)?;
        let found = records.get(name.as_str())?.map(|key| key.value().to_vec());
        let key = match found {
            Some(key) => key,
            None => {
                let mut key = vec![0; 32];
                getrandom::fill(&mut key).map_err(|error| redb::Error::Io(std::io::Error::other(error.to_string())))?;
                records.insert(name.as_str(), key.as_slice())?;
                key
            }
        };
        let mut graves = HashMap::new();
        for row in transaction.open_table(BURIED)?.iter()? {
            let (grave, seen) = row?;
            if let (Ok(grave), Ok(seen)) = (grave.value().try_into(), record::decode(seen.value())) {
                graves.insert(grave, seen);
            }
        }
        Ok(Self { key, graves })
    }

    pub(super) fn seen(&self, id: ConversationId, key: DedupeKey) -> Option<Seen> {
        if self.graves.is_empty() {
            return None;
        }
        self.graves.get(&self.grave(id, &key.0)).copied()
    }

    fn grave(&self, id: ConversationId, key: &[u8]) -> Grave {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&id.0);
        mac.update(key);
        let mut grave = [0; 16];
        grave.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        grave
    }
}

impl Batch<'_> {
    /// Keeps in mind which messages of a conversation were accepted; comes before it is erased.
    pub(super) fn bury(&mut self, id: ConversationId) -> Result<(), ReadError> {
        let mut keys: Vec<(Vec<u8>, Seen)> = Vec::new();
        let (first, last) =
            ([id.0.as_slice(), &[KIND_DEDUPE]].concat(), [id.0.as_slice(), &[KIND_DEDUPE + 1]].concat());
        for row in self.conversation.open(self.transaction)?.range(first.as_slice()..last.as_slice())? {
            let (key, seen) = row?;
            keys.extend(record::decode(seen.value()).ok().map(|seen| (key.value()[first.len()..].to_vec(), seen)));
        }
        let pending = self.memory.pending.iter().filter(|((of, _), _)| *of == id);
        keys.extend(pending.map(|((_, key), seen)| (key.0.to_vec(), *seen)));
        for (key, seen) in keys {
            let grave = self.memory.buried.grave(id, &key);
            self.memory.buried.graves.insert(grave, seen);
            self.buried.open(self.transaction)?.insert(grave.as_slice(), record::encode(&seen).as_slice())?;
        }
        Ok(())
    }

    /// Forgets what nobody delivers again.
    pub(super) fn sweep_buried(&mut self, now: Timestamp) -> Result<(), ReadError> {
        let old = |seen: &Seen| now.since(Timestamp(seen.at)) >= DEDUPE_WINDOW;
        let graves = &mut self.memory.buried.graves;
        let outdated: Vec<Grave> = graves.iter().filter(|(_, seen)| old(seen)).map(|(grave, _)| *grave).collect();
        for grave in outdated {
            graves.remove(&grave);
            self.buried.open(self.transaction)?.remove(grave.as_slice())?;
        }
        Ok(())
    }
}
