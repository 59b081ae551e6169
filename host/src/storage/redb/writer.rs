//! The one thread that writes: it drains its queue, applies what was there in one transaction, makes it durable, and answers.

use std::sync::Arc;

use redb::Database;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::ReadError;
use super::apply::{Batch, Changed};
use super::prepared::{Arrival, Item, Turn};
use super::recover::Memory;
use super::settings::JournalKeep;
use crate::clock::Timestamp;
use crate::conversation::{ConversationId, Response};
use crate::limits::STORAGE_BATCH_MAX;
use crate::outbox::CallSeq;
use crate::storage::{Accepted, Committed, Pushed, Quarantined, Settlement, Swept};

/// One operation and whom to tell when it is durable. A caller that is never told must assume it is not.
pub(super) enum Op {
    Accept {
        now: Timestamp,
        arrivals: Vec<Arrival>,
        done: oneshot::Sender<Vec<Accepted>>,
    },
    Quarantine {
        bodies: Vec<Quarantined>,
        done: oneshot::Sender<Vec<u64>>,
    },
    Push {
        items: Vec<Item>,
        done: oneshot::Sender<Vec<Pushed>>,
    },
    CallStarted {
        seq: CallSeq,
        done: oneshot::Sender<()>,
    },
    CallAnswered {
        seq: CallSeq,
        answer: Option<Response>,
        done: oneshot::Sender<()>,
    },
    Commit {
        turns: Vec<Turn>,
        done: oneshot::Sender<Vec<Committed>>,
    },
    Settle {
        settlements: Vec<Settlement>,
        done: oneshot::Sender<()>,
    },
    Sweep {
        now: Timestamp,
        done: oneshot::Sender<Swept>,
    },
    Erase {
        id: ConversationId,
        done: oneshot::Sender<()>,
    },
    /// Whatever else is done to the tables.
    Apply(Operation),
}

pub(super) type Operation = Box<dyn FnOnce(&mut Batch<'_>) -> Result<Answer, ReadError> + Send>;

/// An answer held back until the transaction is durable.
pub(super) type Answer = Box<dyn FnOnce()>;

pub(super) struct Writer {
    pub database: Arc<Database>,
    pub queue: mpsc::Receiver<Op>,
    pub memory: Memory,
    pub journal: JournalKeep,
    pub failed: watch::Sender<Option<String>>,
    pub inbox_changed: Arc<Notify>,
    pub outbox_changed: Arc<Notify>,
    pub alarms_changed: Arc<Notify>,
    pub calls_changed: Arc<Notify>,
    pub desk_changed: Arc<Notify>,
}

impl Writer {
    /// Runs until every sender is gone, or until the first error: redb refuses everything after one, and a write that may or
    /// may not have happened must never be acknowledged.
    pub(super) fn run(mut self) {
        let mut ops = Vec::with_capacity(STORAGE_BATCH_MAX);
        while let Some(first) = self.queue.blocking_recv() {
            ops.push(first);
            // Whoever is ready to run adds to the batch first; with nobody ready this returns at once.
            std::thread::yield_now();
            while ops.len() < STORAGE_BATCH_MAX {
                let Ok(next) = self.queue.try_recv() else { break };
                ops.push(next);
            }
            match self.write(&mut ops) {
                Ok((answers, changed)) => self.announce(answers, changed),
                Err(error) => {
                    let reason = error.into_storage_error().to_string();
                    tracing::error!(%reason, "storage failed; nothing is acknowledged any more");
                    self.failed.send_replace(Some(reason));
                    return;
                }
            }
        }
    }

    fn write(&mut self, ops: &mut Vec<Op>) -> Result<(Vec<Answer>, Changed), ReadError> {
        let mut transaction = self.database.begin_write()?;
        // Without it, opening after a crash walks the whole file; it also commits in two phases, which user text cannot forge.
        transaction.set_quick_repair(true);
        let mut answers: Vec<Answer> = Vec::with_capacity(ops.len());
        let changed = {
            let mut batch = Batch::new(&transaction, &mut self.memory);
            for op in ops.drain(..) {
                answers.push(match op {
                    Op::Accept { now, arrivals, done } => answer(done, batch.accept(now, arrivals)?),
                    Op::Quarantine { bodies, done } => answer(done, batch.quarantine(&bodies)?),
                    Op::Push { items, done } => answer(done, batch.push(items)?),
                    Op::CallStarted { seq, done } => answer(done, batch.call_started(seq)?),
                    Op::CallAnswered { seq, answer: given, done } => answer(done, batch.call_answered(seq, given)?),
                    Op::Commit { turns, done } => answer(done, batch.commit(turns)?),
                    Op::Settle { settlements, done } => answer(done, batch.settle(settlements)?),
                    Op::Sweep { now, done } => answer(done, batch.sweep(now, self.journal)?),
                    Op::Erase { id, done } => answer(done, batch.erase(id)?),
                    Op::Apply(operation) => operation(&mut batch)?,
                });
            }
            batch.finish()?
        };
        transaction.commit()?;
        Ok((answers, changed))
    }

    fn announce(&self, answers: Vec<Answer>, changed: Changed) {
        answers.into_iter().for_each(|answer| answer());
        if changed.inbox {
            self.inbox_changed.notify_one();
        }
        if changed.alarms {
            self.alarms_changed.notify_one();
        }
        if changed.calls {
            self.calls_changed.notify_one();
        }
        if changed.desk {
            self.desk_changed.notify_one();
        }
        if changed.outbox {
            self.outbox_changed.notify_one();
        }
    }
}

pub(super) fn answer<T: 'static>(done: oneshot::Sender<T>, value: T) -> Answer {
    // A caller that has gone away still had its operation done.
    Box::new(move || drop(done.send(value)))
}
