//! What the host would not do, so that a test fails before a conversation does.
//!
//! The host's `conversation/check` says the same in the same words and order, and has a test that both do.

use std::collections::HashSet;

use serde_json::Value;

use crate::bindings::turnwise::bot::types::{
    AttributeChange, Campaign, Choice, Decision, Effect, NamedJson, NextState, Reply,
};

/// The host's limits, as `host/src/limits.rs` explains them.
const EFFECTS_MAX: usize = 16;
const TEXT_BYTES_MAX: usize = 64 * 1024;
const STATE_BYTES_MAX: usize = 64 * 1024;
const REPLY_CHARS_MAX: usize = 4096;
const CHOICES_MAX: usize = 10;
const BUTTONS_MAX: usize = 3;
const BUTTON_TITLE_CHARS_MAX: usize = 20;
const ROW_TITLE_CHARS_MAX: usize = 24;
const DESCRIPTION_CHARS_MAX: usize = 72;
const ATTRIBUTE_CHARS_MAX: usize = 255;

/// Names that mean something else to Braze than an attribute.
const RESERVED_ATTRIBUTES: [&str; 8] = [
    "external_id",
    "user_alias",
    "braze_id",
    "push_tokens",
    "push_token_import",
    "subscription_groups",
    "_update_existing_only",
    "_merge_objects",
];

type Checked<T = ()> = Result<T, String>;

/// Whether the host would carry a decision out, which it does as a whole or not at all.
///
/// # Errors
/// The first thing wrong with it.
pub fn check(decision: &Decision) -> Result<(), String> {
    if let NextState::Replace(state) = &decision.state
        && state.len() > STATE_BYTES_MAX
    {
        let bytes = state.len();
        return Err(format!(
            "the new state has {bytes} bytes; {STATE_BYTES_MAX} are allowed: keep only what the next turn needs"
        ));
    }
    let count = decision.effects.len();
    if count > EFFECTS_MAX {
        return Err(format!(
            "the decision has {count} effects; {EFFECTS_MAX} are allowed a turn: leave some out, or go on in a timer's turn"
        ));
    }
    let bytes = decision.step.as_ref().map_or(0, String::len) + decision.effects.iter().map(text_bytes).sum::<usize>();
    if bytes > TEXT_BYTES_MAX {
        return Err(format!("the decision's effects hold {bytes} bytes of text; {TEXT_BYTES_MAX} are allowed a turn"));
    }
    for (index, effect) in decision.effects.iter().enumerate() {
        check_effect(effect).map_err(|(kind, problem)| format!("effects[{index}] ({kind}): {problem}"))?;
    }
    Ok(())
}

fn check_effect(effect: &Effect) -> Result<(), (&'static str, String)> {
    let (kind, checked) = match effect {
        Effect::Reply(reply) => ("reply", check_reply(reply)),
        Effect::SendCampaign(campaign) => ("send-campaign", check_campaign(campaign)),
        Effect::SendCanvas(canvas) => ("send-canvas", check_campaign(canvas)),
        Effect::ChangeAttribute(change) => ("change-attribute", check_attribute(change)),
        Effect::TrackEvent(event) => {
            let name = not_empty("name", &event.name).and_then(|()| at_most("name", &event.name, ATTRIBUTE_CHARS_MAX));
            ("track-event", name.and_then(|()| json("value", &event.value).map(drop)))
        }
        Effect::StartTimer(timer) => {
            ("start-timer", not_empty("name", &timer.name).and_then(|()| json("payload", &timer.payload).map(drop)))
        }
        Effect::CancelTimer(name) => ("cancel-timer", not_empty("the name", name)),
        Effect::Request(request) => {
            let parts = [("id", &request.id), ("connection", &request.connection), ("method", &request.method)];
            ("request", parts.iter().try_for_each(|(what, text)| not_empty(what, text)))
        }
        Effect::Handoff(handoff) => {
            let notice = || handoff.notice.as_ref().map_or(Ok(()), |notice| said("notice", notice));
            ("handoff", not_empty("reason", &handoff.reason).and_then(|()| notice()))
        }
        Effect::SwitchBot(to) => ("switch-bot", check_named(to)),
        Effect::Custom(custom) => ("custom", check_named(custom)),
        Effect::Note(_) | Effect::EndSession(_) => return Ok(()),
    };
    checked.map_err(|problem| (kind, problem))
}

fn check_named(named: &NamedJson) -> Checked {
    not_empty("name", &named.name)?;
    json("value", &named.value).map(drop)
}

fn check_campaign(campaign: &Campaign) -> Checked {
    not_empty("name", &campaign.name)?;
    check_properties(&campaign.properties)
}

fn check_reply(reply: &Reply) -> Checked {
    said("text", &reply.text)?;
    check_choices(&reply.choices)?;
    if let Some(media) = &reply.media {
        let scheme = media.url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
            let url: String = media.url.chars().take(80).collect();
            return Err(format!("media.url is {url:?}; it has to start with http:// or https://"));
        }
    }
    check_properties(&reply.properties)
}

fn check_choices(choices: &[Choice]) -> Checked {
    let count = choices.len();
    if count > CHOICES_MAX {
        return Err(format!("there are {count} choices; {CHOICES_MAX} are allowed"));
    }
    let title_chars_max = if count <= BUTTONS_MAX { BUTTON_TITLE_CHARS_MAX } else { ROW_TITLE_CHARS_MAX };
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for choice in choices {
        not_empty("a choice's id", &choice.id)?;
        not_empty("a choice's title", choice.title.trim())?;
        at_most("a choice's title", &choice.title, title_chars_max)?;
        if let Some(description) = &choice.description {
            at_most("a choice's description", description, DESCRIPTION_CHARS_MAX)?;
        }
        if !ids.insert(&choice.id) {
            return Err(duplicate("choices' ids", &choice.id));
        }
        if !titles.insert(choice.title.trim().to_lowercase()) {
            return Err(duplicate("choices' titles", &choice.title));
        }
    }
    Ok(())
}

fn check_properties(properties: &[NamedJson]) -> Checked {
    let mut names = HashSet::new();
    for property in properties {
        not_empty("a property's name", &property.name)?;
        if !names.insert(&property.name) {
            return Err(duplicate("properties", &property.name));
        }
        json(&format!("property {:?}", property.name), &property.value)?;
    }
    Ok(())
}

fn check_attribute(change: &AttributeChange) -> Checked {
    let (AttributeChange::Set(NamedJson { name, .. })
    | AttributeChange::Unset(name)
    | AttributeChange::Increment((name, _))
    | AttributeChange::Add((name, _))
    | AttributeChange::Remove((name, _))) = change;
    not_empty("the attribute's name", name)?;
    at_most("the attribute's name", name, ATTRIBUTE_CHARS_MAX)?;
    if RESERVED_ATTRIBUTES.contains(&name.as_str()) || name.starts_with(['$', '_']) {
        return Err(format!("{name:?} cannot be the name of an attribute: it means something else to Braze"));
    }
    match change {
        AttributeChange::Set(set) => check_attribute_value(&json("the attribute's value", &set.value)?),
        AttributeChange::Add((_, text)) | AttributeChange::Remove((_, text)) => attribute_text(text),
        AttributeChange::Unset(_) | AttributeChange::Increment(_) => Ok(()),
    }
}

fn check_attribute_value(value: &Value) -> Checked {
    match value {
        Value::String(text) => attribute_text(text),
        Value::Array(items) => items.iter().try_for_each(check_attribute_value),
        Value::Object(fields) => fields.values().try_for_each(check_attribute_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn attribute_text(text: &str) -> Checked {
    at_most("the attribute's value", text, ATTRIBUTE_CHARS_MAX)
}

fn said(what: &str, text: &str) -> Checked {
    not_empty(what, text.trim())?;
    at_most(what, text, REPLY_CHARS_MAX)
}

fn not_empty(what: &str, text: &str) -> Checked {
    if text.is_empty() { Err(format!("{what} is empty")) } else { Ok(()) }
}

fn at_most(what: &str, text: &str, chars_max: usize) -> Checked {
    let chars = text.chars().count();
    if chars > chars_max { Err(format!("{what} has {chars} characters; {chars_max} are allowed")) } else { Ok(()) }
}

fn duplicate(what: &str, value: &str) -> String {
    format!("two {what} are {value:?}: they could not be told apart")
}

fn json(what: &str, text: &str) -> Checked<Value> {
    serde_json::from_str(text)
        .map_err(|error| format!("{what} is not JSON ({error}); text is written with quotes around it"))
}

fn text_bytes(effect: &Effect) -> usize {
    let named = |named: &NamedJson| named.name.len() + named.value.len();
    let properties = |list: &[NamedJson]| list.iter().map(named).sum::<usize>();
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match effect {
        Effect::Reply(reply) => {
            let choice = |choice: &Choice| choice.id.len() + choice.title.len() + optional(&choice.description);
            reply.text.len()
                + reply.choices.iter().map(choice).sum::<usize>()
                + reply.media.as_ref().map_or(0, |media| media.url.len() + optional(&media.mime_type))
                + optional(&reply.campaign)
                + properties(&reply.properties)
        }
        Effect::SendCampaign(campaign) | Effect::SendCanvas(campaign) => {
            campaign.name.len() + properties(&campaign.properties)
        }
        Effect::ChangeAttribute(change) => match change {
            AttributeChange::Set(value) => named(value),
            AttributeChange::Unset(name) | AttributeChange::Increment((name, _)) => name.len(),
            AttributeChange::Add((name, text)) | AttributeChange::Remove((name, text)) => name.len() + text.len(),
        },
        Effect::StartTimer(timer) => timer.name.len() + timer.payload.len(),
        Effect::Request(request) => {
            [&request.id, &request.connection, &request.method, &request.path].map(String::len).iter().sum::<usize>()
                + request.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
                + optional(&request.body)
        }
        Effect::Handoff(handoff) => {
            handoff.reason.len() + handoff.summary.len() + optional(&handoff.team) + optional(&handoff.notice)
        }
        Effect::CancelTimer(text) | Effect::Note(text) | Effect::EndSession(text) => text.len(),
        Effect::TrackEvent(value) | Effect::SwitchBot(value) | Effect::Custom(value) => named(value),
    }
}
