//! Server-sent events: what happens, told to the pages that are open. Nothing is put into words when nobody listens.

use std::task::{Context, Poll};

use hyper::body::{Bytes, Frame};
use serde_json::Value;
use tokio::sync::mpsc;

/// Events a page may be behind. A page that falls further behind is cut off; its browser reconnects and reads everything anew.
const BACKLOG_MAX: usize = 1_024;
const LISTENERS_MAX: usize = 64;

/// The open pages.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    open: Vec<mpsc::Sender<Bytes>>,
}

/// One page's stream; ends when it is cut off or the sandbox stops.
#[derive(Debug)]
pub(super) struct EventStream {
    events: mpsc::Receiver<Bytes>,
}

impl Listeners {
    /// A new stream; at too many open pages the oldest is cut off.
    pub(super) fn listen(&mut self) -> EventStream {
        self.open.retain(|listener| !listener.is_closed());
        if self.open.len() >= LISTENERS_MAX {
            self.open.remove(0);
        }
        let (sender, events) = mpsc::channel(BACKLOG_MAX);
        // The comment makes browsers report the stream as open at once.
        sender.try_send(Bytes::from_static(b": open\n\n")).ok();
        self.open.push(sender);
        EventStream { events }
    }

    /// Tells every page; `payload` is asked only where there is one.
    pub(super) fn publish(&mut self, kind: &str, payload: impl FnOnce() -> Value) {
        if self.open.is_empty() {
            return;
        }
        let event = Bytes::from(format!("event: {kind}\ndata: {}\n\n", payload()));
        self.open.retain(|listener| listener.try_send(event.clone()).is_ok());
    }

    /// Ends all streams.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}

impl EventStream {
    pub(super) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        self.events.poll_recv(context).map(|event| event.map(Frame::data))
    }
}
