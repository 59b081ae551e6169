//! Who is writing an answer right now, so that two agents do not write the same. Only in memory, and only for seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::clock::Timestamp;
use crate::console::page::Page;
use crate::console::{Console, Trouble};
use crate::conversation::ConversationId;
use crate::feed::{Change, What};

/// After the last key.
const TYPING: Duration = Duration::from_secs(6);
/// More conversations than people can write in.
const TYPING_MAX: usize = 1_024;

/// Who is writing, by conversation.
#[derive(Default)]
pub(in crate::console) struct Typing(Mutex<HashMap<ConversationId, (String, String, Timestamp)>>);

impl Typing {
    /// The name of somebody else who is writing.
    pub(super) fn others(&self, id: ConversationId, caller: &str, now: Timestamp) -> Option<String> {
        let typing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (who, name, at) = typing.get(&id)?;
        (who != caller && now.since(*at) < TYPING).then(|| name.clone())
    }

    fn note(&self, id: ConversationId, caller: &str, name: &str, now: Timestamp) {
        let mut typing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        typing.retain(|_, (_, _, at)| now.since(*at) < TYPING);
        if typing.len() < TYPING_MAX {
            typing.insert(id, (caller.to_owned(), name.to_owned(), now));
        }
    }
}

/// `POST /console/inbox/{id}/typing`, every few seconds while somebody writes.
pub(super) async fn typing(
    State(console): State<Arc<Console>>,
    page: Page,
    Path(id): Path<String>,
) -> Result<StatusCode, Trouble> {
    page.needs(crate::people::Role::Agent)?;
    let id: ConversationId = id.parse().map_err(Trouble::wrong)?;
    console.typing.note(id, &page.caller.id, &page.caller.name, page.now);
    console.feed.publish(Change { conversation: id, at: page.now, what: What::Typing });
    Ok(StatusCode::NO_CONTENT)
}
