//! Transcripts: one player for plugins in every language.
//!
//! The player is the Rust SDK's ([`turnwise_plugin::testing`]), which also describes the format; here are those who answer
//! in it. A [`component`] runs as it does in production: the same engine, the same limits, the same rules for a decision.
//! A process over [`stdio`] is a plugin that its author runs natively, with a debugger if need be.

pub mod component;
mod convert;
pub mod journaled;
pub mod json;
pub mod recorded;
pub mod stdio;
pub mod talk;
pub mod traced;

pub use turnwise_plugin::testing::transcript::{Entry, Line, duration, parse_line, span};
pub use turnwise_plugin::testing::{
    Decide, Done, Failure, Mistake, Player, Problem, Said, play, transcripts_in, update,
};

use crate::conversation::PluginError;
use crate::plugins::TurnFailure;

/// As a transcript tells it: what the plugin said itself, what the host would not carry out, or what ended the turn.
fn failure(failure: &TurnFailure) -> Failure {
    match failure {
        TurnFailure::Refused(error) => refusal(error.clone()),
        TurnFailure::BadOutput(why) => Failure::Refused(why.clone()),
        other => Failure::Other(other.to_string()),
    }
}

fn refusal(error: PluginError) -> Failure {
    match error {
        PluginError::BadState(why) => Failure::BadState(why),
        PluginError::Other(why) => Failure::Other(why),
    }
}

#[cfg(test)]
mod tests;
