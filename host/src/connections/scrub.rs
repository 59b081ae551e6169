//! Secrets never come back: a service that repeats what it was sent would hand them to the plugin, and with it to the journal.

use crate::config::Header;
use crate::conversation::{HttpResponse, RequestError};

/// Shorter ones keep nobody out, and would tear holes into every answer.
const SECRET_CHARS_MIN: usize = 8;
const STARS: &str = "***";

/// The secrets of one connection.
pub(super) struct Scrub {
    /// Longest first, so that one that holds another goes as a whole.
    secrets: Vec<String>,
}

impl Scrub {
    pub(super) fn new(headers: &[Header]) -> Self {
        let all = headers.iter().flat_map(|header| &header.secrets).map(|secret| secret.expose().to_owned());
        let mut secrets: Vec<String> = all.filter(|secret| secret.len() >= SECRET_CHARS_MIN).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    pub(super) fn response(&self, mut response: HttpResponse) -> HttpResponse {
        self.text(&mut response.body);
        response.headers.iter_mut().for_each(|(_, value)| self.text(value));
        response
    }

    pub(super) fn error(&self, mut error: RequestError) -> RequestError {
        if let RequestError::Denied(reason) | RequestError::Unreachable(reason) | RequestError::Other(reason) =
            &mut error
        {
            self.text(reason);
        }
        error
    }

    fn text(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), STARS);
            }
        }
    }
}
