//! What a day has cost so far, and what it may.

use serde::{Deserialize, Serialize};

use super::Usage;
use crate::Timestamp;

const DAY_MS: u64 = 86_400_000;

/// What was spent on the day (UTC) of the last request. Keep it in the state, over the end of a session too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spending {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// How often a model was asked.
    pub requests: u32,
    /// Tokens, of prompts and answers together.
    pub tokens: u32,
    /// Millionths of the prices' currency.
    pub micros: u64,
}

/// What an endpoint takes for a million tokens, in any currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Of prompts.
    pub input: f64,
    /// Of answers.
    pub output: f64,
}

/// What a day may cost; what is none has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    /// How often a model may be asked.
    pub requests: Option<u32>,
    /// Tokens, of prompts and answers together.
    pub tokens: Option<u32>,
    /// In the prices' currency.
    pub cost: Option<f64>,
}

impl Prices {
    /// What a request costs, in millionths of the currency.
    #[must_use]
    pub fn micros(&self, usage: Usage) -> u64 {
        // A price for a million tokens is as many millionths for one.
        let micros = f64::from(usage.prompt_tokens) * self.input + f64::from(usage.completion_tokens) * self.output;
        micros.max(0.0).ceil() as u64
    }
}

impl Spending {
    /// Begins anew where the day is another.
    pub fn roll(&mut self, now: Timestamp) {
        let day = u32::try_from(now / DAY_MS).unwrap_or(u32::MAX);
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
    }

    /// A model is asked.
    pub fn asked(&mut self) {
        self.requests = self.requests.saturating_add(1);
    }

    /// What that took.
    pub fn add(&mut self, usage: Usage, prices: &Prices) {
        self.tokens = self.tokens.saturating_add(usage.prompt_tokens).saturating_add(usage.completion_tokens);
        self.micros = self.micros.saturating_add(prices.micros(usage));
    }

    /// Whether the day has cost what it may, or more. A request is known by its cost only afterwards, so the last one
    /// may go over.
    #[must_use]
    pub fn is_spent(&self, caps: &Caps) -> bool {
        caps.requests.is_some_and(|max| self.requests >= max)
            || caps.tokens.is_some_and(|max| self.tokens >= max)
            || caps.cost.is_some_and(|max| self.micros as f64 >= max * 1e6)
    }
}
