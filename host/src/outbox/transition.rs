//! What follows from each answer of Braze: the one place that decides between trying again, giving up, and not knowing.
//!
//! Braze has no idempotency key. So the question after every call is first whether it may have been done, and only then whether it
//! is worth repeating.

use std::time::Duration;

use super::{Action, Row, Status};
use crate::clock::Timestamp;
use crate::conversation::Author;

/// What a call came to. Reasons are for people and never hold the user's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Braze took it. That is not delivery: Braze says "success" for users it will never reach.
    Accepted {
        braze_dispatch_id: Option<String>,
        /// Braze's warning, e.g. that the campaign is paused and nothing is sent.
        notice: Option<String>,
        /// What Braze refused of an otherwise accepted request.
        partial: Option<String>,
    },
    /// No byte of the request left.
    NotSent(String),
    /// Over the rate limit; nothing was done.
    Throttled { until: Option<Timestamp> },
    /// The key, its permissions or the instance are wrong; nothing was done, and nothing else would be.
    Unauthorised(String),
    /// Braze refuses this request and will refuse it again.
    Rejected(String),
    /// Braze failed and says so in its own format; nothing was done.
    ServerError(String),
    /// The answer was lost or cannot be understood: it may have been done.
    Unknown(String),
}

/// What is slow on Braze's side has usually finished by then.
pub const RESEND_WAIT: Duration = Duration::from_secs(5);

/// How often and how long to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether a call whose answer was lost is repeated (at least once) or kept for a person (at most once).
    pub resend_unknown: bool,
    /// Calls before a row is given up that Braze answers with its own failure. At the default waits this is about a quarter of an
    /// hour where traffic is too low for the breaker to notice; while the breaker is open, no attempts are made.
    pub attempts_max: u32,
    /// Repeats of a call whose answer was lost: each may be a message the user sees again.
    pub resends_max: u32,
    /// From a lost answer to the repeat, so that what was slow can finish first.
    pub resend_wait: Duration,
    /// The shortest wait before another attempt.
    pub backoff_min: Duration,
    /// The longest wait before another attempt.
    pub backoff_max: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            resend_unknown: true,
            attempts_max: 30,
            resends_max: 2,
            resend_wait: RESEND_WAIT,
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
        }
    }
}

/// Where a row stands after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub status: Status,
    pub attempts: u32,
    pub ambiguous: u32,
    /// Set where the conversation should hear that it was not delivered.
    pub failure: Option<Failure>,
}

/// Why something was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    /// Braze may have sent it all the same.
    pub ambiguous: bool,
}

/// What follows from a call's outcome. `random` is uniform over all its values and spreads the retries.
#[must_use]
pub fn after_send(row: &Row, now: Timestamp, random: u32, outcome: &SendOutcome, policy: &Policy) -> Next {
    let tried = Tally { attempts: row.attempts + 1, ambiguous: row.ambiguous };
    let untried = Tally { attempts: row.attempts, ambiguous: row.ambiguous };
    let lost = Tally { attempts: row.attempts + 1, ambiguous: row.ambiguous + 1 };
    match outcome {
        SendOutcome::Accepted { braze_dispatch_id, .. } => {
            tried.next(Status::Sent { at: now, braze_dispatch_id: braze_dispatch_id.clone() })
        }
        SendOutcome::Rejected(reason) => tried.dead(now, reason.clone()),
        SendOutcome::ServerError(reason) if tried.attempts >= policy.attempts_max => {
            tried.dead(now, format!("given up after {} attempts: {reason}", tried.attempts))
        }
        SendOutcome::ServerError(reason) => {
            tried.retry(row, now, now.after(backoff(tried.attempts, random, policy)), reason.clone())
        }
        SendOutcome::NotSent(reason) | SendOutcome::Unauthorised(reason) => {
            untried.retry(row, now, now.after(backoff(1, random, policy)), reason.clone())
        }
        SendOutcome::Throttled { until } => {
            let at = until.unwrap_or_else(|| now.after(backoff(1, random, policy)));
            untried.retry(row, now, at, "Braze's rate limit is used up (429)".into())
        }
        SendOutcome::Unknown(reason) => lost.unknown(row, now, now, reason, policy),
    }
}

/// What follows for a row that is about to leave, without a call: a call under way when the process ended has lost its answer, a
/// lost answer is held to today's policy, and what has expired is given up. None where the row may leave.
#[must_use]
pub fn before_send(row: &Row, now: Timestamp, policy: &Policy) -> Option<Next> {
    let tally = Tally { attempts: row.attempts, ambiguous: row.ambiguous };
    match &row.status {
        Status::Sending { since } => {
            let lost = Tally { attempts: row.attempts + 1, ambiguous: row.ambiguous + 1 };
            return Some(lost.unknown(row, now, *since, "the process ended before Braze's answer came", policy));
        }
        Status::Unknown { since, reason } => {
            let next = tally.unknown(row, now, *since, reason, policy);
            if next.status.is_final() {
                return Some(next);
            }
        }
        _ => {}
    }
    (now > row.entry.expires).then(|| tally.expired(row, now))
}

/// The last look, with the conversation's fence as it is now (none: the conversation is gone). What the bot said before the
/// conversation changed owner is dropped, and whoever owns it now need not hear of that; profile changes still hold.
#[must_use]
pub fn at_the_fence(row: &Row, fence: Option<u32>, now: Timestamp) -> Option<Next> {
    let tally = Tally { attempts: row.attempts, ambiguous: row.ambiguous };
    let dropped = |reason: &str| Some(tally.next(Status::Dead { at: now, reason: reason.into() }));
    match fence {
        None => dropped("dropped: the conversation was erased"),
        Some(fence) if fence > row.entry.fence && is_the_bots(row) => {
            dropped("dropped: the conversation changed owner after this was said")
        }
        Some(_) if now > row.entry.expires => Some(tally.expired(row, now)),
        Some(_) => None,
    }
}

/// Profile changes hold whoever has the conversation, and so does what an agent said.
fn is_the_bots(row: &Row) -> bool {
    row.entry.author == Author::Bot && !matches!(row.entry.action, Action::Track { .. })
}

/// What follows where the conversation cannot be read, and with it the fence: the row waits until a host starts that can read it, or
/// it expires.
#[must_use]
pub fn without_fence(row: &Row, now: Timestamp, policy: &Policy) -> Next {
    let tally = Tally { attempts: row.attempts, ambiguous: row.ambiguous };
    tally.retry(row, now, now.after(policy.backoff_max), "the conversation's row cannot be read".into())
}

/// When the row may leave.
#[must_use]
pub fn due(row: &Row, policy: &Policy) -> Timestamp {
    match &row.status {
        Status::RetryAt { at, .. } => *at,
        Status::Unknown { since, .. } => since.after(policy.resend_wait),
        _ => Timestamp::default(),
    }
}

/// Full jitter over an exponentially growing span, so that rows that failed together do not come back together.
fn backoff(attempt: u32, random: u32, policy: &Policy) -> Duration {
    let ceiling = policy.backoff_min.saturating_mul(1 << attempt.min(16)).min(policy.backoff_max);
    let spread = ceiling.saturating_sub(policy.backoff_min);
    policy.backoff_min + spread.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// What a row failed with before, to be repeated where it is finally given up for another reason.
fn last_reason(status: &Status) -> String {
    match status {
        Status::RetryAt { reason, .. } => format!("; before that: {reason}"),
        Status::Unknown { reason, .. } => format!("; before that the answer was lost: {reason}"),
        _ => String::new(),
    }
}

/// The counters a step ends with.
#[derive(Clone, Copy)]
struct Tally {
    attempts: u32,
    ambiguous: u32,
}

impl Tally {
    fn next(self, status: Status) -> Next {
        Next { status, attempts: self.attempts, ambiguous: self.ambiguous, failure: None }
    }

    /// Every lost answer on the way leaves open whether the user got it after all.
    fn dead(self, now: Timestamp, reason: String) -> Next {
        let failure = Failure { reason: reason.clone(), ambiguous: self.ambiguous > 0 };
        Next { failure: Some(failure), ..self.next(Status::Dead { at: now, reason }) }
    }

    fn expired(self, row: &Row, now: Timestamp) -> Next {
        self.dead(now, format!("expired{}", last_reason(&row.status)))
    }

    fn retry(self, row: &Row, now: Timestamp, at: Timestamp, reason: String) -> Next {
        if at > row.entry.expires {
            return self.dead(now, format!("would expire before the next attempt: {reason}"));
        }
        self.next(Status::RetryAt { at, reason })
    }

    fn unknown(self, row: &Row, now: Timestamp, since: Timestamp, reason: &str, policy: &Policy) -> Next {
        let why_not = if row.entry.action.at_most_once() {
            Some("sending it twice could do harm")
        } else if !policy.resend_unknown {
            Some("the configuration says not to send again")
        } else if self.ambiguous > policy.resends_max {
            Some("it was sent again as often as allowed")
        } else if since.after(policy.resend_wait) > row.entry.expires {
            Some("it would expire first")
        } else {
            None
        };
        match why_not {
            Some(why_not) => self.dead(now, format!("unknown whether Braze sent it ({reason}); {why_not}")),
            None => self.next(Status::Unknown { since, reason: reason.into() }),
        }
    }
}

#[cfg(test)]
mod tests;
