//! `/sandbox/chatwoot`: what agents do is told here, and everything can be seen.

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer::Answered;
use super::super::views::json_or_text;
use super::model::{Kind, Sender, Status};
use super::{Chatwoot, New, hooks, views};
use crate::clock::Timestamp;

const CONVERSATIONS: &str = "/sandbox/chatwoot/conversations";

/// What an agent does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Doing {
    /// By name; somebody is there if nobody is named.
    agent: Option<String>,
    text: Option<String>,
    /// Links to what is attached, each an image.
    #[serde(default)]
    attachments: Vec<String>,
    /// From an agent's own phone: the message has no sender.
    #[serde(default)]
    device: bool,
    /// By a bot of Chatwoot's, and no agent.
    #[serde(default)]
    bot: bool,
    /// Unix seconds.
    until: Option<u64>,
    /// Only `conversation_updated` is told, as auto-assignment does.
    #[serde(default)]
    quietly: bool,
    /// A message to be edited, in place of a new one.
    edits: Option<u64>,
}

/// Where webhooks go, and what they are signed with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    webhook_url: Option<String>,
    secret: Option<String>,
}

/// Any webhook, signed like the real ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crafted {
    body: Value,
    #[serde(default)]
    conversation: u64,
}

/// Answers a request for a path below `/sandbox/chatwoot`.
pub(in super::super) fn answer(
    desk: &mut Chatwoot,
    method: &Method,
    path: &str,
    body: &[u8],
    now: Timestamp,
) -> Answered {
    match (method, path) {
        (&Method::GET, CONVERSATIONS) => {
            let all = desk.conversations.iter().map(|one| views::whole(one, &desk.contacts, &desk.agents));
            Answered::json(200, &all.collect())
        }
        (&Method::GET, "/sandbox/chatwoot/contacts") => {
            Answered::json(200, &desk.contacts.iter().map(views::contact).collect())
        }
        (&Method::GET, "/sandbox/chatwoot/deliveries") => {
            let view = |delivery: &hooks::Delivery| {
                json!({
                    "event": delivery.event, "conversation": delivery.conversation, "status": delivery.status,
                    "answer": json_or_text(delivery.answer.as_bytes()), "body": delivery.body,
                })
            };
            Answered::json(200, &desk.deliveries.iter().map(view).collect())
        }
        (&Method::PUT, "/sandbox/chatwoot") => match serde_json::from_slice::<Target>(body) {
            Ok(target) => {
                desk.webhook_url = target.webhook_url.unwrap_or_else(|| desk.webhook_url.clone());
                desk.secret = target.secret.unwrap_or_else(|| desk.secret.clone());
                Answered::message(200, "webhooks go there from now on")
            }
            Err(error) => Answered::message(400, &format!("the body is {{\"webhook_url\", \"secret\"}}: {error}")),
        },
        (&Method::POST, "/sandbox/chatwoot/webhooks") => match serde_json::from_slice::<Crafted>(body) {
            Ok(Crafted { body, conversation }) => {
                desk.leaving.push(hooks::Hook { conversation, event: "crafted", body });
                Answered::message(202, "sent")
            }
            Err(error) => Answered::message(400, &format!("the body is {{\"body\": …}}: {error}")),
        },
        (&Method::POST, path) => match path.strip_prefix(CONVERSATIONS).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) => desk.act(rest, body, now),
            None => Answered::message(404, "the fake Chatwoot has no such path"),
        },
        _ => Answered::message(404, "the fake Chatwoot has no such path, or not with this method"),
    }
}

impl Chatwoot {
    /// `{id}/{what}`
    fn act(&mut self, rest: &str, body: &[u8], now: Timestamp) -> Answered {
        let body = if body.is_empty() { b"{}" } else { body };
        let doing: Doing = match serde_json::from_slice(body) {
            Ok(doing) => doing,
            Err(error) => return Answered::message(400, &format!("this is not what an agent does: {error}")),
        };
        let Some((id, what)) = rest.split_once('/').and_then(|(id, what)| Some((id.parse().ok()?, what))) else {
            return Answered::message(404, "the path is /sandbox/chatwoot/conversations/ID/WHAT");
        };
        if self.conversation(id).is_none() {
            return Answered::message(404, "there is no such conversation");
        }
        let agent = self.agent(doing.agent.as_deref().unwrap_or("Bia"));
        match what {
            "assign" => self.assign(id, Some(agent), now),
            "unassign" => self.assign(id, None, now),
            "reply" | "note" => return self.write(id, agent, what == "note", doing, now),
            "resolve" => self.set_status(id, Status::Resolved, None, doing.quietly, now),
            "pending" => self.set_status(id, Status::Pending, None, doing.quietly, now),
            "open" => self.set_status(id, Status::Open, None, doing.quietly, now),
            "snooze" => self.set_status(id, Status::Snoozed, doing.until, doing.quietly, now),
            _ => {
                return Answered::message(
                    404,
                    "an agent does assign, unassign, reply, note, resolve, pending, open or snooze",
                );
            }
        }
        Answered::message(200, "done")
    }

    fn write(&mut self, id: u64, agent: u64, private: bool, doing: Doing, now: Timestamp) -> Answered {
        if let Some(edited) = doing.edits {
            let conversation = self.conversation(id);
            let message = conversation.and_then(|found| found.messages.iter_mut().find(|one| one.id == edited));
            let Some(message) = message else { return Answered::message(404, "there is no such message") };
            message.text = doing.text;
            self.tell_message(id, edited, "message_updated");
            return Answered::message(200, "edited");
        }
        let attachment = |(place, url): (usize, &String)| json!({"id": place + 1, "file_type": "image", "account_id": 1, "data_url": url, "thumb_url": url, "file_size": 1234});
        let sender = match (doing.device, doing.bot) {
            (true, _) => Sender::Nobody,
            (false, true) => Sender::AgentBot,
            (false, false) => Sender::Agent(agent),
        };
        let message = New {
            kind: Kind::Outgoing,
            sender,
            text: doing.text,
            private,
            content_attributes: json!({}),
            attachments: doing.attachments.iter().enumerate().map(attachment).collect(),
        };
        match self.add(id, message, now) {
            Some(message) => Answered::json(200, &message),
            None => Answered::message(404, "there is no such conversation"),
        }
    }
}
