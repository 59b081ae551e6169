//! A fake Braze: its API with its rules and its faults, the person on WhatsApp who writes in, and a page to play that person. Beside it,
//! what bots like to call, a scripted language model and a shop, and where people answer: a Chatwoot.
//!
//! It stands in for Braze in `turnwise dev`, in tests and in benchmarks, and knows nothing of the host: what it learns about the host
//! arrives over HTTP. What it remembers of the messages that users received is the judge of "nothing lost, nothing doubled".

mod answer;
mod api;
mod attributes;
mod chaos;
mod chatwoot;
mod control;
mod events;
mod ids;
mod inbound;
mod llm;
mod memory;
mod page;
mod profile;
mod rates;
mod retry;
mod sender;
mod server;
mod shop;
#[cfg(test)]
mod tests;
mod track;
mod trigger;
mod views;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::{Clock, Timestamp};

/// What the sandbox is and how strict it is. [`SandboxConfig::new`] fills in Braze's own figures.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Port 0 picks a free one; [`Sandbox::addr`] says which.
    pub listen: SocketAddr,
    /// URL of the host's webhook. While it is empty, deliveries fail as unreachable; [`SandboxHandle::deliver_to`] sets it later.
    pub deliver_to: String,
    /// Bearer token sent with every webhook.
    pub token: String,
    /// REST key that callers of the API must show.
    pub api_key: String,
    /// Braze's waiting times are multiplied by it: 1.0 is real time, 0.001 makes thirty minutes of retries take two seconds.
    pub time_scale: f64,
    /// The trigger property that the reply campaign shows as the message's text.
    pub text_property: String,
    /// URL of the host's webhook for the desk, to which the fake Chatwoot tells what agents do; [`SandboxHandle::deliver_desk_to`] sets it later.
    pub desk_to: String,
    /// What the fake Chatwoot signs with. Its access token is the API key.
    pub desk_secret: String,
    /// Campaign and Canvas ids that exist; while empty, every id does.
    pub campaigns: Vec<String>,
    /// Shared by the messaging endpoints and reset on the clock hour.
    pub messaging_requests_per_hour_max: u32,
    /// How long the messaging endpoints' hour is; tests that run a pool out shorten it.
    pub messaging_window: Duration,
    /// Of `/users/track` alone.
    pub track_requests_per_3s_max: u32,
    /// 75 on most contracts, 50 on some.
    pub track_objects_per_call_max: usize,
    /// Requests, messages and deliveries remembered, each; the oldest are forgotten first.
    pub records_max: usize,
    /// How long Braze waits for the host to answer a webhook. Not scaled.
    pub webhook_timeout: Duration,
    /// Where ids come from; the same seed gives the same ids.
    pub seed: u64,
}

impl SandboxConfig {
    /// A sandbox in real time with Braze's documented limits.
    #[must_use]
    pub fn new(listen: SocketAddr, deliver_to: &str, token: &str, api_key: &str) -> Self {
        Self {
            listen,
            deliver_to: deliver_to.to_owned(),
            token: token.to_owned(),
            api_key: api_key.to_owned(),
            time_scale: 1.0,
            text_property: "external_system_msg_body".to_owned(),
            desk_to: String::new(),
            desk_secret: token.to_owned(),
            campaigns: Vec::new(),
            messaging_requests_per_hour_max: 250_000,
            messaging_window: Duration::from_hours(1),
            track_requests_per_3s_max: 3_000,
            track_objects_per_call_max: 75,
            records_max: 100_000,
            webhook_timeout: Duration::from_secs(90),
            seed: ids::fresh_seed(),
        }
    }
}

/// A bound sandbox that does not serve yet.
pub struct Sandbox {
    listener: TcpListener,
    addr: SocketAddr,
    shared: Arc<Shared>,
}

/// Reaches a sandbox that is running.
#[derive(Clone)]
pub struct SandboxHandle {
    shared: Arc<Shared>,
}

/// Binds the listener. Nothing is answered before [`Sandbox::run`].
pub async fn bind(config: SandboxConfig, clock: Arc<dyn Clock>) -> io::Result<Sandbox> {
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let (sender, hooks) = (sender::Sender::new(&config)?, chatwoot::Hooks::new()?);
    let state = Mutex::new(State::new(&config));
    Ok(Sandbox { listener, addr, shared: Arc::new(Shared { config, clock, state, sender, hooks }) })
}

impl Sandbox {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// To reach it while it runs.
    #[must_use]
    pub fn handle(&self) -> SandboxHandle {
        SandboxHandle { shared: Arc::clone(&self.shared) }
    }

    /// Serves until `shutdown`, then returns when every connection and delivery has ended. Deliveries waiting for a retry are given up.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        server::run(self.listener, self.shared, shutdown).await;
    }
}

impl SandboxHandle {
    /// Webhooks from now on go to this URL, retries of earlier ones included.
    pub fn deliver_to(&self, url: &str) {
        url.clone_into(&mut self.shared.state().deliver_to);
    }

    /// The fake Chatwoot's webhooks go to this URL from now on.
    pub fn deliver_desk_to(&self, url: &str) {
        url.clone_into(&mut self.shared.state().chatwoot.webhook_url);
    }

    /// Resolves when this user next receives a message, counted from this call and not from the first poll.
    pub fn next_message(&self, user: &str) -> impl Future<Output = ()> + Send + use<> {
        let mut received = Box::pin(self.shared.state().memory.waiter(user).notified_owned());
        received.as_mut().enable();
        received
    }
}

/// What every connection and delivery shares.
struct Shared {
    config: SandboxConfig,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    sender: sender::Sender,
    hooks: chatwoot::Hooks,
}

/// Everything that changes, behind one lock that is never held across an await.
struct State {
    deliver_to: String,
    memory: memory::Memory,
    chaos: chaos::Chaos,
    rates: rates::Rates,
    health: retry::Health,
    llm: llm::Played,
    chatwoot: chatwoot::Chatwoot,
    ids: ids::Ids,
    listeners: events::Listeners,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl State {
    fn new(config: &SandboxConfig) -> Self {
        Self {
            deliver_to: config.deliver_to.clone(),
            memory: memory::Memory::new(config.records_max),
            chaos: chaos::Chaos::default(),
            rates: rates::Rates::new(config),
            health: retry::Health::new(config.time_scale),
            llm: llm::Played::default(),
            chatwoot: chatwoot::Chatwoot::new(config.desk_to.clone(), config.desk_secret.clone()),
            ids: ids::Ids::new(config.seed),
            listeners: events::Listeners::default(),
        }
    }

    /// As just started, but for the addresses that webhooks go to and the pages that are open.
    fn reset(&mut self, config: &SandboxConfig) {
        let seed = self.ids.next();
        self.memory.clear();
        self.chaos = chaos::Chaos::default();
        self.rates = rates::Rates::new(config);
        self.health = retry::Health::new(config.time_scale);
        self.llm = llm::Played::default();
        let desk_to = std::mem::take(&mut self.chatwoot.webhook_url);
        self.chatwoot = chatwoot::Chatwoot::new(desk_to, config.desk_secret.clone());
        self.ids = ids::Ids::new(seed);
        self.listeners.publish("reset", || serde_json::json!({}));
    }
}
