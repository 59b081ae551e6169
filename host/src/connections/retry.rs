//! Whether a call is made again, and when. Time and randomness are arguments.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::RetryRule;
use crate::limits::{CALL_RETRY_WAIT, CALL_RETRY_WAIT_MAX};

/// What making it twice does not change, by RFC 9110.
const IDEMPOTENT: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
/// Statuses that say: not now. Any other is an answer.
const NOT_NOW: [u16; 6] = [408, 425, 429, 502, 503, 504];

/// How a try ended, as far as trying again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// There was no connection: the call never arrived.
    Unsent,
    /// The connection broke: the call may have arrived and been done.
    Broken,
    /// With this status.
    Answered(u16),
    /// In a way that would be the same again.
    Settled,
}

/// Whether a call that ended like this may be made again.
#[must_use]
pub(super) fn again(rule: RetryRule, method: &str, ended: Ended) -> bool {
    match ended {
        Ended::Settled => false,
        Ended::Answered(status) if !NOT_NOW.contains(&status) => false,
        Ended::Unsent => rule != RetryRule::Never,
        Ended::Broken | Ended::Answered(_) => may_be_done_twice(rule, method),
    }
}

/// Whether a call that may have been done already may be made.
#[must_use]
pub(super) fn may_be_done_twice(rule: RetryRule, method: &str) -> bool {
    match rule {
        RetryRule::Never => false,
        RetryRule::Safe => IDEMPOTENT.contains(&method),
        RetryRule::Always => true,
    }
}

/// How long to wait after `tries` of them: any time up to a bound that doubles, and no less than the other side asks for.
#[must_use]
pub(super) fn wait(tries: u32, asked: Option<Duration>, random: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    let bound = CALL_RETRY_WAIT.saturating_mul(doubled).min(CALL_RETRY_WAIT_MAX);
    let share = f64::from(random) / f64::from(u32::MAX);
    bound.mul_f64(share).max(asked.unwrap_or_default())
}

/// What a `Retry-After` header asks for: seconds, or a date.
#[must_use]
pub(crate) fn asked(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::default().after(since_epoch).since(now))
}

#[cfg(test)]
mod tests;
