//! Changes of custom attributes in the form Braze's attributes object has for them.

use serde_json::{Map, Value, json};

use crate::conversation::AttributeChange;

/// Names that say whose profile it is or how to write it. A change of one would reach another profile.
const NOT_ATTRIBUTES: [&str; 8] = [
    "external_id",
    "user_alias",
    "alias_name",
    "alias_label",
    "braze_id",
    "_update_existing_only",
    "_merge_objects",
    "push_token_import",
];

/// One member per attribute, several changes of one attribute in order merged into it. An error says what cannot be written.
pub fn attributes(changes: &[AttributeChange]) -> Result<Map<String, Value>, String> {
    let mut merged: Vec<(&str, Change)> = Vec::new();
    for change in changes {
        let (name, next) = read(change)?;
        if NOT_ATTRIBUTES.contains(&name) {
            return Err(format!("`{name}` names a profile and is no attribute that can be changed"));
        }
        match merged.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => {
                let taken = std::mem::replace(before, Change::Value(Value::Null));
                *before = taken.then(next);
            }
            None => merged.push((name, next)),
        }
    }
    Ok(merged.into_iter().map(|(name, change)| (name.to_owned(), change.into_json())).collect())
}

/// What is to become of one attribute.
enum Change {
    /// Null removes it.
    Value(Value),
    Increment(i64),
    Array {
        add: Vec<String>,
        remove: Vec<String>,
    },
}

fn read(change: &AttributeChange) -> Result<(&str, Change), String> {
    Ok(match change {
        AttributeChange::Set(named) => {
            let value = serde_json::from_str(&named.value)
                .map_err(|error| format!("the value of attribute `{}` is not JSON: {error}", named.name))?;
            (&named.name, Change::Value(value))
        }
        AttributeChange::Unset(name) => (name, Change::Value(Value::Null)),
        AttributeChange::Increment(name, by) => (name, Change::Increment(i64::from(*by))),
        AttributeChange::Add(name, item) => (name, Change::Array { add: vec![item.clone()], remove: Vec::new() }),
        AttributeChange::Remove(name, item) => (name, Change::Array { add: Vec::new(), remove: vec![item.clone()] }),
    })
}

impl Change {
    /// Both, one after the other. A value that is set makes everything before it moot; what follows it is computed here.
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Increment(before), Self::Increment(by)) => Self::Increment(before.saturating_add(by)),
            (Self::Value(Value::Null), Self::Increment(by)) => Self::Value(by.into()),
            (Self::Value(Value::Number(before)), Self::Increment(by)) => Self::Value(match before.as_i64() {
                Some(before) => before.saturating_add(by).into(),
                None => json!(before.as_f64().unwrap_or_default() + by as f64),
            }),
            (Self::Value(Value::Null), Self::Array { add, .. }) => Self::Value(add.into()),
            (Self::Value(Value::Array(mut items)), Self::Array { add, remove }) => {
                items.retain(|item| !add.iter().chain(&remove).any(|moved| item == moved));
                items.extend(add.into_iter().map(Value::String));
                Self::Value(items.into())
            }
            (Self::Array { add: mut added, remove: mut removed }, Self::Array { add, remove }) => {
                added.retain(|item| !add.contains(item) && !remove.contains(item));
                removed.retain(|item| !add.contains(item) && !remove.contains(item));
                added.extend(add);
                removed.extend(remove);
                Self::Array { add: added, remove: removed }
            }
            (_, last) => last,
        }
    }

    fn into_json(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Increment(by) => json!({ "inc": by }),
            Self::Array { add, remove } => {
                let lists = [("add", add), ("remove", remove)];
                let given = lists.into_iter().filter(|(_, items)| !items.is_empty());
                given.map(|(name, items)| (name.to_owned(), Value::from(items))).collect::<Map<_, _>>().into()
            }
        }
    }
}

#[cfg(test)]
mod tests;
