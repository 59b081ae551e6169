//! The accept loop: a bounded number of connections, none left behind.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::connection;
use crate::config;

/// Who connected; with every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// From a connection's first moment, or a later request's first byte, to the end of the request's head.
    pub header_timeout: Duration,
    /// How long shutdown waits for requests under way.
    pub drain_timeout: Duration,
}

impl Limits {
    #[must_use]
    pub fn of(server: &config::Server) -> Self {
        Self {
            connections_max: server.connections_max,
            header_timeout: server.header_timeout,
            drain_timeout: server.drain_timeout,
        }
    }
}

/// Serves `router` until `shutdown` resolves, then finishes the requests under way, for at most the drain timeout.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: impl Future<Output = ()>) {
    let accept = move |cx: &mut Context<'_>| listener.poll_accept(cx).map_ok(|(tcp, _peer)| tcp);
    accept_until(accept, router, limits, shutdown).await;
}

/// [`serve`] with the system's part as an argument. Consumes `accept`, and with it the socket, before it drains.
pub(super) async fn accept_until(
    mut accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<TcpStream>>,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let draining = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut failures = 0;
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            let slot = slots.clone().acquire_owned().await.expect("the semaphore is never closed");
            poll_fn(&mut accept).await.map(|tcp| (tcp, slot))
        };
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = next => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((tcp, slot)) => {
                failures = 0;
                let served = connection::serve(tcp, router.clone(), limits, draining.clone());
                connections.spawn(async move {
                    served.await;
                    drop(slot);
                });
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                let pause = backoff(failures);
                failures += 1;
                warn!(
                    target: "turnwise::ingress",
                    %error, ?pause, "cannot accept connections; raise the limit of open files (ulimit -n) if it is reached"
                );
                tokio::select! {
                    () = &mut shutdown => break,
                    () = sleep(pause) => {}
                }
            }
        }
    }
    drop(accept);
    draining.cancel();
    let finished = timeout(limits.drain_timeout, async { while connections.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        warn!(target: "turnwise::ingress", connections = connections.len(), "drain timeout passed; cutting connections");
        connections.shutdown().await;
    }
}

/// The peer left before it was accepted; the next may be accepted at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// From 10 ms to 1 s: what is short, such as files, is short for longer than a loop turns.
fn backoff(failures: u32) -> Duration {
    Duration::from_millis(10 << failures.min(7)).min(Duration::from_secs(1))
}
