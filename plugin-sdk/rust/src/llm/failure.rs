//! What came back, where it is no answer.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Usage;
use crate::{HttpResponse, RequestError};

/// Why there is no answer. It holds no word of the conversation, so it can be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub kind: FailureKind,
    /// How long the endpoint asks to be left alone, where it says so.
    pub retry_after: Option<Duration>,
    /// What was used up all the same, where the endpoint says so.
    pub usage: Option<Usage>,
    /// For people.
    pub detail: String,
}

/// What a failure means for what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection of this name, no grant for it, or a key that is refused. Only a person can change that.
    Denied,
    /// The account behind the key has nothing left to spend.
    QuotaSpent,
    /// Too many requests (429): later it will do.
    RateLimited,
    /// The endpoint is in trouble (5xx).
    Overloaded,
    /// No answer in time.
    TimedOut,
    /// No connection, or it broke.
    Unreachable,
    /// The answer is larger than the connection allows.
    TooLarge,
    /// What came is no chat completion: cut off, a web page, empty.
    Unreadable,
    /// The prompt is longer than the model can read: a shorter one would do.
    TooLong,
    /// The prompt or the answer was held back by a content filter.
    Filtered,
    /// The endpoint does not take the request as it is: no such model, a parameter it does not know.
    Rejected,
}

/// `{"error": {…}}`; what is in it differs from endpoint to endpoint.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    #[serde(rename = "type")]
    kind: Value,
    code: Value,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, detail: String) -> Self {
        Self { kind, retry_after: None, usage: None, detail }
    }

    /// Whether the very same request may do better in a moment.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use FailureKind::{Overloaded, RateLimited, TimedOut, Unreachable, Unreadable};
        matches!(self.kind, RateLimited | Overloaded | TimedOut | Unreachable | Unreadable)
    }

    pub(super) fn of_error(error: &RequestError) -> Self {
        let (kind, detail) = match error {
            RequestError::Denied(why) => (FailureKind::Denied, why.clone()),
            RequestError::Timeout => (FailureKind::TimedOut, "no answer in time".to_owned()),
            RequestError::Unreachable(why) => (FailureKind::Unreachable, why.clone()),
            RequestError::TooLarge => {
                (FailureKind::TooLarge, "the answer is larger than the connection allows".to_owned())
            }
            RequestError::Other(why) => (FailureKind::Unreadable, why.clone()),
        };
        Self::new(kind, detail)
    }

    pub(super) fn of_status(response: &HttpResponse) -> Self {
        let ErrorBody { error } = serde_json::from_str(&response.body).unwrap_or_default();
        let is = |name: &str| error.code == name || error.kind == name;
        let status = response.status;
        let kind = match status {
            401 | 403 => FailureKind::Denied,
            402 => FailureKind::QuotaSpent,
            429 if is("insufficient_quota") => FailureKind::QuotaSpent,
            408 | 409 | 425 | 429 => FailureKind::RateLimited,
            500.. => FailureKind::Overloaded,
            413 => FailureKind::TooLong,
            _ if is("context_length_exceeded") => FailureKind::TooLong,
            _ if is("content_filter") || is("content_policy_violation") => FailureKind::Filtered,
            _ => FailureKind::Rejected,
        };
        let code = [error.code, error.kind].into_iter().find_map(|word| word.as_str().map(str::to_owned));
        let detail = code.map_or_else(|| format!("status {status}"), |code| format!("status {status}, {code}"));
        Self { retry_after: retry_after(&response.headers), ..Self::new(kind, detail) }
    }
}

fn retry_after(headers: &[(String, String)]) -> Option<Duration> {
    let number = |wanted: &str| {
        let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        value.trim().parse::<f64>().ok().filter(|number| (0.0..1e9).contains(number))
    };
    let milliseconds = number("retry-after-ms").or_else(|| number("retry-after").map(|seconds| seconds * 1_000.0))?;
    Some(Duration::from_millis(milliseconds.ceil() as u64))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.kind {
            FailureKind::Denied => "the model may not be asked",
            FailureKind::QuotaSpent => "the account's quota is spent",
            FailureKind::RateLimited => "the model is asked too often",
            FailureKind::Overloaded => "the endpoint is in trouble",
            FailureKind::TimedOut => "the model took too long",
            FailureKind::Unreachable => "the endpoint cannot be reached",
            FailureKind::TooLarge => "the answer is too large",
            FailureKind::Unreadable => "the answer cannot be read",
            FailureKind::TooLong => "the prompt is too long for the model",
            FailureKind::Filtered => "a content filter held it back",
            FailureKind::Rejected => "the endpoint does not take the request",
        };
        write!(f, "{words}: {}", self.detail)
    }
}

impl std::error::Error for Failure {}
