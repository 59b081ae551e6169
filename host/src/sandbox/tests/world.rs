//! A running sandbox with a clock moved by hand, and a host that answers webhooks from a script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Timestamp};
use crate::sandbox::{SandboxConfig, SandboxHandle, bind};

/// 2026-11-23T10:59:00Z, a minute before the clock hour.
pub(super) const START: u64 = 1_795_431_540_000;

/// Stands until it is moved.
#[derive(Debug)]
pub(super) struct HandClock(AtomicU64);

/// A sandbox and a client for it.
pub(super) struct World {
    pub(super) addr: SocketAddr,
    pub(super) handle: SandboxHandle,
    pub(super) clock: Arc<HandClock>,
    pub(super) client: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

/// A status, a JSON body and headers.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: reqwest::header::HeaderMap,
}

/// A host that answers each webhook with the next status of its script, then with 202.
#[derive(Clone, Default)]
pub(super) struct FakeHost {
    pub(super) script: Arc<Mutex<VecDeque<Scripted>>>,
    pub(super) received: Arc<Mutex<Vec<Received>>>,
}

/// A status and, where there is one, its `Retry-After`.
pub(super) type Scripted = (u16, Option<&'static str>);
/// The `Authorization` header and the body of a webhook.
pub(super) type Received = (String, Vec<u8>);

impl HandClock {
    pub(super) fn advance(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(super) async fn start_with(configure: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config = SandboxConfig::new("127.0.0.1:0".parse().unwrap(), "", "webhook-token", "rest-key");
        config.time_scale = 0.0001;
        configure(&mut config);
        let clock = Arc::new(HandClock(AtomicU64::new(START)));
        let sandbox = bind(config, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        let (addr, handle, stop) = (sandbox.addr(), sandbox.handle(), CancellationToken::new());
        let running = tokio::spawn(sandbox.run(stop.clone().cancelled_owned()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self { addr, handle, clock, client, stop, running }
    }

    /// Every test ends here, so that a sandbox that cannot stop is noticed.
    pub(super) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.running).await.expect("the sandbox stops").unwrap();
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Calls the API with the right key.
    pub(super) async fn api(&self, path: &str, body: Value) -> Got {
        Got::read(self.api_raw(path, body.to_string()).await.unwrap()).await
    }

    pub(super) async fn api_raw(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        self.client.post(self.url(path)).bearer_auth("rest-key").body(body).send().await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        Got::read(self.client.get(self.url(path)).send().await.unwrap()).await.body
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Got {
        Got::read(self.client.post(self.url(path)).body(body.to_string()).send().await.unwrap()).await
    }

    pub(super) async fn chaos(&self, rules: Value) {
        let put = self.client.put(self.url("/sandbox/chaos")).body(rules.to_string()).send().await.unwrap();
        assert_eq!(put.status(), 200, "{}", put.text().await.unwrap());
    }

    /// Makes a user by a write that every user's life begins with.
    pub(super) async fn user(&self, id: &str) {
        let got = self.api("/users/track", json!({"attributes": [{"external_id": id, "first_name": id}]})).await;
        assert_eq!(got.status, 201);
    }

    pub(super) async fn texts(&self, user: &str) -> Vec<String> {
        let messages = self.get(&format!("/sandbox/messages?user={user}")).await;
        messages.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap_or("-").to_owned()).collect()
    }
}

impl Got {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.unwrap();
        Self { status, body: serde_json::from_str(&body).unwrap_or_else(|_| body.into()), headers }
    }
}

impl FakeHost {
    /// Serves until the test's runtime ends. Returns the URL of its webhook.
    pub(super) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/inbound/whatsapp", listener.local_addr().unwrap());
        let host = self.clone();
        let app = Router::new().route(
            "/v1/inbound/whatsapp",
            post(async move |headers: HeaderMap, body: Bytes| {
                let authorization = headers.get("authorization").map_or("", |value| value.to_str().unwrap()).to_owned();
                host.received.lock().unwrap().push((authorization, body.to_vec()));
                let (status, retry_after) = host.script.lock().unwrap().pop_front().unwrap_or((202, None));
                let headers = retry_after.map(|value| ("retry-after", value));
                let answer = json!({"event_id": host.received.lock().unwrap().len()}).to_string();
                (StatusCode::from_u16(status).unwrap(), axum::response::AppendHeaders(headers), answer)
            }),
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    pub(super) fn then(&self, status: u16) {
        self.script.lock().unwrap().push_back((status, None));
    }

    pub(super) fn bodies(&self) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        received.iter().map(|(_, body)| serde_json::from_slice(body).unwrap_or_default()).collect()
    }
}

/// A trigger request for one user.
pub(super) fn reply(user: &str, text: &str) -> Value {
    json!({
        "campaign_id": "reply",
        "recipients": [{"external_user_id": user, "trigger_properties": {"external_system_msg_body": text}}],
    })
}
