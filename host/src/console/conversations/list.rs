//! The rows of the list.

use super::{Asked, Shown};
use crate::clock::Timestamp;
use crate::console::{Console, Trouble};
use crate::conversation::{Conversation, ConversationId, JournalEntry, User};
use crate::limits::{CASE_LINE_CHARS_MAX, CONVERSATIONS_SHOWN};
use crate::search::{self, SearchError};
use crate::storage::StorageError;

/// A conversation in the list.
pub(super) struct Row {
    pub id: ConversationId,
    pub name: String,
    pub phone: Option<String>,
    pub owner: &'static str,
    pub agent: Option<String>,
    pub bot: String,
    pub version: String,
    pub step: Option<String>,
    pub source: String,
    pub at: Timestamp,
    pub is_waiting: bool,
    pub is_stuck: bool,
    /// The beginning of what was last said.
    pub last: String,
}

pub(super) async fn listed(console: &Console, asked: &Asked) -> Result<Shown, SearchError> {
    let page = console.search.conversations(&asked.filter()?, asked.cursor(), CONVERSATIONS_SHOWN).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for listed in page.rows {
        rows.push(row(console, listed.id, listed.conversation).await?);
    }
    Ok(Shown { rows, total: page.total, next: page.next, ..Shown::default() })
}

/// Without an index: those that had the last turns.
pub(super) async fn latest(console: &Console) -> Result<Vec<Row>, Trouble> {
    let mut rows = Vec::new();
    for (id, conversation) in console.storage.latest(Timestamp(u64::MAX), CONVERSATIONS_SHOWN).await? {
        rows.push(row(console, id, conversation).await?);
    }
    Ok(rows)
}

async fn row(console: &Console, id: ConversationId, conversation: Conversation) -> Result<Row, StorageError> {
    let newest = console.storage.journal(id, u32::MAX, 1).await?;
    let newest: Option<&JournalEntry> = newest.first().and_then(|(_, entry)| entry.as_ref().ok());
    let last = newest.and_then(|entry| search::lines(entry).last().map(|line| line.text.to_owned()));
    Ok(Row {
        id,
        name: name(&conversation.user),
        phone: conversation.user.phone.clone(),
        owner: conversation.control.owner.name(),
        agent: conversation.control.owner.agent().map(|agent| agent.called().to_owned()),
        version: search::digest_text(conversation.plugin_digest)[..8].to_owned(),
        at: search::last_activity(&conversation),
        is_waiting: search::is_waiting(&conversation),
        is_stuck: newest.is_some_and(|entry| search::is_failure(&entry.outcome)),
        last: last.unwrap_or_default().chars().take(CASE_LINE_CHARS_MAX).collect(),
        bot: conversation.bot,
        step: conversation.step,
        source: conversation.source,
    })
}

/// How a user is called.
pub(super) fn name(user: &User) -> String {
    let alias = user.alias.as_ref().map(|alias| &alias.name);
    let named = [user.profile_name.as_ref(), user.external_id.as_ref(), alias, user.phone.as_ref()];
    named.into_iter().flatten().find(|name| !name.trim().is_empty()).cloned().unwrap_or_else(|| "unknown".to_owned())
}
