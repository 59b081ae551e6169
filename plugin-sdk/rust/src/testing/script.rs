//! What the world beside the user will answer: connections and Braze, written down before they are asked.
//!
//! ```text
//! @ http shop GET /orders/{...} 200 {"paid":true}   the next such request gets this answer, in a turn of its own
//! @ http shop GET /orders/7 x3 503                  …the next three do
//! @ http shop POST /orders after 20s 201            …it comes after 20 seconds; meanwhile the user may write
//! @ http shop GET /orders/7 timeout                 …none comes: timeout, too-large, denied WHY, unreachable WHY, other WHY
//! ```
//!
//! The path, query included, may be a [pattern](super::pattern). Of several answers that fit, the first written is used
//! up first. A request that nothing answers is a mistake, unless an `@ response` further down does. Where `after` is
//! longer than the request's own timeout, it times out.
//!
//! ```text
//! @ braze 400          Braze refuses the next send: the bot hears `delivery-failed`
//! @ braze 429 x2       Braze asks to come back later, twice; also 408, 5xx, `reset`, `hang`
//! ```
//!
//! A send is a reply, a campaign or a Canvas. The host sends again until it succeeds where that can help, which a bot does
//! not notice: in a test of a plugin such a line changes nothing, and played to a whole host its sandbox does it.

use std::time::Duration;

use super::mistake::Wrong;
use super::pattern::Pattern;
use super::transcript::duration;
use super::world::split;
use crate::bindings::turnwise::bot::types::{HttpResponse, Request, RequestError};

/// `@ http`
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub connection: String,
    pub method: String,
    pub path: Pattern,
    /// How many requests it still answers.
    pub times: u32,
    pub after: Duration,
    pub outcome: Result<HttpResponse, RequestError>,
}

/// `@ braze`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// How many sends it still spoils.
    pub times: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Status(u16),
    /// The connection breaks before there is an answer.
    Reset,
    /// No answer comes.
    Hang,
}

impl Answer {
    pub(super) fn answers(&self, request: &Request) -> bool {
        self.times > 0
            && self.connection == request.connection
            && self.method.eq_ignore_ascii_case(&request.method)
            && (self.path.meets(&request.path) || self.path.meets(&format!("/{}", request.path)))
    }
}

impl Fault {
    /// Why the host gives the send up; none where it sends again.
    pub(super) fn refusal(&self) -> Option<String> {
        match self.kind {
            // Refused for all senders alike: the host waits until that is put right.
            FaultKind::Status(401 | 403 | 408 | 429) | FaultKind::Reset | FaultKind::Hang => None,
            FaultKind::Status(status @ 300..=499) => Some(format!("Braze refused the request ({status})")),
            FaultKind::Status(_) => None,
        }
    }
}

pub(super) fn answer(words: &str) -> Result<Answer, Wrong<'_>> {
    const EXAMPLE: &str = "@ http shop GET /orders/{...} 200 {\"paid\":true}";
    let (connection, rest) = split(words);
    let (method, rest) = split(rest);
    let (path, mut rest) = split(rest);
    if path.is_empty() {
        let message = "a connection, a method and a path say which request is answered";
        return Err(Wrong::new(words, message, format!("write e.g. `{EXAMPLE}`")));
    }
    if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let fix = format!("the connection comes first, then the method: `{EXAMPLE}`");
        return Err(Wrong::new(method, format!("`{method}` is no HTTP method"), fix));
    }
    let (mut times, mut after) = (1, Duration::ZERO);
    loop {
        let (word, next) = split(rest);
        if let Some(count) = self::times(word)? {
            (times, rest) = (count, next);
        } else if word == "after" {
            let (span, next) = split(next);
            after = duration(span)
                .ok_or_else(|| Wrong::new(span, format!("`{span}` is no time"), "write e.g. `after 20s`"))?;
            rest = next;
        } else {
            break;
        }
    }
    let outcome = outcome(rest, EXAMPLE)?;
    let (connection, method) = (connection.to_owned(), method.to_owned());
    Ok(Answer { connection, method, path: Pattern::of(path), times, after, outcome })
}

pub(super) fn fault(words: &str) -> Result<Fault, Wrong<'_>> {
    let (kind, rest) = split(words);
    let kind = match kind {
        "reset" => FaultKind::Reset,
        "hang" => FaultKind::Hang,
        _ => match kind.parse() {
            Ok(status @ 300..=599) => FaultKind::Status(status),
            _ => {
                let fix = "write a status such as 400, 429 or 503, or `reset`, `hang`; then e.g. `x2`";
                return Err(Wrong::new(kind, format!("`{kind}` is nothing that Braze could do wrong"), fix));
            }
        },
    };
    match times(rest)? {
        Some(times) => Ok(Fault { kind, times }),
        None if rest.is_empty() => Ok(Fault { kind, times: 1 }),
        None => {
            Err(Wrong::new(rest, format!("`{rest}` does not say how often"), "write e.g. `x2`, or nothing for once"))
        }
    }
}

/// `x3`; none for another word.
fn times(word: &str) -> Result<Option<u32>, Wrong<'_>> {
    let Some(digits) = word.strip_prefix('x').filter(|digits| digits.starts_with(|char: char| char.is_ascii_digit()))
    else {
        return Ok(None);
    };
    match digits.parse() {
        Ok(times @ 1..) => Ok(Some(times)),
        _ => Err(Wrong::new(word, format!("`{word}` does not say how often"), "write e.g. `x2`")),
    }
}

/// `200 BODY`, or why there is none. `example` is how the line could be written.
pub(super) fn outcome<'a>(words: &'a str, example: &str) -> Result<Result<HttpResponse, RequestError>, Wrong<'a>> {
    let (status, body) = split(words);
    Ok(match status {
        "timeout" => Err(RequestError::Timeout),
        "too-large" => Err(RequestError::TooLarge),
        "denied" => Err(RequestError::Denied(body.to_owned())),
        "unreachable" => Err(RequestError::Unreachable(body.to_owned())),
        "other" => Err(RequestError::Other(body.to_owned())),
        _ => match status.parse() {
            Ok(status @ 100..=999) => Ok(HttpResponse { status, headers: vec![], body: body.to_owned() }),
            _ => {
                let fix = format!("write e.g. `{example}`, or one of timeout, too-large, denied, unreachable, other");
                return Err(Wrong::new(status, format!("`{status}` is no HTTP status"), fix));
            }
        },
    })
}
