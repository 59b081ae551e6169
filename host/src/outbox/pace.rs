//! How fast calls may leave, learnt from Braze's own headers.
//!
//! The limit belongs to the workspace and is shared with everything else that calls Braze, so what counts is what the headers say
//! is left, not what we have used. Spend freely while there is plenty; spread what is left once a fifth remains.

use std::time::Duration;

use super::Action;
use crate::clock::Timestamp;

/// Braze's window is an hour at most, so a reset further away is a clock gone wrong.
pub const RESET_SECONDS_MAX: u64 = 3600;
/// Values below are seconds from now, values above are seconds since 1970.
const RELATIVE_SECONDS_MAX: u64 = 1_000_000_000;
/// Values above are not seconds at all.
const EPOCH_SECONDS_MAX: u64 = 100_000_000_000;
/// Two resets this close to each other name the same window.
const SAME_WINDOW: Duration = Duration::from_secs(2);
/// A 429 without headers says nothing about when to come back; then one call a second finds out.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// Calls that may leave at once when a spread rate has been idle.
const BURST: Duration = Duration::from_millis(10);

/// Endpoints that share a limit, a key permission and a fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointGroup {
    /// `/campaigns/trigger/send` and `/canvas/trigger/send`.
    Trigger,
    /// `/users/track`.
    Track,
}

impl EndpointGroup {
    pub const ALL: [Self; 2] = [Self::Trigger, Self::Track];

    #[must_use]
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Reply { .. } | Action::Campaign { .. } | Action::Canvas { .. } => Self::Trigger,
            Action::Track { .. } => Self::Track,
        }
    }

    /// For logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Track => "track",
        }
    }
}

/// The `x-ratelimit-*` headers as they came; what is not a whole number is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateHeaders {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// Seconds since 1970, or from now where small.
    pub reset: Option<u64>,
}

impl RateHeaders {
    /// Reads them through `get`, which takes a lower-case name. None where no header says anything.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let number = |name: &str| get(name).and_then(|text| text.trim().parse().ok());
        let headers = Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: number("x-ratelimit-reset").or_else(|| number("retry-after")),
        };
        (headers != Self::default()).then_some(headers)
    }

    /// When the window ends: now at the earliest, an hour from now at the latest.
    #[must_use]
    pub fn reset_at(&self, now: Timestamp) -> Option<Timestamp> {
        let seconds = match self.reset? {
            relative if relative < RELATIVE_SECONDS_MAX => relative,
            epoch if epoch < EPOCH_SECONDS_MAX => (epoch * 1000).saturating_sub(now.0).div_ceil(1000),
            _ => return None,
        };
        Some(now.after(Duration::from_secs(seconds.min(RESET_SECONDS_MAX))))
    }
}

/// The limiter of one endpoint group.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    window: Option<Window>,
    slowdown: Option<Slowdown>,
    /// Nothing leaves before this.
    paused_until: Timestamp,
    /// When the next call is due where calls are spread out, in microseconds since 1970.
    next_us: u64,
    admitted: Admitted,
}

/// What the headers said.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u64,
    /// The least seen for this window, less what has left since.
    remaining: u64,
    reset: Timestamp,
}

/// The rate found by trying, after a 429 that did not say when to come back.
#[derive(Clone, Copy, Debug)]
struct Slowdown {
    calls_per_second: f64,
    /// What is won back per second.
    step: f64,
    /// From here on there is no slowdown.
    calls_per_second_before: f64,
    changed: Timestamp,
    /// Nothing but 429 since: one call at a time finds out whether that is over.
    probing: bool,
}

/// How many calls left in this second and the one before: the rate a 429 cuts down.
#[derive(Clone, Copy, Debug, Default)]
struct Admitted {
    second: u64,
    calls: u32,
    calls_before: u32,
}

impl Pace {
    /// Takes one call's place, or says when to ask again.
    pub fn admit(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.paused_until {
            return Err(self.paused_until);
        }
        if let Some(window) = self.window.filter(|window| window.remaining == 0 && now < window.reset) {
            return Err(window.reset);
        }
        let now_us = now.0.saturating_mul(1000);
        if let Some(spacing) = self.spacing(now) {
            let burst = if spacing >= PROBE_EVERY { Duration::ZERO } else { BURST };
            let earliest_us = self.next_us.saturating_sub(micros(burst));
            if earliest_us > now_us {
                return Err(Timestamp(earliest_us.div_ceil(1000)));
            }
            self.next_us = self.next_us.max(now_us) + micros(spacing);
        }
        if let Some(window) = &mut self.window {
            window.remaining = window.remaining.saturating_sub(1);
        }
        self.admitted.count(now);
        Ok(())
    }

    /// For people: until when nothing leaves, and what is left of how many calls until when.
    pub(super) fn standing(&self, now: Timestamp) -> (Option<Timestamp>, Option<(u64, u64, Timestamp)>) {
        let paused = (self.paused_until > now).then_some(self.paused_until);
        let window = self.window.filter(|window| window.reset > now);
        (paused, window.map(|window| (window.remaining, window.limit, window.reset)))
    }

    /// Learns from an answer. `random` is uniform over all its values and keeps several senders from coming back at once.
    pub fn observe(&mut self, now: Timestamp, random: u32, headers: Option<RateHeaders>, throttled: bool) {
        let headers = headers.unwrap_or_default();
        let reset = headers.reset_at(now);
        if let (Some(limit), Some(remaining), Some(reset)) = (headers.limit, headers.remaining, reset) {
            self.learn(Window { limit, remaining: remaining.min(limit), reset });
        }
        let until = match reset {
            Some(reset) if throttled => Some(reset.max(now.after(PROBE_EVERY))),
            Some(reset) => self.window.is_some_and(|window| window.remaining == 0 && now < reset).then_some(reset),
            None => None,
        };
        if let Some(until) = until {
            let jitter = Duration::from_millis(u64::from(random) % 2000);
            if until > self.paused_until {
                self.paused_until = until.after(jitter);
            }
        } else if throttled {
            self.slow_down(now);
        }
        if !throttled {
            self.recover(now);
        }
    }

    /// Answers arrive in any order, so the least that is left of a window is what is left of it.
    fn learn(&mut self, heard: Window) {
        match &mut self.window {
            Some(window) if heard.reset.after(SAME_WINDOW) < window.reset => {}
            Some(window) if heard.reset <= window.reset.after(SAME_WINDOW) => {
                window.limit = heard.limit;
                window.remaining = window.remaining.min(heard.remaining);
            }
            _ => self.window = Some(heard),
        }
    }

    /// The time from one call to the next; none while there is no reason to spread them.
    fn spacing(&mut self, now: Timestamp) -> Option<Duration> {
        if self.window.is_some_and(|window| now >= window.reset) {
            self.window = None;
        }
        let left = self.window.filter(|window| window.remaining * 5 < window.limit).map(|window| {
            let spendable = window.remaining.saturating_sub(window.limit / 20).max(1);
            window.reset.since(now).div_f64(spendable as f64)
        });
        let found = self.slowdown.map(|slowdown| slowdown.spacing());
        left.max(found)
    }

    /// Calls that were under way together are refused together: that is one reason to slow down, not many.
    fn slow_down(&mut self, now: Timestamp) {
        let recent = self.slowdown.is_some_and(|slowdown| now.since(slowdown.changed) < PROBE_EVERY);
        if !recent {
            let before = self.slowdown.map_or_else(|| self.admitted.per_second(now), |slow| slow.calls_per_second);
            let calls_per_second_before = self.slowdown.map_or(before, |slow| slow.calls_per_second_before);
            self.slowdown = Some(Slowdown {
                calls_per_second: (before * 0.5).max(1.0),
                step: (calls_per_second_before * 0.05).max(1.0),
                calls_per_second_before: calls_per_second_before.max(2.0),
                changed: now,
                probing: true,
            });
        }
        self.paused_until = self.paused_until.max(now.after(PROBE_EVERY));
    }

    fn recover(&mut self, now: Timestamp) {
        let Some(slowdown) = &mut self.slowdown else { return };
        if slowdown.probing {
            slowdown.probing = false;
            slowdown.changed = now;
        }
        let seconds = now.since(slowdown.changed).as_secs();
        if seconds > 0 {
            slowdown.calls_per_second += slowdown.step * seconds as f64;
            slowdown.changed = now;
        }
        if slowdown.calls_per_second >= slowdown.calls_per_second_before {
            self.slowdown = None;
        }
    }
}

impl Slowdown {
    fn spacing(&self) -> Duration {
        if self.probing { PROBE_EVERY } else { Duration::from_secs_f64(1.0 / self.calls_per_second) }
    }
}

impl Admitted {
    fn count(&mut self, now: Timestamp) {
        self.turn_to(now);
        self.calls += 1;
    }

    fn per_second(&mut self, now: Timestamp) -> f64 {
        self.turn_to(now);
        f64::from(self.calls.max(self.calls_before))
    }

    fn turn_to(&mut self, now: Timestamp) {
        let second = now.0 / 1000;
        if second != self.second {
            self.calls_before = if second == self.second + 1 { self.calls } else { 0 };
            self.calls = 0;
            self.second = second;
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
