//! A clock that can be moved on, so that what takes days can be tried in a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Clock, Timestamp};

/// Another clock, ahead by what was skipped.
pub struct MovableClock {
    clock: Arc<dyn Clock>,
    skipped_ms: AtomicU64,
}

impl MovableClock {
    #[must_use]
    pub fn over(clock: Arc<dyn Clock>) -> Self {
        Self { clock, skipped_ms: AtomicU64::new(0) }
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.clock.now().after(Duration::from_millis(self.skipped_ms.load(Ordering::Acquire)))
    }

    fn problem(&self) -> Option<String> {
        self.clock.problem()
    }

    fn skip(&self, span: Duration) -> bool {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.skipped_ms.fetch_add(span_ms, Ordering::AcqRel);
        true
    }
}
