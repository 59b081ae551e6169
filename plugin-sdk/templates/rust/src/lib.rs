//! A bot that remembers what it is told.

use serde::{Deserialize, Serialize};
use turnwise_plugin::{Message, Plugin, Result, Turn};

struct Bot;

/// What the bot remembers of one conversation. New fields get their default in conversations that are older.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    note: Option<String>,
}

impl Plugin for Bot {
    type State = State;

    /// Called for every message. What is asked of `turn` is done once this has returned `Ok`; on an error nothing is.
    fn on_message(turn: &mut Turn<State>, message: &Message) -> Result {
        if message.chose("forget") {
            turn.state = State::default();
            turn.reply("Forgotten.");
            return Ok(());
        }
        if let Some(note) = message.text.strip_prefix("remember ") {
            turn.state.note = Some(note.to_owned());
            turn.reply(format!("I will remember {note}.")).choice("forget", "Forget it");
            return Ok(());
        }
        match turn.state.note.clone() {
            Some(note) => turn.reply(format!("You told me to remember {note}.")).choice("forget", "Forget it"),
            None => turn.reply("Hello! Write \"remember\" and what I should remember."),
        };
        Ok(())
    }
}

turnwise_plugin::export!(Bot);

#[test]
fn transcripts() {
    turnwise_plugin::testing::run_folder::<Bot>("tests");
}
