//! Canned replies: what agents say often, kept as records, with words in braces that are filled in for each user.

use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::limits::{CANNED_REPLIES_MAX, NAME_CHARS_MAX, REPLY_CHARS_MAX};
use crate::storage::{RecordChange, Storage, StorageError, record};

/// Of the records.
const KIND: &str = "canned-reply";

/// What can stand in braces.
pub const VARIABLES: [&str; 3] = ["name", "agent", "bot"];

/// One of them; the key is its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canned {
    pub name: String,
    /// With `{name}`, `{agent}` and `{bot}` where those belong.
    pub text: String,
}

impl Canned {
    /// With the variables' values in place; a variable without one is left out, other braces stay.
    #[must_use]
    pub fn filled(&self, values: &[(&str, &str)]) -> String {
        let value = |variable: &str| values.iter().find(|(name, _)| *name == variable).map_or("", |(_, value)| value);
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        // One pass, so that a value which looks like a variable is none.
        while let Some((before, after)) = rest.split_once('{') {
            filled += before;
            match VARIABLES.iter().find_map(|name| Some((name, after.strip_prefix(name)?.strip_prefix('}')?))) {
                Some((name, behind)) => {
                    filled += value(name);
                    rest = behind;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled + rest
    }
}

/// All, by name. A damaged one is passed over.
///
/// # Errors
/// Storage fails.
pub async fn all(storage: &dyn Storage) -> Result<Vec<Canned>, StorageError> {
    let records = storage.records(KIND).await?;
    Ok(records.into_iter().filter_map(|(_, value)| record::decode(&value).ok()).collect())
}

/// Adds one, or gives the one of this name another text.
///
/// # Errors
/// Name or text cannot be, there are too many, or somebody else changed it at the same moment.
pub(super) async fn put(storage: &dyn Storage, name: &str, text: &str) -> Result<(), Trouble> {
    let is_name = |char: char| char.is_alphanumeric() || "-_ ".contains(char);
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || !name.chars().all(is_name) {
        return Err(Trouble::wrong(format!("A name has 1 to {NAME_CHARS_MAX} letters, digits, spaces, `-` and `_`.")));
    }
    if !(1..=REPLY_CHARS_MAX).contains(&text.chars().count()) {
        return Err(Trouble::wrong(format!(
            "A text has 1 to {REPLY_CHARS_MAX} characters: WhatsApp takes no longer ones."
        )));
    }
    let expected = storage.record(KIND, name).await?;
    if expected.is_none() && storage.records(KIND).await?.len() >= CANNED_REPLIES_MAX {
        return Err(Trouble::wrong(format!("There are {CANNED_REPLIES_MAX} already: remove one first.")));
    }
    let canned = Canned { name: name.to_owned(), text: text.to_owned() };
    write(storage, name, expected, Some(record::encode(&canned))).await
}

/// # Errors
/// There is none of this name.
pub(super) async fn remove(storage: &dyn Storage, name: &str) -> Result<(), Trouble> {
    match storage.record(KIND, name).await? {
        Some(found) => write(storage, name, Some(found), None).await,
        None => Err(Trouble::gone(format!("There is no canned reply {name}."))),
    }
}

async fn write(
    storage: &dyn Storage,
    name: &str,
    expected: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
) -> Result<(), Trouble> {
    let change = RecordChange { kind: KIND, key: name.to_owned(), expected, value };
    match storage.write_records(vec![change]).await? {
        true => Ok(()),
        false => Err(Trouble::too_late("Somebody else has just changed it: look again.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_once_and_other_braces_stay() {
        let filled = |text: &str| {
            let canned = Canned { name: "n".into(), text: text.into() };
            canned.filled(&[("name", "{agent} Ada"), ("agent", "Sam")])
        };
        assert_eq!(filled("Hi {name}, {agent} here."), "Hi {agent} Ada, Sam here.");
        assert_eq!(filled("{bot}{x} {name {{agent}} {"), "{x} {name {Sam} {");
    }
}
