//! Everything about a turn but the event: what the contract's `context` carries.

use serde::{Deserialize, Serialize};

use super::{ConversationId, NamedJson, User};
use crate::clock::Timestamp;

/// What a plugin may know while it decides. The same values give the same decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub conversation: ConversationId,
    /// Counts sessions from 1.
    pub session: u32,
    /// Counts turns from 1.
    pub turn: u32,
    pub user: User,
    /// As named in the configuration.
    pub source: String,
    pub now: Timestamp,
    pub seed: u32,
    pub settings: Vec<NamedJson>,
    pub fields: Vec<NamedJson>,
    pub desk: DeskStatus,
}

/// Whether agents are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskStatus {
    Open,
    /// Reopens at this time if known.
    Closed(Option<Timestamp>),
    None,
}
