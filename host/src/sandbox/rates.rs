//! Braze's rate limits: fixed windows of the clock, counted per workspace.

use super::SandboxConfig;
use crate::clock::Timestamp;

const TRACK_WINDOW_MS: u64 = 3_000;

/// The pools that requests draw from.
#[derive(Debug)]
pub(super) struct Rates {
    pub(super) messaging: Window,
    pub(super) track: Window,
}

/// One pool: so many requests in each window of the clock.
#[derive(Debug)]
pub(super) struct Window {
    limit: u32,
    span_ms: u64,
    current: u64,
    used: u32,
}

/// How a pool stands after a request: the values of the `x-ratelimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// When the pool is full again, in whole seconds since 1970.
    pub(super) reset_epoch_seconds: u64,
    /// The request found the pool empty.
    pub(super) exceeded: bool,
}

impl Rates {
    pub(super) fn new(config: &SandboxConfig) -> Self {
        let messaging_ms = u64::try_from(config.messaging_window.as_millis()).unwrap_or(u64::MAX).max(1);
        Self {
            messaging: Window::new(config.messaging_requests_per_hour_max, messaging_ms),
            track: Window::new(config.track_requests_per_3s_max, TRACK_WINDOW_MS),
        }
    }
}

impl Window {
    fn new(limit: u32, span_ms: u64) -> Self {
        Self { limit, span_ms, current: 0, used: 0 }
    }

    /// Draws one request.
    pub(super) fn take(&mut self, now: Timestamp) -> Rate {
        self.turn_to(now);
        let exceeded = self.used >= self.limit;
        if !exceeded {
            self.used += 1;
        }
        Rate { exceeded, ..self.peek(now) }
    }

    /// How the pool stands, without drawing from it.
    pub(super) fn peek(&mut self, now: Timestamp) -> Rate {
        self.turn_to(now);
        let reset_ms = (self.current + 1).saturating_mul(self.span_ms);
        Rate {
            limit: self.limit,
            remaining: self.limit - self.used,
            reset_epoch_seconds: reset_ms.div_ceil(1000),
            exceeded: false,
        }
    }

    fn turn_to(&mut self, now: Timestamp) {
        let window = now.0 / self.span_ms;
        if window != self.current {
            self.current = window;
            self.used = 0;
        }
    }
}
