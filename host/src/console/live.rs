//! `/console/live?topic=…`: what changed, as server-sent events, for the regions that a page shows.
//!
//! Topics: `conversations` (any of them), `conversation:ID`, `outbox`, `quarantine`, `plugins`, `setup`. A stream says which of the
//! topics it was asked for have changed, at most ten times a second, so that a storm of messages costs a browser no more than that.
//! Whatever nobody publishes is looked at again every few seconds.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Console;
use super::assets::ASSETS;
use crate::feed::{Change, What};
use crate::limits::{
    CONSOLE_LISTENERS_MAX, CONSOLE_LISTENING, CONSOLE_LOOK_AGAIN, CONSOLE_QUIET, CONSOLE_TOPICS_MAX, HTTP_IDLE,
    NAME_CHARS_MAX,
};

/// Topics that nobody publishes.
const LOOKED_AT_AGAIN: [&str; 4] = ["outbox", "quarantine", "plugins", "setup"];

/// How many may listen at once.
pub(super) struct Listeners(Arc<Semaphore>);

impl Default for Listeners {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONSOLE_LISTENERS_MAX)))
    }
}

/// `GET /console/live`; 503 where too many listen already, or the host is stopping.
pub(super) async fn listen(
    State(console): State<Arc<Console>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let later =
        |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "3")], why).into_response();
    if console.closing.is_cancelled() {
        return later("the host is stopping\n");
    }
    let Ok(slot) = Arc::clone(&console.listeners.0).try_acquire_owned() else {
        return later("too many pages listen already\n");
    };
    let topics = query.into_iter().filter(|(name, topic)| name == "topic" && topic.len() <= 2 * NAME_CHARS_MAX);
    let topics: BTreeSet<String> = topics.map(|(_, topic)| topic).take(CONSOLE_TOPICS_MAX).collect();
    let now = Instant::now();
    let listener = Listener {
        looks_again: topics.iter().any(|topic| LOOKED_AT_AGAIN.contains(&topic.as_str())),
        topics,
        changes: console.feed.subscribe(),
        closing: console.closing.clone(),
        changed: BTreeSet::new(),
        greeted: false,
        speaks: now,
        looks: now + CONSOLE_LOOK_AGAIN,
        ends: now + CONSOLE_LISTENING,
        _slot: slot,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    // Proxies let go of a connection that says nothing.
    let heartbeat = KeepAlive::new().interval(HTTP_IDLE / 5);
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, Sse::new(Box::pin(events)).keep_alive(heartbeat)).into_response()
}

struct Listener {
    topics: BTreeSet<String>,
    changes: Receiver<Change>,
    closing: CancellationToken,
    /// What has changed since the last event.
    changed: BTreeSet<String>,
    greeted: bool,
    looks_again: bool,
    /// Not before then.
    speaks: Instant,
    looks: Instant,
    /// A connection is renewed now and then.
    ends: Instant,
    _slot: OwnedSemaphorePermit,
}

impl Listener {
    /// None at the end: the browser comes again by itself.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.greeted, true) {
            // A page of an earlier binary notices by the script's name.
            let wait = Duration::from_secs(1);
            return Some(Event::default().event("hello").data(&ASSETS.script.path).retry(wait));
        }
        loop {
            let has_news = !self.changed.is_empty();
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return None,
                () = sleep_until(self.ends) => return None,
                () = sleep_until(self.speaks), if has_news => {
                    self.speaks = Instant::now() + CONSOLE_QUIET;
                    let changed: Vec<String> = std::mem::take(&mut self.changed).into_iter().collect();
                    return Some(Event::default().event("changed").data(changed.join(" ")));
                }
                change = self.changes.recv() => match change {
                    Ok(change) => self.note(&change),
                    Err(RecvError::Lagged(_)) => self.changed.clone_from(&self.topics),
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(self.looks), if self.looks_again => {
                    self.looks = Instant::now() + CONSOLE_LOOK_AGAIN;
                    self.note_all(&LOOKED_AT_AGAIN);
                }
            }
        }
    }

    fn note(&mut self, change: &Change) {
        self.note_all(&["conversations", "outbox"]);
        if matches!(change.what, What::Turn { at_desk: true, .. }) {
            self.note_all(&["inbox"]);
        }
        self.note_all(&[format!("conversation:{}", change.conversation).as_str()]);
    }

    fn note_all(&mut self, topics: &[&str]) {
        let asked_for = topics.iter().filter(|topic| self.topics.contains(**topic));
        self.changed.extend(asked_for.map(|topic| (*topic).to_owned()));
    }
}
