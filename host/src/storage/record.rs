//! The bytes of a stored row: one version byte, then the row in postcard's encoding. An older version stays readable by keeping
//! its struct and converting; a test pins today's bytes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::outbox;

/// The first byte of every row. Raised when a row's shape changes; the old shape then stays readable.
const VERSION: u8 = 1;
/// Most rows are smaller: written byte by byte, they would otherwise move to larger memory seven times as they grow.
const ROW_BYTES_USUAL: usize = 512;

/// A row that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the row is of version {found}, this host reads up to {VERSION}: it was written by a newer host")]
    Newer { found: u8 },
    #[error("the row is damaged: {0}")]
    Damaged(String),
}

/// A row as bytes.
#[must_use]
pub fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROW_BYTES_USUAL);
    bytes.push(VERSION);
    postcard::to_extend(row, bytes).expect("our rows have nothing that postcard cannot encode")
}

/// A row from its bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
        Some((&VERSION, row)) => postcard::from_bytes(row).map_err(|error| Unreadable::Damaged(error.to_string())),
        Some((&found, _)) => Err(Unreadable::Newer { found }),
        None => Err(Unreadable::Damaged("it is empty".into())),
    }
}

/// What became of an outbox row, kept after it has left the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    pub conversation: ConversationId,
    pub turn: u32,
    pub index: u16,
    pub status: outbox::Status,
    pub attempts: u32,
    pub ambiguous: u32,
    /// The whole entry where a person may want to send it again; none where it was sent without doubt.
    pub entry: Option<outbox::Entry>,
}
