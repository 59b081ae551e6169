//! The sandbox in the test's own process: it outlives the hosts under test, and its record is the judge.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use turnwise::clock::SystemClock;
use turnwise::sandbox::{SandboxConfig, SandboxHandle, bind};

use crate::until;

/// The token webhooks carry, and the REST key the host shows.
pub const TOKEN: &str = "turnwise_test_token_0123456789";
pub const API_KEY: &str = "test-rest-key";

/// A running sandbox; ends with the test.
pub struct TestSandbox {
    pub url: String,
    pub http: reqwest::Client,
    handle: SandboxHandle,
    stop: CancellationToken,
    running: JoinSet<()>,
}

impl TestSandbox {
    /// Braze's waits are compressed a thousandfold; its limits are out of the way unless `configure` sets them.
    pub async fn start(configure: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config = SandboxConfig::new("127.0.0.1:0".parse().expect("an address"), "", TOKEN, API_KEY);
        config.time_scale = 0.001;
        config.messaging_requests_per_hour_max = u32::MAX;
        config.track_requests_per_3s_max = u32::MAX;
        configure(&mut config);
        let sandbox = bind(config, Arc::new(SystemClock)).await.expect("a free port");
        let (url, handle) = (format!("http://{}", sandbox.addr()), sandbox.handle());
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(sandbox.run(stop.clone().cancelled_owned()));
        Self { url, http: reqwest::Client::new(), handle, stop, running }
    }

    /// Webhooks go to this host from now on.
    pub fn deliver_to(&self, webhook: &str) {
        self.handle.deliver_to(webhook);
    }

    /// The fake Chatwoot tells this host what agents do, from now on.
    pub fn deliver_desk_to(&self, webhook: &str) {
        self.handle.deliver_desk_to(webhook);
    }

    /// `POST` to any of the sandbox's controls; returns its answer.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).body(body.to_string());
        let answer = request.send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// A user writes; returns how the delivery of the webhook ended.
    pub async fn say(&self, user: &str, text: &str) -> Value {
        self.inbound(json!({ "user_id": user, "phone_number": phone(user), "message": text })).await
    }

    /// `POST /sandbox/inbound?wait=true` with any body.
    pub async fn inbound(&self, body: Value) -> Value {
        let url = format!("{}/sandbox/inbound?wait=true", self.url);
        let answer = self.http.post(url).body(body.to_string()).send().await.expect("the sandbox answers");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// What the user received so far, in order.
    pub async fn messages(&self, user: &str) -> Vec<Value> {
        match self.get(&format!("/sandbox/messages?user={user}")).await {
            Value::Array(messages) => messages,
            other => panic!("messages are an array: {other}"),
        }
    }

    /// The texts of [`Self::messages`].
    pub async fn texts(&self, user: &str) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        self.messages(user).await.iter().map(text).collect()
    }

    /// Waits until the user has received this many messages, and returns their texts.
    pub async fn texts_once(&self, user: &str, count: usize) -> Vec<String> {
        let what = format!("{count} messages for {user}");
        until(&what, || async { Some(self.texts(user).await).filter(|texts| texts.len() >= count) }).await
    }

    /// The calls the host made, as the sandbox remembers them.
    pub async fn requests(&self) -> Vec<Value> {
        match self.get("/sandbox/requests").await {
            Value::Array(requests) => requests,
            other => panic!("requests are an array: {other}"),
        }
    }

    /// Resolves when this user next receives a message, counted from this call and not from the first poll.
    pub fn next_message(&self, user: &str) -> impl Future<Output = ()> + Send + use<> {
        self.handle.next_message(user)
    }

    /// `PUT /sandbox/chaos`
    pub async fn chaos(&self, rules: Value) {
        let url = format!("{}/sandbox/chaos", self.url);
        let answer = self.http.put(url).body(rules.to_string()).send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// `DELETE /sandbox/chaos`
    pub async fn calm(&self) {
        let url = format!("{}/sandbox/chaos", self.url);
        self.http.delete(url).send().await.expect("the sandbox answers");
    }

    /// Any of the sandbox's views.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.expect("the sandbox answers");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// Ends it before the test does, to take Braze away.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
    }
}

/// A number of the user's own.
fn phone(user: &str) -> String {
    let number = user.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 100_000_000);
    format!("+4915{number:08}")
}
