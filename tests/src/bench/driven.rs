//! The host's own driver in this process, over a database of its own: what one part of it costs, without HTTP and Braze beside it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use turnwise::clock::{Clock, SystemClock};
use turnwise::driver::Driver;
use turnwise::feed::Feed;
use turnwise::inbound;
use turnwise::limits;
use turnwise::outbox::{OutboxSeq, Status};
use turnwise::plugins::{Plugins, Wanted};
use turnwise::storage::redb::{JournalKeep, Redb, Settings};
use turnwise::storage::{InboxSeq, Settlement, Storage, StorageError};

use super::{repository, rows, webhook};

/// Rows read at once.
const PIECE: usize = 512;

/// A database and the bot `menu`.
pub(super) struct Driven {
    pub(super) storage: Arc<Redb>,
    plugins: Arc<Plugins>,
    _folder: tempfile::TempDir,
}

/// A driver at work.
pub(super) struct Running {
    stop: oneshot::Sender<()>,
    driver: JoinSet<Result<(), StorageError>>,
}

/// Runs on threads of its own, as `turnwise serve` does: the benchmark's own thread has the load.
pub(super) async fn on_threads<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work)
    };
    tokio::task::spawn_blocking(run).await.expect("the benchmark does not panic")
}

impl Driven {
    pub(super) async fn new(below: &Path, journal: JournalKeep) -> Self {
        let folder = tempfile::tempdir_in(below).expect("a folder");
        let settings = Settings { journal, ..Settings::default() };
        let storage = Redb::open(&folder.path().join("turnwise.redb"), settings, SystemClock.now());
        let plugins = Plugins::new(limits::PLUGIN_MEMORY_BYTES_MAX).expect("an engine");
        let file = repository().join("plugins/menu.wasm");
        let wanted = Wanted { name: "menu".into(), file, settings: Vec::new(), limits: Default::default() };
        plugins.insert(plugins.compile(wanted).await.expect("plugins/menu.wasm is built: `make plugins`"));
        Self { storage: Arc::new(storage.expect("a new database")), plugins: Arc::new(plugins), _folder: folder }
    }

    pub(super) fn start(&self) -> Running {
        let (stop, stopped) = oneshot::channel();
        let route = rows::route();
        let routes = [(route.source.clone(), Arc::new(route))].into();
        let (storage, plugins) = (self.storage.clone(), self.plugins.clone());
        let (catalog, clock) = (Arc::new(rows::Everything), Arc::new(SystemClock));
        let driver = Driver::new(storage, plugins, routes, catalog, clock, Feed::default(), limits::PLUGIN_DEADLINE);
        let mut work = JoinSet::new();
        work.spawn(driver.run(async {
            let _dropped = stopped.await;
        }));
        Running { stop, driver: work }
    }

    /// Accepts a message of each of these users, who write for the `visit`th time.
    pub(super) async fn accept(&self, users: impl Iterator<Item = usize>, visit: usize) {
        let message = |user| inbound::read("whatsapp", webhook::body(user, visit).as_bytes()).expect("our own webhook");
        let accepted = self.storage.accept(SystemClock.now(), users.map(message).collect()).await;
        accepted.expect("there is room for a message");
    }

    /// Until every message had its turn.
    pub(super) async fn until_idle(&self) {
        while !self.storage.take(InboxSeq::default(), 1).await.expect("readable").is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Sends nothing, and writes what sending everything would; returns how many replies there were.
    pub(super) async fn settle(&self) -> usize {
        let mut count = 0;
        loop {
            let rows = self.storage.due(OutboxSeq::default(), PIECE).await.expect("readable");
            if rows.is_empty() {
                return count;
            }
            count += rows.len();
            let now = SystemClock.now();
            let sent = Status::Sent { at: now, braze_dispatch_id: Some("6744b0d1c3f1d2a7f0a9b8c7d6e5f403".into()) };
            for status in [Status::Sending { since: now }, sent] {
                let settled = rows.iter().map(|row| Settlement {
                    seq: row.seq,
                    status: status.clone(),
                    attempts: 1,
                    ambiguous: 0,
                    follow_up: None,
                });
                self.storage.settle(settled.collect()).await.expect("settled");
            }
        }
    }
}

impl Running {
    pub(super) async fn stop(mut self) {
        drop(self.stop);
        while let Some(ended) = self.driver.join_next().await {
            ended.expect("the driver does not panic").expect("storage works");
        }
    }
}
