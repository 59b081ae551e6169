//! What it shows of itself, in the documented shapes.

use serde_json::{Value, json};

use super::model::{Contact, Conversation, Message, Sender};
use crate::clock::Timestamp;

fn seconds(at: Timestamp) -> u64 {
    at.0 / 1_000
}

fn iso(at: Timestamp) -> String {
    let at = i64::try_from(at.0).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

pub(super) fn contact(contact: &Contact) -> Value {
    let inboxes = contact.inboxes.iter().map(|(inbox, source_id)| contact_inbox(*inbox, source_id));
    json!({
        "id": contact.id,
        "name": contact.name,
        "email": null,
        "phone_number": contact.phone,
        "identifier": contact.identifier,
        "thumbnail": "",
        "custom_attributes": contact.custom_attributes,
        "additional_attributes": {},
        "contact_inboxes": inboxes.collect::<Vec<_>>(),
    })
}

pub(super) fn contact_inbox(inbox: u64, source_id: &str) -> Value {
    json!({"source_id": source_id, "inbox": {"id": inbox, "name": "WhatsApp via Braze", "channel_type": "Channel::Api"}})
}

fn agent(id: u64, agents: &[String]) -> Value {
    let name = usize::try_from(id).ok().and_then(|id| agents.get(id.checked_sub(1)?)).map_or("", String::as_str);
    json!({"id": id, "name": name, "email": format!("{}@desk.example", name.to_lowercase()), "type": "user"})
}

fn sender(message: &Message, conversation: &Conversation, contacts: &[Contact], agents: &[String]) -> Value {
    match message.sender {
        Sender::Contact => {
            let mut view = contact(&contacts[conversation.contact]);
            view["type"] = "contact".into();
            view
        }
        Sender::Agent(id) => agent(id, agents),
        Sender::AgentBot => json!({"id": 1, "name": "Bot", "type": "agent_bot"}),
        Sender::Nobody => Value::Null,
    }
}

/// As it is answered to whoever posts or lists it, and as it stands inside conversations: numbers.
pub(super) fn message(
    message: &Message,
    conversation: &Conversation,
    contacts: &[Contact],
    agents: &[String],
) -> Value {
    let mut view = json!({
        "id": message.id,
        "content": message.text,
        "account_id": conversation.account,
        "inbox_id": conversation.inbox,
        "conversation_id": conversation.id,
        "message_type": message.kind.number(),
        "created_at": seconds(message.created),
        "updated_at": iso(message.created),
        "private": message.private,
        "status": "sent",
        "source_id": null,
        "content_type": "text",
        "content_attributes": message.content_attributes,
        "sender_type": match message.sender { Sender::Contact => "Contact", Sender::AgentBot => "AgentBot", _ => "User" },
        "sender": sender(message, conversation, contacts, agents),
    });
    if !message.attachments.is_empty() {
        view["attachments"] = message.attachments.clone().into();
    }
    view
}

/// As it is told: words.
pub(super) fn webhook_of_message(
    message: &Message,
    conversation: &Conversation,
    contacts: &[Contact],
    agents: &[String],
    event: &str,
) -> Value {
    let mut view = json!({
        "event": event,
        "id": message.id,
        "content": message.text,
        "content_type": "text",
        "content_attributes": message.content_attributes,
        "additional_attributes": {},
        "message_type": message.kind.name(),
        "private": message.private,
        "created_at": iso(message.created),
        "source_id": null,
        "sender": sender(message, conversation, contacts, agents),
        "inbox": {"id": conversation.inbox, "name": "WhatsApp via Braze"},
        "account": {"id": conversation.account, "name": "Acme"},
        "conversation": self::conversation(conversation, contacts, agents),
    });
    if !message.attachments.is_empty() {
        view["attachments"] = message.attachments.clone().into();
    }
    view
}

/// With its last message only, as it is told and listed.
pub(super) fn conversation(conversation: &Conversation, contacts: &[Contact], agents: &[String]) -> Value {
    let last = conversation.messages.last().map(|last| message(last, conversation, contacts, agents));
    let who = &contacts[conversation.contact];
    let mut sender = contact(who);
    sender["type"] = "contact".into();
    #[allow(clippy::cast_precision_loss, reason = "a time in milliseconds fits a double exactly")]
    let updated = conversation.updated.0 as f64 / 1_000.0;
    json!({
        "id": conversation.id,
        "account_id": conversation.account,
        "inbox_id": conversation.inbox,
        "status": conversation.status.name(),
        "channel": "Channel::Api",
        "can_reply": true,
        "contact_inbox": {
            "id": who.id, "contact_id": who.id, "inbox_id": conversation.inbox, "source_id": conversation.source_id,
            "hmac_verified": false,
        },
        "messages": last.into_iter().collect::<Vec<_>>(),
        "meta": {
            "sender": sender,
            "assignee": conversation.assignee.map(|id| agent(id, agents)),
            "assignee_type": conversation.assignee.map(|_| "User"),
            "team": conversation.team.map(|id| json!({"id": id, "name": format!("team {id}")})),
            "hmac_verified": false,
        },
        "labels": [],
        "custom_attributes": conversation.custom_attributes,
        "additional_attributes": conversation.additional_attributes,
        "snoozed_until": conversation.snoozed_until.map(|until| iso(Timestamp(until * 1_000))),
        "unread_count": 0,
        "first_reply_created_at": conversation.first_reply.map(iso),
        "priority": conversation.priority,
        "waiting_since": 0,
        "agent_last_seen_at": 0,
        "contact_last_seen_at": 0,
        "last_activity_at": seconds(conversation.updated),
        "timestamp": seconds(conversation.updated),
        "created_at": seconds(conversation.created),
        "updated_at": updated,
    })
}

/// With everything, for the tests that judge by it.
pub(super) fn whole(conversation: &Conversation, contacts: &[Contact], agents: &[String]) -> Value {
    let mut view = self::conversation(conversation, contacts, agents);
    let all = conversation.messages.iter().map(|one| message(one, conversation, contacts, agents));
    view["messages"] = all.collect::<Vec<_>>().into();
    view
}
