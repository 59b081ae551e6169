//! What is said of many measurements: percentiles of one repetition, medians over repetitions.

use std::time::Duration;

/// Durations of one repetition.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    nanos: Vec<u64>,
}

/// Two points of a distribution, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Percentiles {
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Durations {
    pub(super) fn add(&mut self, took: Duration) {
        self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.nanos.append(&mut other.nanos);
    }

    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.nanos.len()
    }

    /// Zero where nothing was measured.
    #[must_use]
    pub(super) fn percentiles(mut self) -> Percentiles {
        self.nanos.sort_unstable();
        let at = |percent: usize| {
            let index = (self.nanos.len() * percent / 100).min(self.nanos.len().saturating_sub(1));
            self.nanos.get(index).map_or(0.0, |&nanos| nanos as f64 / 1e6)
        };
        Percentiles { p50_ms: at(50), p99_ms: at(99) }
    }
}

/// The middle one, or the mean of the two in the middle.
#[must_use]
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}
