//! `/campaigns/trigger/send` and `/canvas/trigger/send`: what a request asks for, or why Braze refuses it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::profile::Identifier;

const RECIPIENTS_MAX: usize = 50;
const PROPERTIES_BYTES_MAX: usize = 50 * 1024;

/// Which of the two endpoints was called: they differ only in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Campaign,
    Canvas,
}

/// A valid request.
#[derive(Debug)]
pub(super) struct Trigger {
    /// The campaign's or Canvas's.
    pub(super) id: String,
    pub(super) recipients: Recipients,
    /// Recipients that were left out, as Braze's `errors` array has them.
    pub(super) errors: Vec<Value>,
}

/// Who gets the message.
#[derive(Debug)]
pub(super) enum Recipients {
    /// No two of them by the same identifier.
    Named(Vec<Recipient>),
    /// A broadcast, with these properties.
    Everyone(Map<String, Value>),
}

#[derive(Debug)]
pub(super) struct Recipient {
    /// Its place in the request.
    pub(super) index: usize,
    pub(super) identifier: Identifier,
    /// The request's, overridden by the recipient's own.
    pub(super) properties: Map<String, Value>,
    /// Written to the profile before the send.
    pub(super) attributes: Option<Map<String, Value>>,
    /// False makes the profile where there is none.
    pub(super) existing_only: bool,
}

/// A 400 with this text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

impl Kind {
    fn id_name(self) -> &'static str {
        match self {
            Self::Campaign => "campaign_id",
            Self::Canvas => "canvas_id",
        }
    }

    /// The property objects' names, newest first.
    fn properties_names(self) -> &'static [&'static str] {
        match self {
            Self::Campaign => &["trigger_properties"],
            Self::Canvas => &["context", "canvas_entry_properties"],
        }
    }

    fn unknown_id(self) -> Refusal {
        Refusal(match self {
            Self::Campaign => {
                "Invalid Campaign ID: No Messaging API campaign was found for the campaign ID you provided".into()
            }
            Self::Canvas => {
                "Invalid Canvas ID: No API-triggered Canvas was found for the Canvas ID you provided".into()
            }
        })
    }
}

impl Trigger {
    /// `body_bytes` is the length of the body's text; `known` the ids that exist, or empty where all do.
    pub(super) fn read(kind: Kind, body: Value, body_bytes: usize, known: &[String]) -> Result<Self, Refusal> {
        let Value::Object(mut body) = body else {
            return Err(Refusal("Bad Request: the body must be a JSON object".into()));
        };
        let id = match body.remove(kind.id_name()) {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::String(_)) | None => return Err(kind.unknown_id()),
            Some(_) => return Err(Refusal(format!("'{}' must be a String", kind.id_name()))),
        };
        if !known.is_empty() && !known.contains(&id) {
            return Err(kind.unknown_id());
        }
        let broadcast = match body.remove("broadcast") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(broadcast)) => broadcast,
            Some(_) => return Err(Refusal("'broadcast' must be a Boolean".into())),
        };
        // No property object can be too large in a body that is not.
        let measure = body_bytes > PROPERTIES_BYTES_MAX;
        let properties = take_properties(kind, &mut body, measure).map_err(Refusal)?;
        let recipients = match body.remove("recipients") {
            None | Some(Value::Null) => None,
            Some(Value::Array(recipients)) => Some(recipients),
            Some(_) => return Err(Refusal("'recipients' must be an Array".into())),
        };
        let Some(recipients) = recipients.filter(|recipients| !recipients.is_empty()) else {
            return if broadcast {
                let recipients = Recipients::Everyone(properties.unwrap_or_default());
                Ok(Self { id, recipients, errors: Vec::new() })
            } else if body.contains_key("audience") {
                Err(Refusal("'broadcast' must be true when no recipients are provided".into()))
            } else {
                Err(Refusal(
                    "No Recipients: There are no external IDs, segment IDs, or push tokens in the request".into(),
                ))
            };
        };
        if broadcast {
            return Err(Refusal("'broadcast' must be false when recipients are provided".into()));
        }
        if recipients.len() > RECIPIENTS_MAX {
            return Err(Refusal(format!(
                "The max number of external_ids and aliases per request was exceeded: {} of {RECIPIENTS_MAX}",
                recipients.len()
            )));
        }
        let (named, errors) = read_recipients(kind, recipients, properties, measure);
        match errors.first() {
            Some(error) if named.is_empty() => Err(Refusal(error["type"].as_str().unwrap_or_default().to_owned())),
            _ => Ok(Self { id, recipients: Recipients::Named(named), errors }),
        }
    }
}

fn read_recipients(
    kind: Kind,
    recipients: Vec<Value>,
    shared: Option<Map<String, Value>>,
    measure: bool,
) -> (Vec<Recipient>, Vec<Value>) {
    let mut named = Vec::with_capacity(recipients.len());
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    let last = recipients.len() - 1;
    let mut shared = shared.unwrap_or_default();
    for (index, recipient) in recipients.into_iter().enumerate() {
        let properties = if index == last { std::mem::take(&mut shared) } else { shared.clone() };
        match read_recipient(kind, index, recipient, properties, measure) {
            Ok(recipient) if last > 0 && !seen.insert(recipient.identifier.clone()) => {}
            Ok(recipient) => named.push(recipient),
            Err(problem) => errors.push(json!({"type": problem, "input_array": "recipients", "index": index})),
        }
    }
    (named, errors)
}

fn read_recipient(
    kind: Kind,
    index: usize,
    recipient: Value,
    mut properties: Map<String, Value>,
    measure: bool,
) -> Result<Recipient, String> {
    let Value::Object(mut recipient) = recipient else { return Err("'recipients' must be an Array of Objects".into()) };
    let identifier = read_identifier(&mut recipient)?;
    if let Some(own) = take_properties(kind, &mut recipient, measure)? {
        properties.extend(own);
    }
    let attributes = match recipient.remove("attributes") {
        None | Some(Value::Null) => None,
        Some(Value::Object(attributes)) => Some(attributes),
        Some(_) => return Err("'attributes' must be an Object".into()),
    };
    let existing_only = match recipient.remove("send_to_existing_only") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(existing_only)) => existing_only,
        Some(_) => return Err("'send_to_existing_only' must be a Boolean".into()),
    };
    if !existing_only && matches!(identifier, Identifier::Alias { .. }) {
        return Err("'send_to_existing_only' cannot be false with 'user_alias'".into());
    }
    if !existing_only && attributes.is_none() {
        return Err("'attributes' is required when 'send_to_existing_only' is false".into());
    }
    Ok(Recipient { index, identifier, properties, attributes, existing_only })
}

fn read_identifier(recipient: &mut Map<String, Value>) -> Result<Identifier, String> {
    let mut found = None;
    for name in ["external_user_id", "user_alias", "email", "braze_id"] {
        let Some(value) = recipient.remove(name).filter(|value| !value.is_null()) else { continue };
        if found.is_some() {
            return Err("only one of 'external_user_id', 'user_alias' or 'email' may be provided".into());
        }
        found = Some(match (name, value) {
            ("external_user_id", Value::String(id)) if !id.is_empty() => Identifier::ExternalId(id),
            ("user_alias", alias) => read_alias(alias)?,
            ("email", Value::String(email)) => {
                if !recipient.get("prioritization").is_some_and(Value::is_array) {
                    return Err("'prioritization' is required with 'email'".into());
                }
                Identifier::Email(email)
            }
            ("braze_id", Value::String(id)) => Identifier::BrazeId(id),
            (name, _) => return Err(format!("'{name}' must be a String")),
        });
    }
    found.ok_or_else(|| "'external_user_id', 'user_alias' or 'email' is required".into())
}

/// Shared with `/users/track`.
pub(super) fn read_alias(alias: Value) -> Result<Identifier, String> {
    let Value::Object(mut alias) = alias else { return Err("'user_alias' must be an Object".into()) };
    let mut part = |name: &str| match alias.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(format!("'{name}' must be a String")),
    };
    Ok(Identifier::Alias { name: part("alias_name")?, label: part("alias_label")? })
}

fn take_properties(
    kind: Kind,
    object: &mut Map<String, Value>,
    measure: bool,
) -> Result<Option<Map<String, Value>>, String> {
    for name in kind.properties_names() {
        match object.remove(*name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(properties)) => {
                if measure && serde_json::to_vec(&properties).map_or(0, |text| text.len()) > PROPERTIES_BYTES_MAX {
                    return Err(format!("'{name}' exceeds the maximum size of 50 KB"));
                }
                return Ok(Some(properties));
            }
            Some(_) => return Err(format!("'{name}' must be an Object")),
        }
    }
    Ok(None)
}
