//! One connection: its client, and the order of steps of a call.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE};
use reqwest::{Client, Method, Url, redirect};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug;

use super::address::Policy;
use super::failure::{Failure, causes};
use super::resolve::{Checked, Names};
use super::retry::{self, Ended};
use super::scrub::Scrub;
use super::{ConnectionsError, headers, target};
use crate::clock::Clock;
use crate::config;
use crate::conversation::{HttpResponse, Request, RequestError};
use crate::limits::CALL_CONNECT_TIMEOUT;

const USER_AGENT: &str = concat!("turnwise/", env!("CARGO_PKG_VERSION"));
/// Shorter than any load balancer's, so that a connection is rarely closed under a request.
const POOL_IDLE: Duration = Duration::from_secs(30);

pub(super) struct Caller {
    config: config::Connection,
    base: Url,
    /// The connection's own; they win over a plugin's.
    headers: HeaderMap,
    client: Client,
    in_flight: Semaphore,
    scrub: Scrub,
    clock: Arc<dyn Clock>,
}

/// A request that may be made, and nothing of the plugin's but what was checked.
struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
}

impl Caller {
    pub(super) fn new(
        name: &str,
        config: &config::Connection,
        names: Arc<dyn Names>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectionsError> {
        let base = base_url(name, &config.base_url)?;
        let policy = Policy { allow_private: config.allow_private.clone(), public: base.scheme() == "https" };
        check_literal(name, &base, &policy)?;
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CALL_CONNECT_TIMEOUT.min(config.timeout / 2))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(base.scheme() == "https")
            .dns_resolver(Checked { names, policy: Arc::new(policy) })
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(config.calls_in_flight_max)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ConnectionsError::Client { name: name.to_owned(), reason: causes(&error) })?;
        Ok(Self {
            headers: header_map(name, &config.headers)?,
            in_flight: Semaphore::new(config.calls_in_flight_max),
            scrub: Scrub::new(&config.headers),
            config: config.clone(),
            base,
            client,
            clock,
        })
    }

    pub(super) async fn call(&self, request: &Request, resumed: bool) -> Result<HttpResponse, RequestError> {
        let call = self.check(request).map_err(RequestError::Denied)?;
        if resumed && !retry::may_be_done_twice(self.config.retry, call.method.as_str()) {
            let reason = format!(
                "the host stopped during the call, so that it may have been made; with `retry = {:?}` a {} is not made twice",
                self.config.retry.name(),
                call.method
            );
            return Err(RequestError::Unreachable(reason));
        }
        let timeout = Duration::from_secs(request.timeout_seconds.into()).min(self.config.timeout);
        let deadline = Instant::now() + timeout;
        let outcome = timeout_at(deadline, self.tries(&call, deadline)).await.unwrap_or(Err(RequestError::Timeout));
        outcome.map(|response| self.scrub.response(response)).map_err(|error| self.scrub.error(error))
    }

    /// Whether the connection allows the request; if not, why.
    fn check(&self, request: &Request) -> Result<Call, String> {
        let Request { method, path, headers: given, body, .. } = request;
        if !self.config.methods.contains(method) {
            let method: String = method.chars().take(20).collect();
            return Err(format!(
                "the connection does not allow {method:?}; it allows {}",
                self.config.methods.join(", ")
            ));
        }
        let url = target::url(&self.base, path, &self.config.paths).map_err(|error| error.to_string())?;
        headers::check(given, &self.config.headers).map_err(|error| error.to_string())?;
        let bytes = body.as_ref().map_or(0, String::len);
        if bytes > self.config.request_bytes_max {
            return Err(format!("the body has {bytes} bytes; the connection allows {}", self.config.request_bytes_max));
        }
        if request.timeout_seconds == 0 {
            return Err("the request's timeout is 0 seconds, in which nothing can answer".to_owned());
        }
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        for (name, value) in given {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                return Err(format!("the header {name:?} cannot be sent"));
            };
            headers.append(name, value);
        }
        headers.extend(self.headers.clone());
        Ok(Call { method, url, headers, body: body.clone() })
    }

    async fn tries(&self, call: &Call, deadline: Instant) -> Result<HttpResponse, RequestError> {
        let mut tries = 0;
        loop {
            let (outcome, asked) = self.try_once(call).await;
            tries += 1;
            let ended = match &outcome {
                Ok(response) => Ended::Answered(response.status),
                Err(failure) => failure.ended(),
            };
            let wait = retry::wait(tries, asked, getrandom::u32().unwrap_or(u32::MAX / 2));
            let in_time = deadline.saturating_duration_since(Instant::now()) > wait;
            if tries > self.config.retries_max
                || !in_time
                || !retry::again(self.config.retry, call.method.as_str(), ended)
            {
                return outcome.map_err(Failure::into_error);
            }
            debug!(tries, ?ended, ?wait, "a call is made again");
            sleep(wait).await;
        }
    }

    /// One try, and how long the other side asks to be left alone.
    async fn try_once(&self, call: &Call) -> (Result<HttpResponse, Failure>, Option<Duration>) {
        // Never closed.
        let _permit = self.in_flight.acquire().await;
        let mut request = self.client.request(call.method.clone(), call.url.clone()).headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return (Err(Failure::of(&error)), None),
        };
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked = after.and_then(|value| retry::asked(value, self.clock.now()));
        (self.read(response).await, asked)
    }

    /// The whole answer, if it is no longer than the connection allows and is text.
    async fn read(&self, mut response: reqwest::Response) -> Result<HttpResponse, Failure> {
        let status = response.status().as_u16();
        let mut headers = Vec::with_capacity(response.headers().len());
        for (name, value) in response.headers().iter().filter(|(name, _)| *name != SET_COOKIE) {
            headers.push((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
        let mut room = self.config.response_bytes_max;
        let of_headers = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        room = room.checked_sub(of_headers).ok_or(Failure::TooLarge)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::of(&error))? {
            room = room.checked_sub(chunk.len()).ok_or(Failure::TooLarge)?;
            body.extend_from_slice(&chunk);
        }
        let body = String::from_utf8(body).map_err(|_| {
            let said = |name: &str| headers.iter().find(|(known, _)| known == name).map_or("none", |(_, value)| value);
            let (kind, encoding) = (said("content-type"), said("content-encoding"));
            Failure::Unusable(format!(
                "the answer is no UTF-8 text; content-type: {kind}, content-encoding: {encoding}"
            ))
        })?;
        Ok(HttpResponse { status, headers, body })
    }
}

fn base_url(name: &str, text: &str) -> Result<Url, ConnectionsError> {
    let wrong = || ConnectionsError::BaseUrl { name: name.to_owned() };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "https" | "http") && url.has_host() && plain { Ok(url) } else { Err(wrong()) }
}

/// No resolver is asked about a host that is an address already.
fn check_literal(name: &str, base: &Url, policy: &Policy) -> Result<(), ConnectionsError> {
    let literal = base.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
    literal.map_or(Ok(()), |address| policy.check(address)).map_err(|reason| ConnectionsError::Address {
        name: name.to_owned(),
        base_url: base.to_string(),
        reason,
    })
}

fn header_map(name: &str, configured: &[config::Header]) -> Result<HeaderMap, ConnectionsError> {
    let mut headers = HeaderMap::new();
    for header in configured {
        let wrong = || ConnectionsError::Header { name: name.to_owned(), header: header.name.clone() };
        let header_name = HeaderName::try_from(&header.name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(header.value.expose()).map_err(|_| wrong())?;
        value.set_sensitive(!header.secrets.is_empty());
        headers.insert(header_name, value);
    }
    Ok(headers)
}
