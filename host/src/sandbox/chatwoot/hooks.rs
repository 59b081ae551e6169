//! Sends webhooks as Chatwoot does: signed, in order within a conversation, within five seconds or not at all.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::Shared;
use super::super::chaos::Fault;
use super::WEBHOOKS;

/// `WEBHOOK_TIMEOUT`, unless somebody sets it.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a webhook that is to be overtaken waits for the next one.
const OVERTAKE_WAIT: Duration = Duration::from_secs(1);
const DELIVERIES_MAX: usize = 10_000;
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// A webhook to be sent.
#[derive(Debug)]
pub(in super::super) struct Hook {
    pub(super) conversation: u64,
    pub(super) event: &'static str,
    pub(super) body: Value,
}

/// One that was sent, or dropped.
#[derive(Debug)]
pub(in super::super) struct Delivery {
    pub(super) conversation: u64,
    pub(super) event: &'static str,
    pub(super) body: Value,
    /// None where there was no answer, or it was dropped on order.
    pub(super) status: Option<u16>,
    pub(super) answer: String,
}

/// The sending half.
pub(in super::super) struct Hooks {
    client: reqwest::Client,
    /// Conversations with webhooks to be sent. A lane is there exactly while a task works it off.
    lanes: Mutex<HashMap<u64, Lane>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Hook>,
    arrived: Arc<Notify>,
}

impl Hooks {
    pub(in super::super) fn new() -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .tcp_nodelay(true)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { client, lanes: Mutex::default(), tasks: TaskTracker::new(), stop: CancellationToken::new() })
    }

    /// Gives up what is not sent yet, and returns when nothing is under way.
    pub(in super::super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<u64, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next of a conversation; without one its lane is closed.
    fn next(&self, conversation: u64) -> Option<Hook> {
        let mut lanes = self.lanes();
        let hook = lanes.get_mut(&conversation).and_then(|lane| lane.waiting.pop_front());
        if hook.is_none() {
            lanes.remove(&conversation);
        }
        hook
    }

    /// The one that overtakes, if there is one in time.
    async fn next_soon(&self, conversation: u64) -> Option<Hook> {
        let arrived = Arc::clone(&self.lanes().get(&conversation)?.arrived);
        let waiting = || self.lanes().get_mut(&conversation).and_then(|lane| lane.waiting.pop_front());
        if let Some(hook) = waiting() {
            return Some(hook);
        }
        tokio::select! {
            () = arrived.notified() => {}
            () = tokio::time::sleep(OVERTAKE_WAIT) => {}
            () = self.stop.cancelled() => {}
        }
        waiting()
    }
}

/// Queues webhooks behind the earlier ones of their conversations.
pub(in super::super) fn send(shared: &Arc<Shared>, hooks: Vec<Hook>) {
    for hook in hooks {
        let conversation = hook.conversation;
        let mut lanes = shared.hooks.lanes();
        if let Some(lane) = lanes.get_mut(&conversation) {
            lane.waiting.push_back(hook);
            lane.arrived.notify_one();
            continue;
        }
        lanes.insert(conversation, Lane { waiting: VecDeque::from([hook]), ..Lane::default() });
        drop(lanes);
        shared.hooks.tasks.spawn(run_lane(Arc::clone(shared), conversation));
    }
}

async fn run_lane(shared: Arc<Shared>, conversation: u64) {
    while let Some(hook) = shared.hooks.next(conversation) {
        tokio::select! {
            () = deliver(&shared, hook) => {}
            () = shared.hooks.stop.cancelled() => return,
        }
    }
}

async fn deliver(shared: &Shared, hook: Hook) {
    let hit = shared.state().chaos.hit_desk_webhook(&format!("{WEBHOOKS}{}", hook.event));
    if let Some(hit) = &hit {
        tokio::time::sleep(hit.latency).await;
    }
    match hit.map(|hit| hit.fault) {
        Some(Fault::DropDelivery) => note(shared, hook, None, "dropped on order".to_owned()),
        Some(Fault::DuplicateDelivery) => {
            let twin = Hook { body: hook.body.clone(), ..hook };
            post(shared, hook).await;
            post(shared, twin).await;
        }
        Some(Fault::Reorder) => {
            if let Some(next) = shared.hooks.next_soon(hook.conversation).await {
                post(shared, next).await;
            }
            post(shared, hook).await;
        }
        _ => post(shared, hook).await,
    }
}

async fn post(shared: &Shared, hook: Hook) {
    let (url, secret) = {
        let state = shared.state();
        (state.chatwoot.webhook_url.clone(), state.chatwoot.secret.clone())
    };
    let body = hook.body.to_string();
    let timestamp = (shared.now().0 / 1_000).to_string();
    let request = shared
        .hooks
        .client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("x-chatwoot-timestamp", &timestamp)
        .header("x-chatwoot-signature", signature(&secret, &timestamp, &body))
        .header("x-chatwoot-delivery", shared.state().ids.dispatch_id())
        .body(body);
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            let mut answer = response.text().await.unwrap_or_default();
            answer.truncate(answer.floor_char_boundary(ANSWER_BYTES_MAX));
            note(shared, hook, Some(status), answer);
        }
        Err(error) => note(shared, hook, None, error.without_url().to_string()),
    }
}

fn note(shared: &Shared, hook: Hook, status: Option<u16>, answer: String) {
    let Hook { conversation, event, body } = hook;
    let mut state = shared.state();
    let deliveries = &mut state.chatwoot.deliveries;
    if deliveries.len() >= DELIVERIES_MAX {
        deliveries.pop_front();
    }
    deliveries.push_back(Delivery { conversation, event, body, status, answer });
}

/// Over the timestamp and the body as it is sent.
fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut text = String::from("sha256=");
    // A key of any length will do for HMAC.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(format!("{timestamp}.{body}").as_bytes());
        for byte in mac.finalize().into_bytes() {
            // Writing to a string cannot fail.
            write!(text, "{byte:02x}").ok();
        }
    }
    text
}
