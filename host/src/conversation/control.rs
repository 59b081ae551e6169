//! Who has the conversation: the bot, people, or nobody. One at a time.

use serde::{Deserialize, Serialize};

use super::desk::Agent;
use super::{Author, Conversation, Event, Handoff, Priority, TranscriptLine, User};
use crate::clock::Timestamp;
use crate::limits::{CASE_LINE_CHARS_MAX, HANDOFF_LINES_BYTES_MAX, HANDOFF_LINES_MAX};

/// Who has the conversation, and what of it is kept while people have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub owner: Owner,
    /// Since when.
    pub since: Timestamp,
    /// When the owner changes by itself.
    pub due: Option<Timestamp>,
    /// Counts handoffs from 1; names the latest.
    pub handoffs: u32,
    /// What people were asked for; none while the bot has it.
    pub handoff: Option<OpenHandoff>,
    /// The conversation's id at a remote desk, once that has it.
    pub remote_id: Option<String>,
    /// What was said since people were asked for, for the bot that gets it back.
    pub lines: Vec<TranscriptLine>,
    /// What the bot hears when it has it back.
    pub held: Vec<Event>,
    /// Messages that no agent has answered yet.
    pub unanswered: u32,
    /// The first of those.
    pub unanswered_since: Timestamp,
    /// When the user was last told to wait.
    pub noticed: Timestamp,
}

/// Who has the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    #[default]
    Bot,
    /// Nobody yet: people were asked for.
    Offered,
    Agent(Agent),
    /// Nobody for now: an agent put it aside.
    Parked {
        by: Agent,
        until: Option<Timestamp>,
    },
    /// Nobody: it is over. The next message is the bot's, in a new session.
    Closed,
}

/// What people were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHandoff {
    pub reason: String,
    pub summary: String,
    pub team: Option<String>,
    pub priority: Priority,
    pub opened: Timestamp,
    /// When an agent first took it.
    pub accepted: Option<Timestamp>,
    /// Who should take it, because they had it before.
    pub preferred: Option<Agent>,
}

/// What the inbox shows of a conversation at the desk, without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub owner: Owner,
    /// Since when it has this owner.
    pub since: Timestamp,
    pub due: Option<Timestamp>,
    pub handoff: OpenHandoff,
    pub source: String,
    pub bot: String,
    pub user: User,
    pub last_inbound: Timestamp,
    /// The first message that no agent has answered.
    pub unanswered_since: Option<Timestamp>,
    pub unanswered: u32,
    /// The beginning of what was last said.
    pub last_line: Option<TranscriptLine>,
}

impl Case {
    /// None where the conversation is not at the desk.
    #[must_use]
    pub fn of(conversation: &Conversation) -> Option<Self> {
        let control = &conversation.control;
        let handoff = control.handoff.clone().filter(|_| control.owner.is_at_desk())?;
        let last_line = control
            .lines
            .last()
            .map(|line| TranscriptLine { text: line.text.chars().take(CASE_LINE_CHARS_MAX).collect(), ..line.clone() });
        Some(Self {
            owner: control.owner.clone(),
            since: control.since,
            due: control.due,
            handoff,
            source: conversation.source.clone(),
            bot: conversation.bot.clone(),
            user: conversation.user.clone(),
            last_inbound: conversation.last_inbound,
            unanswered_since: (control.unanswered > 0).then_some(control.unanswered_since),
            unanswered: control.unanswered,
            last_line,
        })
    }
}

impl Owner {
    /// Its name in the console, the API and the attribute at Braze.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Offered => "offered",
            Self::Agent(_) => "agent",
            Self::Parked { .. } => "parked",
            Self::Closed => "closed",
        }
    }

    /// Whether the bot hears what the user says.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        matches!(self, Self::Bot)
    }

    /// Whether it is at the desk: waiting for people, or theirs.
    #[must_use]
    pub fn is_at_desk(&self) -> bool {
        matches!(self, Self::Offered | Self::Agent(_) | Self::Parked { .. })
    }

    /// The agent who has it, or who put it aside.
    #[must_use]
    pub fn agent(&self) -> Option<&Agent> {
        match self {
            Self::Agent(agent) | Self::Parked { by: agent, .. } => Some(agent),
            Self::Bot | Self::Offered | Self::Closed => None,
        }
    }
}

impl OpenHandoff {
    /// As a bot asked for it.
    #[must_use]
    pub fn of(handoff: &Handoff, opened: Timestamp) -> Self {
        let Handoff { reason, summary, team, priority, .. } = handoff.clone();
        Self { reason, summary, team, priority, opened, accepted: None, preferred: None }
    }

    /// Nobody asked for it: somebody took it.
    #[must_use]
    pub fn taken(opened: Timestamp) -> Self {
        let (reason, summary) = ("taken over".into(), String::new());
        Self { reason, summary, team: None, priority: Priority::Normal, opened, accepted: None, preferred: None }
    }
}

impl Control {
    /// Keeps what was said, and the newest of it where it becomes too much.
    pub(super) fn heard(&mut self, at: Timestamp, author: Author, text: &str) {
        self.lines.push(TranscriptLine { at, author, text: text.into() });
        let mut bytes: usize = self.lines.iter().map(|line| line.text.len()).sum();
        while self.lines.len() > 1 && (bytes > HANDOFF_LINES_BYTES_MAX || self.lines.len() > HANDOFF_LINES_MAX) {
            bytes -= self.lines.remove(0).text.len();
        }
    }
}
