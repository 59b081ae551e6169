//! A storage that keeps what it accepts in memory, and is busy, failed or slow as told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore};

use crate::clock::Timestamp;
use crate::conversation::{Case, Conversation, ConversationId, Response};
use crate::inbound::{DedupeKey, Inbound};
use crate::outbox::desk::{DeskRow, DeskSeq};
use crate::outbox::{self, CallRow, CallSeq, OutboxSeq};
use crate::storage::{
    Accepted, Committed, Counted, Fate, InboxItem, InboxRow, InboxSeq, Pushed, Quarantined, Recorded, Settlement,
    Storage, StorageError, Swept, TurnCommit, TurnKey,
};

#[derive(Default)]
pub(super) struct FakeStorage {
    pub accepted: Mutex<Vec<Inbound>>,
    pub quarantined: Mutex<Vec<Quarantined>>,
    pub trouble: Mutex<Option<StorageError>>,
    /// Where there is one, every accept takes a permit and keeps it.
    pub gate: Mutex<Option<Arc<Semaphore>>>,
    /// Accepts begun, and a notice for each.
    pub begun: AtomicUsize,
    pub began: Notify,
    keys: Mutex<HashMap<DedupeKey, InboxSeq>>,
}

impl FakeStorage {
    fn in_trouble(&self) -> Result<(), StorageError> {
        self.trouble.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    /// Closes the gate until the returned semaphore is given permits.
    pub(super) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(gate.clone());
        gate
    }

    pub(super) async fn until_begun(&self, count: usize) {
        while self.begun.load(Ordering::SeqCst) < count {
            self.began.notified().await;
        }
    }

    pub(super) fn only(&self) -> Inbound {
        let accepted = self.accepted.lock().unwrap();
        assert_eq!(accepted.len(), 1);
        accepted[0].clone()
    }
}

crate::storage::unused::without_records_and_upkeep!(FakeStorage);

#[async_trait]
impl Storage for FakeStorage {
    async fn accept(&self, _now: Timestamp, inbounds: Vec<Inbound>) -> Result<Vec<Accepted>, StorageError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.began.notify_one();
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.expect("the gate is not closed").forget();
        }
        self.in_trouble()?;
        let mut keys = self.keys.lock().unwrap();
        let mut accepted = self.accepted.lock().unwrap();
        Ok(inbounds
            .into_iter()
            .map(|inbound| {
                let key = inbound.dedupe_key();
                if let Some(&seq) = keys.get(&key) {
                    return Accepted::Duplicate(seq);
                }
                let seq = InboxSeq(keys.len() as u64 + 0xa0);
                keys.insert(key, seq);
                accepted.push(inbound);
                Accepted::New(seq)
            })
            .collect())
    }

    async fn quarantine(&self, bodies: Vec<Quarantined>) -> Result<Vec<u64>, StorageError> {
        self.in_trouble()?;
        let mut quarantined = self.quarantined.lock().unwrap();
        Ok(bodies
            .into_iter()
            .map(|body| {
                quarantined.push(body);
                quarantined.len() as u64
            })
            .collect())
    }

    async fn take(&self, _: InboxSeq, _: usize) -> Result<Vec<InboxRow>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn read(&self, _: ConversationId) -> Result<Option<Conversation>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn fence(&self, _: ConversationId) -> Result<Option<u32>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn push(&self, _: Vec<(ConversationId, InboxItem)>) -> Result<Vec<Pushed>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
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
        unreachable!("ingress only accepts and quarantines")
    }

    fn calls_changed(&self) -> Arc<Notify> {
        unreachable!("ingress only accepts and quarantines")
    }

    fn desk_changed(&self) -> Arc<Notify> {
        Arc::default()
    }

    async fn alarms(
        &self,
        _: Option<(Timestamp, ConversationId)>,
        _: usize,
    ) -> Result<Vec<(Timestamp, ConversationId)>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn calls(&self, _: CallSeq, _: usize) -> Result<Vec<CallRow>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn call_started(&self, _: CallSeq) -> Result<(), StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn call_answered(&self, _: CallSeq, _: Option<Response>) -> Result<(), StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn conversations(
        &self,
        _: Option<ConversationId>,
        _: usize,
    ) -> Result<Vec<(ConversationId, u64)>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn journal(&self, _: ConversationId, _: u32, _: usize) -> Result<Vec<(u32, Recorded)>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn turns(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<TurnKey>,
        _: usize,
    ) -> Result<Vec<(TurnKey, Recorded)>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn commit(&self, _: Vec<TurnCommit>) -> Result<Vec<Committed>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn due(&self, _: OutboxSeq, _: usize) -> Result<Vec<outbox::Row>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn settle(&self, _: Vec<Settlement>) -> Result<(), StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn settled(&self, _: usize) -> Result<Vec<Fate>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn quarantined(&self, _: usize) -> Result<Vec<Quarantined>, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn sweep(&self, _: Timestamp) -> Result<Swept, StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    async fn erase(&self, _: ConversationId) -> Result<(), StorageError> {
        unreachable!("ingress only accepts and quarantines")
    }

    fn inbox_changed(&self) -> Arc<Notify> {
        Arc::default()
    }

    fn outbox_changed(&self) -> Arc<Notify> {
        Arc::default()
    }

    async fn failed(&self) -> String {
        std::future::pending().await
    }

    async fn close(&self) -> Result<(), StorageError> {
        Ok(())
    }
}
