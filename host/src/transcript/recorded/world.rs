//! What stood beside the messages, written where it changes.

use super::happenings::json_on_one_line;
use crate::conversation::{DeskStatus, JournalEntry, NamedJson};

/// What the player has by now.
pub(super) struct World {
    /// By the names that `@ user` has for them.
    user: [(&'static str, Option<String>); 4],
    /// Whether the bot ever said the user's own id and number; where it did not, nobody has to know them.
    tells_id: bool,
    tells_phone: bool,
    settings: Vec<NamedJson>,
    fields: Vec<NamedJson>,
    desk: DeskStatus,
}

impl World {
    pub(super) fn of(entries: &[&JournalEntry]) -> Self {
        let said: Vec<String> = entries.iter().map(|entry| format!("{:?}", entry.outcome)).collect();
        let tells = |part: Option<&String>| {
            part.is_some_and(|part| !part.is_empty() && said.iter().any(|said| said.contains(part.as_str())))
        };
        let user = entries.first().map(|entry| &entry.context.user);
        Self {
            user: [
                ("id", Some("user-1".to_owned())),
                ("phone", Some("+4915550000001".to_owned())),
                ("language", Some("en".to_owned())),
                ("name", Some("Sam".to_owned())),
            ],
            tells_id: tells(user.and_then(|user| user.external_id.as_ref())),
            tells_phone: tells(user.and_then(|user| user.phone.as_ref())),
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::Open,
        }
    }

    /// The lines after which everything is as it was in this turn.
    pub(super) fn changes(&mut self, entry: &JournalEntry) -> Vec<String> {
        let context = &entry.context;
        let mut lines = Vec::new();
        let user = &context.user;
        let then = [&user.external_id, &user.phone, &user.language, &user.profile_name];
        let told = [self.tells_id, self.tells_phone, true, true];
        for (((name, now), then), told) in self.user.iter_mut().zip(then).zip(told) {
            // That there is none is no secret.
            if now != then && (told || now.is_none() || then.is_none()) {
                let value = if told { then.clone() } else { then.as_ref().and(Some(format!("the user's {name}"))) };
                let text = value.as_ref().map_or("none".to_owned(), |text| serde_json::json!(text).to_string());
                lines.push(format!("@ user {name}={text}"));
                now.clone_from(then);
            }
        }
        changed("setting", &mut self.settings, &context.settings, &mut lines);
        // What comes beside messages is not there in other turns, and no bot misses it there.
        if !context.fields.is_empty() {
            changed("field", &mut self.fields, &context.fields, &mut lines);
        }
        if self.desk != context.desk {
            self.desk = context.desk;
            let desk = match self.desk {
                DeskStatus::Open => "open",
                DeskStatus::Closed(_) => "closed",
                DeskStatus::None => "none",
            };
            lines.push(format!("@ desk {desk}"));
        }
        lines
    }
}

fn changed(kind: &str, now: &mut Vec<NamedJson>, then: &[NamedJson], lines: &mut Vec<String>) {
    for NamedJson { name, value } in then.iter().filter(|value| !now.contains(value)) {
        lines.push(format!("@ {kind} {name}={}", json_on_one_line(value)));
    }
    for gone in now.iter().filter(|known| then.iter().all(|value| value.name != known.name)) {
        lines.push(format!("@ {kind} {}=null", gone.name));
    }
    now.clear();
    now.extend_from_slice(then);
}
