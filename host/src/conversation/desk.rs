//! The desk: where people take conversations over. What they do there, what is told to it, and by which rules it works.

mod hours;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Author, Media, NamedJson, Priority, User};
use crate::clock::Timestamp;
use crate::limits::{HANDOFF_ANSWER_WITHIN, HANDOFF_IDLE_TIMEOUT, HANDOFF_OFFER_TIMEOUT, QUEUE_NOTICE_INTERVAL};
pub use hours::OpeningHours;

/// Who works at a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// As the desk knows them.
    pub id: String,
    /// As people call them, where the desk says it.
    pub name: Option<String>,
}

impl Agent {
    /// What the host does of itself, when time has passed.
    #[must_use]
    pub fn host() -> Self {
        Self { id: "turnwise".into(), name: None }
    }

    /// How people call them.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// What somebody does with a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeskAct {
    pub by: Agent,
    pub act: Act,
    /// The conversation's id at a remote desk; none where it was done here.
    pub remote_id: Option<String>,
}

/// What can be done with a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Act {
    /// Takes what was offered.
    Accept,
    /// Takes it from whoever has it.
    TakeOver,
    /// Gives it to an agent, or offers it to a team.
    Assign { agent: Option<Agent>, team: Option<String> },
    /// Says something to the user. `takes`: nobody has to have accepted it first, as at a remote desk where anybody may write.
    Reply { text: String, media: Option<Media>, takes: bool },
    /// Triggers a campaign for the user, which may be sent when the reply window has closed.
    Campaign { name: String, properties: Vec<NamedJson> },
    /// For agents, and for the bot's later turns nothing.
    Note { text: String },
    /// Puts it aside, until the user writes or the time comes.
    Park { until: Option<Timestamp> },
    /// Gives it back to the bot, which may speak at once.
    Return { note: Option<String> },
    /// It is done.
    Resolve { note: Option<String> },
    /// Nobody wants it.
    Decline { reason: String },
    /// The remote desk has it, as `remote_id`.
    Opened { handoff: u32 },
    /// The remote desk could not be told.
    Unreachable { handoff: u32, reason: String },
    /// Something an agent said did not reach the user.
    NotDelivered { turn: u32, reason: String, ambiguous: bool },
    /// Nobody took it in time.
    Expire,
    /// What was put aside is offered again.
    Resume,
    /// Nobody has written for too long.
    Close,
}

impl Act {
    /// Its name in logs, the journal and the API.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::TakeOver => "take-over",
            Self::Assign { .. } => "assign",
            Self::Reply { .. } => "reply",
            Self::Campaign { .. } => "campaign",
            Self::Note { .. } => "note",
            Self::Park { .. } => "park",
            Self::Return { .. } => "return",
            Self::Resolve { .. } => "resolve",
            Self::Decline { .. } => "decline",
            Self::Opened { .. } => "opened",
            Self::Unreachable { .. } => "unreachable",
            Self::NotDelivered { .. } => "not-delivered",
            Self::Expire => "expire",
            Self::Resume => "resume",
            Self::Close => "close",
        }
    }
}

/// What a remote desk is told, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskMessage {
    /// Somebody is asked for.
    Open {
        reason: String,
        summary: String,
        team: Option<String>,
        priority: Priority,
        user: Box<User>,
        bot: String,
        step: Option<String>,
    },
    /// Somebody said something.
    Line { author: Author, text: String, media: Vec<Media> },
    /// For agents only.
    Note { text: String },
    /// It is over here; the reason is for people.
    Close { reason: String },
}

impl DeskMessage {
    /// Its name in logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Line { .. } => "line",
            Self::Note { .. } => "note",
            Self::Close { .. } => "close",
        }
    }
}

/// How the desk works.
#[derive(Clone, Debug)]
pub struct DeskRules {
    /// It is another system, which is told what happens; else it is the console's inbox.
    pub is_remote: bool,
    pub hours: OpeningHours,
    /// Until somebody has to have taken what is offered; then the bot speaks on.
    pub offer_timeout: Duration,
    /// Where it differs by priority.
    pub offer_timeouts: Vec<(Priority, Duration)>,
    /// A conversation with an agent in which nobody wrote for this long is closed.
    pub idle_timeout: Duration,
    /// How soon a user should have an answer; the inbox shows what is late.
    pub answer_within: Duration,
    /// Said to a user who writes while nobody has it yet.
    pub queue_notice: Option<String>,
    /// How often at most.
    pub queue_notice_interval: Duration,
    /// Said where nobody took it and the bot says nothing to that.
    pub failed_notice: Option<String>,
    /// The custom attribute at Braze that says who has the conversation.
    pub owner_attribute: Option<String>,
    /// What is resolved ends the session; else the bot hears of it and speaks on.
    pub closes_on_resolve: bool,
    /// Those that can be named; any where none are.
    pub teams: Vec<String>,
}

impl Default for DeskRules {
    fn default() -> Self {
        Self {
            is_remote: false,
            hours: OpeningHours::default(),
            offer_timeout: HANDOFF_OFFER_TIMEOUT,
            offer_timeouts: Vec::new(),
            idle_timeout: HANDOFF_IDLE_TIMEOUT,
            answer_within: HANDOFF_ANSWER_WITHIN,
            queue_notice: Some("You are in the queue. Somebody will be with you soon.".into()),
            queue_notice_interval: QUEUE_NOTICE_INTERVAL,
            failed_notice: Some("Sorry, nobody is free right now. Please try again later.".into()),
            owner_attribute: Some("turnwise_owner".into()),
            closes_on_resolve: true,
            teams: Vec::new(),
        }
    }
}

impl DeskRules {
    /// Until somebody has to have taken what is offered with this priority.
    #[must_use]
    pub fn offer_timeout(&self, priority: Priority) -> Duration {
        let own = self.offer_timeouts.iter().find(|(of, _)| *of == priority);
        own.map_or(self.offer_timeout, |(_, timeout)| *timeout)
    }
}
