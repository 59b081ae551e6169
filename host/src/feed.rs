//! What has just changed, for whoever watches: the console's pages and the search index. Nothing durable hangs on it: who misses
//! something looks at storage again.

use tokio::sync::broadcast;

use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::limits::FEED_CHANGES_KEPT;
use crate::storage::InboxSeq;

/// One change of a conversation, durable when it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub conversation: ConversationId,
    pub at: Timestamp,
    pub what: What,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A turn was committed. `consumed` is the inbox item it came from, `refused` why that was not done; `at_desk` says whether the
    /// conversation is at the desk, or was until now.
    Turn { turn: u32, consumed: Option<InboxSeq>, refused: Option<String>, at_desk: bool },
    /// The conversation changed without a turn.
    Quiet { consumed: Option<InboxSeq> },
    /// Something on its way to Braze was settled.
    Delivery { turn: u32 },
    /// Nothing durable: an agent is writing.
    Typing,
}

/// Where changes are told.
#[derive(Clone, Debug)]
pub struct Feed(broadcast::Sender<Change>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(FEED_CHANGES_KEPT))
    }
}

impl Feed {
    /// Tells everybody who listens.
    pub fn publish(&self, change: Change) {
        // Nobody has to listen.
        let _ = self.0.send(change);
    }

    /// Everything from now on. Whoever is too slow is told how much was missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
