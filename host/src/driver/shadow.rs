//! The candidate of a release, asked about turns that the bot's own version had. Nothing of what it says is done.

use std::sync::Arc;

use super::Driver;
use crate::conversation::{Difference, End, JournalEntry, Outcome, Version};
use crate::plugins::{Plugin, StoredState};

/// A turn to be compared, once it is committed.
pub(super) struct Shadowed {
    candidate: Arc<Plugin>,
    entry: JournalEntry,
}

impl Driver {
    /// What there is to compare of a turn that a candidate watches: nothing where the host decided by itself.
    pub(super) fn shadow_of(&self, entry: &JournalEntry) -> Option<Shadowed> {
        if entry.plugin_digest == [0; 8] {
            return None;
        }
        let candidate = self.plugins.get(&Version::Candidate.plugin(&entry.bot))?;
        Some(Shadowed { candidate, entry: entry.clone() })
    }

    /// Asks the candidate and counts what differs. The user has the answer already; only the conversation's next turn waits for it.
    pub(super) async fn shadow(&self, Shadowed { candidate, entry }: Shadowed) {
        let state = entry.state.as_deref();
        let stored = state.map(|state| StoredState { state, version: entry.state_version });
        let result = self.plugins.decide_on(&candidate, &entry.context, stored, &entry.event).await;
        let outcome = Outcome::from(result.outcome);
        let difference = Difference::between(End { state, outcome: &entry.outcome }, End { state, outcome: &outcome });
        candidate.shadow.learn(entry.context.conversation, entry.context.turn, difference.as_ref());
    }
}
