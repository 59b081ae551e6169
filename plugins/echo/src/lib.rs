//! The tutorial: a bot that says back what it hears, and counts.
//!
//! `turnwise plugin build` makes `plugins/echo.wasm` of it; `cargo test` in this folder
//! plays the conversations in `tests/`. Next, read `plugins/menu`: buttons, steps, attributes and an agent.

use turnwise_plugin::{Message, Plugin, Result, Turn};

struct Echo;

impl Plugin for Echo {
    // What the bot remembers of a conversation. Any serde type with a default will do; here, how many messages came.
    type State = u32;

    // Called for every message. What you ask of `turn` is done once this has returned `Ok`. On an error nothing is done
    // and the state stays as it was, so a turn happens wholly or not at all.
    fn on_message(turn: &mut Turn<Self::State>, message: &Message) -> Result {
        if message.says("forget") {
            turn.state = 0;
            turn.reply("Forgotten.");
            return Ok(());
        }
        turn.state += 1;
        let count = turn.state;
        turn.reply(format!("{count}: {}", message.text)).choice("forget", "Forget");
        Ok(())
    }
}

turnwise_plugin::export!(Echo);

#[test]
fn transcripts() {
    turnwise_plugin::testing::run_folder::<Echo>("tests");
}
