//! Calls to other systems that plugins ask for: each goes through a connection that the operator configured, stays within what it
//! allows, carries its secrets, and ends in time with an answer or the reason why there is none.
//!
//! What is allowed and what is tried again is decided in pure modules (`target`, `headers`, `address`, `retry`); `caller` is the order
//! of steps.

pub mod address;
mod caller;
mod failure;
pub mod headers;
mod resolve;
mod retry;
mod scrub;
pub mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config;
use crate::conversation::{HttpResponse, Request, RequestError};
use crate::limits::NAME_CHARS_MAX;
use caller::Caller;
use resolve::{Names, System};
pub(crate) use retry::asked as retry_after;

/// Every configured connection, ready to be called.
pub struct Connections {
    named: BTreeMap<String, Caller>,
}

/// Why a connection cannot be called at all: a mistake in `[connections.NAME]`, or the system's certificates cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionsError {
    /// Without the URL: it may hold a password.
    #[error("connections.{name}.base_url is no URL that can be called: it looks like https://api.example.com/v1")]
    BaseUrl { name: String },
    #[error("connections.{name}.base_url `{base_url}` {reason}")]
    Address { name: String, base_url: String, reason: address::Refused },
    #[error(
        "connections.{name}.headers: `{header}` cannot be sent: its name or value has a character that no header can carry"
    )]
    Header { name: String, header: String },
    #[error("connections.{name}: the HTTP client cannot be set up: {reason}")]
    Client { name: String, reason: String },
}

impl Connections {
    /// One client for each of `[connections]`; nothing is called yet.
    ///
    /// # Errors
    /// A connection that could never be called.
    pub fn new(
        configured: &BTreeMap<String, config::Connection>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectionsError> {
        Self::with_names(configured, clock, |_| Arc::new(System::default()))
    }

    /// `names` makes what looks up the names of one connection.
    fn with_names(
        configured: &BTreeMap<String, config::Connection>,
        clock: Arc<dyn Clock>,
        names: impl Fn(&str) -> Arc<dyn Names>,
    ) -> Result<Self, ConnectionsError> {
        let caller = |(name, connection): (&String, &config::Connection)| {
            Ok((name.clone(), Caller::new(name, connection, names(name), Arc::clone(&clock))?))
        };
        Ok(Self { named: configured.iter().map(caller).collect::<Result<_, _>>()? })
    }

    /// Makes the call and hands back its answer, of whatever status. It ends within the shorter of the request's and the connection's
    /// timeout. Whether the plugin was given the connection is not asked here.
    ///
    /// `resumed`: the host stopped during an earlier try of this very request, which may have reached the other side; it is made
    /// again only where the connection's retry rule lets it be done twice.
    ///
    /// # Errors
    /// Why there is no answer, in words for the plugin's author. No secret is in them.
    pub async fn call(&self, request: &Request, resumed: bool) -> Result<HttpResponse, RequestError> {
        let Some(caller) = self.named.get(&request.connection) else {
            let name: String = request.connection.chars().take(NAME_CHARS_MAX).collect();
            return Err(RequestError::Denied(format!("no connection {name:?} is configured")));
        };
        let begin = Instant::now();
        let outcome = caller.call(request, resumed).await;
        log(request, &outcome, begin.elapsed().as_millis());
        outcome
    }
}

/// Neither path nor body: they may hold what a user typed.
fn log(request: &Request, outcome: &Result<HttpResponse, RequestError>, duration_ms: u128) {
    let Request { connection, method, .. } = request;
    match outcome {
        Ok(response) => {
            let (status, bytes) = (response.status, response.body.len());
            info!(connection, method, status, bytes, duration_ms, "call answered");
        }
        Err(error) => {
            let (error, reason) = match error {
                RequestError::Denied(reason) => ("denied", reason.as_str()),
                RequestError::Timeout => ("timeout", ""),
                RequestError::Unreachable(reason) => ("unreachable", reason.as_str()),
                RequestError::TooLarge => ("too-large", ""),
                RequestError::Other(reason) => ("other", reason.as_str()),
            };
            warn!(connection, method, error, reason, duration_ms, "call without an answer");
        }
    }
}

#[cfg(test)]
mod tests;
