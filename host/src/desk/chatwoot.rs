//! Chatwoot, through an inbox of the kind "API". A conversation there is opened for each handoff and closed with it; what the user writes
//! is posted as incoming, what the bot says as outgoing, what is for agents only as private.
//!
//! Whatever we post comes back by webhook, often before the answer to the post. It is known by our mark in `content_attributes`, the only
//! field that both carry.

mod answer;
mod api;
mod contact;
mod heard;
mod note;
mod signature;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Delivered, Heard, NotTheirs, RemoteDesk, Telling, Webhooks};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::conversation::{Author, DeskMessage, Media, Priority};
use answer::Failed;
use api::Api;
pub use api::ChatwootError;

/// In `content_attributes` of everything we post.
const MARK: &str = "turnwise";
/// In `custom_attributes` of every conversation we open: whose it is, which handoff's, and what opened it.
const CONVERSATION: &str = "turnwise_conversation";
const HANDOFF: &str = "turnwise_handoff";
const OPENED_BY: &str = "turnwise_opened_by";
/// Of one conversation's messages, looked through for our mark or for what was missed: a busy week.
const PAGES_MAX: usize = 50;
/// Clocks of two systems are hardly further apart.
const CLOCKS_APART_SECONDS: u64 = 600;

/// One account's inbox.
pub struct Chatwoot {
    api: Api,
    settings: config::Chatwoot,
}

impl Chatwoot {
    /// # Errors
    /// A URL or a token that nothing can be sent with.
    pub fn new(settings: config::Chatwoot, clock: Arc<dyn Clock>) -> Result<Self, ChatwootError> {
        Ok(Self { api: Api::new(&settings, clock)?, settings })
    }

    async fn tell(&self, telling: &Telling) -> Result<String, Failed> {
        match &telling.message {
            DeskMessage::Open { team, priority, .. } => self.open(telling, team.as_deref(), *priority).await,
            DeskMessage::Line { author, text, media } => {
                let id = self.conversation(telling).await?;
                self.post(&id, telling, &telling.mark, &shown(text, media), Posted::said_by(*author)).await?;
                Ok(id)
            }
            DeskMessage::Note { text } => {
                let id = self.conversation(telling).await?;
                self.post(&id, telling, &telling.mark, text, Posted::PRIVATE).await?;
                Ok(id)
            }
            DeskMessage::Close { reason } => {
                let id = self.conversation(telling).await?;
                self.post(&id, telling, &telling.mark, &note::closed(reason), Posted::PRIVATE).await?;
                self.api.post(&format!("conversations/{id}/toggle_status"), &json!({"status": "resolved"})).await?;
                Ok(id)
            }
        }
    }

    async fn open(&self, telling: &Telling, team: Option<&str>, priority: Priority) -> Result<String, Failed> {
        let contact = self.contact(telling).await?;
        let found = if telling.again { self.find(contact.id, telling, true).await? } else { None };
        let id = match found {
            Some(id) => id,
            None => {
                let conversation = json!({
                    "source_id": contact.source_id,
                    "inbox_id": self.settings.inbox,
                    "contact_id": contact.id,
                    "status": "open",
                    "team_id": team.and_then(|team| self.settings.teams.get(team)),
                    "custom_attributes": {
                        CONVERSATION: telling.conversation.to_string(),
                        HANDOFF: telling.handoff,
                        OPENED_BY: opened_by(telling),
                    },
                });
                let opened = match self.api.post("conversations", &conversation).await {
                    Err(Failed::Gone) => {
                        Err(Failed::Refused("Chatwoot has no inbox with the number desk.chatwoot.inbox".into()))
                    }
                    opened => opened,
                }?;
                number(&opened["id"], "the id of a new conversation")?
            }
        };
        let priority = match priority {
            Priority::Low => Some("low"),
            Priority::Normal => None,
            Priority::High => Some("high"),
            Priority::Urgent => Some("urgent"),
        };
        if let Some(priority) = priority {
            let path = format!("conversations/{id}/toggle_priority");
            self.api.post_unanswered(&path, &json!({ "priority": priority })).await?;
        }
        self.post(&id, telling, &telling.mark, &note::opening(telling), Posted::PRIVATE).await?;
        Ok(id)
    }

    /// The conversation of the handoff, as it is known or as it can be found.
    async fn conversation(&self, telling: &Telling) -> Result<String, Failed> {
        if let Some(id) = &telling.remote_id {
            return Ok(id.clone());
        }
        let contact = self.known_contact(telling).await?.ok_or(Failed::Gone)?;
        self.find(contact.id, telling, false).await?.ok_or(Failed::Gone)
    }

    /// The newest conversation of the handoff, or the one that this opened.
    async fn find(&self, contact: u64, telling: &Telling, by_this: bool) -> Result<Option<String>, Failed> {
        let listed = self.api.get(&format!("contacts/{contact}/conversations")).await?;
        let ours = |conversation: &&Value| {
            let attributes = &conversation["custom_attributes"];
            attributes[CONVERSATION] == telling.conversation.to_string()
                && attributes[HANDOFF].as_u64() == Some(telling.handoff.into())
                && (!by_this || attributes[OPENED_BY] == opened_by(telling))
        };
        let payload = listed["payload"].as_array().map(Vec::as_slice).unwrap_or_default();
        let newest = payload.iter().filter(ours).max_by_key(|conversation| conversation["id"].as_u64());
        newest.map(|conversation| number(&conversation["id"], "the id of a conversation")).transpose()
    }

    /// Posts a message, unless an earlier try has.
    async fn post(&self, id: &str, telling: &Telling, mark: &str, text: &str, posted: Posted) -> Result<(), Failed> {
        if telling.again && self.has(id, mark, telling.created).await? {
            return Ok(());
        }
        let message = json!({
            "content": text,
            "message_type": posted.message_type,
            "private": posted.private,
            "content_type": "text",
            "content_attributes": { MARK: mark },
        });
        let answer = self.api.post(&format!("conversations/{id}/messages"), &message).await?;
        if answer["content_attributes"][MARK] != mark {
            let conversation = id;
            tracing::error!(
                conversation,
                "Chatwoot does not keep `content_attributes`, so what the bot says there comes back as an agent's: use a newer version"
            );
        }
        Ok(())
    }

    /// Whether a message with this mark is among those since then.
    async fn has(&self, id: &str, mark: &str, since: Timestamp) -> Result<bool, Failed> {
        let messages = self.messages(id, since).await?;
        Ok(messages.iter().any(|message| message["content_attributes"][MARK] == mark))
    }

    /// The messages since then, and a few before, in no order.
    async fn messages(&self, id: &str, since: Timestamp) -> Result<Vec<Value>, Failed> {
        let since = (since.0 / 1_000).saturating_sub(CLOCKS_APART_SECONDS);
        let mut messages: Vec<Value> = Vec::new();
        let mut before = String::new();
        for _ in 0..PAGES_MAX {
            let mut page = self.api.get(&format!("conversations/{id}/messages{before}")).await?;
            let Value::Array(page) = page["payload"].take() else {
                return Err(Failed::Failing("Chatwoot lists messages without a payload".into()));
            };
            let oldest = page.iter().filter_map(|message| message["id"].as_u64()).min();
            let reaches_back = page.iter().filter_map(|message| message["created_at"].as_u64()).min() < Some(since);
            messages.extend(page);
            match oldest {
                Some(oldest) if !reaches_back => before = format!("?before={oldest}"),
                _ => break,
            }
        }
        Ok(messages)
    }
}

#[async_trait]
impl RemoteDesk for Chatwoot {
    async fn deliver(&self, telling: &Telling) -> Delivered {
        match self.tell(telling).await {
            Ok(remote_id) => Delivered::Done { remote_id },
            Err(failed) => failed.into(),
        }
    }

    async fn since(&self, remote_id: &str, since: Timestamp) -> Result<Vec<Heard>, Delivered> {
        let conversation = self.api.get(&format!("conversations/{remote_id}")).await?;
        let mut messages = self.messages(remote_id, since).await?;
        messages.retain(|message| message["created_at"].as_u64().is_some_and(|at| at >= since.0 / 1_000));
        messages.sort_by_key(|message| message["id"].as_u64());
        Ok(heard::listed(&conversation, &messages, &self.settings.teams))
    }
}

impl Webhooks for Chatwoot {
    fn read(
        &self,
        header: &dyn Fn(&str) -> Option<Vec<u8>>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Heard>, NotTheirs> {
        let (timestamp, given) = (header("x-chatwoot-timestamp"), header("x-chatwoot-signature"));
        let (Some(timestamp), Some(given)) = (timestamp, given) else { return Err(NotTheirs::Unsigned) };
        signature::check(&self.settings.webhook_secrets, &timestamp, &given, body, now)?;
        let Ok(webhook) = serde_json::from_slice(body) else {
            tracing::warn!(bytes = body.len(), "an authentic webhook of Chatwoot is not JSON");
            return Ok(Vec::new());
        };
        Ok(heard::webhook(&webhook, &self.settings.teams))
    }
}

/// How a message is posted.
#[derive(Clone, Copy)]
struct Posted {
    message_type: &'static str,
    private: bool,
}

impl Posted {
    const PRIVATE: Self = Self { message_type: "outgoing", private: true };

    fn said_by(author: Author) -> Self {
        let message_type = match author {
            Author::User => "incoming",
            Author::Bot | Author::Agent => "outgoing",
        };
        Self { message_type, private: false }
    }
}

/// Of one database only, whose numbers another may have given before.
fn opened_by(telling: &Telling) -> String {
    format!("{} {}", telling.mark, telling.created)
}

/// What was attached, as links: only who reads them fetches them.
fn shown(text: &str, media: &[Media]) -> String {
    let parts = std::iter::once(text).chain(media.iter().map(|media| media.url.as_str()));
    let shown = parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n");
    if shown.is_empty() { "(nothing that can be shown here)".to_owned() } else { shown }
}

/// An id, which is a number there and a text here.
fn number(value: &Value, what: &str) -> Result<String, Failed> {
    value.as_u64().map(|id| id.to_string()).ok_or_else(|| Failed::Failing(format!("Chatwoot's answer lacks {what}")))
}
