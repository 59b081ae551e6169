//! Finding messages and conversations: an index beside the database, derived from it.
//!
//! Everything in it comes from storage and can be made again from there, so it may be deleted at any time. Turns pay nothing for it: the
//! [`Indexer`] is told afterwards which conversations changed, and reads them back. The words of messages are in the index, their text
//! is not: hits are shown from storage, and what is gone there is not shown. Without an index the host goes on, and says why.

mod index;
mod indexer;
mod keeper;
mod newest;
mod query;
mod said;
mod schema;
mod wanted;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use tokio::sync::{Mutex, Notify, Semaphore};

use crate::clock::{Clock, Timestamp};
use crate::conversation::{Conversation, ConversationId, JournalEntry};
use crate::limits::{SEARCH_PAGE_MAX, SEARCH_VALUES_MAX, SEARCHES_AT_ONCE};
use crate::storage::{Storage, StorageError};
use index::{Failure, View, Writer};
use newest::{Newest, Tally};
use schema::{Key, Tag};

pub use indexer::{Changes, Heard, Indexer};
pub use query::Who;
pub use said::{Line, Speaker, is_failure, lines};
pub use schema::{OwnerKind, digest_text, is_waiting, last_activity};
pub use wanted::{BadQuery, Wanted};

/// Which messages to look through; everything that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    pub conversation: Option<ConversationId>,
    pub bot: Option<String>,
    pub source: Option<String>,
}

/// Which conversations to list; everything that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    pub owner: Option<OwnerKind>,
    pub bot: Option<String>,
    /// A plugin's digest, its first 8 bytes in hexadecimal digits.
    pub version: Option<String>,
    pub step: Option<String>,
    pub source: Option<String>,
    /// The last turn failed.
    pub stuck: bool,
    /// A person waits for an answer.
    pub waiting: bool,
    /// The user's external id, number or name.
    pub who: Option<Who>,
}

/// Where a page begins: behind the last row of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub u64);

/// A piece of what was found, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
    /// All that was found, on whatever page.
    pub total: u64,
}

/// A turn in which it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub conversation: ConversationId,
    pub turn: u32,
    pub entry: JournalEntry,
}

/// A conversation of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: ConversationId,
    pub conversation: Conversation,
}

/// Values to filter by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    pub bots: Vec<String>,
    pub versions: Vec<String>,
    pub steps: Vec<String>,
    pub sources: Vec<String>,
}

/// Whether what is found is all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The index is being opened.
    Opening,
    /// It is being made from storage, or brought up to date after a start: some may be missing.
    Building,
    Complete,
    /// There is no index, for this reason; it is tried again.
    Unavailable(String),
}

/// Why nothing was found.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SearchError {
    #[error("{0}")]
    BadQuery(#[from] BadQuery),
    #[error("search is not available: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Finds things; cheap to share by `Arc`.
pub struct Search {
    folder: PathBuf,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    shared: RwLock<Seen>,
    /// Held while something is read from storage and written to the index, so that an erasure is before or after, never between.
    writer: Arc<Mutex<Option<Writer>>>,
    searches: Semaphore,
    /// A search found that the index cannot be used.
    damaged: Notify,
}

/// What those who search see.
struct Seen {
    view: Option<View>,
    status: Status,
}

impl Search {
    /// Over this storage, with the index in `folder`. Nothing is found before an [`Indexer`] runs.
    #[must_use]
    pub fn new(folder: PathBuf, storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        let shared = RwLock::new(Seen { view: None, status: Status::Opening });
        let searches = Semaphore::new(SEARCHES_AT_ONCE);
        Self { folder, storage, clock, shared, writer: Arc::default(), searches, damaged: Notify::new() }
    }

    /// Where the index of a database is: beside it.
    #[must_use]
    pub fn folder_of(database: &Path) -> PathBuf {
        database.with_extension("search")
    }

    /// Whether all there is can be found.
    #[must_use]
    pub fn status(&self) -> Status {
        self.seen().status.clone()
    }

    /// Turns in which something was said, newest first; `after` is the last page's `next`.
    pub async fn messages(
        &self,
        wanted: &Wanted,
        filter: &MessageFilter,
        after: Option<Cursor>,
        max: usize,
    ) -> Result<Page<Hit>, SearchError> {
        let (wanted, filter) = (wanted.clone(), filter.clone());
        let page = self.page(after, max, move |view| query::messages(view, &wanted, &filter)).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for key in page.rows {
            let Key::Turn(conversation, turn) = key else { continue };
            let newest = self.storage.journal(conversation, turn.saturating_add(1), 1).await?;
            let entry = newest.into_iter().find(|(number, _)| *number == turn);
            rows.extend(entry.and_then(|(_, entry)| Some(Hit { conversation, turn, entry: entry.ok()? })));
        }
        Ok(Page { rows, next: page.next, total: page.total })
    }

    /// Conversations, those in which something happened last first; `after` is the last page's `next`.
    pub async fn conversations(
        &self,
        filter: &ConversationFilter,
        after: Option<Cursor>,
        max: usize,
    ) -> Result<Page<Listed>, SearchError> {
        let filter = filter.clone();
        let page = self.page(after, max, move |view| query::conversations(view, &filter, true)).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for key in page.rows {
            let Key::Conversation(id) = key else { continue };
            match self.storage.read(id).await {
                Ok(conversation) => rows.extend(conversation.map(|conversation| Listed { id, conversation })),
                // One that cannot be read must not hide the others.
                Err(StorageError::Unreadable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Page { rows, next: page.next, total: page.total })
    }

    /// How many conversations each owner has, of those that pass the filter but for its owner.
    pub async fn owners(&self, filter: &ConversationFilter) -> Result<HashMap<OwnerKind, u64>, SearchError> {
        let filter = filter.clone();
        let counts = self
            .blocking(move |view| {
                let query = query::conversations(view, &filter, false);
                Ok(view.searcher().search(&query, &Tally)?)
            })
            .await?;
        Ok(OwnerKind::ALL.into_iter().zip(counts).collect())
    }

    /// What there is to filter by.
    pub async fn values(&self) -> Result<Values, SearchError> {
        self.blocking(|view| {
            let values = |tag| view.values(tag, SEARCH_VALUES_MAX);
            let (bots, versions) = (values(Tag::Bot)?, values(Tag::Version)?);
            Ok(Values { bots, versions, steps: values(Tag::Step)?, sources: values(Tag::Source)? })
        })
        .await
    }

    /// Removes everything of a conversation from the index, durably. It is to be gone from storage before: what is there can be found again.
    pub async fn erase(&self, id: ConversationId) -> Result<(), SearchError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        let erased = blocking(move || {
            let Some(writer) = writer.as_mut() else { return Ok(false) };
            writer.forget(id);
            writer.commit()?;
            Ok(true)
        })
        .await;
        match erased {
            Ok(true) => Ok(()),
            // Whoever opens it compares it with storage, and removes what is not there.
            Ok(false) => Err(self.unavailable()),
            Err(failure) => Err(SearchError::Unavailable(failure.to_string())),
        }
    }

    async fn page(
        &self,
        after: Option<Cursor>,
        max: usize,
        query: impl FnOnce(&View) -> Box<dyn tantivy::query::Query> + Send + 'static,
    ) -> Result<Page<Key>, SearchError> {
        let max = max.clamp(1, SEARCH_PAGE_MAX);
        let before = after.map_or(u64::MAX, |Cursor(order)| order);
        self.blocking(move |view| {
            let searcher = view.searcher();
            let found = searcher.search(&query(view), &Newest { before, max })?;
            let keys = found.newest.iter().map(|(_, doc)| view.key(&searcher, *doc));
            let rows = keys.collect::<Result<_, _>>()?;
            let last = found.newest.last().filter(|_| found.newest.len() == max);
            Ok(Page { rows, next: last.map(|(order, _)| Cursor(*order)), total: found.total })
        })
        .await
    }

    /// Runs a search on a thread of its own, a few at a time.
    async fn blocking<T: Send + 'static>(
        &self,
        search: impl FnOnce(&View) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, SearchError> {
        let view = self.seen().view.clone().ok_or_else(|| self.unavailable())?;
        let _turn = self.searches.acquire().await.map_err(|_| self.unavailable())?;
        let found = blocking(move || search(&view)).await;
        if matches!(found, Err(Failure::Damaged(_))) {
            self.damaged.notify_one();
        }
        found.map_err(|failure| SearchError::Unavailable(failure.to_string()))
    }

    fn unavailable(&self) -> SearchError {
        SearchError::Unavailable(match self.status() {
            Status::Unavailable(why) => why,
            _ => "the index is being opened, try again in a moment".into(),
        })
    }

    fn seen(&self) -> std::sync::RwLockReadGuard<'_, Seen> {
        self.shared.read().expect("nothing panics while holding it")
    }

    fn show(&self, view: Option<View>, status: Status) {
        *self.shared.write().expect("nothing panics while holding it") = Seen { view, status };
    }

    fn set_status(&self, status: Status) {
        self.shared.write().expect("nothing panics while holding it").status = status;
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs what blocks on a thread for such. A panic there means files that are not as they should be: tantivy does so on damage.
async fn blocking<T: Send + 'static>(run: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|panic| Err(Failure::Damaged(panic.to_string())))
}
