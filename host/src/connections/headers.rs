//! Which headers a plugin may send. Those of the connection are not its to change, nor those that say where a request ends, whom
//! it is for, or that it is another one than its method and path say.

use crate::config::Header;
use crate::limits::{CALL_HEADERS_BYTES_MAX, CALL_HEADERS_MAX};

/// Headers that belong to the transport or to us; each with what to do instead.
const RESERVED: [(&str, &str); 28] = [
    ("accept-encoding", "answers reach a plugin as plain text"),
    ("connection", OURS),
    ("content-length", OURS),
    ("cookie", NO_COOKIES),
    ("cookie2", NO_COOKIES),
    ("expect", OURS),
    ("forwarded", SENDER),
    ("host", "the connection's base URL says which host is called"),
    ("http2-settings", OURS),
    ("keep-alive", OURS),
    ("proxy-authenticate", OURS),
    ("proxy-authorization", OURS),
    ("proxy-connection", OURS),
    ("set-cookie", NO_COOKIES),
    ("te", OURS),
    ("trailer", OURS),
    ("transfer-encoding", OURS),
    ("upgrade", OURS),
    ("user-agent", "the host says who calls"),
    ("via", SENDER),
    ("x-http-method", METHOD),
    ("x-http-method-override", METHOD),
    ("x-method-override", METHOD),
    ("x-original-method", METHOD),
    ("x-original-uri", PATH),
    ("x-original-url", PATH),
    ("x-real-ip", SENDER),
    ("x-rewrite-url", PATH),
];
const OURS: &str = "the host sets what the transport needs";
const NO_COOKIES: &str = "there are no cookies; what has to be secret is a header of the connection";
const SENDER: &str = "the host is who calls, for nobody else";
const METHOD: &str = "the request's method says it, and the connection has to allow it";
const PATH: &str = "the request's path says it, and the connection has to allow it";
/// All of this kind say who asked first.
const RESERVED_PREFIX: &str = "x-forwarded-";

/// Why a header cannot be sent, for the plugin's author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    #[error("{0:?} is not a header's name: it has letters, digits and `-`")]
    Name(String),
    #[error("the header `{0}` has a line break or another character that no header can carry")]
    Value(String),
    #[error("the header `{0}` cannot be set: {1}")]
    Reserved(String, &'static str),
    #[error("the header `{0}` cannot be set: the connection sends its own")]
    OfConnection(String),
    #[error("the request has {0} headers; {CALL_HEADERS_MAX} are allowed")]
    TooMany(usize),
    #[error("the request's headers have {0} bytes; {CALL_HEADERS_BYTES_MAX} are allowed")]
    TooLong(usize),
}

/// Whether a plugin may send these headers through a connection with those.
///
/// # Errors
/// What is wrong with the first that it may not send.
pub fn check(headers: &[(String, String)], of_connection: &[Header]) -> Result<(), BadHeader> {
    if headers.len() > CALL_HEADERS_MAX {
        return Err(BadHeader::TooMany(headers.len()));
    }
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > CALL_HEADERS_BYTES_MAX {
        return Err(BadHeader::TooLong(bytes));
    }
    headers.iter().try_for_each(|(name, value)| check_one(name, value, of_connection))
}

fn check_one(name: &str, value: &str, of_connection: &[Header]) -> Result<(), BadHeader> {
    if !is_name(name) {
        return Err(BadHeader::Name(name.chars().take(80).collect()));
    }
    if !is_value(value) {
        return Err(BadHeader::Value(name.to_owned()));
    }
    if let Some(reason) = reserved(name) {
        return Err(BadHeader::Reserved(name.to_owned(), reason));
    }
    if of_connection.iter().any(|header| same(&header.name, name)) {
        return Err(BadHeader::OfConnection(name.to_owned()));
    }
    Ok(())
}

/// Why a header of this name is not the plugin's to set, if it is not.
fn reserved(name: &str) -> Option<&'static str> {
    let plain = plain(name);
    let found = RESERVED.iter().find(|(reserved, _)| *reserved == plain).map(|(_, reason)| *reason);
    found.or_else(|| plain.starts_with(RESERVED_PREFIX).then_some(SENDER))
}

/// Why the configuration cannot set a header of this name, if it cannot: what the transport needs.
#[must_use]
pub fn reserved_to_host(name: &str) -> Option<&'static str> {
    reserved(name).filter(|reason| *reason == OURS || matches!(plain(name).as_str(), "host" | "accept-encoding"))
}

/// Whether this can be a header's name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// Whether this can be a header's value: what an HTTP library lets through, and then no more than everybody reads alike.
#[must_use]
pub fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t'))
}

fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Gateways take `_` for `-`.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests;
