//! What the log says of turns.

use crate::conversation::{ConversationId, Event, JournalEntry, Outcome};
use crate::telemetry;

/// Failures whose reason is in the plugin's own words, which may repeat the user's.
const QUOTING: [&str; 3] = ["refused", "bad-output", "migration-failed"];

pub(super) fn log_turn(id: ConversationId, journal: &JournalEntry) {
    let (turn, bot, event, us) = (journal.context.turn, &journal.bot, Event::kind(&journal.event), journal.duration_us);
    match &journal.outcome {
        Outcome::Decided(decision) => {
            let step = decision.step.as_deref();
            tracing::info!(user = %telemetry::user(id), turn, bot, event, step, effects = decision.effects.len(), us, "turn");
        }
        Outcome::Failed { kind, reason } if QUOTING.contains(&kind.as_str()) => {
            tracing::warn!(user = %telemetry::user(id), turn, bot, event, kind, us, "turn failed; the level `debug` says why");
            tracing::debug!(user = %telemetry::user(id), turn, bot, kind, reason, "turn failed");
        }
        Outcome::Failed { kind, reason } => {
            tracing::warn!(user = %telemetry::user(id), turn, bot, event, kind, reason, us, "turn failed");
        }
    }
    for unsupported in &journal.unsupported {
        tracing::warn!(user = %telemetry::user(id), turn, bot, effect = unsupported, "effect not done");
    }
    for line in &journal.log {
        tracing::debug!(user = %telemetry::user(id), turn, bot, line, "plugin says");
    }
}
