//! A plugin that mostly fails is stopped: its turns fail at once, and now and then one is let through to see whether it works again.
//!
//! What counts is everything the plugin does wrong: traps, deadlines, memory, answers that cannot be used, and `error.other`, since an
//! exception thrown at every message is a storm too. What does not count either way: a stalled turn, which is the machine's fault, and a
//! state that cannot be read, which is one conversation's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::TurnFailure;
use crate::breaker::{Breaker, Change, Figures, Pass, Verdict};
use crate::clock::Timestamp;
use crate::conversation::{ConversationId, Decision, PluginError};
use crate::limits;

/// The breaker of one loaded plugin; another version of it has another one.
#[derive(Debug)]
pub struct PluginBreaker {
    plugin: String,
    state: Mutex<State>,
}

/// A plugin that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    pub since: Timestamp,
    /// When the next turn is let through.
    pub until: Timestamp,
    /// What the turn that stopped it failed of, as [`TurnFailure::kind`] says it.
    pub kind: &'static str,
}

/// Leave to run one turn. Dropped without [`Admitted::learn`], it says nothing.
#[derive(Debug)]
pub struct Admitted<'a> {
    breaker: &'a PluginBreaker,
    pass: Pass,
}

#[derive(Debug)]
struct State {
    breaker: Breaker,
    opened: Option<Opened>,
    /// The last conversations whose turns failed, each with when it last did.
    failing: Vec<(ConversationId, Timestamp)>,
}

const FIGURES: Figures = Figures {
    calls_min: limits::PLUGIN_BREAKER_TURNS_MIN,
    window: limits::PLUGIN_BREAKER_WINDOW,
    probe_wait: limits::PLUGIN_BREAKER_PROBE_WAIT,
    probe_wait_max: limits::PLUGIN_BREAKER_PROBE_WAIT_MAX,
};

impl PluginBreaker {
    pub(super) fn new(plugin: &str) -> Self {
        let state = State { breaker: Breaker::new(FIGURES), opened: None, failing: Vec::new() };
        Self { plugin: plugin.to_owned(), state: Mutex::new(state) }
    }

    /// Leave to run a turn, or the failure it ends with at once.
    pub fn admit(&self, now: Timestamp) -> Result<Admitted<'_>, TurnFailure> {
        match self.state().breaker.admit(now) {
            Ok(pass) => Ok(Admitted { breaker: self, pass }),
            Err(until) => Err(TurnFailure::Stopped { probe_in: until.since(now) }),
        }
    }

    /// Since when and why the plugin is stopped, if it is.
    #[must_use]
    pub fn opened(&self) -> Option<Opened> {
        self.state().opened
    }

    fn learn(&self, now: Timestamp, pass: Pass, conversation: ConversationId, outcome: Result<(), &TurnFailure>) {
        let mut state = self.state();
        let Some(verdict) = verdict(outcome) else { return state.breaker.release(pass) };
        if verdict == Verdict::Failing && !state.is_widespread(now, conversation) && pass == Pass::Ordinary {
            return;
        }
        let plugin = &self.plugin;
        match state.breaker.observe(now, pass, verdict) {
            None => {}
            Some(Change::Opened { until, .. }) => {
                let kind = outcome.err().map_or("", TurnFailure::kind);
                let probe_in_seconds = until.since(now).as_secs();
                if let Some(opened) = &mut state.opened {
                    *opened = Opened { until, kind, ..*opened };
                    tracing::debug!(plugin, kind, probe_in_seconds, "plugin still fails");
                } else {
                    state.opened = Some(Opened { since: now, until, kind });
                    tracing::error!(
                        plugin,
                        kind,
                        probe_in_seconds,
                        "plugin mostly fails: it is stopped, and its users get the fallback text"
                    );
                }
            }
            Some(Change::Closed) => {
                let stopped = state.opened.take().map_or(0, |opened| now.since(opened.since).as_secs());
                state.failing.clear();
                tracing::info!(plugin, stopped_seconds = stopped, "plugin works again");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted<'_> {
    /// How the turn ended.
    pub fn learn(self, now: Timestamp, conversation: ConversationId, outcome: &Result<Decision, TurnFailure>) {
        self.breaker.learn(now, self.pass, conversation, outcome.as_ref().map(drop));
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        // After a verdict there is nothing left to release.
        self.breaker.state().breaker.release(self.pass);
    }
}

impl State {
    /// Remembers a failed turn; whether there were some of enough conversations lately.
    fn is_widespread(&mut self, now: Timestamp, conversation: ConversationId) -> bool {
        self.failing.retain(|(id, at)| *id != conversation && now.since(*at) < limits::PLUGIN_BREAKER_WINDOW);
        self.failing.push((conversation, now));
        if self.failing.len() > limits::PLUGIN_BREAKER_CONVERSATIONS_MIN {
            self.failing.remove(0);
        }
        self.failing.len() == limits::PLUGIN_BREAKER_CONVERSATIONS_MIN
    }
}

/// What a turn says of its plugin; `None` where it says nothing.
fn verdict(outcome: Result<(), &TurnFailure>) -> Option<Verdict> {
    match outcome {
        Ok(()) => Some(Verdict::Working),
        Err(TurnFailure::Migration { failure, .. }) => verdict(Err(failure)),
        Err(
            TurnFailure::Stalled { .. }
            | TurnFailure::StateTooNew { .. }
            | TurnFailure::Stopped { .. }
            | TurnFailure::NoSuchPlugin { .. }
            | TurnFailure::Refused(PluginError::BadState(_)),
        ) => None,
        Err(_) => Some(Verdict::Failing),
    }
}

#[cfg(test)]
mod tests;
