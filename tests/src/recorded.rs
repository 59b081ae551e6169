//! Recorded turns as a busy day leaves them, and a plugin that would have answered some of them differently.

use std::fmt::Write as _;
use std::path::Path;

use turnwise::conversation::{ConversationId, Effect, JournalEntry, Outcome};
use turnwise::transcript::component::Components;
use turnwise::transcript::journaled::Journaled;
use turnwise::transcript::{json, play, transcripts_in};

use crate::repository;

/// What the menu asks, and what a changed one asks: texts of the same length, so that one can stand in the other's place.
const ASKS: [&str; 2] = ["What's your order number?", "Tell me the order number?"];

/// Turns of the menu bot: its transcripts, played by one user after another until there are `count`.
///
/// # Panics
/// The menu is not built.
#[must_use]
pub fn menu_turns(count: usize) -> Vec<JournalEntry> {
    let components = Components::start().expect("an engine");
    let menu = components.load(&repository().join("plugins/menu.wasm")).expect("menu.wasm is built: `make plugins`");
    let files = transcripts_in(&repository().join("plugins/menu/tests")).expect("its transcripts");
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).expect("UTF-8")).collect();
    let mut entries = Vec::with_capacity(count);
    for (user, text) in texts.iter().cycle().enumerate() {
        let mut bot = Journaled::new(components.answering(&menu));
        play(text, &mut bot).expect("the menu passes its transcripts");
        for mut entry in bot.into_entries() {
            entry.context.conversation = ConversationId::of("whatsapp", &format!("user-{user}"));
            entries.push(entry);
            if entries.len() == count {
                return entries;
            }
        }
    }
    entries
}

/// As `GET /v1/turns` writes them.
#[must_use]
pub fn as_lines(entries: &[JournalEntry]) -> String {
    entries.iter().fold(String::new(), |mut lines, entry| {
        let _ = writeln!(lines, "{}", json::entry(entry));
        lines
    })
}

/// Writes a menu that asks for the order number in other words.
///
/// # Panics
/// The menu does not ask for it any more.
pub fn write_changed_menu(file: &Path) {
    let mut bytes = std::fs::read(repository().join("plugins/menu.wasm")).expect("menu.wasm is built: `make plugins`");
    let [asks, instead] = ASKS.map(str::as_bytes);
    let place = bytes.windows(asks.len()).position(|window| window == asks).expect("the menu asks for it");
    bytes[place..place + asks.len()].copy_from_slice(instead);
    std::fs::write(file, bytes).expect("it can be written");
}

/// Whether a changed menu answers this turn in other words.
#[must_use]
pub fn differs_in_changed_menu(entry: &JournalEntry) -> bool {
    let Outcome::Decided(decision) = &entry.outcome else { return false };
    decision.effects.iter().any(|effect| matches!(effect, Effect::Reply(reply) if reply.text.contains(ASKS[0])))
}
