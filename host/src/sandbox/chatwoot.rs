//! A fake Chatwoot: the part of its REST API that a connector uses, the webhooks it sends, and agents that are told what to do.
//!
//! Requests and webhooks have the documented shapes, with what is awkward about them: a message's type is a word in one place and a
//! number in another, and times are text in one and seconds in another. Webhooks are signed, wait five seconds and are never repeated.

mod api;
mod control;
mod hooks;
mod model;
mod views;

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

pub(super) use api::{Asked, PATH as API, authorised};
pub(super) use control::answer as control;
pub(super) use hooks::{Hooks, send};
use model::{Contact, Conversation, Kind, Message, Sender, Status};

/// Where chaos rules find the webhooks, by the event behind it; their URL is the host's.
pub(super) const WEBHOOKS: &str = "/chatwoot/webhooks/";

/// Conversations remembered; beyond it nothing more is opened.
const CONVERSATIONS_MAX: usize = 10_000;

/// Everything it knows.
#[derive(Debug)]
pub(super) struct Chatwoot {
    contacts: Vec<Contact>,
    conversations: Vec<Conversation>,
    /// By their place: the first is who the access token belongs to.
    agents: Vec<String>,
    messages: u64,
    /// Webhooks to be sent once the lock is let go.
    leaving: Vec<hooks::Hook>,
    deliveries: std::collections::VecDeque<hooks::Delivery>,
    pub(super) webhook_url: String,
    pub(super) secret: String,
}

impl Chatwoot {
    pub(super) fn new(webhook_url: String, secret: String) -> Self {
        Self {
            contacts: Vec::new(),
            conversations: Vec::new(),
            agents: vec!["Turnwise".to_owned()],
            messages: 9_000,
            leaving: Vec::new(),
            deliveries: std::collections::VecDeque::new(),
            webhook_url,
            secret,
        }
    }

    /// What is to be sent, handed over once.
    pub(super) fn leaving(&mut self) -> Vec<hooks::Hook> {
        std::mem::take(&mut self.leaving)
    }

    /// The number of the agent with this name, who works here from now on.
    fn agent(&mut self, name: &str) -> u64 {
        let place = self.agents.iter().position(|known| known == name).unwrap_or_else(|| {
            self.agents.push(name.to_owned());
            self.agents.len() - 1
        });
        place as u64 + 1
    }

    fn conversation(&mut self, id: u64) -> Option<&mut Conversation> {
        self.conversations.iter_mut().find(|conversation| conversation.id == id)
    }

    /// Adds a message, and tells of it. A customer's opens what was closed or put aside.
    fn add(&mut self, id: u64, message: New, now: Timestamp) -> Option<Value> {
        self.messages += 1;
        let number = self.messages;
        let conversation = self.conversation(id)?;
        let New { kind, sender, text, private, content_attributes, attachments } = message;
        let is_reply = kind == Kind::Outgoing && !private && conversation.first_reply.is_none();
        let message =
            Message { id: number, kind, sender, text, private, content_attributes, attachments, created: now };
        conversation.messages.push(message);
        conversation.updated = now;
        if is_reply {
            conversation.first_reply = Some(now);
        }
        let reopened = kind == Kind::Incoming && matches!(conversation.status, Status::Resolved | Status::Snoozed);
        self.tell_message(id, number, "message_created");
        if is_reply {
            self.tell(id, "conversation_updated", Some(("first_reply_created_at", Value::Null, now.0.into())));
        }
        if reopened {
            self.set_status(id, Status::Open, None, false, now);
        }
        let conversation = self.conversations.iter().find(|conversation| conversation.id == id)?;
        let message = conversation.messages.iter().find(|message| message.id == number)?;
        Some(views::message(message, conversation, &self.contacts, &self.agents))
    }

    /// Changes the status, and tells of it; quietly where auto-assignment hides the first of the two events.
    fn set_status(&mut self, id: u64, status: Status, snoozed_until: Option<u64>, quietly: bool, now: Timestamp) {
        let Some(conversation) = self.conversation(id) else { return };
        let before = std::mem::replace(&mut conversation.status, status);
        conversation.snoozed_until = snoozed_until;
        conversation.updated = now;
        if before == status {
            return;
        }
        let change = Some(("status", before.name().into(), status.name().into()));
        if !quietly {
            self.tell(id, "conversation_status_changed", change.clone());
        }
        self.tell(id, "conversation_updated", change);
    }

    fn assign(&mut self, id: u64, agent: Option<u64>, now: Timestamp) {
        let Some(conversation) = self.conversation(id) else { return };
        let before = std::mem::replace(&mut conversation.assignee, agent);
        conversation.updated = now;
        if before != agent {
            self.tell(id, "conversation_updated", Some(("assignee_id", before.into(), agent.into())));
        }
    }

    /// The conversation itself, at the top level, with what changed of it.
    fn tell(&mut self, id: u64, event: &'static str, change: Option<(&str, Value, Value)>) {
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else { return };
        let mut body = views::conversation(conversation, &self.contacts, &self.agents);
        body["event"] = event.into();
        if event != "conversation_created" {
            body["changed_attributes"] = match change {
                None => Value::Null,
                Some((name, before, after)) => {
                    let mut change = Map::new();
                    change.insert(name.to_owned(), json!({"previous_value": before, "current_value": after}));
                    json!([change])
                }
            };
        }
        self.leaving.push(hooks::Hook { conversation: id, event, body });
    }

    fn tell_message(&mut self, id: u64, message: u64, event: &'static str) {
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else { return };
        let Some(message) = conversation.messages.iter().find(|known| known.id == message) else { return };
        let body = views::webhook_of_message(message, conversation, &self.contacts, &self.agents, event);
        self.leaving.push(hooks::Hook { conversation: id, event, body });
    }
}

/// A message to be added.
struct New {
    kind: Kind,
    sender: Sender,
    text: Option<String>,
    private: bool,
    content_attributes: Value,
    attachments: Vec<Value>,
}
