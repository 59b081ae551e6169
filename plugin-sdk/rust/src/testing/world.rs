//! What an `@` line can say.
//!
//! ```text
//! @ handoff accepted Ana            an agent took it, named or not; the bot hears nothing until it is returned
//! @ handoff returned refunded       the agent gave it back, with a note or none
//! @ handoff failed nobody is there  nobody took it, and why
//! @ delivery-failed no opt-in       a reply of the turn before was not delivered, and why
//! @ response shop 200 {"paid":true} the answer to the request with this id; its body may be left out
//! @ response shop timeout           …or why there is none: timeout, too-large, denied, unreachable
//! @ external order-shipped {"n":1}  another system pushed this in; the JSON may be left out
//! @ switched faq {"topic":"hours"}  another bot passed the conversation here; the JSON may be left out
//! @ session-expired 24h             the session ended after this much idle time
//! @ setting hours="9 to 5"          a setting of the configuration, from here on
//! @ field first_name="Sam"          a value beside the messages, from here on
//! @ desk closed                     whether agents are there, from here on: open (as at the start), closed, none
//! ```

use super::mistake::Wrong;
use super::transcript::duration;
use crate::bindings::turnwise::bot::types::{
    DeliveryFailure, DeskStatus, Event, HandoffReturn, HandoffUpdate, HttpResponse, NamedJson, RequestError, Response,
};

pub(super) enum Happening {
    Event(Event),
    Setting(NamedJson),
    Field(NamedJson),
    Desk(DeskStatus),
}

pub(super) fn read(words: &str, last_turn: u32) -> Result<Happening, Wrong<'_>> {
    let (kind, rest) = split(words);
    let event = match kind {
        "setting" => return assigned(rest).map(Happening::Setting),
        "field" => return assigned(rest).map(Happening::Field),
        "desk" => return desk(rest).map(Happening::Desk),
        "handoff" => Event::Handoff(handoff(rest)?),
        "delivery-failed" => Event::DeliveryFailed(DeliveryFailure {
            turn: last_turn,
            campaign: "reply".to_owned(),
            reason: rest.to_owned(),
            ambiguous: false,
        }),
        "response" => Event::Response(response(rest)?),
        "external" => Event::External(named(rest)?),
        "switched" => Event::Switched(named(rest)?),
        "session-expired" => {
            let idle = duration(rest).ok_or_else(|| {
                Wrong::new(rest, format!("`{rest}` is no time"), "write e.g. `@ session-expired 24h`")
            })?;
            Event::SessionExpired(u32::try_from(idle.as_secs()).unwrap_or(u32::MAX))
        }
        _ => {
            let known =
                "handoff, delivery-failed, response, external, switched, session-expired, setting, field or desk";
            return Err(Wrong::new(kind, format!("`@ {kind}` is nothing that can happen"), format!("write {known}")));
        }
    };
    Ok(Happening::Event(event))
}

fn desk(word: &str) -> Result<DeskStatus, Wrong<'_>> {
    match word {
        "open" => Ok(DeskStatus::Open),
        "closed" => Ok(DeskStatus::Closed(None)),
        "none" => Ok(DeskStatus::None),
        _ => Err(Wrong::new(word, format!("a desk is not `{word}`"), "write `open`, `closed` or `none`")),
    }
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

fn response(words: &str) -> Result<Response, Wrong<'_>> {
    let (id, outcome) = split(words);
    let (status, body) = split(outcome);
    let outcome = match status {
        "timeout" => Err(RequestError::Timeout),
        "too-large" => Err(RequestError::TooLarge),
        "denied" => Err(RequestError::Denied(body.to_owned())),
        "unreachable" => Err(RequestError::Unreachable(body.to_owned())),
        _ => {
            let status = status.parse().map_err(|_| {
                let fix = "write e.g. `@ response ID 200 BODY`, or one of timeout, too-large, denied, unreachable";
                Wrong::new(status, format!("`{status}` is no HTTP status"), fix)
            })?;
            Ok(HttpResponse { status, headers: vec![], body: body.to_owned() })
        }
    };
    Ok(Response { id: id.to_owned(), outcome })
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
fn split(words: &str) -> (&str, &str) {
    let (first, rest) = words.split_at(words.find(' ').unwrap_or(words.len()));
    (first, rest.trim_start())
}
