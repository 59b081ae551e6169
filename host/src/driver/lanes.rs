//! Which conversations have waiting rows, and which of them have somebody at work.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::conversation::ConversationId;
use crate::storage::InboxRow;

/// A queue a conversation. A conversation with a queue, even an empty one, has exactly one worker.
#[derive(Debug)]
pub(super) struct Lanes {
    queues: Mutex<HashMap<ConversationId, VecDeque<InboxRow>>>,
    /// Conversations that cannot be read, or whose turn panicked; their rows stay in storage.
    stuck: Mutex<HashSet<ConversationId>>,
    waiting: AtomicUsize,
    waiting_max: usize,
    room: Notify,
}

impl Lanes {
    pub(super) fn new(waiting_max: usize) -> Self {
        Self {
            queues: Mutex::default(),
            stuck: Mutex::default(),
            waiting: AtomicUsize::new(0),
            waiting_max,
            room: Notify::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Acquire) < self.waiting_max
    }

    /// Resolves once the lanes, having been full, are half empty.
    pub(super) async fn room_made(&self) {
        self.room.notified().await;
    }

    /// Queues a row. True if its conversation needs a worker.
    pub(super) fn push(&self, row: InboxRow) -> bool {
        if self.stuck.lock().expect("nothing panics while holding the stuck").contains(&row.conversation) {
            return false;
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let mut queues = self.queues.lock().expect("nothing panics while holding the lanes");
        match queues.get_mut(&row.conversation) {
            Some(queue) => {
                queue.push_back(row);
                false
            }
            None => {
                let id = row.conversation;
                queues.insert(id, VecDeque::from([row]));
                true
            }
        }
    }

    /// The conversation's next row, for its worker. With none left the worker is released.
    pub(super) fn next(&self, id: ConversationId) -> Option<InboxRow> {
        let mut queues = self.queues.lock().expect("nothing panics while holding the lanes");
        let next = queues.get_mut(&id)?.pop_front();
        match &next {
            Some(_) => {
                if self.waiting.fetch_sub(1, Ordering::AcqRel) == self.waiting_max / 2 {
                    self.room.notify_one();
                }
            }
            None => drop(queues.remove(&id)),
        }
        next
    }

    /// Gives the conversation up if its worker panics: without a worker, its rows would take up room until none is left.
    pub(super) fn held(&self, id: ConversationId) -> Held<'_> {
        Held { lanes: self, id }
    }

    /// Gives a conversation up until the next start.
    pub(super) fn abandon(&self, id: ConversationId) {
        self.stuck.lock().expect("nothing panics while holding the stuck").insert(id);
        let queue = self.queues.lock().expect("nothing panics while holding the lanes").remove(&id);
        self.waiting.fetch_sub(queue.map_or(0, |queue| queue.len()), Ordering::AcqRel);
    }
}

/// A lane with somebody at work.
pub(super) struct Held<'a> {
    lanes: &'a Lanes,
    id: ConversationId,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.lanes.abandon(self.id);
        }
    }
}
