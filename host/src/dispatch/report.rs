//! What dispatch writes to the log: one line per settled row, and one for whatever an operator should act on. Never the text, never
//! who the user is.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::breaker::{Change, Verdict};
use crate::clock::Timestamp;
use crate::outbox::pace::EndpointGroup;
use crate::outbox::transition::{Next, SendOutcome};
use crate::outbox::{Recipient, Row, Status};
use crate::telemetry;

/// A row's new status is durable.
pub(super) fn settled(row: &Row, next: &Next, took: Option<Duration>) {
    let user = telemetry::user(row.entry.conversation);
    let (turn, target, attempt) = (row.entry.turn, row.entry.action.target(), next.attempts);
    let ms = took.map(|took| took.as_millis() as u64);
    match &next.status {
        Status::Sent { braze_dispatch_id, .. } => {
            let braze_dispatch_id = braze_dispatch_id.as_deref();
            info!(%user, turn, target, status = "sent", attempt, ms, braze_dispatch_id, "sent to Braze");
        }
        Status::Dead { reason, .. } => {
            let reason = anonymous(row, reason);
            warn!(%user, turn, target, status = "dead", attempt, ms, reason, "not sent");
        }
        Status::RetryAt { at, reason } => {
            let reason = anonymous(row, reason);
            info!(%user, turn, target, status = "retry", attempt, ms, %at, reason, "put off");
        }
        Status::Unknown { reason, .. } => {
            let reason = anonymous(row, reason);
            warn!(%user, turn, target, status = "unknown", attempt, ms, reason, "maybe sent");
        }
        Status::Ready | Status::Sending { .. } => {
            info!(%user, turn, target, status = "ready", attempt, ms, "put back");
        }
    }
}

/// Braze's words without whom they are about: an error may name the user it was asked for.
fn anonymous(row: &Row, words: &str) -> String {
    let (Recipient::ExternalId(who) | Recipient::Alias { name: who, .. }) = &row.entry.recipient;
    if who.is_empty() { words.to_owned() } else { words.replace(who.as_str(), "…") }
}

/// Braze took it, but not without a word.
pub(super) fn answered(row: &Row, outcome: &SendOutcome) {
    let SendOutcome::Accepted { notice, partial, .. } = outcome else { return };
    let (user, target) = (telemetry::user(row.entry.conversation), row.entry.action.target());
    if let Some(notice) = notice {
        let notice = anonymous(row, notice);
        warn!(%user, target, notice, "Braze accepts the call but warns: the message may not be sent");
    }
    if let Some(partial) = partial {
        let errors = anonymous(row, partial);
        warn!(%user, target, errors, "Braze accepted only part of the call");
    }
}

/// A whole endpoint group stops or works again.
pub(super) fn gate_changed(group: EndpointGroup, change: Option<Change>, outcome: &SendOutcome, now: Timestamp) {
    let group = group.name();
    match (change, outcome) {
        (None, _) => {}
        (Some(Change::Closed), _) => info!(group, "Braze works again: sending goes on"),
        (Some(Change::Opened { verdict: Verdict::Refusing, until }), SendOutcome::Unauthorised(reason)) => {
            let probe_in_seconds = until.since(now).as_secs();
            error!(
                group,
                reason, probe_in_seconds, "sending is stopped until the API key works; nothing is lost meanwhile"
            );
        }
        (Some(Change::Opened { until, .. }), outcome) => {
            let probe_in_seconds = until.since(now).as_secs();
            let reason = failure(outcome);
            warn!(group, reason, probe_in_seconds, "Braze mostly fails: sending pauses; nothing is lost meanwhile");
        }
    }
}

/// The stop could not wait any longer.
pub(super) fn cut_off(calls: usize) {
    warn!(calls, "stopped before Braze answered: these rows are unknown at the next start");
}

fn failure(outcome: &SendOutcome) -> &str {
    match outcome {
        SendOutcome::NotSent(reason)
        | SendOutcome::Unauthorised(reason)
        | SendOutcome::Rejected(reason)
        | SendOutcome::ServerError(reason)
        | SendOutcome::Unknown(reason) => reason,
        SendOutcome::Accepted { .. } | SendOutcome::Throttled { .. } => "",
    }
}

#[cfg(test)]
mod tests;
