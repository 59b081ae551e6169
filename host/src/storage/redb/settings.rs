//! What an operator may choose about the database.

use std::time::Duration;

use crate::limits::{JOURNAL_BYTES_MAX, JOURNAL_RETENTION, STORAGE_CACHE_BYTES};

/// How much memory and disk the database may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// redb's page cache.
    pub cache_bytes: usize,
    pub journal: JournalKeep,
}

/// How much of the journal is kept; whatever comes first removes the oldest turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalKeep {
    /// Zero: no journal is written at all.
    pub retention: Duration,
    /// Of all entries together, as encoded.
    pub bytes_max: u64,
}

impl JournalKeep {
    pub(super) fn is_kept(self) -> bool {
        !self.retention.is_zero()
    }
}

impl Default for JournalKeep {
    fn default() -> Self {
        Self { retention: JOURNAL_RETENTION, bytes_max: JOURNAL_BYTES_MAX }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: STORAGE_CACHE_BYTES, journal: JournalKeep::default() }
    }
}
