//! The record of turns: what went in, what came out, and why a turn failed.

use serde::{Deserialize, Serialize};

use super::{Context, Decision, Event};

/// One turn: everything the plugin was given, so that it can be run again, and everything that came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub context: Context,
    pub bot: String,
    /// SHA-256 of the plugin that ran, its first 8 bytes; zero where none ran.
    pub plugin_digest: [u8; 8],
    /// The plugin's state before the turn.
    pub state: Option<String>,
    /// Of the state before the turn, where the plugin that stored it has a manifest.
    pub state_version: Option<u32>,
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
