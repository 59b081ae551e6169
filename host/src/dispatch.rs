//! Sends what turns committed. Every row goes through the same steps, in this order:
//!
//! 1. **read**: committed rows come into the window, once each; what a crash left `sending` is held to the policy for lost answers.
//! 2. **start**: a row that is at the head of its lane, due, and let through by its endpoint group's gate is marked `sending`.
//! 3. **call**: once the mark is durable, the fence and the expiry are checked, and Braze is called.
//! 4. **settle**: what the answer means is made durable, and the conversation hears of what was not delivered.
//! 5. **free**: only now may the next row of the lane start.
//!
//! One task takes all decisions. Marks and outcomes that come together are written together, and several such writes may be under
//! way, so that the storage's group commit sees all there is. Time is waited for in one place, for the earliest thing to come.

pub mod lanes;
mod report;

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use crate::braze::Braze;
use crate::breaker::Pass;
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::conversation::{Act, Agent, Author, ConversationId, DeliveryFailure, DeskAct, Event};
use crate::feed::{Change, Feed, What};
use crate::limits::STORAGE_BATCH_MAX;
use crate::outbox::gate::{Attempt, Gate};
use crate::outbox::pace::{EndpointGroup, RateHeaders};
use crate::outbox::standing::Standings;
use crate::outbox::transition::{self, Failure, Next, Policy, SendOutcome};
use crate::outbox::{Action, Entry, OutboxSeq, Row, Status};
use crate::storage::{InboxItem, Settlement, Storage, StorageError};
use lanes::{LaneKey, Lanes, Queue};

/// How much at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub policy: Policy,
    /// From the stop of an endpoint group to the first call that tries again.
    pub probe_wait: Duration,
    /// Rows marked `sending` whose answer has not come.
    pub requests_in_flight_max: usize,
    /// Rows in memory; the rest waits in storage.
    pub window_rows_max: usize,
    /// How long a stop waits for the calls under way. What is cut off is found `sending` at the next start.
    pub drain_timeout: Duration,
}

impl Settings {
    /// As configured.
    #[must_use]
    pub fn new(braze: &config::Braze, drain_timeout: Duration) -> Self {
        Self {
            policy: Policy {
                resend_unknown: braze.resend_unknown,
                resend_wait: braze.resend_wait,
                ..Policy::default()
            },
            probe_wait: braze.probe_wait,
            requests_in_flight_max: braze.requests_in_flight_max,
            window_rows_max: WINDOW_ROWS_MAX,
            drain_timeout,
        }
    }

    /// Calls that one endpoint group may have under way. Profile changes leave room for replies, however slowly Braze takes them.
    fn in_flight_max(&self, group: EndpointGroup) -> usize {
        match group {
            EndpointGroup::Trigger => self.requests_in_flight_max,
            EndpointGroup::Track => self.requests_in_flight_max.div_ceil(2),
        }
    }

    /// Profile changes in the window.
    fn track_rows_max(&self) -> usize {
        self.window_rows_max.div_ceil(2)
    }
}

/// The loop that sends.
pub struct Dispatch {
    storage: Arc<dyn Storage>,
    braze: Arc<Braze>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    feed: Feed,
    random: Random,
    lanes: Lanes,
    gates: [Gate; EndpointGroup::ALL.len()],
    standings: Arc<Standings>,
    /// The last row read; everything up to it is in the window, done with, or left.
    read_up_to: OutboxSeq,
    /// Behind this row, profile changes were left in storage, for want of room.
    left_behind: Option<OutboxSeq>,
    /// Storage has, or may have, rows behind it.
    more: bool,
    /// Which queue is served first turns, so that none lives off what the others leave.
    served_first: usize,
    in_flight: [usize; EndpointGroup::ALL.len()],
    stopping: bool,
    /// To be written with the next write.
    unwritten: Vec<Written>,
    /// Calls and writes under way.
    steps: JoinSet<Result<Step, StorageError>>,
}

/// What a task of dispatch came to.
enum Step {
    Written(Vec<Written>),
    Called(Box<Row>, Pass, Answer),
    /// Not to be sent after all, as seen just before the call.
    Withdrawn(Box<Row>, Pass, Next),
}

/// A settlement on its way into storage, with what it is for.
enum Written {
    /// Marked `sending`; holds the row as it was before.
    Mark(Box<Row>, Pass),
    /// `took` is the call's duration, where there was one.
    Outcome { row: Box<Row>, next: Next, took: Option<Duration> },
}

struct Answer {
    outcome: SendOutcome,
    headers: Option<RateHeaders>,
    took: Duration,
}

/// About 10 MiB of ordinary replies; enough that the lanes of a busy minute are side by side.
const WINDOW_ROWS_MAX: usize = 10_000;
/// The longest wait at a time, so that a clock that is set is noticed.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// From a full storage queue to the next try.
const BUSY_WAIT: Duration = Duration::from_millis(20);

impl Dispatch {
    /// `seed` makes the jitter of retries differ from one process to the next.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        braze: Arc<Braze>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        feed: Feed,
        seed: u64,
    ) -> Self {
        Self {
            storage,
            braze,
            clock,
            settings,
            feed,
            random: Random(seed),
            lanes: Lanes::default(),
            gates: EndpointGroup::ALL.map(|_| Gate::new(settings.probe_wait)),
            standings: Arc::default(),
            read_up_to: OutboxSeq::default(),
            left_behind: None,
            more: true,
            served_first: 0,
            in_flight: Default::default(),
            stopping: false,
            unwritten: Vec::new(),
            steps: JoinSet::new(),
        }
    }

    /// How the endpoint groups stand, now and later.
    #[must_use]
    pub fn standings(&self) -> Arc<Standings> {
        Arc::clone(&self.standings)
    }

    /// Runs until `shutdown` resolves, then finishes the calls under way. An error means that nothing more can be made durable.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) -> Result<(), StorageError> {
        let changed = self.storage.outbox_changed();
        let committed = changed.notified();
        tokio::pin!(shutdown, committed);
        committed.as_mut().enable();
        loop {
            self.read().await?;
            self.read_left().await?;
            let ask_again = self.start();
            self.write();

            let wait = self.wait(ask_again);
            tokio::select! {
                Some(step) = self.steps.join_next() => self.advance(step)?,
                () = &mut committed => {
                    self.more = true;
                    committed.set(changed.notified());
                    committed.as_mut().enable();
                }
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                () = &mut shutdown => break,
            }
        }
        self.drain().await
    }

    /// Brings what was committed since into the window, as far as there is room; a nearly full window is read in larger pieces,
    /// not one row for each that leaves.
    async fn read(&mut self) -> Result<(), StorageError> {
        while self.more {
            let room = self.settings.window_rows_max.saturating_sub(self.lanes.len());
            if room == 0 || room < self.settings.window_rows_max / 8 {
                return Ok(());
            }
            let rows = self.due(self.read_up_to, room).await?;
            self.more = rows.len() == room;
            for row in rows {
                let before = std::mem::replace(&mut self.read_up_to, row.seq);
                if self.has_room(&row) {
                    self.enter(row);
                } else {
                    self.left_behind.get_or_insert(before);
                }
            }
        }
        Ok(())
    }

    /// Brings profile changes that were left in storage into the window, once half of their share of it is free.
    async fn read_left(&mut self) -> Result<(), StorageError> {
        while let Some(after) = self.left_behind {
            let share = self.settings.track_rows_max();
            let room = share.saturating_sub(self.lanes.len_of(EndpointGroup::Track));
            if room <= share / 2 {
                return Ok(());
            }
            let mut rows = self.due(after, room).await?;
            let full = rows.len() == room;
            rows.retain(|row| row.seq <= self.read_up_to);
            self.left_behind = rows.last().filter(|_| full).map(|row| row.seq);
            rows.into_iter().filter(is_track).for_each(|row| self.enter(row));
        }
        Ok(())
    }

    async fn due(&self, after: OutboxSeq, max: usize) -> Result<Vec<Row>, StorageError> {
        loop {
            match self.storage.due(after, max).await {
                Err(StorageError::Busy { .. }) => sleep(BUSY_WAIT).await,
                rows => return rows,
            }
        }
    }

    /// Profile changes that Braze does not take must not keep replies out of the window. Once one is left, all behind it are, so that
    /// those of one user stay in order.
    fn has_room(&self, row: &Row) -> bool {
        let left = self.left_behind.is_some();
        !is_track(row) || !left && self.lanes.len_of(EndpointGroup::Track) < self.settings.track_rows_max()
    }

    fn enter(&mut self, row: Row) {
        let due = transition::due(&row, &self.settings.policy);
        self.lanes.push(row, due, self.clock.now());
    }

    /// Starts what may leave now; returns when to ask again for what a gate holds back.
    fn start(&mut self) -> Option<Timestamp> {
        let now = self.clock.now();
        self.lanes.wake(now);
        self.served_first = (self.served_first + 1) % Queue::ALL.len();
        let queues = Queue::ALL.iter().cycle().skip(self.served_first).take(Queue::ALL.len());
        queues.filter_map(|&queue| self.serve(queue, now)).min()
    }

    fn serve(&mut self, queue: Queue, now: Timestamp) -> Option<Timestamp> {
        while let Some(row) = self.lanes.peek(queue) {
            let next = transition::before_send(row, now, &self.settings.policy);
            let step = match next {
                Some(next) => Ok(next),
                None if self.is_full(queue.group) => return None,
                None => match self.gates[queue.group as usize].admit(now, Attempt::of(row)) {
                    Ok(pass) => Err(pass),
                    Err(later) => return Some(later),
                },
            };
            let row = Box::new(self.lanes.pop(queue)?);
            self.unwritten.push(match step {
                Ok(next) => Written::Outcome { row, next, took: None },
                Err(pass) => {
                    self.in_flight[queue.group as usize] += 1;
                    Written::Mark(row, pass)
                }
            });
        }
        None
    }

    fn is_full(&self, group: EndpointGroup) -> bool {
        let all: usize = self.in_flight.iter().sum();
        all >= self.settings.requests_in_flight_max
            || self.in_flight[group as usize] >= self.settings.in_flight_max(group)
    }

    /// Writes everything that has come together since the last time.
    fn write(&mut self) {
        while !self.unwritten.is_empty() {
            let rest = self.unwritten.split_off(self.unwritten.len().min(STORAGE_BATCH_MAX));
            let batch = std::mem::replace(&mut self.unwritten, rest);
            self.steps.spawn(settle(Arc::clone(&self.storage), batch, self.clock.now()));
        }
    }

    /// Takes a finished step, and all others that have finished by now, one further.
    fn advance(&mut self, step: Result<Result<Step, StorageError>, JoinError>) -> Result<(), StorageError> {
        let mut finished = Some(step);
        while let Some(step) = finished {
            match step.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))? {
                Step::Written(batch) => batch.into_iter().for_each(|written| self.written(written)),
                Step::Called(row, pass, answer) => self.called(row, pass, &answer),
                Step::Withdrawn(row, pass, next) => self.withdrawn(row, pass, next),
            }
            finished = self.steps.try_join_next();
        }
        Ok(())
    }

    fn written(&mut self, written: Written) {
        match written {
            Written::Mark(row, pass) if self.stopping => {
                let Row { status, attempts, ambiguous, .. } = &*row;
                let as_before =
                    Next { status: status.clone(), attempts: *attempts, ambiguous: *ambiguous, failure: None };
                self.withdrawn(row, pass, as_before);
            }
            Written::Mark(row, pass) => {
                let (storage, braze, clock) = (self.storage.clone(), self.braze.clone(), self.clock.clone());
                self.steps.spawn(call(storage, braze, clock, self.settings.policy, row, pass));
            }
            Written::Outcome { row, next, took } => {
                report::settled(&row, &next, took);
                let now = self.clock.now();
                let Entry { conversation, turn, .. } = row.entry;
                self.feed.publish(Change { conversation, at: now, what: What::Delivery { turn } });
                if next.status.is_final() {
                    self.lanes.remove(LaneKey::of(&row), now);
                } else {
                    let row = Row { status: next.status, attempts: next.attempts, ambiguous: next.ambiguous, ..*row };
                    let due = transition::due(&row, &self.settings.policy);
                    self.lanes.put_back(row, due, now);
                }
            }
        }
    }

    fn called(&mut self, row: Box<Row>, pass: Pass, answer: &Answer) {
        let now = self.clock.now();
        let group = EndpointGroup::of(&row.entry.action);
        let Answer { outcome, headers, took } = answer;
        let change = self.gates[group as usize].observe(now, self.random.next(), pass, outcome, *headers);
        self.standings.note(group, now, &self.gates[group as usize]);
        report::answered(&row, outcome);
        report::gate_changed(group, change, outcome, now);
        let next = transition::after_send(&row, now, self.random.next(), outcome, &self.settings.policy);
        self.in_flight[group as usize] -= 1;
        self.unwritten.push(Written::Outcome { row, next, took: Some(*took) });
    }

    fn withdrawn(&mut self, row: Box<Row>, pass: Pass, next: Next) {
        let group = EndpointGroup::of(&row.entry.action);
        self.gates[group as usize].release(pass);
        self.in_flight[group as usize] -= 1;
        self.unwritten.push(Written::Outcome { row, next, took: None });
    }

    /// How long until the earliest thing that comes by itself; none where nothing does.
    fn wait(&self, ask_again: Option<Timestamp>) -> Option<Duration> {
        let earliest = self.lanes.next_due().into_iter().chain(ask_again).min()?;
        Some(earliest.since(self.clock.now()).min(WAIT_MAX))
    }

    /// Starts nothing more and finishes what is under way. Marks whose call has not begun are taken back.
    async fn drain(mut self) -> Result<(), StorageError> {
        self.stopping = true;
        let deadline = Instant::now() + self.settings.drain_timeout;
        self.write();
        while !self.steps.is_empty() {
            match timeout_at(deadline, self.steps.join_next()).await {
                Ok(Some(step)) => self.advance(step)?,
                Ok(None) => break,
                Err(_) => {
                    report::cut_off(self.in_flight.iter().sum());
                    self.steps.shutdown().await;
                    break;
                }
            }
            self.write();
        }
        Ok(())
    }
}

/// Makes a batch durable.
async fn settle(storage: Arc<dyn Storage>, batch: Vec<Written>, now: Timestamp) -> Result<Step, StorageError> {
    let settlements: Vec<Settlement> = batch.iter().map(|written| written.settlement(now)).collect();
    loop {
        match storage.settle(settlements.clone()).await {
            Ok(()) => return Ok(Step::Written(batch)),
            Err(StorageError::Busy { .. }) => sleep(BUSY_WAIT).await,
            Err(error) => return Err(error),
        }
    }
}

/// The last look before a row leaves, then the call.
async fn call(
    storage: Arc<dyn Storage>,
    braze: Arc<Braze>,
    clock: Arc<dyn Clock>,
    policy: Policy,
    row: Box<Row>,
    pass: Pass,
) -> Result<Step, StorageError> {
    let fence = loop {
        match storage.fence(row.entry.conversation).await {
            Err(StorageError::Busy { .. }) => sleep(BUSY_WAIT).await,
            Err(StorageError::Unreadable { .. }) => {
                let next = transition::without_fence(&row, clock.now(), &policy);
                return Ok(Step::Withdrawn(row, pass, next));
            }
            fence => break fence?,
        }
    };
    if let Some(next) = transition::at_the_fence(&row, fence, clock.now()) {
        return Ok(Step::Withdrawn(row, pass, next));
    }
    let started = Instant::now();
    let (outcome, headers) = if row.ambiguous == 0 {
        braze.send(&row.entry).await
    } else {
        braze.send(&Entry { action: row.entry.action.again(), ..row.entry.clone() }).await
    };
    Ok(Step::Called(row, pass, Answer { outcome, headers, took: started.elapsed() }))
}

impl Written {
    fn settlement(&self, now: Timestamp) -> Settlement {
        match self {
            Self::Mark(row, _) => Settlement {
                seq: row.seq,
                status: Status::Sending { since: now },
                attempts: row.attempts,
                ambiguous: row.ambiguous,
                follow_up: None,
            },
            Self::Outcome { row, next, .. } => Settlement {
                seq: row.seq,
                status: next.status.clone(),
                attempts: next.attempts,
                ambiguous: next.ambiguous,
                follow_up: next.failure.as_ref().and_then(|failure| follow_up(row, failure, now)),
            },
        }
    }
}

/// What the conversation hears. Profile changes are nothing it said, so it does not hear of those.
fn follow_up(row: &Row, failure: &Failure, now: Timestamp) -> Option<(ConversationId, InboxItem)> {
    let Entry { conversation, turn, action, author, .. } = &row.entry;
    let (turn, reason, ambiguous) = (*turn, failure.reason.clone(), failure.ambiguous);
    let told = row.entry.failure_is_told && !matches!(action, Action::Track { .. });
    let item = if *author == Author::Agent {
        let act = Act::NotDelivered { turn, reason, ambiguous };
        let act = Box::new(DeskAct { by: Agent::host(), act, remote_id: None });
        InboxItem::Desk { act, dedupe_key: None, received: now }
    } else {
        let campaign = action.target().to_owned();
        InboxItem::Event(Event::DeliveryFailed(DeliveryFailure { turn, campaign, reason, ambiguous }))
    };
    told.then_some((*conversation, item))
}

fn is_track(row: &Row) -> bool {
    EndpointGroup::of(&row.entry.action) == EndpointGroup::Track
}

/// SplitMix64: jitter needs no more.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }
}

#[cfg(test)]
mod tests;
