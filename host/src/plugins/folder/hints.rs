//! Word from the operating system that something in a folder changed. Only a hint: it may come late, twice or never, and what
//! happened is found out by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Hints about some folders.
pub(super) struct Hints {
    watcher: Option<RecommendedWatcher>,
    /// Each with what it was when it began to be watched: another folder may come to have its name.
    watched: BTreeMap<PathBuf, Identity>,
    given: Arc<Notify>,
    /// Whether it was said that hints are missing.
    told: bool,
}

/// Device and inode.
type Identity = (u64, u64);

impl Hints {
    pub(super) fn new() -> Self {
        let given = Arc::new(Notify::new());
        let hint = Arc::clone(&given);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading is no change, and here it is mostly our own; an error may hide a change.
            let read =
                |kind| matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
            if !event.is_ok_and(|event| read(event.kind)) {
                hint.notify_one();
            }
        });
        let mut hints = Self { watcher: None, watched: BTreeMap::new(), given, told: false };
        match watcher {
            Ok(watcher) => hints.watcher = Some(watcher),
            Err(error) => hints.tell(&error),
        }
        hints
    }

    /// Watches these folders and no others, as far as they are there.
    pub(super) fn follow(&mut self, folders: BTreeSet<PathBuf>) {
        let Some(mut watcher) = self.watcher.take() else { return };
        for folder in folders {
            let identity = identity(&folder);
            if self.watched.get(&folder).copied() == identity {
                continue;
            }
            if self.watched.remove(&folder).is_some() {
                // It fails where the folder is gone, and its watch with it.
                let _ = watcher.unwatch(&folder);
            }
            let Some(identity) = identity else { continue };
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(folder, identity)),
                Err(error) => self.tell(&error),
            }
        }
        self.watcher = Some(watcher);
    }

    /// Resolves after a change that came since it last resolved.
    pub(super) async fn given(&self) {
        self.given.notified().await;
    }

    fn tell(&mut self, error: &notify::Error) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(%error, "the system does not tell of changed plugins: they are found by looking every second");
        }
    }
}

fn identity(folder: &Path) -> Option<Identity> {
    let metadata = folder.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}
