//! The sandbox's own paths: write in as a user, read what happened, order faults, and the page.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::{Method, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{AnswerBody, Answered, Dropped, typed};
use super::inbound::{self, Said};
use super::server::{BodyError, read_body};
use super::{Shared, chatwoot, page, views};

const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const WAIT_MS_MAX: u64 = 60_000;
const SKIP_SECONDS_MAX: u64 = 366 * 24 * 60 * 60;

/// Answers a request for `/` or a path under `/sandbox`.
pub(super) async fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Response<AnswerBody>, Dropped> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(response) = page::file(&parts.method, path) {
        return Ok(response);
    }
    // Any web page can make a browser send requests here; only the sandbox's own page may.
    if parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Ok(Answered::message(403, "the sandbox answers no other site's pages").into_response());
    }
    let body = match read_body(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return Ok(Answered::message(413, "at most 4 MB").into_response()),
        Err(BodyError::Broken) => return Err(Dropped),
    };
    let query = Query(parts.uri.query().unwrap_or_default());
    let answered = match (&parts.method, path) {
        (&Method::POST, "/sandbox/inbound") => inbound(shared, query, &body).await,
        (&Method::GET, "/sandbox/messages") => messages(shared, query).await,
        (&Method::GET, "/sandbox/requests") => requests(shared, query),
        (&Method::GET, "/sandbox/deliveries") => deliveries(shared, query),
        (&Method::GET, "/sandbox/profiles") => {
            let state = shared.state();
            Answered::json(200, &state.memory.profiles.iter().map(views::profile_line).collect())
        }
        (&Method::GET, "/sandbox/events") => {
            let stream = shared.state().listeners.listen();
            let mut response = typed(200, "text/event-stream", AnswerBody::Events(stream));
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Ok(response);
        }
        (&Method::POST, "/sandbox/reset") => {
            shared.state().reset(&shared.config);
            Answered::message(200, "reset")
        }
        (&Method::GET, "/sandbox/chaos") => Answered::json(200, &shared.state().chaos.view()),
        (&Method::PUT, "/sandbox/chaos") => put_chaos(shared, &body),
        (&Method::DELETE, "/sandbox/chaos") => {
            shared.state().chaos = super::chaos::Chaos::default();
            Answered::message(200, "no chaos")
        }
        (&Method::POST, "/sandbox/clock") => move_clock(shared, &body),
        (method, path) if path == "/sandbox/chatwoot" || path.starts_with("/sandbox/chatwoot/") => {
            let now = shared.now();
            let mut state = shared.state();
            let answered = chatwoot::control(&mut state.chatwoot, method, path, &body, now);
            let hooks = state.chatwoot.leaving();
            drop(state);
            chatwoot::send(shared, hooks);
            answered
        }
        (&Method::GET, path) if path.starts_with("/sandbox/profiles/") => {
            profile(shared, &decoded(&path["/sandbox/profiles/".len()..]))
        }
        _ => Answered::message(404, "the sandbox has no such path, or not with this method"),
    };
    let mut response = answered.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `{"skip_seconds": N}`: the time of sandbox and host, whose clock it is too.
fn move_clock(shared: &Shared, body: &[u8]) -> Answered {
    let skip: Skip = match serde_json::from_slice(body) {
        Ok(skip) => skip,
        Err(error) => return Answered::message(400, &format!("the body is {{\"skip_seconds\": N}}: {error}")),
    };
    if !(1..=SKIP_SECONDS_MAX).contains(&skip.skip_seconds) {
        return Answered::message(400, &format!("skip_seconds: 1 to {SKIP_SECONDS_MAX}, a year; time only goes on"));
    }
    if !shared.clock.skip(Duration::from_secs(skip.skip_seconds)) {
        return Answered::message(
            409,
            "this sandbox runs by the clock of its machine; that of `turnwise dev` can be moved",
        );
    }
    Answered::json(200, &json!({ "now": shared.clock.now().0 }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    skip_seconds: u64,
}

async fn inbound(shared: &Arc<Shared>, query: Query<'_>, body: &[u8]) -> Answered {
    let said: Said = match serde_json::from_slice(body) {
        Ok(said) => said,
        Err(error) => return Answered::message(400, &format!("the body is not an inbound message: {error}")),
    };
    let accepted = match inbound::accept(shared, said) {
        Ok(accepted) => accepted,
        Err(problem) => return Answered::message(400, &problem),
    };
    if query.get("wait").as_deref() != Some("true") {
        return Answered::json(202, &json!({"dispatch_id": accepted.dispatch_id}));
    }
    match accepted.finished.await {
        Ok(finished) => Answered::json(
            200,
            &json!({
                "dispatch_id": accepted.dispatch_id,
                "outcome": finished.outcome.as_str(),
                "status": finished.status,
                "attempts": finished.attempts,
                "answer": views::json_or_text(&finished.answer),
            }),
        ),
        Err(_) => Answered::message(503, "the sandbox stopped before the delivery ended"),
    }
}

/// With `user`, that user's messages after the first `after`, waiting up to `wait_ms` for one; without, everybody's.
async fn messages(shared: &Shared, query: Query<'_>) -> Answered {
    let Some(user) = query.get("user") else {
        let state = shared.state();
        let view = |message| views::message(message, &shared.config.text_property);
        return Answered::json(200, &state.memory.messages().map(view).collect());
    };
    let after = query.number("after").unwrap_or(0);
    let wait = Duration::from_millis(query.number("wait_ms").unwrap_or(0).min(WAIT_MS_MAX));
    let received = || {
        let state = shared.state();
        let found = state.memory.profiles.find_by_name(&user);
        let messages = found.into_iter().flat_map(|found| state.memory.messages_of(found, after));
        messages.map(|message| views::message(message, &shared.config.text_property)).collect::<Vec<_>>()
    };
    let until_one_comes = async {
        loop {
            let waiter = shared.state().memory.waiter(&user);
            let mut woken = std::pin::pin!(waiter.notified());
            // Listening before looking, so that no message falls in between.
            woken.as_mut().enable();
            let messages = received();
            if !messages.is_empty() {
                return messages;
            }
            woken.await;
        }
    };
    let messages =
        if wait.is_zero() { received() } else { tokio::time::timeout(wait, until_one_comes).await.unwrap_or_default() };
    Answered::json(200, &messages.into())
}

/// All remembered requests; `path` keeps those whose path begins so, `last` only so many of the newest.
fn requests(shared: &Shared, query: Query<'_>) -> Answered {
    let prefix = query.get("path").unwrap_or_default();
    let state = shared.state();
    let matching = state.memory.requests.iter().filter(|request| request.path.starts_with(&prefix));
    Answered::json(200, &query.last(matching.map(views::request)).into())
}

/// All remembered webhooks; `user` keeps one user's, `last` only so many of the newest.
fn deliveries(shared: &Shared, query: Query<'_>) -> Answered {
    let state = shared.state();
    let user = query.get("user").map(|user| {
        let found = state.memory.profiles.find_by_name(&user);
        found.map_or(user, |found| state.memory.profiles.get(found).name().to_owned())
    });
    let deliveries = state.memory.deliveries.iter();
    let matching = deliveries.filter(|delivery| user.as_ref().is_none_or(|user| *user == delivery.user));
    Answered::json(200, &query.last(matching.map(views::delivery)).into())
}

fn profile(shared: &Shared, name: &str) -> Answered {
    let state = shared.state();
    match state.memory.profiles.find_by_name(name) {
        Some(found) => Answered::json(200, &views::profile(state.memory.profiles.get(found))),
        None => Answered::message(404, "no profile goes by this external id, number, e-mail address or Braze id"),
    }
}

fn put_chaos(shared: &Shared, body: &[u8]) -> Answered {
    let rules = match serde_json::from_slice::<Value>(body) {
        Ok(rules) => rules,
        Err(error) => return Answered::message(400, &format!("chaos is JSON: {error}")),
    };
    let mut state = shared.state();
    match state.chaos.put(rules) {
        Ok(()) => Answered::json(200, &state.chaos.view()),
        Err(problem) => Answered::message(400, &problem),
    }
}

/// The part of a URL after the question mark.
#[derive(Clone, Copy)]
struct Query<'uri>(&'uri str);

impl Query<'_> {
    fn get(self, name: &str) -> Option<String> {
        let mut pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
    }

    fn number(self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    fn last(self, views: impl DoubleEndedIterator<Item = Value>) -> Vec<Value> {
        let count = self.number("last").and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        let mut last: Vec<_> = views.rev().take(count).collect();
        last.reverse();
        last
    }
}

/// Percent-decoded. A plus stays a plus, because phone numbers begin with one.
pub(super) fn decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| byte == b'%') {
            Some(value) => {
                decoded.push(value);
                rest = &after[2..];
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Bytes of a file built into the binary.
pub(super) fn embedded(content_type: &'static str, text: &'static str) -> Response<AnswerBody> {
    typed(200, content_type, AnswerBody::Whole(Some(Bytes::from_static(text.as_bytes()))))
}
