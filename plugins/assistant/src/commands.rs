//! Words that work whatever the model does: stop, restart, agent.
//!
//! The host has them for every bot, but it forgets the whole state with "stop" and "restart", and with it what the day has
//! cost: whoever reached a cap could lift it by a word. So they are understood here. "Help" is the model's.

use turnwise_plugin::{DeskStatus, Message, Turn};

use crate::flow;
use crate::settings::Settings;
use crate::state::State;
use crate::tools;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ends the session, with a last word.
    Stop,
    /// Begins anew.
    Restart,
    /// Asks for a person.
    Agent,
}

impl Command {
    /// The command that a message is, where it is nothing else.
    pub fn of(message: &Message, settings: &Settings) -> Option<Self> {
        let said = normal(&message.text);
        let is = |words: &[String]| message.media.is_empty() && words.iter().any(|word| normal(word) == said);
        let known = [
            (Self::Stop, &settings.stop_words),
            (Self::Restart, &settings.restart_words),
            (Self::Agent, &settings.agent_words),
        ];
        known.into_iter().find(|(_, words)| is(words)).map(|(command, _)| command)
    }

    /// Does it at once, without the model.
    pub fn run(self, turn: &mut Turn<State>, settings: &Settings) {
        flow::drop_question(turn, settings);
        match self {
            Self::Stop => {
                turn.state.forget();
                flow::say(turn, &settings.stop_text);
                turn.end_session("stopped");
            }
            Self::Restart => {
                turn.state.forget();
                flow::say(turn, &settings.greeting_text);
                turn.end_session("restarted");
            }
            Self::Agent if turn.desk() == DeskStatus::Open => {
                tools::hand_over(turn, settings, "asked", "Asked for a person");
                turn.step("handed-over");
            }
            Self::Agent => {
                flow::say(turn, &settings.handoff_failed_text);
                turn.step("answered");
            }
        }
    }
}

/// Case and space do not matter, nor what is behind the last word.
fn normal(text: &str) -> String {
    let words = text.trim_end_matches(['.', '!', '?', ' ']).split_whitespace();
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
