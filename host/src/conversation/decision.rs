//! What the plugin answers: the contract's decision and effects, as `wit/bot.wit` documents them.

use serde::{Deserialize, Serialize};

use super::event::{Media, NamedJson};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub state: NextState,
    pub effects: Vec<Effect>,
    pub step: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextState {
    Keep,
    Replace(String),
    Clear,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    Reply(Reply),
    SendCampaign(Campaign),
    SendCanvas(Campaign),
    ChangeAttribute(AttributeChange),
    TrackEvent(NamedJson),
    StartTimer(Timer),
    CancelTimer(String),
    Request(Request),
    Handoff(Handoff),
    Note(String),
    SwitchBot(NamedJson),
    EndSession(String),
    Custom(NamedJson),
}

impl Effect {
    /// The effect's name in the contract, for logs and the journal.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reply(_) => "reply",
            Self::SendCampaign(_) => "send-campaign",
            Self::SendCanvas(_) => "send-canvas",
            Self::ChangeAttribute(_) => "change-attribute",
            Self::TrackEvent(_) => "track-event",
            Self::StartTimer(_) => "start-timer",
            Self::CancelTimer(_) => "cancel-timer",
            Self::Request(_) => "request",
            Self::Handoff(_) => "handoff",
            Self::Note(_) => "note",
            Self::SwitchBot(_) => "switch-bot",
            Self::EndSession(_) => "end-session",
            Self::Custom(_) => "custom",
        }
    }

    /// Whether it reaches the user, or changes who has the conversation: nothing for a bot that does not have it.
    #[must_use]
    pub fn speaks(&self) -> bool {
        matches!(
            self,
            Self::Reply(_)
                | Self::SendCampaign(_)
                | Self::SendCanvas(_)
                | Self::Handoff(_)
                | Self::SwitchBot(_)
                | Self::EndSession(_)
        )
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub text: String,
    pub choices: Vec<Choice>,
    pub media: Option<Media>,
    pub campaign: Option<String>,
    pub properties: Vec<NamedJson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    pub name: String,
    pub properties: Vec<NamedJson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeChange {
    Set(NamedJson),
    Unset(String),
    Increment(String, i32),
    Add(String, String),
    Remove(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    pub name: String,
    pub delay_seconds: u32,
    /// JSON text.
    pub payload: String,
    pub cancel_on_message: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: String,
    pub connection: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub timeout_seconds: u32,
    pub while_waiting: WhileWaiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhileWaiting {
    Deliver,
    Hold,
    Cancel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    pub reason: String,
    pub summary: String,
    pub team: Option<String>,
    pub priority: Priority,
    pub notice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// Why the plugin itself gave no decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PluginError {
    BadState(String),
    Other(String),
}
