//! What a host left in its database, read once it has stopped.

use std::path::Path;

use turnwise::clock::{Clock, SystemClock};
use turnwise::conversation::{Conversation, ConversationId, JournalEntry};
use turnwise::outbox::{OutboxSeq, Row};
use turnwise::storage::redb::{Redb, Settings};
use turnwise::storage::{Fate, InboxRow, InboxSeq, Storage};

/// A database that no host has open.
pub struct Stored {
    storage: Redb,
    /// What became of each row that left the outbox, oldest turn of each conversation first.
    pub fates: Vec<Fate>,
    /// The outbox: what is still to be sent.
    pub unsent: Vec<Row>,
    /// The inbox: what has not had its turn.
    pub untaken: Vec<InboxRow>,
}

impl Stored {
    /// Reads `data/turnwise.redb` of a host's folder. As at every start, calls that a crash cut off become unknowns.
    pub async fn read(folder: &Path) -> Self {
        let file = folder.join("data/turnwise.redb");
        let storage = Redb::open(&file, Settings::default(), SystemClock.now()).expect("the database opens");
        let mut fates = storage.settled(usize::MAX).await.expect("fates are readable");
        fates.sort_by_key(|fate| (fate.conversation, fate.turn, fate.index));
        let unsent = storage.due(OutboxSeq::default(), usize::MAX).await.expect("the outbox is readable");
        let untaken = storage.take(InboxSeq::default(), usize::MAX).await.expect("the inbox is readable");
        Self { storage, fates, unsent, untaken }
    }

    /// Lets a host have the database again.
    pub async fn close(self) {
        self.storage.close().await.expect("nothing was written that could fail");
    }

    /// The fates of what one user was told, in the order of its turns.
    #[must_use]
    pub fn fates_of(&self, user: &str) -> Vec<&Fate> {
        let conversation = conversation(user);
        self.fates.iter().filter(|fate| fate.conversation == conversation).collect()
    }

    /// The user's conversation as last committed.
    pub async fn conversation(&self, user: &str) -> Conversation {
        let stored = self.storage.read(conversation(user)).await.expect("conversations are readable");
        stored.unwrap_or_else(|| panic!("{user} has a conversation"))
    }

    /// The user's turns, oldest first.
    pub async fn journal(&self, user: &str) -> Vec<JournalEntry> {
        let turns =
            self.storage.journal(conversation(user), u32::MAX, usize::MAX).await.expect("the journal is readable");
        turns.into_iter().rev().map(|(_, entry)| entry.expect("no entry is damaged")).collect()
    }
}

/// The conversation of a user whom the sandbox knows by external id.
fn conversation(user: &str) -> ConversationId {
    ConversationId::of("whatsapp", user)
}
