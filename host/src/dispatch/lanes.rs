//! The window of rows dispatch has in memory, in lanes: what one conversation has for one endpoint group leaves in order, one at a
//! time, and a row that waits holds back its own lane only.
//!
//! Profile changes have a lane of their own beside the replies: a key without the permission for `/users/track` must not make the
//! bot fall silent.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::outbox::Row;
use crate::outbox::gate::Attempt;
use crate::outbox::pace::EndpointGroup;

/// Which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey {
    pub group: EndpointGroup,
    pub conversation: ConversationId,
}

impl LaneKey {
    #[must_use]
    pub fn of(row: &Row) -> Self {
        Self { group: EndpointGroup::of(&row.entry.action), conversation: row.entry.conversation }
    }
}

/// Lanes whose head may leave, in the order they came to be so. Repeats queue apart, so that a spent retry budget does not hold
/// back first attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    pub group: EndpointGroup,
    pub repeats: bool,
}

impl Queue {
    /// In the order they are served: repeats are older, and their budget bounds them.
    pub const ALL: [Self; 4] = [
        Self { group: EndpointGroup::Trigger, repeats: true },
        Self { group: EndpointGroup::Trigger, repeats: false },
        Self { group: EndpointGroup::Track, repeats: true },
        Self { group: EndpointGroup::Track, repeats: false },
    ];

    fn of(row: &Row) -> Self {
        Self { group: EndpointGroup::of(&row.entry.action), repeats: Attempt::of(row) == Attempt::Repeat }
    }

    fn index(self) -> usize {
        usize::from(self.group == EndpointGroup::Track) * 2 + usize::from(self.repeats)
    }
}

/// All lanes.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    queues: [VecDeque<LaneKey>; 4],
    waiting: BinaryHeap<Reverse<(Timestamp, LaneKey)>>,
    /// By endpoint group.
    rows: [usize; EndpointGroup::ALL.len()],
}

/// A lane exists while it has rows or one of them is under way.
#[derive(Debug)]
struct Lane {
    /// None while it is under way.
    head: Option<Row>,
    behind: VecDeque<(Timestamp, Row)>,
}

impl Lanes {
    /// Rows held, those under way included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().sum()
    }

    /// The same of one endpoint group.
    #[must_use]
    pub fn len_of(&self, group: EndpointGroup) -> usize {
        self.rows[group as usize]
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a row behind all others of its lane. It may leave from `due` on.
    pub fn push(&mut self, row: Row, due: Timestamp, now: Timestamp) {
        let key = LaneKey::of(&row);
        self.rows[key.group as usize] += 1;
        match self.lanes.get_mut(&key) {
            Some(lane) => lane.behind.push_back((due, row)),
            None => {
                self.lanes.insert(key, Lane { head: None, behind: VecDeque::new() });
                self.lead(key, row, due, now);
            }
        }
    }

    /// The row that may leave next from this queue.
    #[must_use]
    pub fn peek(&self, queue: Queue) -> Option<&Row> {
        self.queues[queue.index()].front().and_then(|key| self.lanes.get(key)).and_then(|lane| lane.head.as_ref())
    }

    /// Takes it: its lane waits until the row is put back or removed.
    pub fn pop(&mut self, queue: Queue) -> Option<Row> {
        let key = self.queues[queue.index()].pop_front()?;
        self.lanes.get_mut(&key).and_then(|lane| lane.head.take())
    }

    /// The row taken from this lane will leave again.
    pub fn put_back(&mut self, row: Row, due: Timestamp, now: Timestamp) {
        self.lead(LaneKey::of(&row), row, due, now);
    }

    /// The row taken from this lane is done with.
    pub fn remove(&mut self, key: LaneKey, now: Timestamp) {
        self.rows[key.group as usize] -= 1;
        match self.lanes.get_mut(&key).map(|lane| lane.behind.pop_front()) {
            Some(Some((due, row))) => self.lead(key, row, due, now),
            Some(None) => drop(self.lanes.remove(&key)),
            None => {}
        }
    }

    /// Lets those leave whose time has come.
    pub fn wake(&mut self, now: Timestamp) {
        while let Some(Reverse((due, key))) = self.waiting.peek().copied() {
            if due > now {
                return;
            }
            self.waiting.pop();
            if let Some(row) = self.lanes.get(&key).and_then(|lane| lane.head.as_ref()) {
                self.queues[Queue::of(row).index()].push_back(key);
            }
        }
    }

    /// When the next row's time comes.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting.peek().map(|Reverse((due, _))| *due)
    }

    fn lead(&mut self, key: LaneKey, row: Row, due: Timestamp, now: Timestamp) {
        if due <= now {
            self.queues[Queue::of(&row).index()].push_back(key);
        } else {
            self.waiting.push(Reverse((due, key)));
        }
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.head = Some(row);
        }
    }
}

#[cfg(test)]
mod tests;
