//! Whether a decision may be carried out. It is valid as a whole or not at all: half a decision is not what its author meant.

use std::collections::HashSet;

use serde_json::Value;

use super::decision::{AttributeChange, Choice, Decision, Effect, NextState, Reply};
use super::event::NamedJson;
use crate::limits;

/// What is wrong with a decision, for the plugin's author. Effects are counted from 0, as in the list the plugin returned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOutput {
    #[error(
        "the decision has {count} effects; {max} are allowed a turn: leave some out, or go on in a timer's turn",
        max = limits::EFFECTS_PER_TURN_MAX
    )]
    TooManyEffects { count: usize },
    #[error(
        "the decision's effects hold {bytes} bytes of text; {max} are allowed a turn",
        max = limits::TEXT_PER_TURN_BYTES_MAX
    )]
    TooMuchText { bytes: usize },
    #[error(
        "the new state has {bytes} bytes; {max} are allowed: keep only what the next turn needs",
        max = limits::STATE_BYTES_MAX
    )]
    StateTooLong { bytes: usize },
    #[error("effects[{index}] ({kind}): {problem}")]
    Effect { index: usize, kind: &'static str, problem: Problem },
}

/// What is wrong with one effect. `what` names the field as the contract does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{what} is empty")]
    Empty { what: &'static str },
    #[error("{what} has {chars} characters; {chars_max} are allowed")]
    TooLong { what: &'static str, chars: usize, chars_max: usize },
    #[error("there are {count} {what}; {count_max} are allowed")]
    TooMany { what: &'static str, count: usize, count_max: usize },
    #[error("two {what} are {value:?}: they could not be told apart")]
    Duplicate { what: &'static str, value: String },
    #[error("{what} is not JSON ({reason}); text is written with quotes around it")]
    NotJson { what: String, reason: String },
    #[error("{name:?} cannot be the name of an attribute: it means something else to Braze")]
    Reserved { name: String },
    #[error("{what} is {url:?}; it has to start with http:// or https://")]
    NotHttp { what: &'static str, url: String },
}

/// Names beside attributes in a `/users/track` attributes object: writing to one would change whom or what the request means.
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

/// Fine, or the first thing wrong with it.
pub fn check(decision: &Decision) -> Result<(), BadOutput> {
    if let NextState::Replace(state) = &decision.state
        && state.len() > limits::STATE_BYTES_MAX
    {
        return Err(BadOutput::StateTooLong { bytes: state.len() });
    }
    let count = decision.effects.len();
    if count > limits::EFFECTS_PER_TURN_MAX {
        return Err(BadOutput::TooManyEffects { count });
    }
    let bytes = decision.step.as_ref().map_or(0, String::len) + decision.effects.iter().map(text_bytes).sum::<usize>();
    if bytes > limits::TEXT_PER_TURN_BYTES_MAX {
        return Err(BadOutput::TooMuchText { bytes });
    }
    for (index, effect) in decision.effects.iter().enumerate() {
        check_effect(effect).map_err(|problem| BadOutput::Effect { index, kind: effect.kind(), problem })?;
    }
    Ok(())
}

fn check_effect(effect: &Effect) -> Result<(), Problem> {
    match effect {
        Effect::Reply(reply) => check_reply(reply),
        Effect::SendCampaign(campaign) | Effect::SendCanvas(campaign) => {
            not_empty("name", &campaign.name)?;
            check_properties(&campaign.properties)
        }
        Effect::ChangeAttribute(change) => check_attribute(change),
        Effect::TrackEvent(event) => {
            not_empty("name", &event.name)?;
            at_most("name", &event.name, limits::ATTRIBUTE_CHARS_MAX)?;
            json("value", &event.value).map(drop)
        }
        Effect::StartTimer(timer) => {
            not_empty("name", &timer.name)?;
            json("payload", &timer.payload).map(drop)
        }
        Effect::CancelTimer(name) => not_empty("the name", name),
        Effect::Request(request) => {
            not_empty("id", &request.id)?;
            not_empty("connection", &request.connection)?;
            not_empty("method", &request.method)
        }
        Effect::Handoff(handoff) => {
            not_empty("reason", &handoff.reason)?;
            handoff.notice.as_ref().map_or(Ok(()), |notice| said("notice", notice))
        }
        Effect::SwitchBot(named) | Effect::Custom(named) => {
            not_empty("name", &named.name)?;
            json("value", &named.value).map(drop)
        }
        Effect::Note(_) | Effect::EndSession(_) => Ok(()),
    }
}

fn check_reply(reply: &Reply) -> Result<(), Problem> {
    said("text", &reply.text)?;
    check_choices(&reply.choices)?;
    if let Some(media) = &reply.media {
        let scheme = media.url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
            return Err(Problem::NotHttp { what: "media.url", url: media.url.chars().take(80).collect() });
        }
    }
    check_properties(&reply.properties)
}

fn check_choices(choices: &[Choice]) -> Result<(), Problem> {
    let count = choices.len();
    if count > limits::CHOICES_MAX {
        return Err(Problem::TooMany { what: "choices", count, count_max: limits::CHOICES_MAX });
    }
    let title_chars_max =
        if count <= limits::BUTTONS_MAX { limits::BUTTON_CHARS_MAX } else { limits::LIST_TITLE_CHARS_MAX };
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for choice in choices {
        not_empty("a choice's id", &choice.id)?;
        if choice.title.trim().is_empty() {
            return Err(Problem::Empty { what: "a choice's title" });
        }
        at_most("a choice's title", &choice.title, title_chars_max)?;
        if let Some(description) = &choice.description {
            at_most("a choice's description", description, limits::LIST_DESCRIPTION_CHARS_MAX)?;
        }
        if !ids.insert(&choice.id) {
            return Err(Problem::Duplicate { what: "choices' ids", value: choice.id.clone() });
        }
        // What the user taps comes back as its title, and is matched without regard to case.
        if !titles.insert(choice.title.trim().to_lowercase()) {
            return Err(Problem::Duplicate { what: "choices' titles", value: choice.title.clone() });
        }
    }
    Ok(())
}

/// Properties are data inside `trigger_properties`, where no name has a meaning of its own: any will do.
fn check_properties(properties: &[NamedJson]) -> Result<(), Problem> {
    let mut names = HashSet::new();
    for property in properties {
        not_empty("a property's name", &property.name)?;
        if !names.insert(&property.name) {
            return Err(Problem::Duplicate { what: "properties", value: property.name.clone() });
        }
        json(&format!("property {:?}", property.name), &property.value)?;
    }
    Ok(())
}

fn check_attribute(change: &AttributeChange) -> Result<(), Problem> {
    let name = match change {
        AttributeChange::Set(named) => &named.name,
        AttributeChange::Unset(name)
        | AttributeChange::Increment(name, _)
        | AttributeChange::Add(name, _)
        | AttributeChange::Remove(name, _) => name,
    };
    not_empty("the attribute's name", name)?;
    at_most("the attribute's name", name, limits::ATTRIBUTE_CHARS_MAX)?;
    if RESERVED_ATTRIBUTES.contains(&name.as_str()) || name.starts_with(['$', '_']) {
        return Err(Problem::Reserved { name: name.clone() });
    }
    match change {
        AttributeChange::Set(named) => check_attribute_value(&json("the attribute's value", &named.value)?),
        AttributeChange::Add(_, text) | AttributeChange::Remove(_, text) => attribute_text(text),
        AttributeChange::Unset(_) | AttributeChange::Increment(..) => Ok(()),
    }
}

fn check_attribute_value(value: &Value) -> Result<(), Problem> {
    match value {
        Value::String(text) => attribute_text(text),
        Value::Array(items) => items.iter().try_for_each(check_attribute_value),
        Value::Object(fields) => fields.values().try_for_each(check_attribute_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn attribute_text(text: &str) -> Result<(), Problem> {
    at_most("the attribute's value", text, limits::ATTRIBUTE_CHARS_MAX)
}

fn said(what: &'static str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::Empty { what });
    }
    at_most(what, text, limits::REPLY_CHARS_MAX)
}

fn not_empty(what: &'static str, text: &str) -> Result<(), Problem> {
    if text.is_empty() { Err(Problem::Empty { what }) } else { Ok(()) }
}

fn at_most(what: &'static str, text: &str, chars_max: usize) -> Result<(), Problem> {
    let chars = text.chars().count();
    if chars > chars_max { Err(Problem::TooLong { what, chars, chars_max }) } else { Ok(()) }
}

fn json(what: &str, text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::NotJson { what: what.into(), reason: error.to_string() })
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
            AttributeChange::Unset(name) | AttributeChange::Increment(name, _) => name.len(),
            AttributeChange::Add(name, text) | AttributeChange::Remove(name, text) => name.len() + text.len(),
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

#[cfg(test)]
mod tests;
