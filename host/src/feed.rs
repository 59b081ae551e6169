//! What changed, for those who look: published after it is durable.

use tokio::sync::broadcast;

use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::limits::FEED_CHANGES_MAX;

/// One change of a conversation.
#[derive(Clone, Debug)]
pub struct Change {
    pub conversation: ConversationId,
    /// The turn that changed it, if one did.
    pub turn: Option<u32>,
    pub at: Timestamp,
}

/// Where changes are published. Who falls behind is told so, and looks at storage again.
#[derive(Debug)]
pub struct Feed(broadcast::Sender<Change>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(FEED_CHANGES_MAX).0)
    }
}

impl Feed {
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    /// Tells everybody who listens.
    pub fn publish(&self, change: Change) {
        // Nobody listening is no failure.
        let _ = self.0.send(change);
    }
}
