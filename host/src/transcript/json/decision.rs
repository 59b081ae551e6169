//! What a plugin answered, on its way out: the opposite of [`answer`](super::answer). Records are taken apart, so that a new field cannot
//! be forgotten.

use serde_json::{Value, json};

use super::question::{case, case_of, list, named_json};
use crate::conversation::{
    AttributeChange, Campaign, Choice, Decision, Effect, Handoff, Media, NextState, Priority, Reply, Request, Timer,
    WhileWaiting,
};

/// The contract's `decision`.
#[must_use]
pub fn decision(decision: &Decision) -> Value {
    let Decision { state, effects, step } = decision;
    let state = match state {
        NextState::Keep => case("keep"),
        NextState::Replace(state) => case_of("replace", json!(state)),
        NextState::Clear => case("clear"),
    };
    json!({ "state": state, "effects": list(effects, effect), "step": step })
}

fn effect(effect: &Effect) -> Value {
    let val = match effect {
        Effect::Reply(of) => reply(of),
        Effect::SendCampaign(of) | Effect::SendCanvas(of) => campaign(of),
        Effect::ChangeAttribute(of) => attribute_change(of),
        Effect::TrackEvent(of) | Effect::SwitchBot(of) | Effect::Custom(of) => named_json(of),
        Effect::StartTimer(Timer { name, delay_seconds, payload, cancel_on_message }) => {
            json!({ "name": name, "delay": delay_seconds, "payload": payload, "cancelOnMessage": cancel_on_message })
        }
        Effect::CancelTimer(text) | Effect::Note(text) | Effect::EndSession(text) => json!(text),
        Effect::Request(of) => request(of),
        Effect::Handoff(of) => handoff(of),
    };
    case_of(effect.kind(), val)
}

fn reply(Reply { text, choices, media, campaign, properties }: &Reply) -> Value {
    let choice =
        |Choice { id, title, description }: &Choice| json!({ "id": id, "title": title, "description": description });
    json!({
        "text": text,
        "choices": list(choices, choice),
        "media": media.as_ref().map(|Media { url, mime_type }| json!({ "url": url, "mimeType": mime_type })),
        "campaign": campaign,
        "properties": list(properties, named_json),
    })
}

fn campaign(Campaign { name, properties }: &Campaign) -> Value {
    json!({ "name": name, "properties": list(properties, named_json) })
}

fn attribute_change(change: &AttributeChange) -> Value {
    match change {
        AttributeChange::Set(of) => case_of("set", named_json(of)),
        AttributeChange::Unset(name) => case_of("unset", json!(name)),
        AttributeChange::Increment(name, by) => case_of("increment", json!([name, by])),
        AttributeChange::Add(name, text) => case_of("add", json!([name, text])),
        AttributeChange::Remove(name, text) => case_of("remove", json!([name, text])),
    }
}

fn request(request: &Request) -> Value {
    let Request { id, connection, method, path, headers, body, timeout_seconds, while_waiting } = request;
    let while_waiting = match while_waiting {
        WhileWaiting::Deliver => "deliver",
        WhileWaiting::Hold => "hold",
        WhileWaiting::Cancel => "cancel",
    };
    json!({
        "id": id,
        "connection": connection,
        "method": method,
        "path": path,
        "headers": headers,
        "body": body,
        "timeout": timeout_seconds,
        "whileWaiting": while_waiting,
    })
}

fn handoff(Handoff { reason, summary, team, priority, notice }: &Handoff) -> Value {
    let priority = match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    };
    json!({ "reason": reason, "summary": summary, "team": team, "priority": priority, "notice": notice })
}
