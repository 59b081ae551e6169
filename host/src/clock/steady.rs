//! The time of day, without its jumps. Timers, sessions and expiry would all come due at once where somebody sets the clock.
//!
//! It is read once from the wall clock and then counted on a clock that nobody sets. What the wall clock drifts it follows slowly;
//! where the wall clock jumps, it goes on counting and says so.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::{Clock, SystemClock, Timestamp};

/// A difference that no drift makes: the wall clock was set. It is adopted by the next start.
const JUMP_MIN: Duration = Duration::from_hours(1);
/// While it follows the wall clock it is faster or slower by a twentieth: no timer is early or late by more than that.
const SLEW_DIVISOR: i64 = 20;

/// The host's clock: never goes back, and no faster than it should.
pub struct SteadyClock(Mutex<Steady>);

impl SteadyClock {
    #[must_use]
    pub fn start() -> Self {
        Self(Mutex::new(Steady::at(boot_ms(), wall_ms())))
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let (now, change) = self.0.lock().unwrap_or_else(PoisonError::into_inner).read(boot_ms(), wall_ms());
        match change {
            Some(Change::Jumped(jump)) => tracing::error!("{jump}"),
            Some(Change::Back) => tracing::info!("the wall clock is right again"),
            None => {}
        }
        now
    }

    fn problem(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).jump.as_ref().map(Jump::to_string)
    }
}

/// The wall clock, off by more than it drifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Jump {
    /// How far the wall clock is ahead; behind where it is negative.
    ahead_ms: i64,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.ahead_ms.unsigned_abs() / 1000;
        let side = if self.ahead_ms > 0 { "ahead of" } else { "behind" };
        write!(
            f,
            "the wall clock was set: it is {seconds} s {side} the host's, which goes on counting; set it right, or restart the host to follow it"
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Jumped(Jump),
    Back,
}

/// What is counted: milliseconds, on a clock that starts with the machine and goes on while it sleeps.
#[derive(Debug)]
struct Steady {
    /// Time of day when the counted clock was at zero.
    offset_ms: i64,
    counted_ms: i64,
    jump: Option<Jump>,
}

impl Steady {
    fn at(counted_ms: i64, wall_ms: i64) -> Self {
        Self { offset_ms: wall_ms - counted_ms, counted_ms, jump: None }
    }

    /// The time of day at these readings, and what is to be said of the wall clock.
    fn read(&mut self, counted_ms: i64, wall_ms: i64) -> (Timestamp, Option<Change>) {
        let elapsed_ms = (counted_ms - self.counted_ms).max(0);
        self.counted_ms = self.counted_ms.max(counted_ms);
        let ahead_ms = wall_ms - (self.offset_ms + self.counted_ms);
        let change = self.notice(ahead_ms);
        if self.jump.is_none() {
            // Readings of less than a step apart would never follow: they wait until they add up.
            let step_ms = elapsed_ms / SLEW_DIVISOR;
            if step_ms == 0 {
                self.counted_ms -= elapsed_ms;
                return (timestamp(self.offset_ms + self.counted_ms + elapsed_ms), change);
            }
            self.offset_ms += ahead_ms.clamp(-step_ms, step_ms);
        }
        (timestamp(self.offset_ms + self.counted_ms), change)
    }

    /// Says each jump once, and its end.
    fn notice(&mut self, ahead_ms: i64) -> Option<Change> {
        let jump_ms = i64::try_from(JUMP_MIN.as_millis()).unwrap_or(i64::MAX);
        if ahead_ms.abs() < jump_ms {
            return self.jump.take().map(|_| Change::Back);
        }
        let jump = Jump { ahead_ms };
        let known = self.jump.is_some_and(|known| (known.ahead_ms - ahead_ms).abs() < jump_ms);
        if known {
            return None;
        }
        self.jump = Some(jump);
        Some(Change::Jumped(jump))
    }
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp(u64::try_from(ms).unwrap_or_default())
}

fn boot_ms() -> i64 {
    let read = clock_gettime(ClockId::Boottime);
    read.tv_sec * 1000 + read.tv_nsec / 1_000_000
}

fn wall_ms() -> i64 {
    i64::try_from(SystemClock.now().0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
