//! What it means that a try brought no answer.

use std::error::Error;

use super::resolve::Blocked;
use super::retry::Ended;
use crate::conversation::RequestError;
use crate::limits::CALL_ERROR_CHARS_MAX;

/// Why a try brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Its address is not allowed.
    Blocked(Blocked),
    /// There was no connection.
    Unsent(String),
    /// The connection broke before the answer was there.
    Broken(String),
    TooLarge,
    /// What came is no answer that can be handed on.
    Unusable(String),
}

impl Failure {
    /// Of a request that got no response, or a body that broke off.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if let Some(blocked) = cause(error) {
            return Self::Blocked(*blocked);
        }
        let causes = causes(error);
        if error.is_connect() {
            let tls = ["certificate", "tls", "handshake", "corrupt message"];
            let lower = causes.to_ascii_lowercase();
            let hint = if tls.iter().any(|word| lower.contains(word)) { " (a matter of TLS)" } else { "" };
            return Self::Unsent(format!("no connection: {causes}{hint}"));
        }
        if error.is_builder() {
            return Self::Unusable(format!("the request cannot be sent: {causes}"));
        }
        match cause::<hyper::Error>(error) {
            Some(error) if error.is_parse_too_large() => Self::TooLarge,
            Some(error) if error.is_parse() => Self::Unusable(format!("the answer is not HTTP: {causes}")),
            _ => Self::Broken(format!("the connection broke: {causes}")),
        }
    }

    pub(super) fn ended(&self) -> Ended {
        match self {
            Self::Unsent(_) => Ended::Unsent,
            Self::Broken(_) => Ended::Broken,
            Self::Blocked(_) | Self::TooLarge | Self::Unusable(_) => Ended::Settled,
        }
    }

    pub(super) fn into_error(self) -> RequestError {
        let short = |text: String| text.chars().take(CALL_ERROR_CHARS_MAX).collect();
        match self {
            Self::Blocked(blocked) => RequestError::Denied(blocked.to_string()),
            Self::Unsent(reason) | Self::Broken(reason) => RequestError::Unreachable(short(reason)),
            Self::TooLarge => RequestError::TooLarge,
            Self::Unusable(reason) => RequestError::Other(short(reason)),
        }
    }
}

fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    std::iter::successors(error.source(), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// The causes of an error without its first line, which repeats the URL.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(error.source(), |error| (*error).source()) {
        let line = cause.to_string();
        // Some repeat what caused them.
        if !causes.iter().any(|known| known.contains(&line)) {
            causes.push(line);
        }
    }
    if causes.is_empty() { "no reason is known".to_owned() } else { causes.join(": ") }
}
