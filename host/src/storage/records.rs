//! What the host keeps beside conversations: small named records (people, sessions, tokens), and the audit log, which only grows.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StorageError;
use crate::clock::Timestamp;

/// One change of a record, done where the record still is as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// Which kind, e.g. "person".
    pub kind: &'static str,
    /// Unique within its kind; without NUL.
    pub key: String,
    /// What must be there before; none: nothing.
    pub expected: Option<Vec<u8>>,
    /// What is there afterwards; none: nothing.
    pub value: Option<Vec<u8>>,
}

/// The place of an entry in the audit log; grows with every entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuditSeq(pub u64);

/// Who did or looked at what. Never what a message said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Stays first: the sweep reads it alone.
    pub at: Timestamp,
    /// The caller's id; empty where nobody was signed in.
    pub caller: String,
    /// The caller's name then; the name that was tried where nobody was signed in.
    pub name: String,
    /// What was done, e.g. "conversation.viewed".
    pub action: String,
    /// What it was done to: a conversation, a person, a row.
    pub subject: Option<String>,
    /// The address it came from.
    pub from: String,
    /// How many of them this entry stands for; 1 where it was not summarised.
    pub count: u64,
}

/// The records' and the audit log's part of storage.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// All records of a kind with their keys, in the order of the keys.
    async fn records(&self, kind: &'static str) -> Result<Vec<(String, Vec<u8>)>, StorageError>;

    /// One record.
    async fn record(&self, kind: &'static str, key: &str) -> Result<Option<Vec<u8>>, StorageError>;

    /// Makes all changes, or, where one of them finds something else than it expects, none; says which.
    async fn write_records(&self, changes: Vec<RecordChange>) -> Result<bool, StorageError>;

    /// Appends to the audit log.
    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StorageError>;

    /// Entries before the given one, newest first, at most `max`. A damaged one is passed over.
    async fn audited(&self, before: AuditSeq, max: usize) -> Result<Vec<(AuditSeq, AuditEntry)>, StorageError>;
}
