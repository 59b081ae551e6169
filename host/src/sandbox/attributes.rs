//! What Braze makes of an attribute's value: set, delete, increment, arrays as sets, nested objects, and the silent truncations.

use serde_json::{Map, Value};

/// Braze cuts longer names and strings without a word.
const CHARS_MAX: usize = 255;
/// Braze's default for arrays of strings; the oldest go first.
const ARRAY_ITEMS_MAX: usize = 25;
const OBJECT_BYTES_MAX: usize = 100 * 1024;

/// Names in an attributes object that say how to write, or to whom.
const CONTROLS: [&str; 9] = [
    "_merge_objects",
    "_update_existing_only",
    "alias_label",
    "alias_name",
    "bio",
    "braze_id",
    "external_id",
    "push_token_import",
    "user_alias",
];

/// Names that are Braze's own profile fields, not custom attributes.
const FIELDS: [&str; 23] = [
    "country",
    "current_location",
    "date_of_first_session",
    "date_of_last_session",
    "dob",
    "email",
    "email_click_tracking_disabled",
    "email_open_tracking_disabled",
    "email_subscribe",
    "facebook",
    "first_name",
    "gender",
    "home_city",
    "image_url",
    "language",
    "last_name",
    "marked_email_as_spam_at",
    "phone",
    "push_subscribe",
    "push_tokens",
    "subscription_groups",
    "time_zone",
    "twitter",
];

/// One custom attribute as a request carries it.
pub(super) struct Change {
    pub(super) name: String,
    pub(super) value: Value,
    /// The request asked for nested objects to be merged rather than replaced.
    pub(super) merge: bool,
}

pub(super) fn is_control(name: &str) -> bool {
    CONTROLS.contains(&name)
}

pub(super) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// Writes one of Braze's own fields.
pub(super) fn apply_field(fields: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), String> {
    match value {
        Value::Null => drop(fields.remove(name)),
        Value::String(text) => drop(fields.insert(name.to_owned(), truncated(text).into())),
        Value::Object(_) | Value::Array(_)
            if !matches!(name, "current_location" | "subscription_groups" | "push_tokens" | "facebook" | "twitter") =>
        {
            return Err(format!("'{name}' must be a String"));
        }
        other => drop(fields.insert(name.to_owned(), other)),
    }
    Ok(())
}

/// Writes one custom attribute. A value that Braze cannot take leaves the attribute as it was.
pub(super) fn apply(attributes: &mut Map<String, Value>, change: Change) -> Result<(), String> {
    let name = truncated(change.name);
    match change.value {
        Value::Null => drop(attributes.shift_remove(&name)),
        Value::String(text) => drop(attributes.insert(name, truncated(text).into())),
        Value::Array(items) => {
            let items = if items.iter().all(Value::is_string) { as_set(Vec::new(), items) } else { items };
            attributes.insert(name, items.into());
        }
        Value::Object(object) => return apply_object(attributes, name, object, change.merge),
        other => drop(attributes.insert(name, other)),
    }
    Ok(())
}

fn apply_object(
    attributes: &mut Map<String, Value>,
    name: String,
    mut object: Map<String, Value>,
    merge: bool,
) -> Result<(), String> {
    if object.len() == 1 {
        let (operation, operand) = object.iter_mut().next().expect("it has one entry");
        let operand = operand.take();
        match operation.as_str() {
            "inc" => return increment(attributes, name, &operand),
            "add" => return add(attributes, name, operand),
            "remove" => return remove(attributes, &name, operand),
            "$add" | "$update" | "$remove" => {
                let operation = operation.clone();
                return change_objects(attributes, name, &operation, operand);
            }
            _ => *object.values_mut().next().expect("it has one entry") = operand,
        }
    }
    let value = Value::Object(object);
    check_nested(&name, &value)?;
    let merged = match (merge, attributes.get(&name)) {
        (true, Some(existing)) => merged(existing.clone(), value),
        _ => value,
    };
    if merged.to_string().len() > OBJECT_BYTES_MAX {
        return Err(format!("'{name}' exceeds the maximum size of 100 KB"));
    }
    attributes.insert(name, with_truncated_strings(merged));
    Ok(())
}

fn increment(attributes: &mut Map<String, Value>, name: String, by: &Value) -> Result<(), String> {
    let Some(by) = by.as_i64() else {
        return Err(format!("'{name}' must be incremented by an Integer"));
    };
    let before = match attributes.get(&name) {
        None => 0,
        Some(Value::Number(number)) if number.is_i64() => number.as_i64().unwrap_or(0),
        Some(_) => return Err(format!("'{name}' is not an Integer and cannot be incremented")),
    };
    attributes.insert(name, before.saturating_add(by).into());
    Ok(())
}

fn add(attributes: &mut Map<String, Value>, name: String, items: Value) -> Result<(), String> {
    let items = strings(&name, items)?;
    let existing = match attributes.get_mut(&name).map(Value::take) {
        Some(Value::Array(existing)) => existing,
        _ => Vec::new(),
    };
    attributes.insert(name, as_set(existing, items).into());
    Ok(())
}

fn remove(attributes: &mut Map<String, Value>, name: &str, items: Value) -> Result<(), String> {
    let items = strings(name, items)?;
    if let Some(Value::Array(existing)) = attributes.get_mut(name) {
        existing.retain(|item| !items.contains(item));
    }
    Ok(())
}

/// `$add`, `$update` and `$remove` on an array of objects.
fn change_objects(
    attributes: &mut Map<String, Value>,
    name: String,
    operation: &str,
    operand: Value,
) -> Result<(), String> {
    let Value::Array(operands) = operand else {
        return Err(format!("'{name}' must be given an Array for '{operation}'"));
    };
    for operand in &operands {
        let value = operand.get("$new_object").unwrap_or(operand);
        if operation != "$remove" {
            check_nested(&name, value)?;
        }
    }
    if !attributes.get(&name).is_some_and(Value::is_array) {
        attributes.insert(name.clone(), Value::Array(Vec::new()));
    }
    let Some(Value::Array(objects)) = attributes.get_mut(&name) else { return Ok(()) };
    for operand in operands {
        let matches = |object: &Value| {
            let key = operand.get("$identifier_key").and_then(Value::as_str).unwrap_or_default();
            object.get(key).is_some() && object.get(key) == operand.get("$identifier_value")
        };
        match operation {
            "$add" => objects.push(operand),
            "$remove" => objects.retain(|object| !matches(object)),
            _ => {
                let new = operand.get("$new_object").cloned().unwrap_or_default();
                for object in objects.iter_mut().filter(|object| matches(object)) {
                    *object = merged(object.take(), new.clone());
                }
            }
        }
    }
    Ok(())
}

/// One bad value inside a nested attribute drops the whole update of that attribute.
fn check_nested(name: &str, value: &Value) -> Result<(), String> {
    let bad = |what: &str| Err(format!("'{name}' has an invalid nested value: {what}"));
    match value {
        Value::Null => bad("null"),
        Value::Array(items) => items.iter().try_for_each(|item| check_nested(name, item)),
        Value::Object(object) => object.iter().try_for_each(|(key, value)| match (key.as_str(), value) {
            ("$time", Value::String(time)) if time.as_bytes().first().is_some_and(u8::is_ascii_digit) => Ok(()),
            ("$time", _) => bad("$time"),
            (key, _) if key.contains(['.', '$', ' ']) => bad(key),
            (_, value) => check_nested(name, value),
        }),
        _ => Ok(()),
    }
}

fn merged(existing: Value, update: Value) -> Value {
    match (existing, update) {
        (Value::Object(mut existing), Value::Object(update)) => {
            for (key, value) in update {
                let before = existing.get_mut(&key).map(Value::take).unwrap_or_default();
                existing.insert(key, merged(before, value));
            }
            Value::Object(existing)
        }
        (_, update) => update,
    }
}

fn with_truncated_strings(value: Value) -> Value {
    match value {
        Value::String(text) => truncated(text).into(),
        Value::Array(items) => items.into_iter().map(with_truncated_strings).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (truncated(key), with_truncated_strings(value))).collect()
        }
        other => other,
    }
}

fn strings(name: &str, items: Value) -> Result<Vec<Value>, String> {
    match items {
        Value::String(_) => Ok(vec![items]),
        Value::Array(items) if items.iter().all(Value::is_string) => Ok(items),
        _ => Err(format!("'{name}' must be an Array of Strings")),
    }
}

/// An item added again moves to the end; the oldest make room for the newest.
fn as_set(mut existing: Vec<Value>, items: Vec<Value>) -> Vec<Value> {
    for item in items {
        let item = with_truncated_strings(item);
        existing.retain(|other| *other != item);
        existing.push(item);
    }
    let surplus = existing.len().saturating_sub(ARRAY_ITEMS_MAX);
    existing.drain(..surplus);
    existing
}

fn truncated(mut text: String) -> String {
    if text.len() > CHARS_MAX
        && let Some((end, _)) = text.char_indices().nth(CHARS_MAX)
    {
        text.truncate(end);
    }
    text
}
