//! What stands behind a message that is not last: the keys of somebody's own template, or a user who types JSON.
//!
//! The two cannot always be told apart, so a key is believed there only if a lie in it does no harm: a user may send any media, fill in
//! any flow and repeat any dispatch id anyway. Who is talking is believed only where nothing in front said it, and what a bot may
//! rely on (a name, a plan, a custom attribute) never. A name that is there twice means that somebody typed it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::scan::{Field, canonical};

/// Keys in which a lie does no harm.
const HARMLESS: &[&str] = &["dispatch_id", "media", "flow_response", "language", "profile_name", "message_b64"];
/// Keys that say who is talking.
const IDENTITY: &[&str] = &["user_id", "phone_number"];

/// A message with keys behind it.
#[derive(Debug)]
pub(super) struct Tail {
    pub message: Value,
    /// Those that are believed.
    pub fields: Vec<Field>,
    /// Some were not.
    pub ignored: bool,
}

/// Reads what stands behind `"message":`, given what stands in front. None where it is not JSON, or names something twice: then all
/// of it is what the user typed.
pub(super) fn read(rest: &str, before: &[Field]) -> Option<Tail> {
    let Pairs(pairs) = serde_json::from_str(&format!("{{\"message\":{rest}")).ok()?;
    let mut names: Vec<&str> = before.iter().map(|field| canonical(&field.name)).collect();
    let names_somebody = |field: &Field| {
        let empty =
            matches!(&field.value, Value::Null) || field.value.as_str().is_some_and(|text| text.trim().is_empty());
        IDENTITY.contains(&canonical(&field.name)) && !empty
    };
    let somebody_before = before.iter().any(names_somebody);
    for (name, _) in &pairs {
        if names.contains(&canonical(name)) {
            return None;
        }
        names.push(canonical(name));
    }
    let mut pairs = pairs.into_iter();
    let (_, message) = pairs.next()?;
    let (mut fields, mut ignored) = (Vec::new(), false);
    for (name, value) in pairs {
        let key = canonical(&name);
        if HARMLESS.contains(&key) || (IDENTITY.contains(&key) && !somebody_before) {
            fields.push(Field { json: value.to_string(), name, value });
        } else {
            ignored = true;
        }
    }
    Some(Tail { message, fields, ignored })
}

/// An object's keys and values in order, duplicates included.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor).map(Self)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            if pairs.len() == 256 {
                return Err(A::Error::custom("more keys than any template has"));
            }
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
