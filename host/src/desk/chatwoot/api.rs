//! Calls to one account's REST API.

use std::error::Error;
use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, redirect};
use serde_json::Value;

use super::answer::{Failed, classify};
use crate::clock::Clock;
use crate::config;
use crate::connections::retry_after;
use crate::limits::{CALL_CONNECT_TIMEOUT, DESK_ANSWER_BYTES_MAX, DESK_CALL_TIMEOUT};

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum ChatwootError {
    #[error(
        "desk.chatwoot.token cannot be sent in a header: it holds a line break or another character that no token has"
    )]
    Token,
    #[error("the HTTP client for Chatwoot cannot be set up: {0}")]
    Client(String),
}

pub(super) struct Api {
    client: Client,
    /// Ends with a slash.
    base: String,
    clock: Arc<dyn Clock>,
}

impl Api {
    pub(super) fn new(settings: &config::Chatwoot, clock: Arc<dyn Clock>) -> Result<Self, ChatwootError> {
        let mut token = HeaderValue::try_from(settings.token.expose()).map_err(|_| ChatwootError::Token)?;
        token.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("api_access_token"), token),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        let client = Client::builder()
            .default_headers(headers)
            .connect_timeout(CALL_CONNECT_TIMEOUT)
            .timeout(DESK_CALL_TIMEOUT)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ChatwootError::Client(causes(&error)))?;
        Ok(Self { client, base: format!("{}/api/v1/accounts/{}/", settings.url, settings.account), clock })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failed> {
        let (status, body, after) = self.call(Method::GET, path, None).await?;
        classify(status, body.as_deref().map_err(String::as_str), after)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let (status, body, after) = self.call(Method::POST, path, Some(body)).await?;
        classify(status, body.as_deref().map_err(String::as_str), after)
    }

    /// Posts what is answered with a status only.
    pub(super) async fn post_unanswered(&self, path: &str, body: &Value) -> Result<(), Failed> {
        let (status, body, after) = self.call(Method::POST, path, Some(body)).await?;
        if (200..=299).contains(&status) {
            return Ok(());
        }
        classify(status, body.as_deref().map_err(String::as_str), after).map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Result<Vec<u8>, String>, Option<std::time::Duration>), Failed> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let mut response = request.send().await.map_err(|error| {
            let what = match (error.is_connect(), error.is_timeout()) {
                (true, _) => "no connection to Chatwoot",
                (false, true) => "Chatwoot did not answer in time",
                (false, false) => "the connection to Chatwoot broke",
            };
            Failed::Failing(format!("{what}: {}", causes(&error)))
        })?;
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| retry_after(value, self.clock.now()));
        let status = response.status().as_u16();
        let body = read(&mut response).await;
        Ok((status, body, after))
    }
}

async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > DESK_ANSWER_BYTES_MAX => {
                return Err(format!("more than {DESK_ANSWER_BYTES_MAX} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(format!("a body that broke off: {}", causes(&error))),
        }
    }
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
    if causes.is_empty() { "no reason given".to_owned() } else { causes.join(": ") }
}
