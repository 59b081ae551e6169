//! The loop that keeps the index: opens it, makes it anew where it cannot be used, and waits where something else is in the way.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::index::{self, Failure};
use super::keeper::Keeper;
use super::{Search, Status, blocking};
use crate::conversation::ConversationId;
use crate::feed::Change;
use crate::limits::SEARCH_RETRY;
use crate::storage::StorageError;

/// What is heard of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something of this conversation was committed.
    Changed(ConversationId),
    /// There was more than could be kept up with: look at storage again.
    Missed,
    /// Nothing more will be heard.
    Ended,
}

/// Whoever tells what was committed. Dropping a wait loses nothing.
#[async_trait]
pub trait Changes: Send {
    async fn next(&mut self) -> Heard;
}

#[async_trait]
impl Changes for tokio::sync::broadcast::Receiver<Change> {
    async fn next(&mut self) -> Heard {
        use tokio::sync::broadcast::error::RecvError;
        match self.recv().await {
            Ok(change) => Heard::Changed(change.conversation),
            Err(RecvError::Lagged(_)) => Heard::Missed,
            Err(RecvError::Closed) => Heard::Ended,
        }
    }
}

/// Why the index is not kept any longer.
#[derive(Debug)]
pub(super) enum Broken {
    Index(Failure),
    /// There is nothing to index from any more; the host ends with it.
    Storage(StorageError),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Index(failure)
    }
}

impl From<StorageError> for Broken {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Writes the index of a [`Search`].
pub struct Indexer {
    search: Arc<Search>,
    folder: PathBuf,
}

impl Indexer {
    #[must_use]
    pub fn new(search: Arc<Search>) -> Self {
        let folder = search.folder.clone();
        Self { search, folder }
    }

    /// Runs until `stop`; what was heard of by then is in the index, unless it was still being made.
    pub async fn run(self, mut changes: impl Changes, stop: impl Future<Output = ()>) {
        let stopping = CancellationToken::new();
        let told = async {
            stop.await;
            stopping.cancel();
        };
        tokio::join!(self.keep_going(&mut changes, &stopping), told);
    }

    async fn keep_going(&self, changes: &mut impl Changes, stopping: &CancellationToken) {
        let mut made_anew = false;
        loop {
            let kept = self.keep(changes, stopping, &mut made_anew).await;
            let (why, is_damaged) = match kept {
                Ok(()) => ("the host is shutting down".into(), false),
                Err(Broken::Storage(error)) => {
                    self.close(error.to_string()).await;
                    return stopping.cancelled().await;
                }
                Err(Broken::Index(Failure::Refused(why))) => {
                    tracing::error!(%why, folder = %self.folder.display(), "search is not available; it is tried again");
                    (why, false)
                }
                Err(Broken::Index(Failure::Damaged(why))) => {
                    tracing::error!(%why, folder = %self.folder.display(), "the search index is made anew from storage");
                    (why, true)
                }
            };
            self.close(format!("{why} (in {})", self.folder.display())).await;
            // Twice without having been whole is not the index's fault: it would only be written over and over.
            let waits = !is_damaged || std::mem::replace(&mut made_anew, true);
            if is_damaged && let Err(failure) = self.discard().await {
                tracing::error!(%failure, folder = %self.folder.display(), "the search index cannot be removed");
            }
            if stopping.is_cancelled() {
                return;
            }
            if waits {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(SEARCH_RETRY) => {}
                }
            }
        }
    }

    /// Until it breaks or is to stop.
    async fn keep(
        &self,
        changes: &mut impl Changes,
        stopping: &CancellationToken,
        made_anew: &mut bool,
    ) -> Result<(), Broken> {
        let mut keeper = self.open().await?;
        loop {
            let is_last = stopping.is_cancelled();
            keeper.round(changes, is_last).await?;
            if is_last {
                return Ok(());
            }
            if keeper.is_complete() {
                *made_anew = false;
            }
            let damaged = || Failure::Damaged("a search failed over it".into());
            match keeper.idle_for() {
                Some(span) => {
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        () = keeper.listen(changes) => {}
                        () = self.search.damaged.notified() => return Err(damaged().into()),
                        () = tokio::time::sleep(span) => {}
                    }
                }
                None => tokio::task::yield_now().await,
            }
        }
    }

    async fn open(&self) -> Result<Keeper, Failure> {
        let mut slot = Arc::clone(&self.search.writer).lock_owned().await;
        let folder = self.folder.clone();
        let (view, mark) = blocking(move || {
            let writer = index::open(&folder)?;
            let opened = (writer.view().clone(), writer.mark);
            *slot = Some(writer);
            Ok(opened)
        })
        .await?;
        self.search.show(Some(view.clone()), Status::Building);
        Ok(Keeper::new(Arc::clone(&self.search), view, mark))
    }

    async fn close(&self, why: String) {
        self.search.show(None, Status::Unavailable(why));
        let writer = self.search.writer.lock().await.take();
        // Its threads are waited for.
        let closed = blocking(move || {
            drop(writer);
            Ok(())
        });
        if let Err(failure) = closed.await {
            tracing::warn!(%failure, "the search index did not close");
        }
    }

    async fn discard(&self) -> Result<(), Failure> {
        let folder = self.folder.clone();
        blocking(move || Ok(index::discard(&folder)?)).await
    }
}
