//! Contacts, conversations and messages.

use serde_json::Value;

use crate::clock::Timestamp;

#[derive(Debug)]
pub(super) struct Contact {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) identifier: Option<String>,
    pub(super) custom_attributes: Value,
    /// Its inboxes, each with what it is called there.
    pub(super) inboxes: Vec<(u64, String)>,
}

#[derive(Debug)]
pub(super) struct Conversation {
    /// The display id, which is the one in URLs.
    pub(super) id: u64,
    pub(super) account: u64,
    pub(super) inbox: u64,
    /// The contact's place.
    pub(super) contact: usize,
    pub(super) source_id: String,
    pub(super) status: Status,
    pub(super) assignee: Option<u64>,
    pub(super) team: Option<u64>,
    pub(super) priority: Option<String>,
    pub(super) custom_attributes: Value,
    pub(super) additional_attributes: Value,
    /// Unix seconds.
    pub(super) snoozed_until: Option<u64>,
    pub(super) messages: Vec<Message>,
    pub(super) first_reply: Option<Timestamp>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: u64,
    pub(super) kind: Kind,
    pub(super) sender: Sender,
    pub(super) text: Option<String>,
    pub(super) private: bool,
    pub(super) content_attributes: Value,
    pub(super) attachments: Vec<Value>,
    pub(super) created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Resolved,
    Pending,
    Snoozed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Open, Self::Resolved, Self::Pending, Self::Snoozed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Pending => "pending",
            Self::Snoozed => "snoozed",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What a message is; a word in webhooks, a number in answers and inside conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Incoming,
    Outgoing,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Incoming => 0,
            Self::Outgoing => 1,
        }
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Contact,
    /// By number.
    Agent(u64),
    AgentBot,
    /// As where an agent answers from a phone of their own.
    Nobody,
}
