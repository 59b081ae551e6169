//! Events as the lines that lead to them.

use turnwise_plugin::testing::Said;

use crate::conversation::{
    Choice, Decision, Effect, Event, HandoffUpdate, HttpResponse, JournalEntry, Message, NamedJson, NextState, Outcome,
    RequestError,
};

/// The line, and the messages that go on with it.
pub(super) fn happening(event: &Event, offered: &[Choice]) -> (String, Vec<Said>) {
    let line = match event {
        Event::Message(Message { flow_response: Some(json), .. }) => format!("@ flow {}", json_on_one_line(json)),
        Event::Message(message) => user(&said(message, offered)),
        Event::Burst(messages) => {
            let mut all = messages.iter().map(|message| said(message, offered));
            let first = all.next().unwrap_or_default();
            return (user(&first), all.collect());
        }
        Event::Timer(timer) => format!("@ timer {}", timer.name),
        Event::Response(response) => format!("@ response {} {}", response.id, outcome(&response.outcome)),
        Event::DeliveryFailed(failure) => format!("@ delivery-failed {}", on_one_line(&failure.reason)),
        Event::Handoff(HandoffUpdate::Failed(why)) => format!("@ handoff failed {}", on_one_line(why)),
        Event::Handoff(HandoffUpdate::Accepted(agent)) => {
            format!("@ handoff accepted {}", on_one_line(agent.as_deref().unwrap_or_default()))
        }
        Event::Handoff(HandoffUpdate::Returned(back)) => {
            format!("@ handoff returned {}", on_one_line(back.note.as_deref().unwrap_or_default()))
        }
        Event::SessionExpired { idle_seconds } => format!("@ session-expired {idle_seconds}s"),
        Event::Switched(from) => format!("@ switched {}", named(from)),
        Event::External(pushed) => format!("@ external {}", named(pushed)),
        // What the bot hears of it is a line of its own.
        Event::Desk(act) => format!("# {} at the desk", act.act.kind()),
    };
    (line.trim_end().to_owned(), Vec::new())
}

fn user(said: &Said) -> String {
    format!("> {said}")
}

/// A choice is written by its title, whatever it was chosen by.
fn said(message: &Message, offered: &[Choice]) -> Said {
    let chosen = message.choice.as_ref().and_then(|id| offered.iter().find(|choice| choice.id == *id));
    let typed = message.text.trim();
    let is_title = |choice: &&Choice| typed.to_lowercase() != choice.title.trim().to_lowercase();
    let text = chosen.filter(is_title).map_or(typed, |choice| choice.title.trim());
    let media = message.media.iter().map(|media| {
        let kind = media.mime_type.clone().unwrap_or_else(|| "unknown".to_owned());
        (kind, Some(media.url.clone()))
    });
    Said { text: text.to_owned(), media: media.collect(), choices: Vec::new() }
}

fn outcome(outcome: &Result<HttpResponse, RequestError>) -> String {
    match outcome {
        Ok(response) => format!("{} {}", response.status, json_on_one_line(&response.body)),
        Err(RequestError::Timeout) => "timeout".to_owned(),
        Err(RequestError::TooLarge) => "too-large".to_owned(),
        Err(RequestError::Denied(why)) => format!("denied {}", on_one_line(why)),
        Err(RequestError::Unreachable(why)) => format!("unreachable {}", on_one_line(why)),
        Err(RequestError::Other(why)) => format!("other {}", on_one_line(why)),
    }
}

fn named(NamedJson { name, value }: &NamedJson) -> String {
    if value == "null" { name.clone() } else { format!("{name} {}", json_on_one_line(value)) }
}

/// Spelled without line breaks, where it is JSON.
pub(super) fn json_on_one_line(json: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(value) if json.contains('\n') => value.to_string(),
        _ => on_one_line(json),
    }
}

pub(super) fn on_one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lines for those requests of a turn whose answer never came: given up, or still to come at the end of the recording.
pub(super) fn unanswered(entry: &JournalEntry, later: &[&JournalEntry]) -> Vec<String> {
    let Outcome::Decided(decision) = &entry.outcome else { return Vec::new() };
    let requests = decision.effects.iter().filter_map(|effect| match effect {
        Effect::Request(request) => Some(request),
        _ => None,
    });
    let has_answer =
        |id: &str| later.iter().any(|entry| matches!(&entry.event, Event::Response(response) if response.id == id));
    requests
        .filter(|request| !has_answer(&request.id))
        .map(|request| {
            let (method, seconds) = (request.method.to_uppercase(), request.timeout_seconds.max(1));
            format!("@ http {} {method} {} after {seconds}s timeout", request.connection, request.path)
        })
        .collect()
}

/// Which keys of the state outlived the session that expired with this turn, by what the next turn found.
pub(super) fn carried_over(expired: &JournalEntry, next: Option<&JournalEntry>) -> Vec<String> {
    if let Outcome::Decided(Decision { state: NextState::Replace(_) | NextState::Clear, .. }) = &expired.outcome {
        return Vec::new();
    }
    type Fields = serde_json::Map<String, serde_json::Value>;
    let left = next.and_then(|next| serde_json::from_str::<Fields>(next.state.as_deref()?).ok());
    left.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}
