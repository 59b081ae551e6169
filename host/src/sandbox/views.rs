//! What is remembered, as the JSON that people and tests read.

use serde_json::{Map, Value, json};

use super::memory::{ApiRequest, Attempt, Delivery, Message, Outcome};
use super::profile::Profile;
use super::trigger::Kind;

/// WhatsApp shows no more than this many rows.
const CHOICES_MAX: usize = 10;

/// A message as the user sees it: its text, what can be tapped, what is attached.
pub(super) fn message(message: &Message, text_property: &str) -> Value {
    let id_name = match message.kind {
        Kind::Campaign => "campaign_id",
        Kind::Canvas => "canvas_id",
    };
    let properties: Map<String, Value> = serde_json::from_str(&message.properties).unwrap_or_default();
    let text = match properties.get(text_property) {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => text.as_str().into(),
        Some(other) => other.to_string().into(),
    };
    json!({
        "n": message.n,
        "at": message.at,
        "user": message.user,
        id_name: message.id,
        "text": text,
        "choices": choices(&properties),
        "media": properties.get("media_url"),
        "properties": properties,
        "dispatch_id": message.dispatch_id,
    })
}

/// The array `choices`; where there is none, the titles in `choice_1`, `choice_2` and so on.
fn choices(properties: &Map<String, Value>) -> Vec<Value> {
    if let Some(Value::Array(choices)) = properties.get("choices") {
        let whole = |choice: &Value| {
            json!({
                "id": choice.get("id"),
                "title": choice.get("title").or(choice.as_str().map(|_| choice)),
                "description": choice.get("description"),
            })
        };
        return choices.iter().map(whole).collect();
    }
    (1..=CHOICES_MAX)
        .map_while(|n| properties.get(&format!("choice_{n}")).filter(|title| title.is_string()))
        .map(|title| json!({"id": null, "title": title, "description": null}))
        .collect()
}

/// A request with its headers by name and its body as JSON, or as text where it is not JSON.
pub(super) fn request(request: &ApiRequest) -> Value {
    let headers: Map<String, Value> = request
        .head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({
        "at": request.at,
        "method": request.method,
        "path": request.path,
        "headers": headers,
        "body": json_or_text(&request.body),
        "status": request.status,
        "answer": json_or_text(&request.answer),
    })
}

pub(super) fn profile(profile: &Profile) -> Value {
    let aliases = profile.aliases.iter().map(|(name, label)| json!({"alias_name": name, "alias_label": label}));
    let mut view = json!({
        "user": profile.name(),
        "external_id": profile.external_id,
        "braze_id": profile.braze_id,
        "user_aliases": aliases.collect::<Vec<_>>(),
    });
    let fields = view.as_object_mut().expect("it was made an object just above");
    fields.extend(profile.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    fields.insert("custom_attributes".into(), profile.custom_attributes.clone().into());
    fields.insert("custom_events".into(), profile.custom_events.clone().into());
    fields.insert("purchases".into(), profile.purchases.into());
    fields.insert("messages_received".into(), profile.received.into());
    fields.insert("updated_at".into(), json!(profile.updated));
    view
}

/// A profile as a list shows it.
pub(super) fn profile_line(profile: &Profile) -> Value {
    json!({
        "user": profile.name(),
        "external_id": profile.external_id,
        "phone": profile.fields.get("phone"),
        "first_name": profile.fields.get("first_name"),
        "language": profile.fields.get("language"),
        "messages_received": profile.received,
        "updated_at": profile.updated,
    })
}

pub(super) fn delivery(delivery: &Delivery) -> Value {
    json!({
        "at": delivery.at,
        "user": delivery.user,
        "dispatch_id": delivery.dispatch_id,
        "message": delivery.message,
        "media": delivery.media,
        "body": String::from_utf8_lossy(&delivery.body),
        "outcome": delivery.outcome.as_str(),
        "attempts": delivery.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({"at": attempt.at, "status": attempt.status, "answer": json_or_text(&attempt.answer)})
}

/// JSON where the bytes are JSON, else their text; null where there are none.
pub(super) fn json_or_text(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
