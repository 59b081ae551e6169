//! What a replay says: every turn that differs, and all of them counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Differing, Tally, Version};
use crate::clock::text::rfc3339;
use crate::conversation::ConversationId;

/// A turn that differs: a line that names it, and a line for each line that differs.
#[must_use]
pub fn as_text(differing: &Differing) -> String {
    let Differing { conversation, turn, at, bot, about, difference } = differing;
    let mut text = format!("{conversation} turn {turn}  {}  {bot}  {about}\n", rfc3339(*at));
    for line in difference.to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// The same as one line for programs.
#[must_use]
pub fn as_json(differing: &Differing) -> Value {
    let Differing { conversation, turn, at, bot, about, difference } = differing;
    json!({
        "conversation": conversation.to_string(),
        "turn": turn,
        "at": rfc3339(*at),
        "bot": bot,
        "about": about,
        "difference": difference,
    })
}

/// All turns that differ by their names, a conversation a line.
#[must_use]
pub fn names(turns: &[(ConversationId, u32)]) -> String {
    let mut all: BTreeMap<ConversationId, Vec<u32>> = BTreeMap::new();
    for (conversation, turn) in turns {
        all.entry(*conversation).or_default().push(*turn);
    }
    let mut text = String::new();
    for (conversation, mut turns) in all {
        turns.sort_unstable();
        turns.dedup();
        let noun = if turns.len() == 1 { "turn" } else { "turns" };
        let turns: Vec<String> = turns.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "{conversation} {noun} {}", turns.join(", "));
    }
    text
}

impl Tally {
    /// For people.
    #[must_use]
    pub fn text(&self, version: Version) -> String {
        let compared = self.compared();
        let mut text = match (self.differing, version) {
            _ if compared == 0 => "no turn was replayed\n".to_owned(),
            (0, Version::Recorded) => format!("{} replayed, all byte for byte as recorded\n", turns(compared)),
            (0, Version::Other) => format!("{} replayed, none differs\n", turns(compared)),
            (differing, _) => {
                let parts: Vec<String> = self.parts.iter().map(|(part, count)| format!("{part} {count}")).collect();
                let differ = if differing == 1 { "differs" } else { "differ" };
                format!("{} replayed, {differing} {differ}: {}\n", turns(compared), parts.join(", "))
            }
        };
        for (why, count) in &self.untold {
            let _ = writeln!(text, "{} not compared: they {}", turns(*count), why.why());
        }
        if self.lost > 0 {
            let _ = writeln!(text, "{} cannot be read", turns(self.lost));
        }
        text
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let untold: BTreeMap<&str, u64> = self.untold.iter().map(|(why, count)| (why.name(), *count)).collect();
        json!({
            "compared": self.compared(),
            "same": self.same,
            "differing": self.differing,
            "parts": self.parts,
            "not_compared": untold,
            "unreadable": self.lost,
        })
    }
}

fn turns(count: u64) -> String {
    format!("{count} {}", if count == 1 { "turn" } else { "turns" })
}
