//! What a candidate would have done, counted: it is asked about turns that another version had, and nothing of its answers is done.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::conversation::{ConversationId, Difference};
use crate::limits::SHADOW_TURNS_KEPT;

/// The counts of one candidate; another file begins with none.
#[derive(Debug, Default)]
pub struct Shadow(Mutex<Shadowed>);

/// How a candidate would have answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadowed {
    /// Turns it was asked about.
    pub turns: u64,
    /// Turns in which it would have done something else.
    pub differing: u64,
    /// In what: `reply`, `effects`, `state`, `step`, `failure`.
    pub parts: BTreeMap<String, u64>,
    /// The latest of them, newest first, as `turnwise replay` shows them.
    pub latest: VecDeque<ShadowedTurn>,
}

/// A turn in which a candidate would have done something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowedTurn {
    pub conversation: String,
    pub turn: u32,
    pub parts: Vec<String>,
}

impl Shadow {
    /// Counts one turn.
    pub fn learn(&self, conversation: ConversationId, turn: u32, difference: Option<&Difference>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.turns += 1;
        let Some(difference) = difference else { return };
        counts.differing += 1;
        let parts: Vec<String> = difference.parts().map(|(name, _)| name.to_owned()).collect();
        for part in &parts {
            *counts.parts.entry(part.clone()).or_default() += 1;
        }
        counts.latest.truncate(SHADOW_TURNS_KEPT - 1);
        counts.latest.push_front(ShadowedTurn { conversation: conversation.to_string(), turn, parts });
    }

    /// The counts so far; none where it was never asked.
    #[must_use]
    pub fn counts(&self) -> Option<Shadowed> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (counts.turns > 0).then(|| counts.clone())
    }
}
