//! `/users/track`: attributes, then events, then purchases; bad objects are named and left out, the rest is processed.

use serde_json::{Map, Value, json};

use super::profile::Identifier;
use super::trigger::{Refusal, read_alias};

const NOTHING_VALID: &str = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

/// What a request asks for, in the order it is done.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) attributes: Vec<Tracked>,
    pub(super) events: Vec<Tracked>,
    pub(super) purchases: Vec<Tracked>,
    /// Objects that were left out, as Braze's `errors` array has them.
    pub(super) errors: Vec<Value>,
}

/// One object of the three arrays.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) identifier: Identifier,
    /// True leaves unknown users alone.
    pub(super) existing_only: bool,
    pub(super) fields: Map<String, Value>,
}

/// A 400 with this text and these errors.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) errors: Vec<Value>,
}

impl From<Refusal> for Refused {
    fn from(Refusal(message): Refusal) -> Self {
        Self { message, errors: Vec::new() }
    }
}

impl Track {
    pub(super) fn read(body: Value, objects_max: usize) -> Result<Self, Refused> {
        let Value::Object(mut body) = body else {
            return Err(Refusal("Bad Request: the body must be a JSON object".into()).into());
        };
        let mut arrays = Vec::with_capacity(3);
        for name in ["attributes", "events", "purchases"] {
            arrays.push(match body.remove(name) {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::Array(items)) => items,
                Some(_) => return Err(Refusal(format!("'{name}' must be an Array")).into()),
            });
        }
        let objects: usize = arrays.iter().map(Vec::len).sum();
        if objects > objects_max {
            let message = format!("Max Input Length Exceeded: {objects} objects of at most {objects_max}");
            return Err(Refusal(message).into());
        }
        let mut arrays = arrays.into_iter();
        let mut track = Self::default();
        let mut read = |name: &'static str, check: fn(&Map<String, Value>) -> Result<(), String>| {
            let mut read = Vec::new();
            for (index, item) in arrays.next().unwrap_or_default().into_iter().enumerate() {
                match Tracked::read(item, check) {
                    Ok(item) => read.push(item),
                    Err(problem) => {
                        track.errors.push(json!({"type": problem, "input_array": name, "index": index}));
                    }
                }
            }
            read
        };
        let attributes = read("attributes", |_| Ok(()));
        let events = read("events", check_event);
        let purchases = read("purchases", check_purchase);
        if attributes.is_empty() && events.is_empty() && purchases.is_empty() {
            return Err(Refused { message: NOTHING_VALID.into(), errors: track.errors });
        }
        Ok(Self { attributes, events, purchases, errors: track.errors })
    }
}

impl Tracked {
    fn read(item: Value, check: fn(&Map<String, Value>) -> Result<(), String>) -> Result<Self, String> {
        let Value::Object(mut fields) = item else { return Err("must be an Object".into()) };
        let identifier = read_identifier(&mut fields)?;
        let existing_only = match fields.shift_remove("_update_existing_only") {
            None | Some(Value::Null) => matches!(identifier, Identifier::Alias { .. }),
            Some(Value::Bool(existing_only)) => existing_only,
            Some(_) => return Err("'_update_existing_only' must be a Boolean".into()),
        };
        check(&fields)?;
        Ok(Self { identifier, existing_only, fields })
    }
}

/// E-mail and phone are identifiers only where there is no better one; otherwise they are profile fields to write.
fn read_identifier(fields: &mut Map<String, Value>) -> Result<Identifier, String> {
    let mut found = None;
    for name in ["external_id", "user_alias", "braze_id"] {
        let Some(value) = fields.shift_remove(name).filter(|value| !value.is_null()) else { continue };
        if found.is_some() {
            return Err("only one of 'external_id', 'braze_id' or 'user_alias' may be provided".into());
        }
        found = Some(match (name, value) {
            ("external_id", Value::String(id)) if !id.is_empty() => Identifier::ExternalId(id),
            ("braze_id", Value::String(id)) if !id.is_empty() => Identifier::BrazeId(id),
            ("user_alias", alias) => read_alias(alias)?,
            (name, _) => return Err(format!("'{name}' must be a String")),
        });
    }
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    found
        .or_else(|| text("email").map(Identifier::Email))
        .or_else(|| text("phone").map(Identifier::Phone))
        .ok_or_else(|| "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required".into())
}

fn check_event(fields: &Map<String, Value>) -> Result<(), String> {
    require_text(fields, "name")?;
    require_time(fields)?;
    match fields.get("properties") {
        None | Some(Value::Null | Value::Object(_)) => Ok(()),
        Some(_) => Err("'properties' must be an Object".into()),
    }
}

fn check_purchase(fields: &Map<String, Value>) -> Result<(), String> {
    require_text(fields, "product_id")?;
    require_text(fields, "currency")?;
    require_time(fields)?;
    if fields.get("price").is_some_and(Value::is_number) { Ok(()) } else { Err("'price' must be a Number".into()) }
}

fn require_text(fields: &Map<String, Value>, name: &str) -> Result<(), String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(()),
        _ => Err(format!("'{name}' must be a String")),
    }
}

/// `YYYY-MM-DD`, with whatever of a time of day follows.
fn require_time(fields: &Map<String, Value>) -> Result<(), String> {
    require_text(fields, "time")?;
    let time = fields["time"].as_str().unwrap_or_default().as_bytes();
    let shaped = time.len() >= 10
        && time[..10]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
    if shaped { Ok(()) } else { Err("'time' must be in ISO 8601 format".into()) }
}
