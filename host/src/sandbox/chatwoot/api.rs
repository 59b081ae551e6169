//! The REST API below `/api/v1/accounts/{account}`, as far as a connector needs it.

use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use super::super::answer::Answered;
use super::model::{Contact, Conversation, Kind, Sender, Status};
use super::{CONVERSATIONS_MAX, Chatwoot, New, views};
use crate::clock::Timestamp;

/// Of a desk whose `url` is `http://SANDBOX/chatwoot`.
pub(in super::super) const PATH: &str = "/chatwoot/api/v1/accounts/";
/// Conversations of a contact, and messages of a conversation, that one answer lists: the newest.
const LISTED_MAX: usize = 20;
const CONTENT_CHARS_MAX: usize = 150_000;

/// A request as it arrived.
pub(in super::super) struct Asked<'a> {
    pub(in super::super) method: &'a Method,
    pub(in super::super) path: &'a str,
    pub(in super::super) query: &'a str,
    pub(in super::super) body: Option<&'a [u8]>,
}

/// Whether the headers show the access token.
pub(in super::super) fn authorised(headers: &HeaderMap, token: &str) -> bool {
    headers.get("api_access_token").is_some_and(|given| given.as_bytes() == token.as_bytes())
}

impl Chatwoot {
    pub(in super::super) fn answer(&mut self, asked: &Asked<'_>, authorised: bool, now: Timestamp) -> Answered {
        if !authorised {
            return error(401, "Invalid Access Token");
        }
        let Some(body) = asked.body else { return error(413, "the body is too large") };
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(_) if asked.method == Method::GET && body.is_empty() => Value::Null,
            Err(_) => return error(400, "the body is not JSON"),
        };
        let rest = asked.path.strip_prefix(PATH).unwrap_or_default();
        let parts: Vec<&str> = rest.split('/').collect();
        let Some(account) = parts.first().and_then(|account| account.parse().ok()) else { return not_found() };
        match (asked.method, &parts[1..]) {
            (&Method::GET, ["contacts", "search"]) => self.search(asked.query),
            (&Method::POST, ["contacts"]) => self.create_contact(&body),
            (&Method::POST, ["contacts", id, "contact_inboxes"]) => self.create_contact_inbox(id, &body),
            (&Method::GET, ["contacts", id, "conversations"]) => self.conversations_of(id),
            (&Method::POST, ["conversations"]) => self.create_conversation(account, &body, now),
            (method, ["conversations", id, rest @ ..]) => match id.parse() {
                Ok(id) if self.conversation(id).is_some() => {
                    self.of_conversation(method, id, rest, asked.query, &body, now)
                }
                _ => not_found(),
            },
            _ => not_found(),
        }
    }

    fn of_conversation(
        &mut self,
        method: &Method,
        id: u64,
        rest: &[&str],
        query: &str,
        body: &Value,
        now: Timestamp,
    ) -> Answered {
        match (method, rest) {
            (&Method::GET, []) => {
                let found = self.conversations.iter().find(|conversation| conversation.id == id);
                found.map_or_else(not_found, |found| {
                    Answered::json(200, &views::conversation(found, &self.contacts, &self.agents))
                })
            }
            (&Method::GET, ["messages"]) => self.messages_of(id, query),
            (&Method::POST, ["messages"]) => self.create_message(id, body, now),
            (&Method::POST, ["toggle_status"]) => {
                let Some(status) = body["status"].as_str().and_then(Status::named) else {
                    return error(422, "status is not included in the list");
                };
                self.set_status(id, status, body["snoozed_until"].as_u64(), false, now);
                let payload = json!({"success": true, "current_status": status.name(), "conversation_id": id});
                Answered::json(200, &json!({"meta": {}, "payload": payload}))
            }
            (&Method::POST, ["toggle_priority"]) => {
                let priority = body["priority"].as_str();
                if priority.is_some_and(|priority| !["low", "medium", "high", "urgent"].contains(&priority)) {
                    return error(422, "priority is not included in the list");
                }
                let Some(conversation) = self.conversation(id) else { return not_found() };
                conversation.priority = priority.map(str::to_owned);
                Answered { status: 200, body: hyper::body::Bytes::new(), rate: None }
            }
            _ => not_found(),
        }
    }

    /// Finds what merely resembles, too, as the real one does.
    fn search(&self, query: &str) -> Answered {
        let sought = query.split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap_or_default();
        let sought = super::super::control::decoded(sought).to_lowercase();
        if sought.is_empty() {
            return error(422, "Specify search string with parameter q");
        }
        let resembles = |text: &Option<String>| text.as_ref().is_some_and(|text| text.to_lowercase().contains(&sought));
        let found = self.contacts.iter().filter(|contact| {
            resembles(&contact.identifier) || resembles(&contact.phone) || contact.name.to_lowercase().contains(&sought)
        });
        let found: Vec<Value> = found.map(views::contact).collect();
        Answered::json(200, &json!({"meta": {"count": found.len(), "current_page": 1}, "payload": found}))
    }

    fn create_contact(&mut self, body: &Value) -> Answered {
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (identifier, phone) = (text("identifier"), text("phone_number"));
        let taken = |of: fn(&Contact) -> &Option<String>, wanted: &Option<String>| {
            wanted.is_some() && self.contacts.iter().any(|contact| of(contact) == wanted)
        };
        if taken(|contact| &contact.identifier, &identifier) {
            return invalid("Identifier has already been taken", "identifier");
        }
        let digits = |phone: &str| phone.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        if phone.as_deref().is_some_and(|phone| !digits(phone)) {
            return invalid("Phone number should be in e164 format", "phone_number");
        }
        if taken(|contact| &contact.phone, &phone) {
            return invalid("Phone number has already been taken", "phone_number");
        }
        let id = self.contacts.len() as u64 + 1;
        let inboxes: Vec<_> =
            body["inbox_id"].as_u64().map(|inbox| (inbox, source_id(id, inbox))).into_iter().collect();
        let contact = Contact {
            id,
            name: text("name").unwrap_or_default(),
            phone,
            identifier,
            custom_attributes: body["custom_attributes"].clone(),
            inboxes,
        };
        let mut payload = json!({"contact": views::contact(&contact)});
        if let Some((inbox, source_id)) = contact.inboxes.first() {
            payload["contact_inbox"] = views::contact_inbox(*inbox, source_id);
        }
        self.contacts.push(contact);
        Answered::json(200, &json!({"payload": payload}))
    }

    fn create_contact_inbox(&mut self, id: &str, body: &Value) -> Answered {
        let Some(contact) = self.contacts.iter_mut().find(|contact| contact.id.to_string() == id) else {
            return not_found();
        };
        let Some(inbox) = body["inbox_id"].as_u64() else { return not_found() };
        if !contact.inboxes.iter().any(|(known, _)| *known == inbox) {
            contact.inboxes.push((inbox, source_id(contact.id, inbox)));
        }
        Answered::json(200, &views::contact_inbox(inbox, &source_id(contact.id, inbox)))
    }

    fn conversations_of(&self, contact: &str) -> Answered {
        let of_contact = self
            .conversations
            .iter()
            .rev()
            .filter(|conversation| self.contacts[conversation.contact].id.to_string() == contact);
        let listed = of_contact.take(LISTED_MAX).map(|found| views::conversation(found, &self.contacts, &self.agents));
        Answered::json(200, &json!({"payload": listed.collect::<Vec<_>>()}))
    }

    fn create_conversation(&mut self, account: u64, body: &Value, now: Timestamp) -> Answered {
        let (source_id, inbox) = (body["source_id"].as_str().unwrap_or_default(), body["inbox_id"].as_u64());
        let known =
            |contact: &Contact| contact.inboxes.iter().any(|(at, called)| called == source_id && inbox == Some(*at));
        let (Some(contact), Some(inbox)) = (self.contacts.iter().position(known), inbox) else { return not_found() };
        if self.conversations.len() >= CONVERSATIONS_MAX {
            return error(500, "the sandbox remembers no more conversations");
        }
        let id = self.conversations.len() as u64 + 42;
        self.conversations.push(Conversation {
            id,
            account,
            inbox,
            contact,
            source_id: source_id.to_owned(),
            status: body["status"].as_str().and_then(Status::named).unwrap_or(Status::Open),
            assignee: body["assignee_id"].as_u64(),
            team: body["team_id"].as_u64(),
            priority: None,
            custom_attributes: object(&body["custom_attributes"]),
            additional_attributes: object(&body["additional_attributes"]),
            snoozed_until: None,
            messages: Vec::new(),
            first_reply: None,
            created: now,
            updated: now,
        });
        self.tell(id, "conversation_created", None);
        let conversation = &self.conversations[self.conversations.len() - 1];
        Answered::json(200, &views::conversation(conversation, &self.contacts, &self.agents))
    }

    fn create_message(&mut self, id: u64, body: &Value, now: Timestamp) -> Answered {
        let content = body["content"].as_str().filter(|content| !content.is_empty());
        let Some(content) = content else { return invalid("Content can't be blank", "content") };
        if content.chars().count() > CONTENT_CHARS_MAX {
            return invalid("Content is too long (maximum is 150000 characters)", "content");
        }
        let (kind, sender) = match body["message_type"].as_str() {
            Some("incoming") => (Kind::Incoming, Sender::Contact),
            Some("outgoing") | None => (Kind::Outgoing, Sender::Agent(1)),
            Some(_) => return error(422, "message_type is not included in the list"),
        };
        let message = New {
            kind,
            sender,
            text: Some(content.to_owned()),
            private: body["private"].as_bool().unwrap_or_default(),
            content_attributes: object(&body["content_attributes"]),
            attachments: Vec::new(),
        };
        self.add(id, message, now).map_or_else(not_found, |message| Answered::json(200, &message))
    }

    /// The newest, oldest first; or those behind one, or those before one.
    fn messages_of(&self, id: u64, query: &str) -> Answered {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
        let (after, before) = (number("after="), number("before="));
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else {
            return not_found();
        };
        let fits =
            |message: u64| after.is_none_or(|after| message > after) && before.is_none_or(|before| message < before);
        let fitting: Vec<_> = conversation.messages.iter().filter(|message| fits(message.id)).collect();
        let listed = match after {
            Some(_) => &fitting[..fitting.len().min(100)],
            None => &fitting[fitting.len().saturating_sub(LISTED_MAX)..],
        };
        let view = |message: &&_| views::message(message, conversation, &self.contacts, &self.agents);
        Answered::json(200, &json!({"meta": {}, "payload": listed.iter().map(view).collect::<Vec<_>>()}))
    }
}

fn source_id(contact: u64, inbox: u64) -> String {
    format!("b5c0{contact:08x}-{inbox:04x}")
}

fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

fn error(status: u16, message: &str) -> Answered {
    Answered::json(status, &json!({"error": message}))
}

fn invalid(message: &str, attribute: &str) -> Answered {
    Answered::json(422, &json!({"message": message, "attributes": [attribute]}))
}

fn not_found() -> Answered {
    error(404, "Resource could not be found")
}
