//! Chat completions: what a plugin needs to let a language model answer.
//!
//! Any endpoint that speaks OpenAI's chat completions will do. It is called like every other system: by a
//! [`request`](crate::Turn::request) through a connection of the configuration, which holds the key and the address, and
//! its answer is a turn of its own. This module only builds the request and reads the answer; it keeps nothing by itself.
//!
//! ```
//! use turnwise_plugin::llm::{Answer, Memory, Prompt};
//! use turnwise_plugin::{Message, Plugin, Response, Result, Turn, warn};
//!
//! struct Helpful;
//!
//! impl Plugin for Helpful {
//!     type State = Memory;
//!     const CONNECTIONS: &'static [&'static str] = &["llm"];
//!
//!     fn on_message(turn: &mut Turn<Memory>, message: &Message) -> Result {
//!         turn.state.user(&message.text);
//!         turn.state.trim(2_000);
//!         Prompt::new("gpt-4o-mini", &turn.state).system("You are a shop's assistant.").ask(turn, "llm");
//!         Ok(())
//!     }
//!
//!     fn on_response(turn: &mut Turn<Memory>, response: &Response) -> Result {
//!         match Answer::read(response) {
//!             Ok(answer) => {
//!                 turn.state.answer(&answer);
//!                 turn.reply(answer.text);
//!             }
//!             Err(failure) => {
//!                 warn!("{failure}");
//!                 turn.reply("Sorry, I can't answer right now.");
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! turnwise_plugin::export!(Helpful);
//! ```
//!
//! `plugins/assistant` is a complete bot of this kind: tools, budgets, retries and a person when it does not get on.

mod answer;
mod failure;
mod memory;
mod message;
mod prompt;
mod spending;
mod split;

pub use answer::{Answer, Finish, Usage};
pub use failure::{Failure, FailureKind};
pub use memory::Memory;
pub use message::{ChatMessage, ToolCall};
pub use prompt::{Prompt, Tool};
pub use spending::{Caps, Prices, Spending};
pub use split::split;

/// Tokens of a text of so many bytes, roughly: four bytes each. Only the endpoint knows how it counts, and says so in
/// [`Answer::usage`]; this is for what has to be decided before.
#[must_use]
pub fn estimated_tokens(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}
