//! Braze's rules for webhooks: which answers are tried again, when, and when a host is left alone for a while.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// Retries after the first attempt, all within [`RETRY_SPAN`].
const RETRIES_MAX: u32 = 5;
const RETRY_SPAN: Duration = Duration::from_mins(30);
/// The first wait; each further one is twice as long, which leaves half of the span for a `Retry-After`.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// Failures within [`HEALTH_SPAN`] beyond which a host counts as unhealthy.
const FAILURES_MAX: usize = 3_000;
const HEALTH_SPAN: Duration = Duration::from_mins(1);
/// The status Braze makes up for deliveries it does not even try.
pub(super) const HALTED_STATUS: u16 = 598;

/// What an attempt came to: the host's status, or none where there was no answer.
pub(super) type Status = Option<u16>;

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Received,
    Again,
    Lost,
}

/// How far the retries of one delivery have come. Spans are Braze's, before scaling.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule {
    retries: u32,
    waited: Duration,
}

/// Whether the host answers well enough to be sent to.
#[derive(Debug)]
pub(super) struct Health {
    failures: VecDeque<Timestamp>,
    halted_until: Timestamp,
    span: Duration,
}

pub(super) fn verdict(status: Status) -> Verdict {
    match status {
        Some(200..=299) => Verdict::Received,
        None | Some(408 | 429 | 500..) => Verdict::Again,
        Some(_) => Verdict::Lost,
    }
}

/// Shortens or stretches one of Braze's waiting times.
pub(super) fn scaled(span: Duration, time_scale: f64) -> Duration {
    let scale = if time_scale.is_finite() { time_scale.clamp(0.0, 1_000.0) } else { 1.0 };
    span.mul_f64(scale)
}

impl Schedule {
    /// How long to wait before the next retry; none when Braze gives up. `retry_after` is what the host asked for.
    pub(super) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        if self.retries == RETRIES_MAX {
            return None;
        }
        let wait = (FIRST_WAIT * 2_u32.pow(self.retries)).max(retry_after.unwrap_or_default());
        self.retries += 1;
        self.waited = self.waited.saturating_add(wait);
        (self.waited <= RETRY_SPAN).then_some(wait)
    }
}

impl Health {
    pub(super) fn new(time_scale: f64) -> Self {
        Self { failures: VecDeque::new(), halted_until: Timestamp(0), span: scaled(HEALTH_SPAN, time_scale) }
    }

    /// True while nothing is sent.
    pub(super) fn halted(&self, now: Timestamp) -> bool {
        now < self.halted_until
    }

    /// Counts an attempt that the host failed.
    pub(super) fn record(&mut self, status: Status, now: Timestamp) {
        if !matches!(status, None | Some(408 | 429 | 502 | 503 | 504 | 529)) {
            return;
        }
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.since(*first) > self.span) {
            self.failures.pop_front();
        }
        if self.failures.len() > FAILURES_MAX {
            self.failures.clear();
            self.halted_until = now.after(self.span);
        }
    }
}
