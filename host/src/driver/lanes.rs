//! Which conversations have waiting rows, and which of them have somebody at work.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::conversation::ConversationId;
use crate::storage::InboxRow;

/// What a conversation's worker does next.
#[derive(Debug)]
pub(super) enum Work {
    Row(Box<InboxRow>),
    /// Its alarm went off: something in it may be due.
    Alarm,
}

#[derive(Debug, Default)]
struct Queue {
    rows: VecDeque<InboxRow>,
    alarm: bool,
}

/// A queue a conversation. A conversation with a queue, even an empty one, has exactly one worker.
#[derive(Debug)]
pub(super) struct Lanes {
    queues: Mutex<HashMap<ConversationId, Queue>>,
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
                queue.rows.push_back(row);
                false
            }
            None => {
                let id = row.conversation;
                queues.insert(id, Queue { rows: VecDeque::from([row]), alarm: false });
                true
            }
        }
    }

    /// Has the conversation looked at behind all its rows. True if it needs a worker.
    pub(super) fn push_alarm(&self, id: ConversationId) -> bool {
        if self.stuck.lock().expect("nothing panics while holding the stuck").contains(&id) {
            return false;
        }
        let mut queues = self.queues.lock().expect("nothing panics while holding the lanes");
        let queue = queues.get_mut(&id);
        let needs_worker = queue.is_none();
        let queue = match queue {
            Some(queue) => queue,
            None => queues.entry(id).or_default(),
        };
        if !std::mem::replace(&mut queue.alarm, true) {
            self.waiting.fetch_add(1, Ordering::AcqRel);
        }
        needs_worker
    }

    /// The conversation's next work, for its worker. With none left the worker is released.
    pub(super) fn next(&self, id: ConversationId) -> Option<Work> {
        let mut queues = self.queues.lock().expect("nothing panics while holding the lanes");
        let queue = queues.get_mut(&id)?;
        let next = match queue.rows.pop_front() {
            Some(row) => Some(Work::Row(Box::new(row))),
            None => std::mem::take(&mut queue.alarm).then_some(Work::Alarm),
        };
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

    /// Whether rows wait for the conversation's worker.
    pub(super) fn has_rows(&self, id: ConversationId) -> bool {
        let queues = self.queues.lock().expect("nothing panics while holding the lanes");
        queues.get(&id).is_some_and(|queue| !queue.rows.is_empty())
    }

    /// Gives the conversation up if its worker panics: without a worker, its rows would take up room until none is left.
    pub(super) fn held(&self, id: ConversationId) -> Held<'_> {
        Held { lanes: self, id }
    }

    /// Gives a conversation up until the next start.
    pub(super) fn abandon(&self, id: ConversationId) {
        self.stuck.lock().expect("nothing panics while holding the stuck").insert(id);
        let queue = self.queues.lock().expect("nothing panics while holding the lanes").remove(&id);
        self.waiting.fetch_sub(queue.map_or(0, |queue| queue.rows.len() + usize::from(queue.alarm)), Ordering::AcqRel);
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
