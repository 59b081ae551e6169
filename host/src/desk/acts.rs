//! What people do here, in the console or by the API: handed to the conversation like everything else that happens to it, and answered
//! when it has been done.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::conversation::{Act, Agent, ConversationId, DeskAct};
use crate::feed::{Change, Feed, What};
use crate::limits::DESK_ACT_PATIENCE;
use crate::storage::{InboxItem, InboxSeq, Pushed, Storage, StorageError};

/// Hands over what people do.
#[derive(Clone)]
pub struct Acts {
    storage: Arc<dyn Storage>,
    feed: Feed,
    clock: Arc<dyn Clock>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is done, and in the journal as this turn; none where there was nothing to do.
    Done(Option<u32>),
    /// It is not done; the reason is for whoever wanted it.
    Refused(String),
    /// It is kept and will be done, or refused, when the conversation's turn comes.
    Queued,
    /// There is no such conversation.
    Unknown,
}

impl Acts {
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, feed: Feed, clock: Arc<dyn Clock>) -> Self {
        Self { storage, feed, clock }
    }

    /// Does it, or says why not. What takes longer than a person waits is done all the same.
    ///
    /// # Errors
    /// Storage that keeps nothing.
    pub async fn act(&self, id: ConversationId, by: Agent, act: Act) -> Result<Acted, StorageError> {
        // Before it is there, so that its end cannot be missed.
        let mut changes = self.feed.subscribe();
        let act = Box::new(DeskAct { by, act, remote_id: None });
        let item = InboxItem::Desk { act, dedupe_key: None, received: self.clock.now() };
        let seq = match self.storage.push(vec![(id, item)]).await?.first() {
            Some(Pushed::Queued(seq)) => *seq,
            Some(Pushed::Duplicate(_) | Pushed::Unknown) | None => return Ok(Acted::Unknown),
        };
        let ended = async {
            loop {
                match changes.recv().await {
                    Ok(change) => {
                        if let Some(acted) = ending(&change, seq) {
                            return acted;
                        }
                    }
                    // It may have been among what was missed.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return Acted::Queued,
                }
            }
        };
        Ok(timeout(DESK_ACT_PATIENCE, ended).await.unwrap_or(Acted::Queued))
    }
}

/// What a change says of this item.
fn ending(change: &Change, seq: InboxSeq) -> Option<Acted> {
    match &change.what {
        What::Turn { turn, consumed, refused, .. } if *consumed == Some(seq) => Some(match refused {
            Some(reason) => Acted::Refused(reason.clone()),
            None => Acted::Done(Some(*turn)),
        }),
        What::Quiet { consumed } if *consumed == Some(seq) => Some(Acted::Done(None)),
        _ => None,
    }
}
