//! The record of turns: what went in, what came out, and why a turn failed.

use serde::{Deserialize, Serialize};

use super::{Decision, Event};
use crate::clock::Timestamp;

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub turn: u32,
    pub session: u32,
    pub at: Timestamp,
    pub seed: u32,
    pub bot: String,
    /// SHA-256 of the plugin that ran, its first 8 bytes; zero where none ran.
    pub plugin_digest: [u8; 8],
    pub event: Event,
    pub outcome: Outcome,
    /// What the plugin logged, cut at its quota.
    pub log: Vec<String>,
    /// Effects that this host could not do, each with the reason.
    pub unsupported: Vec<String>,
    pub duration_us: u32,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Decided(Decision),
    /// State unchanged; where a person was waiting, the fallback text was sent.
    Failed {
        kind: String,
        reason: String,
    },
}
