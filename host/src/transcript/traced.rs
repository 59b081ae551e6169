//! A component whose last turns can be looked at.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use turnwise_plugin::testing::contract::{Context, Decision, Event, NextState};
use turnwise_plugin::testing::{Decide, Done, Failure, failure, lines};

use super::component::Component;
use super::{convert, json};
use crate::plugins::LogLine;

/// Answers like its component, and remembers how.
pub struct Traced<'a> {
    component: Component<'a>,
    turns: Vec<TurnTrace>,
}

/// One turn as it was.
#[derive(Clone, Debug)]
pub struct TurnTrace {
    /// Counted from 1.
    pub turn: u32,
    /// The contract's event, as [`json`] spells it.
    pub event: Value,
    /// Before and after; the state of a failed turn stays as it was.
    pub states: (Option<String>, Option<String>),
    /// What came of it, as lines of a transcript.
    pub done: Vec<Done>,
    pub log: Vec<LogLine>,
    pub took: Duration,
}

impl<'a> Traced<'a> {
    #[must_use]
    pub fn new(component: Component<'a>) -> Self {
        Self { component, turns: Vec::new() }
    }

    /// The turns since this was last asked.
    pub fn take(&mut self) -> Vec<TurnTrace> {
        std::mem::take(&mut self.turns)
    }
}

impl Decide for Traced<'_> {
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure> {
        let began = Instant::now();
        let decided = self.component.decide(context, state, event);
        let took = began.elapsed();
        let before = state.map(str::to_owned);
        let after = match decided.as_ref().map(|decision| &decision.state) {
            Ok(NextState::Replace(state)) => Some(state.clone()),
            Ok(NextState::Clear) => None,
            Ok(NextState::Keep) | Err(_) => before.clone(),
        };
        self.turns.push(TurnTrace {
            turn: context.turn,
            event: json::event(&convert::event(event)),
            states: (before, after),
            done: decided.as_ref().map_or_else(|error| vec![failure(error)], lines),
            log: self.component.log().to_vec(),
            took,
        });
        decided
    }
}
