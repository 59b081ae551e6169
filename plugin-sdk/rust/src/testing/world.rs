//! What an `@` line can say.
//!
//! ```text
//! @ handoff accepted Ana            an agent took it, named or not; the bot hears nothing until it is returned
//! @ handoff returned refunded       the agent gave it back, with a note or none
//! @ handoff failed nobody is there  nobody took it, and why
//! @ delivery-failed no opt-in       a reply of the turn before was not delivered, and why
//! @ external order-shipped {"n":1}  another system pushed this in; the JSON may be left out
//! @ switched faq {"topic":"hours"}  another bot passed the conversation here; the JSON may be left out
//! @ session-expired 24h             the session ended after this much idle time
//! @ flow {"date":"2026-02-01"}      the user filled in a WhatsApp Flow
//!
//! @ http shop GET /orders/{...} 200 {"paid":true}   answers a request to come; see [`script`](super::script)
//! @ response shop 200 {"paid":true} the answer to the request with this id, now; its body may be left out
//! @ response shop timeout           …or why there is none: timeout, too-large, denied, unreachable, other
//! @ braze 400 x2                    what Braze answers to the next two sends; see [`script`](super::script)
//!
//! @ setting hours="9 to 5"          a setting of the configuration, from here on
//! @ field first_name="Sam"          a value beside the messages, from here on
//! @ user language=de                who is talking, from here on: id, phone, language, name; `none` for none
//! @ desk closed                     whether agents are there, from here on: open (as at the start), closed, none
//! @ idle-timeout 30m                how long until the session expires by itself, from here on: 24h at the start
//! @ carry-over language, name       keys of the state that outlive a session, from here on
//! ```

use std::time::Duration;

use super::mistake::Wrong;
use super::script::{self, Answer, Fault};
use super::transcript::duration;
use crate::bindings::turnwise::bot::types::{DeskStatus, Event, HandoffReturn, HandoffUpdate, NamedJson, Response};

/// What happens, or is so from here on.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Event(Event),
    /// Of a reply of the turn before, and why.
    DeliveryFailed(String),
    Response(Response),
    /// JSON text.
    Flow(String),
    Http(Answer),
    Braze(Fault),
    Setting(NamedJson),
    Field(NamedJson),
    User(UserPart, Option<String>),
    Desk(DeskStatus),
    IdleTimeout(Duration),
    /// Names.
    CarryOver(Vec<String>),
}

/// What is known of who is talking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserPart {
    ExternalId,
    Phone,
    Language,
    ProfileName,
}

const KNOWN: &str = "handoff, delivery-failed, external, switched, session-expired, flow, http, response, braze, setting, \
                     field, user, desk, idle-timeout or carry-over";

pub(super) fn read(words: &str) -> Result<Happening, Wrong<'_>> {
    let (kind, rest) = split(words);
    Ok(match kind {
        "setting" => Happening::Setting(assigned(rest)?),
        "field" => Happening::Field(assigned(rest)?),
        "user" => user(rest)?,
        "desk" => Happening::Desk(desk(rest)?),
        "idle-timeout" => Happening::IdleTimeout(time(rest, "@ idle-timeout 30m")?),
        "carry-over" => {
            let names = rest.split(',').map(|name| name.trim().to_owned());
            Happening::CarryOver(names.filter(|name| !name.is_empty()).collect())
        }
        "handoff" => Happening::Event(Event::Handoff(handoff(rest)?)),
        "delivery-failed" => Happening::DeliveryFailed(rest.to_owned()),
        "response" => {
            let (id, outcome) = split(rest);
            let outcome = script::outcome(outcome, "@ response ID 200 BODY")?;
            Happening::Response(Response { id: id.to_owned(), outcome })
        }
        "http" => Happening::Http(script::answer(rest)?),
        "braze" => Happening::Braze(script::fault(rest)?),
        "flow" => Happening::Flow(json("flow", rest)?.value),
        "external" => Happening::Event(Event::External(named(rest)?)),
        "switched" => Happening::Event(Event::Switched(named(rest)?)),
        "session-expired" => {
            let idle = time(rest, "@ session-expired 24h")?;
            Happening::Event(Event::SessionExpired(u32::try_from(idle.as_secs()).unwrap_or(u32::MAX)))
        }
        _ => {
            let message = format!("`@ {kind}` is nothing that can happen");
            return Err(Wrong::new(kind, message, format!("write {KNOWN}")));
        }
    })
}

fn time<'a>(words: &'a str, example: &str) -> Result<Duration, Wrong<'a>> {
    duration(words).ok_or_else(|| Wrong::new(words, format!("`{words}` is no time"), format!("write e.g. `{example}`")))
}

fn desk(word: &str) -> Result<DeskStatus, Wrong<'_>> {
    match word {
        "open" => Ok(DeskStatus::Open),
        "closed" => Ok(DeskStatus::Closed(None)),
        "none" => Ok(DeskStatus::None),
        _ => Err(Wrong::new(word, format!("a desk is not `{word}`"), "write `open`, `closed` or `none`")),
    }
}

fn user(words: &str) -> Result<Happening, Wrong<'_>> {
    let (name, value) = words.split_once('=').unwrap_or((words, ""));
    let part = match name.trim_end() {
        "id" => UserPart::ExternalId,
        "phone" => UserPart::Phone,
        "language" => UserPart::Language,
        "name" => UserPart::ProfileName,
        _ => {
            let fix = "write `id=…`, `phone=…`, `language=…` or `name=…`; what comes beside messages is an `@ field`";
            return Err(Wrong::new(name, format!("nothing of a user is called `{name}`"), fix));
        }
    };
    let value = value.trim();
    if value.is_empty() {
        return Err(Wrong::new(
            words,
            format!("`{words}` has no value"),
            format!("write `{name}=VALUE` or `{name}=none`"),
        ));
    }
    // A text may have its quotes, as everywhere else.
    let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
    Ok(Happening::User(part, (value != "none").then_some(text)))
}

fn handoff(words: &str) -> Result<HandoffUpdate, Wrong<'_>> {
    let (what, rest) = split(words);
    let rest = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
    match what {
        "accepted" => Ok(HandoffUpdate::Accepted(rest)),
        "returned" => Ok(HandoffUpdate::Returned(HandoffReturn { agent: None, note: rest, transcript: vec![] })),
        "failed" => Ok(HandoffUpdate::Failed(rest.unwrap_or_else(|| "nobody took it".to_owned()))),
        _ => Err(Wrong::new(what, format!("a handoff is not `{what}`"), "write `accepted`, `returned` or `failed`")),
    }
}

fn named(words: &str) -> Result<NamedJson, Wrong<'_>> {
    let (name, value) = split(words);
    if value.is_empty() { Ok(NamedJson { name: name.to_owned(), value: "null".to_owned() }) } else { json(name, value) }
}

fn assigned(words: &str) -> Result<NamedJson, Wrong<'_>> {
    let (name, value) = words
        .split_once('=')
        .ok_or_else(|| Wrong::new(words, format!("`{words}` has no value"), format!("write `{words}=JSON`")))?;
    json(name, value)
}

fn json<'a>(name: &str, value: &'a str) -> Result<NamedJson, Wrong<'a>> {
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(_) => Ok(NamedJson { name: name.to_owned(), value: value.to_owned() }),
        Err(error) => {
            let fix = "text has quotes around it, the names of an object too";
            Err(Wrong::new(value, format!("`{value}` is no JSON: {error}"), fix))
        }
    }
}

/// Both are parts of `words`, even where the second is empty.
pub(super) fn split(words: &str) -> (&str, &str) {
    let (first, rest) = words.split_at(words.find(' ').unwrap_or(words.len()));
    (first, rest.trim_start())
}
