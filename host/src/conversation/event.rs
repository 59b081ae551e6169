//! What a turn is about: the contract's events, as `wit/bot.wit` documents them.

use serde::{Deserialize, Serialize};

use super::desk::DeskAct;
use crate::clock::Timestamp;

/// A name with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedJson {
    pub name: String,
    pub value: String,
}

#[cfg(test)]
impl From<(&str, &str)> for NamedJson {
    fn from((name, value): (&str, &str)) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// Who is talking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub external_id: Option<String>,
    pub alias: Option<UserAlias>,
    pub phone: Option<String>,
    pub language: Option<String>,
    pub profile_name: Option<String>,
}

/// Names an anonymous Braze profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAlias {
    pub name: String,
    pub label: String,
}

/// What a turn is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    Message(Message),
    Burst(Vec<Message>),
    Timer(TimerFired),
    Response(Response),
    DeliveryFailed(DeliveryFailure),
    Handoff(HandoffUpdate),
    SessionExpired {
        idle_seconds: u32,
    },
    Switched(NamedJson),
    External(NamedJson),
    /// The host's own: something was done at the desk. No plugin is asked about it; what the bot has to know of it is a `Handoff`.
    Desk(Box<DeskAct>),
}

impl Event {
    /// The event's name in logs and the journal.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Burst(_) => "burst",
            Self::Timer(_) => "timer",
            Self::Response(_) => "response",
            Self::DeliveryFailed(_) => "delivery-failed",
            Self::Handoff(_) => "handoff",
            Self::SessionExpired { .. } => "session-expired",
            Self::Switched(_) => "switched",
            Self::External(_) => "external",
            Self::Desk(_) => "desk",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub text: String,
    pub media: Vec<Media>,
    pub choice: Option<String>,
    /// JSON text.
    pub flow_response: Option<String>,
    pub received: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub url: String,
    pub mime_type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerFired {
    pub name: String,
    /// JSON text.
    pub payload: String,
    pub due: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    pub id: String,
    pub outcome: Result<HttpResponse, RequestError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestError {
    Denied(String),
    Timeout,
    Unreachable(String),
    TooLarge,
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFailure {
    pub turn: u32,
    pub campaign: String,
    pub reason: String,
    pub ambiguous: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoffUpdate {
    Failed(String),
    Accepted(Option<String>),
    Returned(HandoffReturn),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffReturn {
    pub agent: Option<String>,
    pub note: Option<String>,
    pub transcript: Vec<TranscriptLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptLine {
    pub at: Timestamp,
    pub author: Author,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    User,
    Bot,
    Agent,
}
