//! Makes the calls that turns asked for, and hands each answer to its conversation.
//!
//! A call is a durable row until its answer is in the inbox, in one commit. It is marked before it is made, so that one which a crash cut
//! off is known to have perhaps been made.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use crate::connections::Connections;
use crate::conversation::{HttpResponse, Request, RequestError, Response};
use crate::limits::CALLS_TAKEN_MAX;
use crate::outbox::{Call, CallRow, CallSeq};
use crate::storage::{Storage, StorageError};

/// Why the plugin of this name may not call a connection; none where it may.
pub type Denies = Arc<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

/// Everything the calls of turns need.
pub struct Calls {
    storage: Arc<dyn Storage>,
    connections: Arc<Connections>,
    denies: Denies,
    drain_timeout: Duration,
}

impl Calls {
    /// `denies` is asked again before each call: what was granted when the turn ran may be no longer after a restart.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        connections: Arc<Connections>,
        denies: Denies,
        drain_timeout: Duration,
    ) -> Self {
        Self { storage, connections, denies, drain_timeout }
    }

    /// Makes calls until `shutdown`; those under way may then end within the drain timeout, the rest is found at the next start.
    ///
    /// # Errors
    /// Storage that keeps nothing more.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StorageError> {
        let calls = Arc::new(self);
        let changed = calls.storage.calls_changed();
        let mut under_way = JoinSet::new();
        let mut taken = CallSeq::default();
        tokio::pin!(shutdown);
        loop {
            let room = CALLS_TAKEN_MAX.saturating_sub(under_way.len());
            let rows = if room == 0 { Vec::new() } else { calls.storage.calls(taken, room).await? };
            for row in rows {
                taken = row.seq;
                let calls = Arc::clone(&calls);
                under_way.spawn(async move { calls.make(row).await });
            }
            tokio::select! {
                () = &mut shutdown => break,
                () = changed.notified(), if under_way.len() < CALLS_TAKEN_MAX => {}
                Some(ended) = under_way.join_next() => made(ended)?,
            }
        }
        drain(under_way, calls.drain_timeout).await
    }

    async fn make(&self, row: CallRow) -> Result<(), StorageError> {
        let CallRow { seq, call, started } = row;
        let answer = if self.is_awaited(&call).await? {
            let outcome = match (self.denies)(&call.bot, &call.request.connection) {
                Some(reason) => Err(RequestError::Denied(reason)),
                None => {
                    self.storage.call_started(seq).await?;
                    self.call(&call.request, started).await
                }
            };
            Some(Response { id: call.request.id, outcome })
        } else {
            None
        };
        self.storage.call_answered(seq, answer).await
    }

    /// The plugin hears of it even if the host itself fails over the call: a conversation that waits must not wait for ever.
    async fn call(&self, request: &Request, started: bool) -> Result<HttpResponse, RequestError> {
        let outcome = AssertUnwindSafe(self.connections.call(request, started)).catch_unwind().await;
        outcome.unwrap_or_else(|_| {
            tracing::error!(connection = request.connection, "a call panicked");
            Err(RequestError::Other("the host failed over the call".into()))
        })
    }

    /// Whether somebody still wants to know: a new message may have cancelled it, or the session has ended.
    async fn is_awaited(&self, call: &Call) -> Result<bool, StorageError> {
        let conversation = self.storage.read(call.conversation).await?;
        Ok(conversation.is_some_and(|conversation| conversation.awaits(call.turn, call.index)))
    }
}

fn made(ended: Result<Result<(), StorageError>, JoinError>) -> Result<(), StorageError> {
    ended.unwrap_or_else(|panic| Err(StorageError::Failed(format!("a call's storage panicked: {panic}"))))
}

async fn drain(mut under_way: JoinSet<Result<(), StorageError>>, drain_timeout: Duration) -> Result<(), StorageError> {
    let deadline = Instant::now() + drain_timeout;
    loop {
        match timeout_at(deadline, under_way.join_next()).await {
            Ok(Some(ended)) => made(ended)?,
            Ok(None) => return Ok(()),
            Err(_) => {
                let calls = under_way.len();
                tracing::warn!(calls, "drain timeout passed; calls under way are left to the next start");
                under_way.shutdown().await;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
