//! A desk that is another system: what it is told, what came of that, and what people do there.
//!
//! The built-in desk is no such thing: it is the console's inbox, over storage; what people do there are [`acts`]. A remote one is told from an outbox of its own
//! ([`delivery`]), and tells what its agents do by webhooks, or is asked for what webhooks did not bring ([`catch_up`]).

pub mod acts;
pub mod catch_up;
pub mod chatwoot;
pub mod delivery;
mod history;
mod remote;

use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::conversation::{ConversationId, DeskAct, DeskMessage, TranscriptLine, User};
use crate::inbound::DedupeKey;
pub use remote::Remote;

/// One thing to tell, with all that telling it takes.
#[derive(Clone, Debug)]
pub struct Telling {
    pub conversation: ConversationId,
    /// Counted from 1 in its conversation.
    pub handoff: u32,
    /// Names it for good within its conversation: a second try finds by it what the first one left.
    pub mark: String,
    pub message: DeskMessage,
    pub source: String,
    pub user: User,
    /// What was said before people were asked for; of an `Open` only.
    pub history: Vec<TranscriptLine>,
    /// The conversation's id there, where it is known.
    pub remote_id: Option<String>,
    /// An earlier try may have reached it.
    pub again: bool,
    pub created: Timestamp,
}

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// It knows; the conversation's id there.
    Done { remote_id: String },
    /// It has no such conversation, or has it no more.
    Gone,
    /// It will never take this.
    Refused(String),
    /// It takes nothing until somebody mends the configuration.
    Unauthorised(String),
    /// Not now, and not before so long, where it says.
    Busy { after: Option<Duration>, reason: String },
    /// It is down or slow, or its answer was lost: it may know.
    Failing(String),
}

/// What somebody did there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub conversation: ConversationId,
    pub act: DeskAct,
    pub dedupe_key: DedupeKey,
}

/// Why a webhook is not listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheirs {
    #[error("it has no signature, or no time")]
    Unsigned,
    #[error("its signature is that of another secret, or of another body")]
    WrongSignature,
    #[error("it was signed too long ago, or too far ahead: are both clocks right?")]
    WrongTime,
}

/// A desk that is told.
#[async_trait]
pub trait RemoteDesk: Send + Sync + 'static {
    /// Tells it one thing. It may hear the same again, as one that was told perhaps.
    async fn deliver(&self, telling: &Telling) -> Delivered;

    /// What was done in a conversation since, as far as it remembers: all that webhooks would have told.
    ///
    /// # Errors
    /// As of telling.
    async fn since(&self, remote_id: &str, since: Timestamp) -> Result<Vec<Heard>, Delivered>;
}

/// A desk that tells by webhooks.
pub trait Webhooks: Send + Sync + 'static {
    /// What an authentic webhook says, which may be nothing of interest. `header` looks up a header that is there once.
    ///
    /// # Errors
    /// That it is not from the desk.
    fn read(
        &self,
        header: &dyn Fn(&str) -> Option<Vec<u8>>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Heard>, NotTheirs>;
}
