//! What a turn is about, on its way out. Records are taken apart, so that a new field cannot be forgotten.

use serde_json::{Value, json};

use crate::conversation::{
    Author, Context, DeliveryFailure, DeskStatus, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, Message,
    NamedJson, RequestError, Response, TimerFired, TranscriptLine, User, UserAlias,
};

/// `{"context":{…},"state":"…"|null,"event":{…}}`
#[must_use]
pub fn question(context: &Context, state: Option<&str>, event: &Event) -> Value {
    json!({ "context": self::context(context), "state": state, "event": self::event(event) })
}

/// The contract's `context`.
#[must_use]
pub fn context(context: &Context) -> Value {
    let Context { conversation, session, turn, user, source, now, seed, settings, fields, desk } = context;
    json!({
        "conversation": conversation.to_string(),
        "session": session,
        "turn": turn,
        "user": self::user(user),
        "source": source,
        "now": now.0,
        "seed": seed,
        "settings": list(settings, named_json),
        "fields": list(fields, named_json),
        "desk": match desk {
            DeskStatus::Open => case("open"),
            DeskStatus::Closed(reopens) => case_of("closed", json!(reopens.map(|at| at.0))),
            DeskStatus::None => case("none"),
        },
    })
}

/// The contract's `event`.
#[must_use]
pub fn event(event: &Event) -> Value {
    let val = match event {
        Event::Message(of) => message(of),
        Event::Burst(messages) => list(messages, message),
        Event::Timer(TimerFired { name, payload, due }) => json!({ "name": name, "payload": payload, "due": due.0 }),
        Event::Response(of) => response(of),
        Event::DeliveryFailed(DeliveryFailure { turn, campaign, reason, ambiguous }) => {
            json!({ "turn": turn, "campaign": campaign, "reason": reason, "ambiguous": ambiguous })
        }
        Event::Handoff(of) => handoff_update(of),
        Event::SessionExpired { idle_seconds } => json!(idle_seconds),
        Event::Switched(of) | Event::External(of) => named_json(of),
        Event::Desk(act) => json!(act),
    };
    case_of(event.kind(), val)
}

pub(super) fn case(tag: &str) -> Value {
    json!({ "tag": tag })
}

pub(super) fn case_of(tag: &str, val: Value) -> Value {
    json!({ "tag": tag, "val": val })
}

pub(super) fn list<T>(items: &[T], item: impl Fn(&T) -> Value) -> Value {
    items.iter().map(item).collect()
}

fn user(user: &User) -> Value {
    let User { external_id, alias, phone, language, profile_name } = user;
    json!({
        "externalId": external_id,
        "alias": alias.as_ref().map(|UserAlias { name, label }| json!({ "name": name, "label": label })),
        "phone": phone,
        "language": language,
        "profileName": profile_name,
    })
}

pub(super) fn named_json(NamedJson { name, value }: &NamedJson) -> Value {
    json!({ "name": name, "value": value })
}

fn message(message: &Message) -> Value {
    let Message { id, text, media, choice, flow_response, received } = message;
    json!({
        "id": id,
        "text": text,
        "media": list(media, |Media { url, mime_type }| json!({ "url": url, "mimeType": mime_type })),
        "choice": choice,
        "flowResponse": flow_response,
        "received": received.0,
    })
}

fn response(Response { id, outcome }: &Response) -> Value {
    let outcome = match outcome {
        Ok(HttpResponse { status, headers, body }) => {
            case_of("ok", json!({ "status": status, "headers": headers, "body": body }))
        }
        Err(error) => case_of(
            "err",
            match error {
                RequestError::Denied(reason) => case_of("denied", json!(reason)),
                RequestError::Timeout => case("timeout"),
                RequestError::Unreachable(reason) => case_of("unreachable", json!(reason)),
                RequestError::TooLarge => case("too-large"),
                RequestError::Other(reason) => case_of("other", json!(reason)),
            },
        ),
    };
    json!({ "id": id, "outcome": outcome })
}

fn handoff_update(update: &HandoffUpdate) -> Value {
    match update {
        HandoffUpdate::Failed(reason) => case_of("failed", json!(reason)),
        HandoffUpdate::Accepted(agent) => case_of("accepted", json!(agent)),
        HandoffUpdate::Returned(HandoffReturn { agent, note, transcript }) => case_of(
            "returned",
            json!({ "agent": agent, "note": note, "transcript": list(transcript, transcript_line) }),
        ),
    }
}

fn transcript_line(TranscriptLine { at, author, text }: &TranscriptLine) -> Value {
    let author = match author {
        Author::User => "user",
        Author::Bot => "bot",
        Author::Agent => "agent",
    };
    json!({ "at": at.0, "author": author, "text": text })
}
