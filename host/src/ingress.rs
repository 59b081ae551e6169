//! The public listener: webhooks in, each answered once what it brought is durable.

mod answer;
mod connection;
mod desk;
pub mod listener;
mod patience;
mod tokens;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::config;
use crate::desk::Webhooks;
use crate::storage::Storage;
use tokens::Tokens;

/// What webhooks are checked against and handed to.
pub struct Ingress {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    /// Remote desks that tell what is done there, by name.
    desks: BTreeMap<String, Arc<dyn Webhooks>>,
    body_bytes_max: usize,
    body_timeout: Duration,
    limits: listener::Limits,
}

impl Ingress {
    /// Hashes the tokens; nothing of the configuration is looked at again.
    #[must_use]
    pub fn new(
        server: &config::Server,
        sources: &BTreeMap<String, config::Source>,
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            storage,
            clock,
            tokens: Tokens::new(sources.iter().map(|(name, source)| (name.as_str(), source.tokens.as_slice()))),
            desks: BTreeMap::new(),
            body_bytes_max: server.body_bytes_max,
            body_timeout: server.body_timeout,
            limits: listener::Limits::of(server),
        }
    }

    /// Listens to a remote desk, too: at `/v1/desk/{name}`.
    #[must_use]
    pub fn with_desk(mut self, name: &str, desk: Arc<dyn Webhooks>) -> Self {
        self.desks.insert(name.to_owned(), desk);
        self
    }
}

/// Answers webhooks until `shutdown` resolves, then finishes the requests under way, for at most the drain timeout.
pub async fn serve(listener: TcpListener, ingress: Arc<Ingress>, shutdown: impl Future<Output = ()>) {
    let limits = ingress.limits;
    listener::serve(listener, webhook::router(ingress), limits, shutdown).await;
}

#[cfg(test)]
mod tests;
