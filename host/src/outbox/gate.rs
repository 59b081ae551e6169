//! Whether one more call may leave now: breaker, pace and retry budget of one endpoint group, asked in one place.

use std::time::Duration;

use super::budget::RetryBudget;
use super::pace::{Pace, RateHeaders};
use super::standing::Standing;
use super::transition::SendOutcome;
use super::{Row, Status};
use crate::breaker::{Breaker, Change, Figures, Pass, Verdict};
use crate::clock::Timestamp;

/// From the stop of all calls to the first that tries again.
pub const PROBE_WAIT: Duration = Duration::from_secs(10);
/// The longest wait for one.
pub const PROBE_WAIT_MAX: Duration = Duration::from_mins(5);

/// Of an endpoint group. While it is open, rows wait and burn no attempts.
const BREAKER: Figures =
    Figures { calls_min: 20, window: Duration::from_secs(30), probe_wait: PROBE_WAIT, probe_wait_max: PROBE_WAIT_MAX };

/// How a call counts towards the retry budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The row has never left.
    First,
    /// The row has left, but Braze has not done anything about it: it did not arrive, or was throttled.
    Again,
    /// Braze may have seen this row before.
    Repeat,
}

impl Attempt {
    #[must_use]
    pub fn of(row: &Row) -> Self {
        match row.status {
            _ if row.attempts > 0 => Self::Repeat,
            Status::Ready => Self::First,
            _ => Self::Again,
        }
    }
}

/// Everything that can hold back the calls of one endpoint group.
#[derive(Clone, Debug)]
pub struct Gate {
    breaker: Breaker,
    pace: Pace,
    budget: RetryBudget,
}

impl Gate {
    /// `probe_wait` is from the stop of all calls to the first that tries again.
    #[must_use]
    pub fn new(probe_wait: Duration) -> Self {
        let breaker = Breaker::new(Figures { probe_wait, ..BREAKER });
        Self { breaker, pace: Pace::default(), budget: RetryBudget::default() }
    }

    /// Takes one call's place, or says when to ask again.
    pub fn admit(&mut self, now: Timestamp, attempt: Attempt) -> Result<Pass, Timestamp> {
        if attempt == Attempt::Repeat {
            self.budget.check(now)?;
        }
        let pass = self.breaker.admit(now)?;
        if let Err(later) = self.pace.admit(now) {
            self.breaker.release(pass);
            return Err(later);
        }
        match attempt {
            Attempt::First => self.budget.pay_in(),
            Attempt::Again => {}
            Attempt::Repeat => self.budget.pay(),
        }
        Ok(pass)
    }

    /// For people.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        let (paused_until, window) = self.pace.standing(now);
        Standing { stopped_until: self.breaker.opened_until(), paused_until, window, ..Standing::default() }
    }

    /// Takes back the place of a call that was not made.
    pub fn release(&mut self, pass: Pass) {
        self.breaker.release(pass);
    }

    /// Learns from a call.
    pub fn observe(
        &mut self,
        now: Timestamp,
        random: u32,
        pass: Pass,
        outcome: &SendOutcome,
        headers: Option<RateHeaders>,
    ) -> Option<Change> {
        let throttled = matches!(outcome, SendOutcome::Throttled { .. });
        if !matches!(outcome, SendOutcome::NotSent(_)) {
            self.pace.observe(now, random, headers, throttled);
        }
        self.breaker.observe(now, pass, verdict(outcome))
    }
}

/// What an outcome says about the endpoint.
fn verdict(outcome: &SendOutcome) -> Verdict {
    match outcome {
        SendOutcome::Accepted { .. } | SendOutcome::Rejected(_) | SendOutcome::Throttled { .. } => Verdict::Working,
        SendOutcome::NotSent(_) | SendOutcome::ServerError(_) | SendOutcome::Unknown(_) => Verdict::Failing,
        SendOutcome::Unauthorised(_) => Verdict::Refusing,
    }
}
