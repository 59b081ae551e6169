//! The sources of projects: whether they are other than when they were last built, and when to look again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::project::is_ignored;

/// Written by the tools while they build; if it counted as a source, every first build would be followed by a second.
pub(super) const LOCK_FILES: [&str; 5] = ["Cargo.lock", "package-lock.json", "go.sum", "uv.lock", "poetry.lock"];

/// One save is several events: a new file, a rename, a change of its mode.
const QUIET: Duration = Duration::from_millis(50);
/// As long as events may keep coming before they are acted upon.
const QUIET_MAX: Duration = Duration::from_secs(1);

/// What a project's sources are, by their names and contents: a file that is saved unchanged, or written anew by a tool, is no change.
#[must_use]
pub(super) fn digest(dir: &Path) -> [u8; 32] {
    let mut files = Vec::new();
    walk(dir, &mut |_| {}, &mut |file| files.push(file));
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        // A file that has gone since is none; its own event says so.
        let Ok(contents) = fs::read(&file) else { continue };
        let path = file.strip_prefix(dir).unwrap_or(&file).as_os_str().as_encoded_bytes();
        for part in [path, &contents] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    digest.finalize().into()
}

/// Everything below a folder that may be source. Linked folders are left out: they have sources of their own, or lead round in circles.
fn walk(dir: &Path, folder: &mut impl FnMut(&Path), file: &mut impl FnMut(PathBuf)) {
    folder(dir);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_ignored(&name) {
            continue;
        }
        match entry.file_type() {
            Ok(of) if of.is_dir() => walk(&entry.path(), folder, file),
            Ok(_) if !LOCK_FILES.contains(&&*name) && entry.path().is_file() => file(entry.path()),
            _ => {}
        }
    }
}

/// Says when sources below a folder may have changed.
pub(super) struct Watch {
    root: PathBuf,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    events: mpsc::UnboundedReceiver<()>,
}

impl Watch {
    /// Folders without sources are not watched: `node_modules` alone can have more than the system watches.
    ///
    /// # Errors
    /// When the system watches nothing, or no more.
    pub(super) fn start(root: &Path) -> notify::Result<Self> {
        let (happened, events) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error means that events were lost: look.
            if event.as_ref().map_or(true, concerns_sources) {
                // Nobody listens any more at the end.
                let _ = happened.send(());
            }
        })?;
        let mut watch = Self { root: root.to_owned(), watcher, watched: BTreeSet::new(), events };
        watch.watch_new()?;
        Ok(watch)
    }

    /// Waits until something happened, and until nothing more does for a moment.
    pub(super) async fn changed(&mut self) {
        if self.events.recv().await.is_none() {
            // The watcher has ended, which it does with `self` only.
            std::future::pending::<()>().await;
        }
        let quiet = async { while let Ok(Some(())) = tokio::time::timeout(QUIET, self.events.recv()).await {} };
        let _ = tokio::time::timeout(QUIET_MAX, quiet).await;
        // A new folder is watched from now on, and what is in it already is seen by whoever looks now.
        if let Err(error) = self.watch_new() {
            tracing::warn!("some sources are not watched: {error}");
        }
    }

    fn watch_new(&mut self) -> notify::Result<()> {
        let mut folders = BTreeSet::new();
        let mut keep = |folder: &Path| {
            folders.insert(folder.to_owned());
        };
        walk(&self.root, &mut keep, &mut |_| {});
        // What has gone is not watched any more by itself; it is watched anew if it comes back.
        self.watched.retain(|folder| folders.contains(folder));
        for folder in folders {
            if !self.watched.contains(&folder) {
                self.watcher.watch(&folder, RecursiveMode::NonRecursive)?;
                self.watched.insert(folder);
            }
        }
        Ok(())
    }
}

/// Reading is no change, and what builds and editors leave is no source.
fn concerns_sources(event: &notify::Event) -> bool {
    let changes = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    let ignored = |path: &PathBuf| path.file_name().is_some_and(|name| is_ignored(&name.to_string_lossy()));
    changes && (event.paths.is_empty() || event.paths.iter().any(|path| !ignored(path)))
}

#[cfg(test)]
mod tests;
