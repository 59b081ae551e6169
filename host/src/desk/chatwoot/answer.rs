//! What an answer of Chatwoot means.

use std::time::Duration;

use serde_json::Value;

use super::super::Delivered;

/// Its own words that are worth repeating to people; the rest is cut.
const MESSAGE_CHARS_MAX: usize = 300;

/// Why something was not done, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    Gone,
    Refused(String),
    Unauthorised(String),
    Busy { after: Option<Duration>, reason: String },
    Failing(String),
}

impl From<Failed> for Delivered {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Gone => Self::Gone,
            Failed::Refused(reason) => Self::Refused(reason),
            Failed::Unauthorised(reason) => Self::Unauthorised(reason),
            Failed::Busy { after, reason } => Self::Busy { after, reason },
            Failed::Failing(reason) => Self::Failing(reason),
        }
    }
}

/// Classifies a complete answer, or one whose body broke off (`Err` says how). `after` is what its `Retry-After` asks for. Success without
/// JSON did not come from where we think it did, or broke on the way: it may have been done.
pub(super) fn classify(status: u16, body: Result<&[u8], &str>, after: Option<Duration>) -> Result<Value, Failed> {
    let answer: Result<Value, String> = body.map_err(str::to_owned).and_then(|bytes| {
        let json = serde_json::from_slice(bytes).ok().filter(Value::is_object);
        json.ok_or_else(|| format!("{} bytes that are no JSON object", bytes.len()))
    });
    let said = match &answer {
        Ok(answer) => said(answer),
        Err(instead) => format!("it said nothing readable, but {instead}"),
    };
    match (status, answer) {
        (200..=299, Ok(answer)) => Ok(answer),
        (200..=299, Err(instead)) => Err(Failed::Failing(format!("Chatwoot answered {status} with {instead}"))),
        (300..=399, _) => Err(Failed::Unauthorised(format!(
            "desk.chatwoot.url redirects ({status}): write the address that Chatwoot is served at"
        ))),
        (401 | 403, _) => Err(Failed::Unauthorised(format!(
            "Chatwoot refuses desk.chatwoot.token ({status}): {said}. It has to be of this account, with access to the inbox"
        ))),
        (404, _) => Err(Failed::Gone),
        (429, _) => Err(Failed::Busy { after, reason: format!("Chatwoot is asked too often (429): {said}") }),
        (408, _) => Err(Failed::Failing(format!("Chatwoot did not get the whole request in time (408): {said}"))),
        (400..=499, _) => Err(Failed::Refused(format!("Chatwoot refused the request ({status}): {said}"))),
        _ => Err(Failed::Failing(format!("Chatwoot, or something in front of it, failed ({status}): {said}"))),
    }
}

fn said(answer: &Value) -> String {
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let errors = || answer.get("errors").map(Value::to_string);
    let said = text("message").or_else(|| text("error")).or_else(errors).unwrap_or_else(|| "no reason".to_owned());
    said.chars().filter(|character| !character.is_control()).take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
