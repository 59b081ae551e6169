//! What an answer of Braze means for the row that asked for it.
//!
//! Braze answers success only with a JSON object that says `"message": "success"` (or "queued" during maintenance). A success
//! status with anything else behind it did not come from where we think it did, or broke on the way: it may have been done.

use serde::Deserialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::outbox::transition::SendOutcome;

/// Braze's own words that are worth repeating to people; the rest is cut.
const MESSAGE_CHARS_MAX: usize = 300;

/// The members of an answer that decide.
#[derive(Deserialize)]
struct Answer {
    message: String,
    dispatch_id: Option<Value>,
    notice: Option<Value>,
    errors: Option<Value>,
}

/// Classifies a complete answer, or one whose body broke off (`Err` says how). `until` is when Braze's rate limit is reset.
#[must_use]
pub fn classify(status: u16, body: Result<&[u8], &str>, until: Option<Timestamp>) -> SendOutcome {
    let answer = body.map_err(str::to_owned).and_then(|bytes| {
        serde_json::from_slice::<Answer>(bytes).map_err(|_| match bytes.len() {
            0 => "an empty body".to_owned(),
            bytes => format!("{bytes} bytes that are not Braze's JSON"),
        })
    });
    let said = match &answer {
        Ok(answer) => cut(&answer.message),
        Err(instead) => format!("it said nothing readable, but {instead}"),
    };
    match (status, answer) {
        (200..=299, Ok(answer)) if matches!(answer.message.as_str(), "success" | "queued") => SendOutcome::Accepted {
            braze_dispatch_id: answer.dispatch_id.and_then(said_text),
            notice: answer.notice.and_then(said_text),
            partial: answer.errors.and_then(said_text),
        },
        (200..=299, Ok(_)) => SendOutcome::Rejected(format!("Braze answered {status}, but not success: {said}")),
        (200..=299, Err(instead)) => SendOutcome::Unknown(format!("Braze answered {status} with {instead}")),
        (300..=399, _) => SendOutcome::Rejected(format!(
            "the endpoint redirects ({status}): wrong endpoint? Use the REST endpoint, e.g. https://rest.fra-01.braze.eu"
        )),
        (401, _) => SendOutcome::Unauthorised(format!(
            "Braze refuses the API key (401): {said}. Bad key, or the endpoint of another instance"
        )),
        (403, _) => SendOutcome::Unauthorised(format!(
            "Braze forbids the call (403): {said}. The key lacks the endpoint's permission, or its IP allow list lacks this host"
        )),
        (404, _) => SendOutcome::Rejected(format!(
            "the endpoint has no such path (404): {said}. Use the REST endpoint, not the dashboard's or the SDK's"
        )),
        (408, _) => SendOutcome::ServerError(format!("Braze did not get the whole request in time (408): {said}")),
        (413, _) => SendOutcome::Rejected(format!("the request is too large (413): {said}. Braze takes 4 MB")),
        (429, _) => SendOutcome::Throttled { until },
        (400..=499, _) => SendOutcome::Rejected(format!("Braze refused the request ({status}): {said}{}", hint(&said))),
        (500..=599, Ok(_)) if !matches!(status, 502 | 504) => {
            SendOutcome::ServerError(format!("Braze failed ({status}): {said}"))
        }
        _ => SendOutcome::Unknown(format!("an answer {status} from Braze or from something in front of it: {said}")),
    }
}

/// A member as text; none where there is nothing in it.
fn said_text(value: Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Array(items) if items.is_empty() => return None,
        Value::String(text) => text,
        other => other.to_string(),
    };
    (!text.is_empty()).then(|| cut(&text))
}

/// What to do about the refusals that Braze documents.
fn hint(said: &str) -> &'static str {
    let said = said.to_ascii_lowercase();
    let known = [
        ("campaign id", ". Check the campaign's `id`: it must be that of an API-triggered campaign of this workspace"),
        ("canvas id", ". Check the Canvas's id: it must be that of an API-triggered Canvas of this workspace"),
        ("recipients", ". The user's identifier is missing or malformed"),
        ("variant", ". The campaign has no variant that can be sent"),
        ("mismatched message type", ". The campaign's channel is not the one asked for"),
        ("no message to send", ". The campaign has no message; publish its variant"),
        ("blacklisted", ". Braze blocks this external id as that of a dummy user"),
        ("max input length", ". The request holds more objects than the contract allows"),
        ("max number", ". The request names more users than Braze allows"),
    ];
    known.iter().find(|(words, _)| said.contains(words)).map_or("", |(_, hint)| hint)
}

fn cut(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
