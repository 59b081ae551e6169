//! When not to call at all: what mostly fails gets time to recover, and a key that is refused is not tried ten thousand times.
//!
//! It comes back by probing: one call at a time, at growing intervals.

use std::time::Duration;

use crate::clock::Timestamp;

/// When a breaker opens, and how long it stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Below this many calls a share of failures says nothing; from it on, more than half open it.
    pub calls_min: u32,
    /// How far back calls count, in whole tens of milliseconds.
    pub window: Duration,
    /// From opening to the first probe; doubled by every probe that fails.
    pub probe_wait: Duration,
    /// The longest wait for a probe.
    pub probe_wait_max: Duration,
}

/// What the window is counted in.
const BUCKETS: usize = 10;
/// How soon to ask again while a probe is under way; its answer usually comes first.
const PROBE_POLL: Duration = Duration::from_secs(1);

/// The breaker of one thing that is called.
#[derive(Clone, Debug)]
pub struct Breaker {
    figures: Figures,
    buckets: [Bucket; BUCKETS],
    trip: Option<Trip>,
}

/// Leave to make one call, to be handed back with its verdict or released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Ordinary,
    /// The call that decides whether the breaker closes.
    Probe,
}

/// What a call says about what was called, whatever else it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answers.
    Working,
    /// It does not answer, or only to say that it fails.
    Failing,
    /// It refuses the key.
    Refusing,
}

/// Something worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing is called until then; then one call probes.
    Opened { verdict: Verdict, until: Timestamp },
    /// It works again.
    Closed,
}

#[derive(Clone, Copy, Debug)]
struct Trip {
    until: Timestamp,
    span: Duration,
    probing: bool,
}

/// Calls that ended within one stretch of time.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    number: u64,
    calls: u32,
    failures: u32,
}

impl Breaker {
    /// Closed.
    #[must_use]
    pub fn new(figures: Figures) -> Self {
        Self { figures, buckets: Default::default(), trip: None }
    }

    /// Leave to call, or when to ask again.
    pub fn admit(&mut self, now: Timestamp) -> Result<Pass, Timestamp> {
        match &mut self.trip {
            None => Ok(Pass::Ordinary),
            Some(trip) if now < trip.until => Err(trip.until),
            Some(trip) if trip.probing => Err(now.after(PROBE_POLL)),
            Some(trip) => {
                trip.probing = true;
                Ok(Pass::Probe)
            }
        }
    }

    /// Until when nothing is called, where it is open.
    #[must_use]
    pub fn opened_until(&self) -> Option<Timestamp> {
        self.trip.as_ref().map(|trip| trip.until)
    }

    /// Takes back a pass whose call was not made.
    pub fn release(&mut self, pass: Pass) {
        if let (Pass::Probe, Some(trip)) = (pass, &mut self.trip) {
            trip.probing = false;
        }
    }

    /// Learns how a call ended. Calls that left before the breaker opened say nothing about whether it may close.
    pub fn observe(&mut self, now: Timestamp, pass: Pass, verdict: Verdict) -> Option<Change> {
        match (&self.trip, pass, verdict) {
            (Some(_), Pass::Probe, Verdict::Working) => {
                *self = Self::new(self.figures);
                Some(Change::Closed)
            }
            (Some(trip), Pass::Probe, _) => {
                let span = (trip.span * 2).min(self.figures.probe_wait_max);
                Some(self.open(now, span, verdict))
            }
            (None, _, Verdict::Refusing) => Some(self.open(now, self.figures.probe_wait, verdict)),
            (None, _, _) => {
                self.count(now, verdict == Verdict::Failing);
                self.is_failing(now).then(|| self.open(now, self.figures.probe_wait, verdict))
            }
            (Some(_), Pass::Ordinary, _) => None,
        }
    }

    fn open(&mut self, now: Timestamp, span: Duration, verdict: Verdict) -> Change {
        let until = now.after(span);
        self.trip = Some(Trip { until, span, probing: false });
        Change::Opened { verdict, until }
    }

    fn count(&mut self, now: Timestamp, failed: bool) {
        let number = self.bucket_number(now);
        let bucket = &mut self.buckets[(number % BUCKETS as u64) as usize];
        if bucket.number != number {
            *bucket = Bucket { number, ..Bucket::default() };
        }
        bucket.calls += 1;
        bucket.failures += u32::from(failed);
    }

    fn is_failing(&self, now: Timestamp) -> bool {
        let oldest = self.bucket_number(now).saturating_sub(BUCKETS as u64 - 1);
        let recent = self.buckets.iter().filter(|bucket| bucket.number >= oldest);
        let (calls, failures) =
            recent.fold((0, 0), |(calls, failures), bucket| (calls + bucket.calls, failures + bucket.failures));
        calls >= self.figures.calls_min && failures * 2 > calls
    }

    fn bucket_number(&self, now: Timestamp) -> u64 {
        let bucket_ms = u64::try_from(self.figures.window.as_millis()).unwrap_or(u64::MAX) / BUCKETS as u64;
        now.0 / bucket_ms.max(1)
    }
}

#[cfg(test)]
mod tests;
