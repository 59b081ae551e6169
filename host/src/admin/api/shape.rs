//! JSON schemas, as short as the shapes are.

use serde_json::{Map, Value, json};

/// Whatever it is.
#[must_use]
pub fn anything() -> Value {
    json!({})
}

#[must_use]
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// A text or null.
#[must_use]
pub fn maybe_text() -> Value {
    json!({ "type": ["string", "null"] })
}

#[must_use]
pub fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

#[must_use]
pub fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

#[must_use]
pub fn flag() -> Value {
    json!({ "type": "boolean" })
}

#[must_use]
pub fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// An object in which all of these are there.
#[must_use]
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|(name, shape)| ((*name).to_owned(), shape.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// The same with fields that may be missing.
#[must_use]
pub fn with_optional<const N: usize>(mut object: Value, fields: [(&str, Value); N]) -> Value {
    for (name, shape) in fields {
        object["properties"][name] = shape;
    }
    object
}
