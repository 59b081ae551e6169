//! The bytes of a stored row: one version byte, then the row in postcard's encoding. An older version stays readable by keeping
//! its struct and converting; a test pins today's bytes.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::conversation::{Choice, Decision, Event, User};

/// What is kept of a conversation between turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Committed turns so far; the compare-and-set of every commit.
    pub version: u64,
    pub source: String,
    pub user: User,
    /// The plugin that answers.
    pub bot: String,
    /// Counts sessions from 1.
    pub session: u32,
    /// The last turn asked for a new session.
    pub session_ended: bool,
    /// The plugin's own state.
    pub state: Option<String>,
    /// The plugin's state version, where its manifest gives one.
    pub state_version: Option<u32>,
    pub step: Option<String>,
    /// The choices last shown to the user, for matching the text that comes back.
    pub offered: Vec<Choice>,
    /// Raised with every change of owner.
    pub fence: u32,
    pub last_inbound: Timestamp,
}

/// One turn, with what went in and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub turn: u32,
    pub session: u32,
    pub at: Timestamp,
    pub seed: u32,
    pub bot: String,
    /// SHA-256 of the plugin that ran, abbreviated to its first 8 bytes.
    pub plugin_digest: [u8; 8],
    pub event: Event,
    pub outcome: Outcome,
    /// What the plugin logged, cut at its quota.
    pub log: Vec<String>,
    /// Effects this host cannot do, each with the reason.
    pub unsupported: Vec<String>,
    pub duration_us: u32,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Decided(Decision),
    /// State unchanged, fallback text sent.
    Failed {
        kind: String,
        reason: String,
    },
}
