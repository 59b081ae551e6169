//! What a webhook, or what is listed, says that agents did. Pure: JSON in, acts out.
//!
//! | There | Here |
//! |---|---|
//! | open, with an assignee | the assignee has it |
//! | open, the assignee taken away | offered again |
//! | an outgoing message that is not ours | a reply; who writes has it, if nobody does |
//! | a private message that is not ours | a note |
//! | snoozed | put aside |
//! | resolved | resolved |
//! | pending | given back to the bot |
//!
//! A message is known by its number, a change by when it came about; so duplicates, and the two events of one change, are one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::Heard;
use super::{CONVERSATION, HANDOFF, MARK};
use crate::clock::{Timestamp, text};
use crate::conversation::desk::{Act, Agent, DeskAct};
use crate::conversation::id::hash128;
use crate::conversation::{ConversationId, Media};
use crate::inbound::DedupeKey;
use crate::limits::{NOTE_CHARS_MAX, REPLY_CHARS_MAX};

type Teams = BTreeMap<String, u64>;

/// A conversation of ours, with the acts found so far.
struct Reading<'a> {
    conversation: &'a Value,
    id: ConversationId,
    remote_id: String,
    teams: &'a Teams,
    heard: Vec<Heard>,
}

/// What is said of a conversation's state: that it changed just now, or only how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Changed,
    /// Believed once for each state: it may be old.
    Mentioned,
}

/// What a webhook says, whatever it is.
pub(super) fn webhook(webhook: &Value, teams: &Teams) -> Vec<Heard> {
    let event = webhook["event"].as_str().unwrap_or_default();
    let conversation = if event.starts_with("message_") { &webhook["conversation"] } else { webhook };
    let Some(mut reading) = Reading::of(conversation, teams) else { return Vec::new() };
    match event {
        "message_created" => {
            if reading.message(webhook) {
                // An agent who writes in a conversation that is resolved does not open it: it is over again with this.
                let key = number_text(&webhook["id"]);
                reading.state(Seen::Changed, Some(&key));
            } else {
                reading.mentioned();
            }
        }
        // An edited message was sent as it was; there is no way to take it back.
        "message_updated" => reading.mentioned(),
        // Its messages may be any of the first few: each comes by itself.
        "conversation_created" => reading.state(Seen::Mentioned, None),
        "conversation_status_changed" | "conversation_opened" | "conversation_resolved" => {
            reading.state(Seen::Changed, None);
        }
        "conversation_updated" => {
            let names = changed(&webhook["changed_attributes"]);
            let of_state = ["status", "assignee_id", "assignee", "team_id", "snoozed_until"];
            let seen = names.iter().any(|name| of_state.contains(&name.as_str()));
            reading.changes(&names, if seen { Seen::Changed } else { Seen::Mentioned });
        }
        _ => return Vec::new(),
    }
    reading.heard
}

/// What a conversation and its messages, as they are listed, say: all that webhooks would have said.
pub(super) fn listed(conversation: &Value, messages: &[Value], teams: &Teams) -> Vec<Heard> {
    let Some(mut reading) = Reading::of(conversation, teams) else { return Vec::new() };
    for message in messages {
        reading.message(message);
    }
    reading.state(Seen::Changed, None);
    reading.heard
}

/// The names of what changed: of a list of one-key maps, of one map, or nothing.
fn changed(attributes: &Value) -> Vec<String> {
    match attributes {
        Value::Array(items) => items.iter().flat_map(changed).collect(),
        Value::Object(map) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

impl<'a> Reading<'a> {
    /// None where the conversation was not opened by us.
    fn of(conversation: &'a Value, teams: &'a Teams) -> Option<Self> {
        let attributes = &conversation["custom_attributes"];
        let id = attributes[CONVERSATION].as_str()?.parse().ok()?;
        let handoff = attributes[HANDOFF].as_u64().and_then(|handoff| u32::try_from(handoff).ok())?;
        let remote_id = conversation["id"].as_u64()?.to_string();
        let mut reading = Self { conversation, id, remote_id, teams, heard: Vec::new() };
        // It may be heard from before the answer to opening it has arrived.
        reading.say(Agent::host(), Act::Opened { handoff }, &["opened", &handoff.to_string()]);
        Some(reading)
    }

    fn say(&mut self, by: Agent, act: Act, key: &[&str]) {
        let parts = [self.id.0.as_slice(), self.remote_id.as_bytes()].into_iter();
        let parts: Vec<&[u8]> = parts.chain(key.iter().map(|part| part.as_bytes())).collect();
        self.heard.push(Heard {
            conversation: self.id,
            act: DeskAct { by, act, remote_id: Some(self.remote_id.clone()) },
            dedupe_key: DedupeKey(hash128("chatwoot", &parts)),
        });
    }

    /// Whether an agent said something to the user.
    fn message(&mut self, message: &Value) -> bool {
        // A word in webhooks, a number where they are listed.
        let is_outgoing = message["message_type"] == "outgoing" || message["message_type"] == 1;
        let attributes = match &message["content_attributes"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            attributes => attributes.clone(),
        };
        let has = |name: &str| attributes.get(name).is_some_and(|value| !value.is_null());
        let by_no_agent = ["agent_bot", "AgentBot", "contact", "Contact"].into_iter().map(Value::from);
        let by_no_agent =
            by_no_agent.into_iter().any(|kind| message["sender"]["type"] == kind || message["sender_type"] == kind);
        let of_machine =
            has(MARK) || has("automation_rule_id") || !message["additional_attributes"]["campaign_id"].is_null();
        let is_survey = message["content_type"] == "input_csat";
        if !is_outgoing || by_no_agent || of_machine || is_survey || has("deleted") {
            return false;
        }
        let Some(number) = message["id"].as_u64().map(|number| number.to_string()) else { return false };
        let text = message["content"].as_str().unwrap_or_default();
        let by = self.writer(message, &attributes);
        if message["private"] == true {
            if !text.trim().is_empty() {
                let text = text.chars().take(NOTE_CHARS_MAX).collect();
                self.say(by, Act::Note { text }, &["message", &number]);
            }
            return false;
        }
        let attachments = message["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut media = attachments.iter().filter_map(media);
        let mut said = false;
        for (place, text) in pieces(text).into_iter().enumerate() {
            let media = if place == 0 { media.next() } else { None };
            self.say(by.clone(), Act::Reply { text, media, takes: true }, &["message", &number, &place.to_string()]);
            said = true;
        }
        for (place, media) in media.enumerate() {
            let act = Act::Reply { text: String::new(), media: Some(media), takes: true };
            self.say(by.clone(), act, &["message", &number, "attachment", &place.to_string()]);
            said = true;
        }
        said
    }

    /// Who wrote it; where nobody is named, an agent from a phone of their own.
    fn writer(&self, message: &Value, attributes: &Value) -> Agent {
        if let Some(agent) = agent(&message["sender"]) {
            return agent;
        }
        let name = attributes["external_sender_name"].as_str().map(str::to_owned);
        match self.assignee() {
            Some(assignee) if name.is_none() => assignee,
            _ => Agent { id: "chatwoot".into(), name },
        }
    }

    fn assignee(&self) -> Option<Agent> {
        let meta = &self.conversation["meta"];
        if meta["assignee_type"] == "AgentBot" || meta["assignee"]["type"] == "agent_bot" {
            return None;
        }
        agent(&meta["assignee"])
    }

    fn team(&self) -> Option<String> {
        let id = self.conversation["meta"]["team"]["id"].as_u64()?;
        self.teams.iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone())
    }

    /// In passing, only that somebody has it is believed: the event that said so may be missing.
    fn mentioned(&mut self) {
        if self.conversation["status"] == "open" {
            self.state(Seen::Mentioned, None);
        }
    }

    fn changes(&mut self, names: &[String], seen: Seen) {
        let has = |name: &str| names.iter().any(|changed| changed == name);
        let is_open = self.conversation["status"] == "open";
        let assignee = self.assignee();
        let team = if has("team_id") { self.team() } else { None };
        let taken_away = assignee.is_none() && (has("assignee_id") || has("assignee"));
        if is_open && (team.is_some() || taken_away) {
            let by = assignee.clone().unwrap_or_else(|| Agent { id: "chatwoot".into(), name: None });
            let key = self.state_key("assigned");
            let act = Act::Assign { agent: assignee, team };
            self.say(by, act, &key.iter().map(String::as_str).collect::<Vec<_>>());
        } else {
            self.state(seen, None);
        }
    }

    /// Who has it, by its status and its assignee. `with` is the message that it came with.
    fn state(&mut self, seen: Seen, with: Option<&str>) {
        let assignee = self.assignee();
        let act = match self.conversation["status"].as_str() {
            Some("open") => match &assignee {
                Some(agent) => Act::Assign { agent: Some(agent.clone()), team: None },
                None => return,
            },
            Some("resolved") => Act::Resolve { note: None },
            Some("pending") => Act::Return { note: None },
            Some("snoozed") => Act::Park { until: time(&self.conversation["snoozed_until"]) },
            _ => return,
        };
        let by = assignee.unwrap_or_else(|| Agent { id: "chatwoot".into(), name: None });
        let mut key = match (seen, with) {
            (Seen::Changed, None) => self.state_key("changed"),
            (Seen::Changed, Some(message)) => vec!["with".to_owned(), message.to_owned()],
            (Seen::Mentioned, _) => vec!["mentioned".to_owned()],
        };
        key.extend([number_text(&self.conversation["status"]), by.id.clone()]);
        self.say(by, act, &key.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// The two events of one change have the same time.
    fn state_key(&self, kind: &str) -> Vec<String> {
        vec![kind.to_owned(), number_text(&self.conversation["updated_at"])]
    }
}

fn number_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn agent(value: &Value) -> Option<Agent> {
    let id = value["id"].as_u64()?;
    let name = value["name"].as_str().filter(|name| !name.trim().is_empty()).map(str::to_owned);
    Some(Agent { id: format!("chatwoot:{id}"), name })
}

fn media(attachment: &Value) -> Option<Media> {
    let url = attachment["data_url"].as_str()?;
    let is_http = url.starts_with("https://") || url.starts_with("http://");
    (is_http && !url.contains(char::is_whitespace)).then(|| Media { url: url.to_owned(), mime_type: None })
}

/// Unix seconds, or RFC 3339.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => seconds.as_u64().map(|seconds| Timestamp(seconds.saturating_mul(1_000))),
        Value::String(written) => text::timestamp(written),
        _ => None,
    }
}

/// A text in messages that WhatsApp takes, each cut behind a word where there is one.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.char_indices().nth(REPLY_CHARS_MAX).map_or(rest.len(), |(at, _)| at);
        let cut = if end == rest.len() {
            end
        } else {
            rest[..end].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(end)
        };
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    pieces
}

#[cfg(test)]
mod tests;
