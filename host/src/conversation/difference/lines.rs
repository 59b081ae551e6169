//! Effects as one line each, in the words of a transcript.

use crate::conversation::{AttributeChange, Campaign, Effect, Handoff, NamedJson, Reply, Request};

/// Text on one line, and nothing in it that could drive a terminal.
pub(super) fn one_line(text: impl AsRef<str>) -> String {
    let mut line = String::with_capacity(text.as_ref().len());
    for char in text.as_ref().chars() {
        match char {
            '\n' => line.push_str("\\n"),
            char if char.is_control() => line.push(char::REPLACEMENT_CHARACTER),
            char => line.push(char),
        }
    }
    line
}

/// What is said, with its choices, its attachment, and how it is sent where that is not as usual.
pub(super) fn reply_line(reply: &Reply) -> String {
    let Reply { text, choices, media, campaign, properties } = reply;
    let mut line = text.clone();
    for choice in choices {
        let description = choice.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        line += &format!(" [{} ({}){description}]", choice.title, choice.id);
    }
    if let Some(media) = media {
        line += &format!(" {{{} {}}}", media.mime_type.as_deref().unwrap_or("unknown"), media.url);
    }
    line += &campaign.as_ref().map(|name| format!(" via {name}")).unwrap_or_default();
    one_line(line + &words(properties))
}

/// Everything about an effect but what is said to the user; none where there is nothing else.
pub(super) fn effect_line(effect: &Effect) -> Option<String> {
    let line = match effect {
        Effect::Reply(_) => return None,
        Effect::SendCampaign(Campaign { name, properties }) => format!("campaign {name}{}", words(properties)),
        Effect::SendCanvas(Campaign { name, properties }) => format!("canvas {name}{}", words(properties)),
        Effect::ChangeAttribute(change) => format!("attribute {}", attribute(change)),
        Effect::TrackEvent(NamedJson { name, value }) => format!("event {name} {value}"),
        Effect::StartTimer(timer) => {
            let or_until = if timer.cancel_on_message { " (until a message)" } else { "" };
            format!("timer {} {}s{or_until} {}", timer.name, timer.delay_seconds, timer.payload)
        }
        Effect::CancelTimer(name) => format!("cancel-timer {name}"),
        Effect::Request(of) => request(of),
        Effect::Handoff(Handoff { reason, summary, team, priority, notice: _ }) => {
            let team = team.as_ref().map(|team| format!(" to {team}")).unwrap_or_default();
            format!("handoff {reason}{team} ({priority:?}): {summary}")
        }
        Effect::Note(text) => format!("note {text}"),
        Effect::SwitchBot(NamedJson { name, value }) => format!("switch-bot {name} {value}"),
        Effect::EndSession(outcome) => format!("end-session {outcome}"),
        Effect::Custom(NamedJson { name, value }) => format!("custom {name} {value}"),
    };
    Some(one_line(line))
}

fn words(properties: &[NamedJson]) -> String {
    properties.iter().map(|NamedJson { name, value }| format!(" {name}={value}")).collect()
}

fn attribute(change: &AttributeChange) -> String {
    match change {
        AttributeChange::Set(NamedJson { name, value }) => format!("{name}={value}"),
        AttributeChange::Unset(name) => format!("{name} unset"),
        AttributeChange::Increment(name, by) => format!("{name}+={by}"),
        AttributeChange::Add(name, text) => format!("{name} add {text}"),
        AttributeChange::Remove(name, text) => format!("{name} remove {text}"),
    }
}

fn request(request: &Request) -> String {
    let Request { id, connection, method, path, headers, body, timeout_seconds, while_waiting } = request;
    let headers: String = headers.iter().map(|(name, value)| format!(" {name}: {value}")).collect();
    let body = body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
    format!("request {id} {method} {connection}{path}{headers}{body} ({timeout_seconds}s, {while_waiting:?})")
}
