//! The embedded storage: one redb file, one thread that writes it.
//!
//! Callers queue operations; the writer takes all that wait, applies them in one transaction, makes it durable, and then answers
//! them together: group commit without a timer. Reads run on the caller's thread in transactions of microseconds, since an open
//! read transaction keeps every page written meanwhile.

mod apply;
mod buried;
mod prepared;
mod records;
mod recover;
mod settings;
mod tables;
mod upkeep;
mod writer;

#[cfg(test)]
mod tests;

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use async_trait::async_trait;
use redb::{Database, ReadableDatabase, ReadableTable as _, StorageBackend};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::record::{self, Fate};
use super::{
    Accepted, Committed, Counted, InboxItem, InboxRow, InboxSeq, Pushed, Quarantined, Recorded, Settlement, Storage,
    StorageError, Swept, TurnCommit, TurnKey,
};
use crate::clock::Timestamp;
use crate::conversation::{Case, Conversation, ConversationId, Response};
use crate::inbound::Inbound;
use crate::limits::STORAGE_QUEUE_MAX;
use crate::outbox::desk::{DeskRow, DeskSeq};
use crate::outbox::{self, CallRow, CallSeq, OutboxSeq};
use prepared::{Arrival, Item, Turn};
pub use settings::{JournalKeep, Settings};
use tables::{ALARMS, AT_DESK, CALLS, CONVERSATION, COUNTS, DESK, INBOX, OUTBOX, QUARANTINE, SETTLED, TURNS};
use writer::{Op, Writer};

/// Why a database file does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is already open in another process{}", path.display(), owner.as_ref().map(|pid| format!(", pid {pid}")).unwrap_or_default())]
    InUse { path: PathBuf, owner: Option<String> },
    #[error("the folder {} cannot be made: {why}", path.display())]
    Folder { path: PathBuf, why: std::io::Error },
    #[error("{} was written by a newer host (format {found}, this one reads up to {known})", path.display())]
    Newer { path: PathBuf, found: u64, known: u64 },
    #[error("{} was written by a development version (format {found}, this one reads {known}): move it aside to start with an empty one", path.display())]
    Older { path: PathBuf, found: u64, known: u64 },
    #[error("{} does not open: {why}. If it is damaged, move it aside and restore a backup; it is not replaced by an empty one", path.display())]
    Unusable { path: PathBuf, why: String },
}

/// A handle on the database; cheap to share by `Arc`.
#[derive(Debug)]
pub struct Redb {
    database: Arc<Database>,
    ops: Mutex<Option<mpsc::Sender<Op>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    failed: watch::Receiver<Option<String>>,
    inbox_changed: Arc<Notify>,
    outbox_changed: Arc<Notify>,
    alarms_changed: Arc<Notify>,
    calls_changed: Arc<Notify>,
    desk_changed: Arc<Notify>,
    owner_file: Option<PathBuf>,
    settings: Settings,
}

impl Redb {
    /// Opens or creates the file, rebuilds what is kept in memory, and turns calls that a crash cut off into unknowns.
    pub fn open(path: &Path, settings: Settings, now: Timestamp) -> Result<Self, OpenError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|why| OpenError::Folder { path: folder.into(), why })?;
        }
        let owner_file = path.with_extension("pid");
        let database =
            Database::builder().set_cache_size(settings.cache_bytes).create(path).map_err(|error| match error {
                redb::DatabaseError::DatabaseAlreadyOpen => OpenError::InUse {
                    path: path.into(),
                    owner: std::fs::read_to_string(&owner_file).ok().map(|pid| pid.trim().to_owned()),
                },
                other => OpenError::Unusable { path: path.into(), why: other.to_string() },
            })?;
        // Only ever read to name the owner in a message; the lock is redb's.
        let _ = std::fs::write(&owner_file, std::process::id().to_string());
        Self::start(database, path, Some(owner_file), settings, now)
    }

    /// Opens a database on a backend of its own: the seam through which tests lose, tear and refuse writes.
    pub fn open_backend(backend: impl StorageBackend, settings: Settings, now: Timestamp) -> Result<Self, OpenError> {
        let path = Path::new("(backend)");
        let database = Database::builder()
            .set_cache_size(settings.cache_bytes)
            .create_with_backend(backend)
            .map_err(|error| OpenError::Unusable { path: path.into(), why: error.to_string() })?;
        Self::start(database, path, None, settings, now)
    }

    fn start(
        database: Database,
        path: &Path,
        owner_file: Option<PathBuf>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let database = Arc::new(database);
        let recovered = recover::recover(&database, now).map_err(|error| error.at(path))?;
        let (ops, queue) = mpsc::channel(STORAGE_QUEUE_MAX);
        let (failed_sender, failed) = watch::channel(None);
        let inbox_changed = Arc::new(Notify::new());
        let outbox_changed = Arc::new(Notify::new());
        let alarms_changed = Arc::new(Notify::new());
        let calls_changed = Arc::new(Notify::new());
        let desk_changed = Arc::new(Notify::new());
        let writer = Writer {
            database: Arc::clone(&database),
            queue,
            memory: recovered,
            journal: settings.journal,
            failed: failed_sender,
            inbox_changed: Arc::clone(&inbox_changed),
            outbox_changed: Arc::clone(&outbox_changed),
            alarms_changed: Arc::clone(&alarms_changed),
            calls_changed: Arc::clone(&calls_changed),
            desk_changed: Arc::clone(&desk_changed),
        };
        let thread =
            std::thread::Builder::new().name("storage-writer".into()).spawn(move || writer.run()).map_err(|why| {
                OpenError::Unusable { path: path.into(), why: format!("no thread for its writer: {why}") }
            })?;
        Ok(Self {
            database,
            ops: Mutex::new(Some(ops)),
            writer: Mutex::new(Some(thread)),
            failed,
            inbox_changed,
            outbox_changed,
            alarms_changed,
            calls_changed,
            desk_changed,
            owner_file,
            settings,
        })
    }

    fn queue(&self) -> Result<mpsc::Sender<Op>, StorageError> {
        let ops = self.ops.lock().expect("nothing panics while holding the queue");
        ops.clone().ok_or_else(|| self.failure())
    }

    /// Queues an operation that must not be refused, waiting for room, and waits until it is durable.
    async fn write<T>(&self, op: impl FnOnce(oneshot::Sender<T>) -> Op) -> Result<T, StorageError> {
        let (done, durable) = oneshot::channel();
        self.queue()?.send(op(done)).await.map_err(|_| self.failure())?;
        durable.await.map_err(|_| self.failure())
    }

    /// Queues an operation that is written down as what it does to the tables.
    async fn apply<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut apply::Batch<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.write(|done| Op::Apply(Box::new(move |batch| Ok(writer::answer(done, operation(batch)?))))).await
    }

    fn failure(&self) -> StorageError {
        let reason = self.failed.borrow().clone();
        let silent = if self.is_open() { "its writer panicked" } else { "it is closed" };
        StorageError::Failed(reason.unwrap_or_else(|| silent.into()))
    }

    fn is_open(&self) -> bool {
        self.ops.lock().expect("nothing panics while holding the queue").is_some()
    }

    fn read_rows<T>(
        &self,
        read: impl FnOnce(&redb::ReadTransaction) -> Result<T, ReadError>,
    ) -> Result<T, StorageError> {
        let transaction = self.database.begin_read().map_err(|error| StorageError::Failed(error.to_string()))?;
        read(&transaction).map_err(ReadError::into_storage_error)
    }
}

#[async_trait]
impl Storage for Redb {
    async fn accept(&self, now: Timestamp, inbounds: Vec<Inbound>) -> Result<Vec<Accepted>, StorageError> {
        let (done, durable) = oneshot::channel();
        let arrivals = inbounds.into_iter().map(|inbound| Arrival::of(now, inbound)).collect();
        self.queue()?.try_send(Op::Accept { now, arrivals, done }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StorageError::Busy { waiting: STORAGE_QUEUE_MAX },
            mpsc::error::TrySendError::Closed(_) => self.failure(),
        })?;
        durable.await.map_err(|_| self.failure())
    }

    async fn quarantine(&self, bodies: Vec<Quarantined>) -> Result<Vec<u64>, StorageError> {
        self.write(|done| Op::Quarantine { bodies, done }).await
    }

    async fn take(&self, after: InboxSeq, max: usize) -> Result<Vec<InboxRow>, StorageError> {
        self.read_rows(|transaction| {
            let inbox = transaction.open_table(INBOX)?;
            let rows = inbox.range(after.0.saturating_add(1)..)?;
            let rows = rows.map(|row| {
                let (seq, bytes) = row?;
                tables::unless_damaged(tables::inbox_row(InboxSeq(seq.value()), bytes.value()))
            });
            rows.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn read(&self, id: ConversationId) -> Result<Option<Conversation>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(CONVERSATION)?;
            let row = table.get(tables::state_key(id).as_slice())?;
            row.map(|bytes| record::decode(bytes.value()).map_err(|why| ReadError::unreadable("a conversation", why)))
                .transpose()
        })
    }

    async fn fence(&self, id: ConversationId) -> Result<Option<u32>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(CONVERSATION)?;
            let row = table.get(tables::state_key(id).as_slice())?;
            // The fence is a conversation's second field, so it can be read without the rest.
            let fence = row.map(|bytes| record::decode::<(u64, u32)>(bytes.value()).map(|(_, fence)| fence));
            fence.transpose().map_err(|why| ReadError::unreadable("a conversation", why))
        })
    }

    async fn conversations(
        &self,
        after: Option<ConversationId>,
        max: usize,
    ) -> Result<Vec<(ConversationId, u64)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(CONVERSATION)?;
            let (mut found, mut behind) = (Vec::new(), after);
            while found.len() < max {
                let first = behind.map(tables::end_key);
                let first = first.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
                // The first row of the next one, of whatever kind: rows between here and there are jumped over.
                let Some(next) = table.range::<&[u8]>((first, Bound::Unbounded))?.next() else { break };
                let Some(id) = tables::conversation_of(next?.0.value()) else { break };
                behind = Some(id);
                let state = table.get(tables::state_key(id).as_slice())?;
                let version = state.map(|bytes| record::decode::<u64>(bytes.value()));
                // A damaged one is found by its own read.
                found.extend(version.map(|version| (id, version.unwrap_or_default())));
            }
            Ok(found)
        })
    }

    async fn journal(&self, id: ConversationId, before: u32, max: usize) -> Result<Vec<(u32, Recorded)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(CONVERSATION)?;
            let (first, end) = (tables::journal_key(id, 0), tables::journal_key(id, before));
            let newest = table.range(first.as_slice()..end.as_slice())?.rev().take(max);
            let entries = newest.map(|row| {
                let (key, entry) = row?;
                Ok((tables::number_of(key.value()).unwrap_or_default(), record::decode(entry.value())))
            });
            entries.collect()
        })
    }

    async fn turns(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<TurnKey>,
        max: usize,
    ) -> Result<Vec<(TurnKey, Recorded)>, StorageError> {
        self.read_rows(|transaction| {
            let (turns, table) = (transaction.open_table(TURNS)?, transaction.open_table(CONVERSATION)?);
            let end = tables::turn_key(TurnKey { at: to, conversation: ConversationId([0; 16]), turn: 0 });
            let first = TurnKey { at: from, conversation: ConversationId([0; 16]), turn: 0 };
            let first = after.map_or(Bound::Included(first), |after| Bound::Excluded(after.max(first)));
            let first = first.map(tables::turn_key);
            let places =
                turns.range::<&[u8]>((first.as_ref().map(<[u8; 28]>::as_slice), Bound::Excluded(end.as_slice())))?;
            let mut found = Vec::new();
            for place in places {
                let Some(key) = tables::turn_of(place?.0.value()) else { continue };
                // Its place may outlive a damaged entry that was erased.
                let entry = table.get(tables::journal_key(key.conversation, key.turn).as_slice())?;
                found.extend(entry.map(|entry| (key, record::decode(entry.value()))));
                if found.len() >= max {
                    break;
                }
            }
            Ok(found)
        })
    }

    async fn commit(&self, turns: Vec<TurnCommit>) -> Result<Vec<Committed>, StorageError> {
        let turns = turns.into_iter().map(|turn| Turn::of(turn, self.settings.journal.is_kept())).collect();
        self.write(|done| Op::Commit { turns, done }).await
    }

    async fn push(&self, items: Vec<(ConversationId, InboxItem)>) -> Result<Vec<Pushed>, StorageError> {
        let items = items.into_iter().map(|(id, item)| Item::of(id, &item)).collect();
        self.write(|done| Op::Push { items, done }).await
    }

    async fn at_desk(&self) -> Result<Vec<(ConversationId, Case)>, StorageError> {
        self.read_rows(|transaction| {
            let mut cases = Vec::new();
            for row in transaction.open_table(AT_DESK)?.iter()? {
                let (id, case) = row?;
                let Ok(id) = id.value().try_into() else { continue };
                let case = record::decode(case.value()).map_err(|why| ReadError::unreadable("the inbox", why));
                cases.extend(tables::unless_damaged(case)?.map(|case| (ConversationId(id), case)));
            }
            Ok(cases)
        })
    }

    async fn desk_due(&self, after: DeskSeq, max: usize) -> Result<Vec<DeskRow>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(DESK)?;
            let rows = table.range(after.0.saturating_add(1)..)?.map(|row| {
                let (seq, bytes) = row?;
                tables::unless_damaged(tables::desk_row(seq.value(), bytes.value()))
            });
            rows.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn desk_settle(&self, seq: DeskSeq, told: Option<InboxItem>) -> Result<(), StorageError> {
        self.apply(move |batch| batch.desk_settle(seq, told)).await
    }

    async fn alarms(
        &self,
        after: Option<(Timestamp, ConversationId)>,
        max: usize,
    ) -> Result<Vec<(Timestamp, ConversationId)>, StorageError> {
        self.read_rows(|transaction| {
            let alarms = transaction.open_table(ALARMS)?;
            let after = after.map(tables::alarm_key);
            let first = after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_slice()));
            let mut found = Vec::new();
            for row in alarms.range::<&[u8]>((first, Bound::Unbounded))?.take(max) {
                found.extend(tables::alarm_of(row?.0.value()));
            }
            Ok(found)
        })
    }

    async fn calls(&self, after: CallSeq, max: usize) -> Result<Vec<CallRow>, StorageError> {
        self.read_rows(|transaction| {
            let calls = transaction.open_table(CALLS)?;
            let rows = calls.range(after.0.saturating_add(1)..)?.map(|row| {
                let (seq, bytes) = row?;
                tables::unless_damaged(tables::call_row(seq.value(), bytes.value()))
            });
            rows.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn call_started(&self, seq: CallSeq) -> Result<(), StorageError> {
        self.write(|done| Op::CallStarted { seq, done }).await
    }

    async fn call_answered(&self, seq: CallSeq, answer: Option<Response>) -> Result<(), StorageError> {
        self.write(|done| Op::CallAnswered { seq, answer, done }).await
    }

    async fn counts(&self, first_day: u32, last_day: u32) -> Result<Vec<Counted>, StorageError> {
        self.read_rows(|transaction| {
            let counts = transaction.open_table(COUNTS)?;
            let (first, end) = (first_day.to_be_bytes(), last_day.saturating_add(1).to_be_bytes());
            let mut counted = Vec::new();
            for row in counts.range(first.as_slice()..end.as_slice())? {
                let (key, times) = row?;
                counted.extend(tables::count_of(key.value(), times.value()));
            }
            Ok(counted)
        })
    }

    async fn due(&self, after: OutboxSeq, max: usize) -> Result<Vec<outbox::Row>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(OUTBOX)?;
            let rows = table.range(after.0.saturating_add(1)..)?;
            let rows = rows.map(|row| {
                let (seq, bytes) = row?;
                tables::unless_damaged(tables::outbox_row(OutboxSeq(seq.value()), bytes.value()))
            });
            rows.filter_map(Result::transpose).take(max).collect()
        })
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), StorageError> {
        self.write(|done| Op::Settle { settlements, done }).await
    }

    async fn settled(&self, max: usize) -> Result<Vec<Fate>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(SETTLED)?;
            let newest = table.range::<u64>(..)?.rev().take(max);
            newest
                .map(|row| record::decode(row?.1.value()).map_err(|why| ReadError::unreadable("outbox", why)))
                .collect()
        })
    }

    async fn quarantined(&self, max: usize) -> Result<Vec<Quarantined>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(QUARANTINE)?;
            let newest = table.range::<u64>(..)?.rev().take(max);
            newest
                .map(|row| record::decode(row?.1.value()).map_err(|why| ReadError::unreadable("quarantine", why)))
                .collect()
        })
    }

    async fn sweep(&self, now: Timestamp) -> Result<Swept, StorageError> {
        self.write(|done| Op::Sweep { now, done }).await
    }

    async fn erase(&self, id: ConversationId) -> Result<(), StorageError> {
        self.write(|done| Op::Erase { id, done }).await
    }

    fn inbox_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.inbox_changed)
    }

    fn alarms_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.alarms_changed)
    }

    fn calls_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.calls_changed)
    }

    fn desk_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.desk_changed)
    }

    fn outbox_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox_changed)
    }

    async fn failed(&self) -> String {
        let mut failed = self.failed.clone();
        let reason = failed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None if self.is_open() => "its writer panicked".into(),
            // The writer ended because storage was closed, which is not a failure.
            None => std::future::pending().await,
        }
    }

    async fn close(&self) -> Result<(), StorageError> {
        drop(self.ops.lock().expect("nothing panics while holding the queue").take());
        let writer = self.writer.lock().expect("nothing panics while holding the thread").take();
        if let Some(writer) = writer {
            // The thread ends once every queued operation is durable.
            let ended = tokio::task::spawn_blocking(move || writer.join()).await;
            ended.ok().and_then(Result::ok).ok_or_else(|| StorageError::Failed("its writer panicked".into()))?;
        }
        if let Some(owner_file) = &self.owner_file {
            let _ = std::fs::remove_file(owner_file);
        }
        match self.failed.borrow().clone() {
            Some(reason) => Err(StorageError::Failed(reason)),
            None => Ok(()),
        }
    }
}

/// Why a row was not read.
#[derive(Debug)]
enum ReadError {
    Redb(redb::Error),
    Unreadable { what: String, why: record::Unreadable },
    Newer { found: u64, known: u64 },
    Older { found: u64, known: u64 },
}

impl ReadError {
    fn unreadable(what: impl ToString, why: record::Unreadable) -> Self {
        Self::Unreadable { what: what.to_string(), why }
    }

    fn into_storage_error(self) -> StorageError {
        match self {
            Self::Redb(error) => StorageError::Failed(error.to_string()),
            Self::Unreadable { what, why } => StorageError::Unreadable { what, why },
            Self::Newer { found, known } => StorageError::Failed(format!("format {found} is newer than {known}")),
            Self::Older { found, known } => StorageError::Failed(format!("format {found} is older than {known}")),
        }
    }

    fn at(self, path: &Path) -> OpenError {
        match self {
            Self::Newer { found, known } => OpenError::Newer { path: path.into(), found, known },
            Self::Older { found, known } => OpenError::Older { path: path.into(), found, known },
            other => OpenError::Unusable { path: path.into(), why: other.into_storage_error().to_string() },
        }
    }
}

impl<E: Into<redb::Error>> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}
