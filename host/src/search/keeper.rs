//! Brings an open index in step with storage, a piece at a time.
//!
//! There is one way to do that for a conversation, whoever says that it may be needed: what was heard of just now, what is read again of
//! the time before a start or a gap, or the walk through everything that follows both. So a crash, a clock that jumps and an index that
//! knows nothing yet are all the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tantivy::TantivyDocument;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::index::{Failure, Known, Mark, View, Writer};
use super::indexer::{Broken, Changes, Heard};
use super::said;
use super::schema::{self, Key, Standing};
use super::{Search, Status, blocking};
use crate::clock::Timestamp;
use crate::conversation::{Conversation, ConversationId};
use crate::limits::{
    JOURNAL_PIECE_TURNS, SEARCH_COMMIT_INTERVAL, SEARCH_OVERLAP, SEARCH_PIECE_CONVERSATIONS, SEARCH_PIECE_DOCUMENTS,
    SEARCH_SWEEP_INTERVAL,
};
use crate::storage::{StorageError, TurnKey};

type Guard = OwnedMutexGuard<Option<Writer>>;

pub(super) struct Keeper {
    search: Arc<Search>,
    view: View,
    mark: Mark,
    /// Conversations that may have changed.
    pending: BTreeSet<ConversationId>,
    /// Everything up to here was heard of.
    heard_to: Timestamp,
    /// Nothing more will be heard.
    deaf: bool,
    /// Turns that are read again, from the first time on, behind the last one seen.
    again: Option<(Timestamp, Option<TurnKey>)>,
    /// Where the walk through all conversations is.
    walk: Option<Walk>,
    dirty: bool,
    committed: Option<Instant>,
    swept: Option<Instant>,
    /// The oldest turn's time, as it was when last looked at.
    oldest: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    after: Option<ConversationId>,
    /// Something was missed meanwhile: walk again.
    again: bool,
}

/// What is done to the index.
enum Write {
    Forget(ConversationId),
    Put(Key, TantivyDocument),
}

impl Keeper {
    pub(super) fn new(search: Arc<Search>, view: View, mark: Mark) -> Self {
        let mut keeper = Self {
            heard_to: search.now(),
            search,
            view,
            mark,
            pending: BTreeSet::new(),
            deaf: false,
            again: None,
            walk: None,
            dirty: false,
            committed: None,
            swept: None,
            oldest: None,
        };
        keeper.look_again();
        keeper
    }

    /// Whether all there is can be found.
    pub(super) fn is_complete(&self) -> bool {
        self.again.is_none() && self.walk.is_none()
    }

    /// Waits until something is heard.
    pub(super) async fn listen(&mut self, changes: &mut impl Changes) {
        if self.deaf {
            return std::future::pending().await;
        }
        let heard = changes.next().await;
        self.heard(heard);
    }

    /// Everything that can be done now, as far as it is due. The last one leaves nothing that was heard of.
    pub(super) async fn round(&mut self, changes: &mut impl Changes, is_last: bool) -> Result<(), Broken> {
        self.hear(changes);
        let is_due = is_last || self.until_commit().is_zero();
        if is_due {
            self.refresh_pending().await?;
            self.sweep().await?;
        }
        if !is_last {
            self.read_again().await?;
            self.walk_on().await?;
        }
        if is_due && self.dirty {
            self.commit().await?;
        }
        Ok(())
    }

    /// How long there is nothing to do, if nothing is heard; none where there is.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        if !self.is_complete() {
            return None;
        }
        match self.dirty || !self.pending.is_empty() {
            true => Some(self.until_commit()),
            false => Some(self.until_sweep()),
        }
    }

    fn until_commit(&self) -> Duration {
        self.committed.map_or(Duration::ZERO, |committed| SEARCH_COMMIT_INTERVAL.saturating_sub(committed.elapsed()))
    }

    fn until_sweep(&self) -> Duration {
        self.swept.map_or(Duration::ZERO, |swept| SEARCH_SWEEP_INTERVAL.saturating_sub(swept.elapsed()))
    }

    /// Takes what is there to be heard.
    fn hear(&mut self, changes: &mut impl Changes) {
        let now = self.search.now();
        // Whoever speaks without a pause is heard in the next round.
        for _ in 0..SEARCH_PIECE_DOCUMENTS {
            match if self.deaf { None } else { changes.next().now_or_never() } {
                Some(heard) => self.heard(heard),
                None => {
                    self.heard_to = now;
                    return;
                }
            }
        }
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Changed(id) => {
                self.pending.insert(id);
            }
            Heard::Missed => self.look_again(),
            Heard::Ended => self.deaf = true,
        }
    }

    /// Reads again what can be missing: the turns since the index was last complete, quickly, and behind them everything, since what
    /// changed without a turn is not in the journal.
    fn look_again(&mut self) {
        self.search.set_status(Status::Building);
        if let Some(complete_to) = self.mark.complete_to {
            let overlap = u64::try_from(SEARCH_OVERLAP.as_millis()).unwrap_or(u64::MAX);
            self.again = Some((Timestamp(complete_to.0.saturating_sub(overlap)), None));
        }
        match &mut self.walk {
            Some(walk) => walk.again = true,
            None => self.walk = Some(Walk::default()),
        }
    }

    async fn refresh_pending(&mut self) -> Result<(), Broken> {
        while !self.pending.is_empty() {
            let ids: Vec<_> = self.pending.iter().copied().take(SEARCH_PIECE_CONVERSATIONS).collect();
            let guard = self.lock().await;
            let known = self.known(&ids).await?;
            let guard = self.refresh(guard, &ids, &known).await?;
            drop(guard);
            self.pending.retain(|id| !ids.contains(id));
        }
        Ok(())
    }

    async fn read_again(&mut self) -> Result<(), Broken> {
        let Some((from, after)) = self.again else { return Ok(()) };
        let turns = self.search.storage.turns(from, Timestamp(u64::MAX), after, JOURNAL_PIECE_TURNS).await?;
        self.pending.extend(turns.iter().map(|(key, _)| key.conversation));
        self.again = turns.last().map(|(last, _)| (from, Some(*last)));
        Ok(())
    }

    /// Compares the next conversations, those of storage and those of the index between them.
    async fn walk_on(&mut self) -> Result<(), Broken> {
        let (Some(walk), None) = (self.walk, self.again) else { return Ok(()) };
        let guard = self.lock().await;
        let stored = self.search.storage.conversations(walk.after, SEARCH_PIECE_CONVERSATIONS).await?;
        let end = stored.last().filter(|_| stored.len() == SEARCH_PIECE_CONVERSATIONS).map(|(id, _)| *id);
        let ids: Vec<_> = stored.iter().map(|(id, _)| *id).collect();
        let view = self.view.clone();
        let indexed = blocking(move || view.conversations(walk.after, end)).await?;
        let known = self.known(&ids).await?;
        let differs =
            |(id, version): &&(ConversationId, u64)| known.get(id).is_none_or(|known| known.version != *version);
        let there: BTreeSet<_> = ids.iter().copied().collect();
        // What is in the index alone is refreshed as well: it is found to be gone.
        let ids: Vec<_> =
            stored.iter().filter(differs).map(|(id, _)| *id).chain(indexed.difference(&there).copied()).collect();
        let guard = self.refresh(guard, &ids, &known).await?;
        drop(guard);
        self.walk = match end {
            Some(end) => Some(Walk { after: Some(end), ..walk }),
            None => walk.again.then(Walk::default),
        };
        if self.walk.is_none() {
            self.mark.complete_to = Some(self.heard_to);
            self.dirty = true;
        }
        Ok(())
    }

    /// Removes turns that are not in the journal any more.
    async fn sweep(&mut self) -> Result<(), Broken> {
        if !self.until_sweep().is_zero() {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let first = self.search.storage.turns(Timestamp(0), Timestamp(u64::MAX), None, 1).await?;
        let oldest = first.first().map_or(Timestamp(u64::MAX), |(key, _)| key.at);
        if self.oldest == Some(oldest) {
            return Ok(());
        }
        self.oldest = Some(oldest);
        let guard = self.lock().await;
        self.write(guard, move |writer| writer.forget_turns_before(oldest)).await?;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Broken> {
        if self.mark.complete_to.is_some() && self.is_complete() {
            self.mark.complete_to = Some(self.heard_to);
        }
        let (guard, mark) = (self.lock().await, self.mark);
        self.write(guard, move |writer| {
            writer.mark = mark;
            writer.commit()
        })
        .await?;
        (self.dirty, self.committed) = (false, Some(Instant::now()));
        if self.is_complete() {
            self.search.set_status(Status::Complete);
        }
        Ok(())
    }

    async fn known(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, Known>, Failure> {
        let (view, ids) = (self.view.clone(), ids.to_vec());
        blocking(move || view.known(&ids)).await
    }

    /// Writes what the index does not have of these conversations.
    async fn refresh(
        &mut self,
        mut guard: Guard,
        ids: &[ConversationId],
        known: &HashMap<ConversationId, Known>,
    ) -> Result<Guard, Broken> {
        let mut writes = Vec::new();
        for &id in ids {
            match self.search.storage.read(id).await {
                Ok(None) => writes.push(Write::Forget(id)),
                Ok(Some(conversation)) => {
                    guard = self.compare(guard, &mut writes, id, &conversation, known.get(&id)).await?;
                }
                // Kept but passed over, as everywhere.
                Err(StorageError::Unreadable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.apply(guard, &mut writes).await?)
    }

    async fn compare(
        &mut self,
        mut guard: Guard,
        writes: &mut Vec<Write>,
        id: ConversationId,
        conversation: &Conversation,
        known: Option<&Known>,
    ) -> Result<Guard, Broken> {
        let order = schema::order(schema::last_activity(conversation), Key::Conversation(id));
        if known.is_some_and(|known| (known.version, known.order) == (conversation.version, order)) {
            return Ok(guard);
        }
        let (mut standing, mut before) = (None, u32::MAX);
        // A version that went back is another conversation of the same user, begun after an erasure.
        let was_erased =
            known.is_some_and(|known| known.version > conversation.version || known.last > conversation.turns);
        if was_erased {
            writes.push(Write::Forget(id));
        }
        let behind = known.filter(|_| !was_erased).map_or(0, |known| known.last);
        loop {
            let turns = self.search.storage.journal(id, before, JOURNAL_PIECE_TURNS).await?;
            for (turn, entry) in &turns {
                let stuck = entry.as_ref().is_ok_and(|entry| said::is_failure(&entry.outcome));
                standing.get_or_insert(Standing { last: *turn, stuck });
                if let Ok(entry) = entry
                    && *turn > behind
                {
                    let document = schema::turn_document(&self.view.fields, id, *turn, entry);
                    writes.extend(document.map(|document| Write::Put(Key::Turn(id, *turn), document)));
                }
            }
            guard = self.apply_if_many(guard, writes).await?;
            match turns.last() {
                Some((oldest, _)) if *oldest > behind + 1 => before = *oldest,
                _ => break,
            }
        }
        let standing = standing.unwrap_or(Standing { last: behind, stuck: false });
        let document = schema::conversation_document(&self.view.fields, id, conversation, standing);
        writes.push(Write::Put(Key::Conversation(id), document));
        Ok(self.apply_if_many(guard, writes).await?)
    }

    async fn apply_if_many(&mut self, guard: Guard, writes: &mut Vec<Write>) -> Result<Guard, Failure> {
        if writes.len() < SEARCH_PIECE_DOCUMENTS {
            return Ok(guard);
        }
        self.apply(guard, writes).await
    }

    async fn apply(&mut self, guard: Guard, writes: &mut Vec<Write>) -> Result<Guard, Failure> {
        if writes.is_empty() {
            return Ok(guard);
        }
        let writes = std::mem::take(writes);
        self.write(guard, move |writer| {
            writes.into_iter().try_for_each(|write| match write {
                Write::Forget(id) => {
                    writer.forget(id);
                    Ok(())
                }
                Write::Put(key, document) => writer.put(key, document),
            })
        })
        .await
    }

    async fn lock(&self) -> Guard {
        Arc::clone(&self.search.writer).lock_owned().await
    }

    /// Writes on a thread that may be blocked.
    async fn write(
        &mut self,
        mut guard: Guard,
        write: impl FnOnce(&mut Writer) -> Result<(), Failure> + Send + 'static,
    ) -> Result<Guard, Failure> {
        self.dirty = true;
        blocking(move || {
            let writer = guard.as_mut().ok_or_else(|| Failure::Refused("the index was closed".into()))?;
            write(writer)?;
            Ok(guard)
        })
        .await
    }
}
