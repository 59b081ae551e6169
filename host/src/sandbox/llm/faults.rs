//! Faults that the user asks for in the conversation: "chaos 429", "chaos hang once".

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::super::chaos::{Fault, Hit};
use super::chat::{Chat, Line};

/// What a fault can be asked for by, for the model to tell.
pub(super) const KINDS: &str = "429, 500, slow, hang, cut, nonsense or huge";

const RETRY_AFTER_SECONDS: u32 = 8;
const SLOW: Duration = Duration::from_secs(8);
/// More than any connection should take.
const HUGE_BYTES: u64 = 32 * 1024 * 1024;

/// Which fault was played last, so that one that is asked for once is played once.
#[derive(Debug, Default)]
pub(in super::super) struct Played {
    last: Option<u64>,
}

impl Played {
    pub(super) fn fault(&mut self, chat: &Chat) -> Option<Hit> {
        let Some(Line::User(text)) = chat.lines.last() else { return None };
        let text = text.to_lowercase();
        let mut words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
        if words.next() != Some("chaos") {
            return None;
        }
        let (fault, latency) = kind(words.next()?)?;
        if words.next() == Some("once") {
            let this = Some(fingerprint(&chat.lines));
            if self.last == this {
                return None;
            }
            self.last = this;
        }
        Some(Hit { fault, latency, processed: true, without_ratelimit_headers: false })
    }
}

fn kind(word: &str) -> Option<(Fault, Duration)> {
    let status = |status, kind: &str, headers: &[(&str, String)]| Fault::Status {
        status,
        body: Some(serde_json::json!({"error": {"message": "asked for", "type": kind, "param": null, "code": kind}})),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let fault = match word {
        "429" => status(429, "rate_limit_exceeded", &[("retry-after", RETRY_AFTER_SECONDS.to_string())]),
        "500" => status(500, "server_error", &[]),
        "slow" => return Some((Fault::Latency, SLOW)),
        "hang" => Fault::Hang,
        "cut" => Fault::TruncatedJson,
        "nonsense" => Fault::Garbage,
        "huge" => Fault::BodyBytes(HUGE_BYTES),
        _ => return None,
    };
    Some((fault, Duration::ZERO))
}

fn fingerprint(lines: &[Line]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // The system prompt may tell the time.
    for line in lines.iter().filter(|line| !matches!(line, Line::System(_))) {
        format!("{line:?}").hash(&mut hasher);
    }
    hasher.finish()
}
