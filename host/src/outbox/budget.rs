//! How much of the traffic may be repeats: without a bound, retries keep a struggling Braze down.

use std::time::Duration;

use crate::clock::Timestamp;

/// Thousandths of a repeat that each first attempt pays in: repeats are at most a fifth of first attempts.
const PAID_IN_MILLI: u64 = 200;
/// Thousandths of a repeat that each second pays in, so that a quiet system can repeat at all.
const PER_SECOND_MILLI: u64 = 500;
/// What can be saved up.
const SAVED_MAX_MILLI: u64 = 10_000;
const REPEAT_MILLI: u64 = 1000;

/// A bucket of repeats, filled by first attempts.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    saved_milli: u64,
    counted: Timestamp,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { saved_milli: SAVED_MAX_MILLI, counted: Timestamp::default() }
    }
}

impl RetryBudget {
    /// A row leaves for the first time.
    pub fn pay_in(&mut self) {
        self.saved_milli = (self.saved_milli + PAID_IN_MILLI).min(SAVED_MAX_MILLI);
    }

    /// Whether a repeat can be paid for, or when to ask again.
    pub fn check(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let seconds = now.since(self.counted).as_secs();
        if seconds > 0 {
            self.saved_milli =
                self.saved_milli.saturating_add(seconds.saturating_mul(PER_SECOND_MILLI)).min(SAVED_MAX_MILLI);
            self.counted = now;
        }
        if self.saved_milli >= REPEAT_MILLI { Ok(()) } else { Err(self.counted.after(Duration::from_secs(1))) }
    }

    /// A row leaves again.
    pub fn pay(&mut self) {
        self.saved_milli = self.saved_milli.saturating_sub(REPEAT_MILLI);
    }
}

#[cfg(test)]
mod tests;
