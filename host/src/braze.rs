//! The Braze client: one request per outbox entry, and what its answer means. Nothing here tries again: that is dispatch's to
//! decide, who knows what a second call could do.

pub mod attributes;
pub mod classify;
pub mod recipe;
pub mod text;
pub mod wire;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Url, redirect};

use crate::clock::Clock;
use crate::config;
use crate::outbox::Entry;
use crate::outbox::pace::RateHeaders;
use crate::outbox::transition::SendOutcome;
use classify::classify;
use wire::{Endpoint, Names};

/// Shorter than any load balancer's, so that a connection is rarely closed under a request.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// Braze's answers are a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A client of one workspace.
pub struct Braze {
    client: Client,
    campaigns_trigger_send: Url,
    canvas_trigger_send: Url,
    users_track: Url,
    campaigns: BTreeMap<String, config::Campaign>,
    canvases: BTreeMap<String, String>,
    clock: Arc<dyn Clock>,
}

/// Why there can be no client: a mistake in `[braze]`, or the system's certificates cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BrazeError {
    #[error("braze.endpoint `{endpoint}` is not a URL: {reason}. It looks like https://rest.fra-01.braze.eu")]
    Endpoint { endpoint: String, reason: String },
    #[error(
        "braze.endpoint `{0}` must begin with https://: the API key would travel readable (http is for loopback only)"
    )]
    Plain(String),
    #[error("braze.api_key cannot be sent in a header: it holds a line break or another character that no key has")]
    ApiKey,
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Braze {
    pub fn new(config: &config::Braze, clock: Arc<dyn Clock>) -> Result<Self, BrazeError> {
        let loopback = loopback(config)?;
        let mut key =
            HeaderValue::try_from(format!("Bearer {}", config.api_key.expose())).map_err(|_| BrazeError::ApiKey)?;
        key.set_sensitive(true);
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, key), (CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let client = Client::builder()
            .default_headers(headers)
            // Connecting must give up first: once the whole call has timed out, it may have been made.
            .connect_timeout(config.connect_timeout.min(config.request_timeout / 2))
            .timeout(config.request_timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(!loopback)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(config.requests_in_flight_max)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| BrazeError::Client(causes(&error)))?;
        Ok(Self {
            client,
            campaigns_trigger_send: url(config, Endpoint::CampaignsTriggerSend.path())?,
            canvas_trigger_send: url(config, Endpoint::CanvasTriggerSend.path())?,
            users_track: url(config, Endpoint::UsersTrack.path())?,
            campaigns: config.campaigns.clone(),
            canvases: config.canvases.clone(),
            clock,
        })
    }

    /// Makes the one call for an entry. Ends within the configured request timeout.
    pub async fn send(&self, entry: &Entry) -> (SendOutcome, Option<RateHeaders>) {
        let names = Names { campaigns: &self.campaigns, canvases: &self.canvases };
        let (endpoint, body) = match wire::request(entry, names) {
            Ok(request) => request,
            Err(reason) => return (SendOutcome::Rejected(reason), None),
        };
        let mut response = match self.client.post(self.url(endpoint).clone()).body(body).send().await {
            Ok(response) => response,
            Err(error) => return (unanswered(&error), None),
        };
        let status = response.status().as_u16();
        let headers = RateHeaders::read(|name| response.headers().get(name).and_then(|value| value.to_str().ok()));
        let until = headers.and_then(|headers| headers.reset_at(self.clock.now()));
        let body = read(&mut response).await;
        (classify(status, body.as_deref().map_err(String::as_str), until), headers)
    }

    fn url(&self, endpoint: Endpoint) -> &Url {
        match endpoint {
            Endpoint::CampaignsTriggerSend => &self.campaigns_trigger_send,
            Endpoint::CanvasTriggerSend => &self.canvas_trigger_send,
            Endpoint::UsersTrack => &self.users_track,
        }
    }
}

fn url(config: &config::Braze, path: &str) -> Result<Url, BrazeError> {
    Url::parse(&format!("{}{path}", config.endpoint))
        .map_err(|error| BrazeError::Endpoint { endpoint: config.endpoint.clone(), reason: error.to_string() })
}

/// Whether the endpoint is this machine itself, where plain http is fine.
fn loopback(config: &config::Braze) -> Result<bool, BrazeError> {
    let endpoint = url(config, "/")?;
    let host = endpoint.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    match endpoint.scheme() {
        "https" => Ok(loopback),
        "http" if loopback => Ok(true),
        _ => Err(BrazeError::Plain(config.endpoint.clone())),
    }
}

async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => return Err("more than 1 MiB".into()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(format!("a body that broke off: {}", causes(&error))),
        }
    }
}

/// No answer at all. Only a failure to connect is sure to have left Braze untouched.
fn unanswered(error: &reqwest::Error) -> SendOutcome {
    let causes = causes(error);
    if error.is_connect() || error.is_builder() {
        let tls = ["certificate", "tls", "handshake", "corrupt message"]
            .iter()
            .any(|word| causes.to_ascii_lowercase().contains(word));
        let hint = if tls { ". Check braze.endpoint, this machine's clock, and its trusted certificates" } else { "" };
        return SendOutcome::NotSent(format!("no connection to Braze: {causes}{hint}"));
    }
    let lost =
        if error.is_timeout() { "Braze did not answer in time" } else { "the connection broke before Braze's answer" };
    SendOutcome::Unknown(format!("{lost}: {causes}"))
}

/// The causes of an error without its first line, which repeats the URL.
fn causes(error: &dyn Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(next) = cause {
        let line = next.to_string();
        if causes.last() != Some(&line) {
            causes.push(line);
        }
        cause = next.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;
