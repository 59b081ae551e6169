//! User profiles, and every name by which one can be found.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::attributes::{self, Change};

/// New profiles beyond this are not made: a runaway test shall not eat the machine.
const PROFILES_MAX: usize = 2_000_000;
const EVENT_NAMES_MAX: usize = 1_000;

/// One way to name a profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identifier {
    ExternalId(String),
    Alias { name: String, label: String },
    BrazeId(String),
    Email(String),
    Phone(String),
}

/// Where a profile is in [`Profiles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ProfileIndex(usize);

/// One user.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) braze_id: String,
    pub(super) external_id: Option<String>,
    /// Pairs of name and label.
    pub(super) aliases: Vec<(String, String)>,
    /// Braze's own fields, e.g. `first_name`.
    pub(super) fields: Map<String, Value>,
    pub(super) custom_attributes: Map<String, Value>,
    /// By event name: how often, first and last.
    pub(super) custom_events: Map<String, Value>,
    pub(super) purchases: u64,
    pub(super) updated: Timestamp,
    /// Messages received since the start, forgotten ones included.
    pub(super) received: u64,
    /// Places in the record of messages, oldest first.
    pub(super) messages: VecDeque<u64>,
}

/// All profiles, found by any identifier.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    all: Vec<Profile>,
    by_identifier: HashMap<Identifier, usize>,
}

impl Profile {
    /// How a person would call it: the external id, else the number, else whatever there is.
    pub(super) fn name(&self) -> &str {
        self.external_id
            .as_deref()
            .or_else(|| self.aliases.first().map(|(name, _)| name.as_str()))
            .or_else(|| self.field("phone"))
            .or_else(|| self.field("email"))
            .unwrap_or(&self.braze_id)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Counts one custom event.
    pub(super) fn record_event(&mut self, name: &str, time: &str, now: Timestamp) {
        self.updated = now;
        if let Some(known) = self.custom_events.get_mut(name) {
            let count = known["count"].as_u64().unwrap_or(0) + 1;
            known["count"] = count.into();
            known["last"] = time.into();
        } else if self.custom_events.len() < EVENT_NAMES_MAX {
            self.custom_events.insert(name.to_owned(), json!({"count": 1, "first": time, "last": time}));
        }
    }
}

impl Profiles {
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.by_identifier.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.all.iter()
    }

    pub(super) fn indexes(&self) -> impl Iterator<Item = ProfileIndex> + use<> {
        (0..self.all.len()).map(ProfileIndex)
    }

    pub(super) fn get(&self, index: ProfileIndex) -> &Profile {
        &self.all[index.0]
    }

    pub(super) fn get_mut(&mut self, index: ProfileIndex) -> &mut Profile {
        &mut self.all[index.0]
    }

    pub(super) fn find(&self, identifier: &Identifier) -> Option<ProfileIndex> {
        self.by_identifier.get(identifier).copied().map(ProfileIndex)
    }

    /// By whatever a person would type: external id, number, e-mail address or Braze's id.
    pub(super) fn find_by_name(&self, name: &str) -> Option<ProfileIndex> {
        let name = || name.to_owned();
        [
            Identifier::ExternalId(name()),
            Identifier::Alias { name: name(), label: "phone".into() },
            Identifier::Phone(name()),
            Identifier::Email(name()),
            Identifier::BrazeId(name()),
        ]
        .iter()
        .find_map(|identifier| self.find(identifier))
    }

    /// Makes a profile that goes by `identifier`; none when there are too many already, or when Braze would have given the id.
    pub(super) fn create(&mut self, identifier: Identifier, braze_id: String, now: Timestamp) -> Option<ProfileIndex> {
        if self.all.len() >= PROFILES_MAX {
            return None;
        }
        let mut profile = Profile {
            braze_id,
            external_id: None,
            aliases: Vec::new(),
            fields: Map::new(),
            custom_attributes: Map::new(),
            custom_events: Map::new(),
            purchases: 0,
            updated: now,
            received: 0,
            messages: VecDeque::new(),
        };
        match &identifier {
            Identifier::ExternalId(id) => profile.external_id = Some(id.clone()),
            Identifier::Alias { name, label } => profile.aliases.push((name.clone(), label.clone())),
            Identifier::Email(email) => drop(profile.fields.insert("email".into(), email.as_str().into())),
            Identifier::Phone(phone) => drop(profile.fields.insert("phone".into(), phone.as_str().into())),
            Identifier::BrazeId(_) => return None,
        }
        let index = self.all.len();
        self.by_identifier.insert(Identifier::BrazeId(profile.braze_id.clone()), index);
        self.by_identifier.insert(identifier, index);
        self.all.push(profile);
        Some(ProfileIndex(index))
    }

    /// Writes attributes and keeps the names current. Returns what was wrong with those not written.
    pub(super) fn write(&mut self, index: ProfileIndex, changes: Map<String, Value>, now: Timestamp) -> Vec<String> {
        let merge = changes.get("_merge_objects").and_then(Value::as_bool).unwrap_or(false);
        let mut problems = Vec::new();
        for (name, value) in changes {
            if attributes::is_control(&name) {
                continue;
            }
            let profile = &mut self.all[index.0];
            profile.updated = now;
            if !attributes::is_field(&name) {
                let change = Change { name, value, merge };
                if let Err(problem) = attributes::apply(&mut profile.custom_attributes, change) {
                    problems.push(problem);
                }
                continue;
            }
            let before = profile.fields.get(&name).cloned();
            if let Err(problem) = attributes::apply_field(&mut profile.fields, &name, value) {
                problems.push(problem);
            }
            let after = profile.fields.get(&name).cloned();
            self.reindex(index, &name, before, after);
        }
        problems
    }

    fn reindex(&mut self, index: ProfileIndex, field: &str, before: Option<Value>, after: Option<Value>) {
        let identifier = match field {
            "email" => Identifier::Email,
            "phone" => Identifier::Phone,
            _ => return,
        };
        if before == after {
            return;
        }
        if let Some(Value::String(before)) = before {
            let stale = identifier(before);
            if self.by_identifier.get(&stale) == Some(&index.0) {
                self.by_identifier.remove(&stale);
            }
        }
        if let Some(Value::String(after)) = after {
            self.by_identifier.insert(identifier(after), index.0);
        }
    }
}
