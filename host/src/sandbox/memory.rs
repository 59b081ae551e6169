//! What the sandbox remembers: requests, messages and deliveries up to a bound, and the profiles.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use hyper::body::Bytes;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::clock::Timestamp;

use super::profile::{ProfileIndex, Profiles};
use super::trigger::Kind;

/// Beyond this, names that nobody waits for any more are swept out.
const WAITERS_SWEEP: usize = 1_024;

/// Everything remembered.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) profiles: Profiles,
    pub(super) requests: Ring<ApiRequest>,
    pub(super) deliveries: Ring<Delivery>,
    messages: Ring<Message>,
    waiters: HashMap<String, Weak<Notify>>,
}

/// The last records, each known by its place since the start.
#[derive(Debug)]
pub(super) struct Ring<T> {
    records: VecDeque<T>,
    /// The place of the oldest record still there.
    first: u64,
    max: usize,
}

/// One request to the API.
#[derive(Debug)]
pub(super) struct ApiRequest {
    pub(super) at: Timestamp,
    pub(super) method: Box<str>,
    pub(super) path: Box<str>,
    /// One `name: value` a line, copied so as not to keep the connection's whole buffer alive.
    pub(super) head: Box<str>,
    pub(super) body: Box<[u8]>,
    /// None where the connection was dropped instead.
    pub(super) status: Option<u16>,
    pub(super) answer: Bytes,
}

/// One message that a user received.
#[derive(Debug)]
pub(super) struct Message {
    /// Counts the user's messages from 1.
    pub(super) n: u64,
    pub(super) at: Timestamp,
    pub(super) profile: ProfileIndex,
    pub(super) user: String,
    pub(super) kind: Kind,
    /// The campaign's or Canvas's id.
    pub(super) id: String,
    /// JSON text, which takes a fraction of the memory of what it says.
    pub(super) properties: Box<str>,
    pub(super) dispatch_id: String,
}

/// One webhook, with every attempt to deliver it.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) at: Timestamp,
    pub(super) user: String,
    pub(super) dispatch_id: String,
    /// The text the user wrote, for people.
    pub(super) message: String,
    pub(super) media: Vec<String>,
    pub(super) body: Bytes,
    pub(super) outcome: Outcome,
    pub(super) attempts: Vec<Attempt>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Sending,
    Retrying,
    Delivered,
    Failed,
}

/// One try.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) at: Timestamp,
    /// None where the host could not be reached or did not answer in time.
    pub(super) status: Option<u16>,
    /// The answer's body; why there is none, where there is none.
    pub(super) answer: Bytes,
}

impl Memory {
    pub(super) fn new(records_max: usize) -> Self {
        Self {
            profiles: Profiles::default(),
            requests: Ring::new(records_max),
            deliveries: Ring::new(records_max),
            messages: Ring::new(records_max),
            waiters: HashMap::new(),
        }
    }

    /// Forgets everything. Whoever waits for a message goes on waiting.
    pub(super) fn clear(&mut self) {
        self.profiles.clear();
        self.requests.clear();
        self.deliveries.clear();
        self.messages.clear();
    }

    /// The user receives a message.
    pub(super) fn receive(
        &mut self,
        profile: ProfileIndex,
        kind: Kind,
        id: &str,
        properties: &Map<String, Value>,
        dispatch_id: &str,
        at: Timestamp,
    ) -> &Message {
        let place = self.messages.next();
        let user = self.profiles.get_mut(profile);
        user.received += 1;
        user.messages.push_back(place);
        let message = Message {
            n: user.received,
            at,
            profile,
            user: user.name().to_owned(),
            kind,
            id: id.to_owned(),
            properties: serde_json::to_string(properties).unwrap_or_default().into(),
            dispatch_id: dispatch_id.to_owned(),
        };
        if let Some(forgotten) = self.messages.push(message) {
            self.profiles.get_mut(forgotten.profile).messages.pop_front();
        }
        self.wake(profile);
        self.messages.get(place).expect("a ring holds at least the record just pushed")
    }

    /// What this user received after the first `after` messages, oldest first.
    pub(super) fn messages_of(&self, user: ProfileIndex, after: u64) -> impl Iterator<Item = &Message> {
        let profile = self.profiles.get(user);
        let forgotten = profile.received - profile.messages.len() as u64;
        let skip = usize::try_from(after.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        profile.messages.iter().skip(skip).filter_map(|place| self.messages.get(*place))
    }

    /// What everybody received.
    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// Wakes whoever holds it when a user of this name receives a message. The user need not exist yet.
    pub(super) fn waiter(&mut self, name: &str) -> Arc<Notify> {
        if self.waiters.len() >= WAITERS_SWEEP {
            self.waiters.retain(|_, waiter| waiter.strong_count() > 0);
        }
        if let Some(waiter) = self.waiters.get(name).and_then(Weak::upgrade) {
            return waiter;
        }
        let waiter = Arc::new(Notify::new());
        self.waiters.insert(name.to_owned(), Arc::downgrade(&waiter));
        waiter
    }

    fn wake(&mut self, profile: ProfileIndex) {
        if self.waiters.is_empty() {
            return;
        }
        let profile = self.profiles.get(profile);
        let aliases = profile.aliases.iter().map(|(name, _)| name.as_str());
        let fields = [
            profile.external_id.as_deref(),
            profile.field("phone"),
            profile.field("email"),
            Some(profile.braze_id.as_str()),
        ];
        for name in aliases.chain(fields.into_iter().flatten()) {
            if let Some(waiter) = self.waiters.remove(name).and_then(|waiter| waiter.upgrade()) {
                waiter.notify_waiters();
            }
        }
    }
}

impl<T> Ring<T> {
    fn new(max: usize) -> Self {
        Self { records: VecDeque::new(), first: 0, max: max.max(1) }
    }

    fn clear(&mut self) {
        self.first = self.next();
        self.records.clear();
    }

    /// The place the next record will have.
    pub(super) fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// Remembers a record, and hands back the one forgotten for it.
    pub(super) fn push(&mut self, record: T) -> Option<T> {
        self.records.push_back(record);
        if self.records.len() <= self.max {
            return None;
        }
        self.first += 1;
        self.records.pop_front()
    }

    pub(super) fn get(&self, place: u64) -> Option<&T> {
        self.records.get(usize::try_from(place.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn get_mut(&mut self, place: u64) -> Option<&mut T> {
        self.records.get_mut(usize::try_from(place.checked_sub(self.first)?).ok()?)
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.records.iter()
    }
}
