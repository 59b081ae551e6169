//! Everything about a turn but the event: the contract's context, as `wit/bot.wit` documents it.

use serde::{Deserialize, Serialize};

use super::event::{NamedJson, User};
use super::id::ConversationId;
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub conversation: ConversationId,
    pub session: u32,
    pub turn: u32,
    pub user: User,
    pub source: String,
    pub now: Timestamp,
    /// The turn's only randomness; not for secrets.
    pub seed: u32,
    pub settings: Vec<NamedJson>,
    pub fields: Vec<NamedJson>,
    pub desk: DeskStatus,
}

/// Whether agents are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskStatus {
    Open,
    /// Reopens at this time, if known.
    Closed(Option<Timestamp>),
    None,
}
