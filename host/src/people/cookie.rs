//! The cookie of a session.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

use super::Key;
use crate::limits::SIGNED_IN;

const PLAIN: &str = "turnwise_session";
/// Browsers take it over TLS only, and from this very host.
const SECURE: &str = "__Host-turnwise_session";

/// The session that a request carries.
#[must_use]
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| [PLAIN, SECURE].contains(name)).map(|(_, value)| value)
}

/// Gives the browser that sent `headers` its session.
#[must_use]
pub fn set(headers: &HeaderMap, key: &Key) -> HeaderValue {
    written(headers, &key.text(), SIGNED_IN.as_secs())
}

/// Takes it away.
#[must_use]
pub fn clear(headers: &HeaderMap) -> HeaderValue {
    written(headers, "", 0)
}

fn written(headers: &HeaderMap, value: &str, seconds: u64) -> HeaderValue {
    let (name, secure) = if is_over_tls(headers) { (SECURE, "; Secure") } else { (PLAIN, "") };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).expect("our cookies are ASCII")
}

/// TLS ends in front of us, so only the browser knows: it says so with every form. A browser that says nothing gets a cookie for TLS
/// unless it is on this machine.
fn is_over_tls(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text(ORIGIN) {
        Some(origin) => origin.starts_with("https://"),
        None => {
            let host = text(HOST).unwrap_or_default();
            !["localhost", "127.0.0.1", "[::1]"].iter().any(|here| host.starts_with(here))
        }
    }
}
