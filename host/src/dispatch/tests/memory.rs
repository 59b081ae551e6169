//! A storage in memory that remembers every settlement. Only what dispatch uses is there.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use super::*;
use crate::conversation::{Case, Conversation, Response};
use crate::inbound::Inbound;
use crate::outbox::desk::{DeskRow, DeskSeq};
use crate::outbox::{CallRow, CallSeq};
use crate::storage::{
    Accepted, Committed, Counted, Fate, InboxItem, InboxRow, InboxSeq, Pushed, Quarantined, Recorded, Swept,
    TurnCommit, TurnKey, record,
};

pub(super) struct Memory {
    state: Mutex<State>,
    changed: Arc<Notify>,
    settlements: watch::Sender<usize>,
    /// Settlements asked for, done or not.
    asked: watch::Sender<usize>,
    /// Held by a test that holds up settlements.
    gate: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<OutboxSeq, Row>,
    histories: BTreeMap<OutboxSeq, Vec<Status>>,
    failures: Vec<(ConversationId, DeliveryFailure)>,
    fences: BTreeMap<ConversationId, u32>,
    forgotten: HashSet<ConversationId>,
    unreadable: HashSet<ConversationId>,
    failed: bool,
    largest_read: usize,
    rows_read: usize,
}

pub(super) fn kind(status: &Status) -> &'static str {
    match status {
        Status::Ready => "ready",
        Status::Sending { .. } => "sending",
        Status::RetryAt { .. } => "retry",
        Status::Unknown { .. } => "unknown",
        Status::Sent { .. } => "sent",
        Status::Dead { .. } => "dead",
    }
}

impl Memory {
    pub(super) fn with(entries: impl IntoIterator<Item = Entry>) -> Arc<Self> {
        let memory = Self {
            state: Mutex::default(),
            changed: Arc::new(Notify::new()),
            settlements: watch::channel(0).0,
            asked: watch::channel(0).0,
            gate: tokio::sync::Mutex::default(),
        };
        memory.add(entries);
        Arc::new(memory)
    }

    pub(super) fn add(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut state = self.state();
        for entry in entries {
            let seq = OutboxSeq(state.rows.len() as u64 + 1);
            state.rows.insert(seq, Row { seq, entry, status: Status::Ready, attempts: 0, ambiguous: 0 });
        }
        self.changed.notify_one();
    }

    pub(super) fn set(&self, seq: OutboxSeq, status: Status) {
        self.state().rows.get_mut(&seq).expect("the row is there").status = status;
    }

    pub(super) fn raise_fence(&self, id: ConversationId, fence: u32) {
        self.state().fences.insert(id, fence);
    }

    pub(super) fn forget(&self, id: ConversationId) {
        self.state().forgotten.insert(id);
    }

    pub(super) fn damage(&self, id: ConversationId) {
        self.state().unreadable.insert(id);
    }

    pub(super) fn mend(&self, id: ConversationId) {
        self.state().unreadable.remove(&id);
    }

    pub(super) fn fail(&self) {
        self.state().failed = true;
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.state().rows.values().cloned().collect()
    }

    pub(super) fn row(&self, seq: OutboxSeq) -> Row {
        self.state().rows[&seq].clone()
    }

    pub(super) fn histories(&self) -> BTreeMap<OutboxSeq, Vec<Status>> {
        self.state().histories.clone()
    }

    pub(super) fn history(&self, seq: OutboxSeq) -> Vec<&'static str> {
        self.state().histories[&seq].iter().map(kind).collect()
    }

    pub(super) fn failures(&self) -> Vec<(ConversationId, DeliveryFailure)> {
        self.state().failures.clone()
    }

    pub(super) fn with_status(&self, wanted: &str) -> usize {
        self.state().rows.values().filter(|row| kind(&row.status) == wanted).count()
    }

    pub(super) fn largest_read(&self) -> usize {
        self.state().largest_read
    }

    pub(super) fn rows_read(&self) -> usize {
        self.state().rows_read
    }

    /// Waits until the rows are as wanted.
    pub(super) async fn until(&self, wanted: impl Fn(&[Row]) -> bool) {
        let mut settlements = self.settlements.subscribe();
        let all = settlements.wait_for(|_| wanted(&self.rows()));
        let in_time = tokio::time::timeout(Duration::from_secs(30), all).await;
        assert!(in_time.is_ok(), "not in time: {:?}", self.histories());
    }

    pub(super) async fn settled_rows(&self, wanted: usize) {
        self.until(|rows| rows.iter().filter(|row| row.status.is_final()).count() == wanted).await;
    }

    /// Holds up every settlement until the guard is dropped.
    pub(super) async fn hold_settlements(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.gate.lock().await
    }

    pub(super) async fn settlement_held(&self) {
        self.asked.subscribe().wait_for(|asked| *asked > 0).await.expect("the storage is here");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

crate::storage::unused::without_records_and_upkeep!(Memory);

#[async_trait]
impl Storage for Memory {
    async fn fence(&self, id: ConversationId) -> Result<Option<u32>, StorageError> {
        let state = self.state();
        if state.unreadable.contains(&id) {
            let why = record::Unreadable::Newer { found: 9 };
            return Err(StorageError::Unreadable { what: "conversation".into(), why });
        }
        let fence = state.fences.get(&id).copied().unwrap_or_default();
        Ok((!state.forgotten.contains(&id)).then_some(fence))
    }

    async fn read(&self, _id: ConversationId) -> Result<Option<Conversation>, StorageError> {
        unimplemented!("dispatch reads the fence only")
    }

    async fn due(&self, after: OutboxSeq, max: usize) -> Result<Vec<Row>, StorageError> {
        let mut state = self.state();
        let behind = state.rows.range(OutboxSeq(after.0 + 1)..).map(|(_, row)| row);
        let rows: Vec<_> = behind.filter(|row| !row.status.is_final()).take(max).cloned().collect();
        state.largest_read = state.largest_read.max(rows.len());
        state.rows_read += rows.len();
        Ok(rows)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), StorageError> {
        self.asked.send_modify(|asked| *asked += 1);
        let _open = self.gate.lock().await;
        let mut state = self.state();
        if state.failed {
            return Err(StorageError::Failed("the disk is gone".into()));
        }
        for Settlement { seq, status, attempts, ambiguous, follow_up } in settlements {
            state.histories.entry(seq).or_default().push(status.clone());
            let row = state.rows.get_mut(&seq).expect("the row is there");
            assert!(!row.status.is_final(), "row {seq:?} is settled for good");
            (row.status, row.attempts, row.ambiguous) = (status, attempts, ambiguous);
            if let Some((id, InboxItem::Event(Event::DeliveryFailed(failure)))) = follow_up {
                state.failures.push((id, failure));
            }
        }
        drop(state);
        self.settlements.send_modify(|count| *count += 1);
        Ok(())
    }

    fn outbox_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    async fn accept(&self, _now: Timestamp, _inbounds: Vec<Inbound>) -> Result<Vec<Accepted>, StorageError> {
        unimplemented!("dispatch accepts nothing")
    }

    async fn quarantine(&self, _bodies: Vec<Quarantined>) -> Result<Vec<u64>, StorageError> {
        unimplemented!("dispatch quarantines nothing")
    }

    async fn take(&self, _after: InboxSeq, _max: usize) -> Result<Vec<InboxRow>, StorageError> {
        unimplemented!("dispatch takes nothing")
    }

    async fn push(&self, _: Vec<(ConversationId, InboxItem)>) -> Result<Vec<Pushed>, StorageError> {
        unimplemented!("dispatch only sends")
    }

    async fn at_desk(&self) -> Result<Vec<(ConversationId, Case)>, StorageError> {
        unimplemented!("nobody looks into the inbox here")
    }

    async fn desk_due(&self, _after: DeskSeq, _max: usize) -> Result<Vec<DeskRow>, StorageError> {
        unimplemented!("there is no desk here")
    }

    async fn desk_settle(&self, _seq: DeskSeq, _told: Option<InboxItem>) -> Result<(), StorageError> {
        unimplemented!("there is no desk here")
    }

    async fn counts(&self, _first_day: u32, _last_day: u32) -> Result<Vec<Counted>, StorageError> {
        unimplemented!("nobody looks at counts here")
    }

    fn alarms_changed(&self) -> Arc<Notify> {
        unimplemented!("dispatch only sends")
    }

    fn calls_changed(&self) -> Arc<Notify> {
        unimplemented!("dispatch only sends")
    }

    fn desk_changed(&self) -> Arc<Notify> {
        Arc::default()
    }

    async fn alarms(
        &self,
        _: Option<(Timestamp, ConversationId)>,
        _: usize,
    ) -> Result<Vec<(Timestamp, ConversationId)>, StorageError> {
        unimplemented!("dispatch only sends")
    }

    async fn calls(&self, _: CallSeq, _: usize) -> Result<Vec<CallRow>, StorageError> {
        unimplemented!("dispatch only sends")
    }

    async fn call_started(&self, _: CallSeq) -> Result<(), StorageError> {
        unimplemented!("dispatch only sends")
    }

    async fn call_answered(&self, _: CallSeq, _: Option<Response>) -> Result<(), StorageError> {
        unimplemented!("dispatch only sends")
    }

    async fn conversations(
        &self,
        _: Option<ConversationId>,
        _: usize,
    ) -> Result<Vec<(ConversationId, u64)>, StorageError> {
        unimplemented!("dispatch lists no conversations")
    }

    async fn journal(&self, _: ConversationId, _: u32, _: usize) -> Result<Vec<(u32, Recorded)>, StorageError> {
        unimplemented!("dispatch reads no journal")
    }

    async fn turns(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<TurnKey>,
        _: usize,
    ) -> Result<Vec<(TurnKey, Recorded)>, StorageError> {
        unimplemented!("dispatch reads no journal")
    }

    async fn commit(&self, _turns: Vec<TurnCommit>) -> Result<Vec<Committed>, StorageError> {
        unimplemented!("dispatch commits no turns")
    }

    async fn settled(&self, _max: usize) -> Result<Vec<Fate>, StorageError> {
        unimplemented!("dispatch does not look back")
    }

    async fn quarantined(&self, _max: usize) -> Result<Vec<Quarantined>, StorageError> {
        unimplemented!("dispatch does not look back")
    }

    async fn sweep(&self, _now: Timestamp) -> Result<Swept, StorageError> {
        unimplemented!("dispatch removes nothing")
    }

    async fn erase(&self, _id: ConversationId) -> Result<(), StorageError> {
        unimplemented!("dispatch erases nothing")
    }

    fn inbox_changed(&self) -> Arc<Notify> {
        unimplemented!("dispatch does not watch the inbox")
    }

    async fn failed(&self) -> String {
        unimplemented!("dispatch hears of it from its calls")
    }

    async fn close(&self) -> Result<(), StorageError> {
        unimplemented!("dispatch closes nothing")
    }
}
