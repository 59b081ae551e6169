//! One conversation: its timeline, who it is with, and the bot's state at any turn.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::list;
use super::states::{self, Compared};
use super::turn::{TurnShown, state_after};
use crate::clock::Timestamp;
use crate::console::inbox::thread;
use crate::console::page::{Page, html};
use crate::console::{Console, Trouble, words};
use crate::conversation::{Conversation, ConversationId, JournalEntry};
use crate::limits::CONVERSATION_TURNS_SHOWN;
use crate::people::{Auditor, action};
use crate::search;

/// Turns that are shown behind the one that time was turned to.
const TURNS_BEHIND: u32 = 5;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Only turns before this one.
    before: Option<u32>,
    /// The turn that time is turned to.
    at: Option<u32>,
}

#[derive(Template)]
#[template(path = "conversations/conversation.html")]
struct Detail {
    page: Page,
    id: ConversationId,
    name: String,
    conversation: Conversation,
    at: Timestamp,
    is_waiting: bool,
    version: String,
    /// Oldest first.
    turns: Vec<TurnShown>,
    /// Only turns before this one are older.
    older: Option<u32>,
    is_newest: bool,
    moment: Option<Moment>,
    newest: u32,
}

/// The bot's state as a turn left it.
struct Moment {
    turn: u32,
    at: Option<Timestamp>,
    step: Option<String>,
    /// None where there was none.
    state: Option<String>,
    changed: Vec<Compared>,
    /// The turn is not kept any more, or cannot be read.
    is_gone: bool,
}

/// `GET /console/conversations/{id}?before=&at=`
pub(super) async fn conversation(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let id: ConversationId = id.parse().map_err(Trouble::wrong)?;
    let found = console.storage.read(id).await?;
    let conversation = found.ok_or_else(|| Trouble::gone(format!("There is no conversation {id}.")))?;
    auditor.looked(action::CONVERSATION_VIEWED, id).await?;
    let newest = conversation.turns;
    let before = match (asked.before, asked.at) {
        (Some(before), _) => before,
        (None, Some(at)) => at.saturating_add(1 + TURNS_BEHIND),
        (None, None) => u32::MAX,
    };
    let recorded = console.storage.journal(id, before, CONVERSATION_TURNS_SHOWN).await?;
    let outbox = console.storage.outbox_of(id).await?;
    let mut lines = thread::lines(&recorded, &outbox);
    let shown = recorded.iter().rev().map(|(turn, entry)| {
        let own = lines.iter().take_while(|line| line.turn == *turn).count();
        TurnShown::of(*turn, entry, lines.drain(..own).collect(), &outbox, true)
    });
    let turns: Vec<TurnShown> = shown.collect();
    let oldest = recorded.last().map(|(turn, _)| *turn);
    let moment = moment(&console, id, asked.at.unwrap_or(newest)).await?;
    html(&Detail {
        page: page.titled(list::name(&conversation.user)),
        id,
        name: list::name(&conversation.user),
        at: search::last_activity(&conversation),
        is_waiting: search::is_waiting(&conversation),
        version: search::digest_text(conversation.plugin_digest)[..8].to_owned(),
        is_newest: recorded.first().is_none_or(|(turn, _)| *turn >= newest),
        older: oldest.filter(|turn| *turn > 1 && recorded.len() == CONVERSATION_TURNS_SHOWN),
        conversation,
        turns,
        moment,
        newest,
    })
}

async fn moment(console: &Console, id: ConversationId, turn: u32) -> Result<Option<Moment>, Trouble> {
    if turn == 0 {
        return Ok(None);
    }
    let turns = console.storage.journal(id, turn.saturating_add(1), 1).await?;
    let entry = turns.first().filter(|(number, _)| *number == turn).and_then(|(_, entry)| entry.as_ref().ok());
    Ok(Some(match entry {
        Some(entry) => Moment::of(turn, entry),
        None => Moment { turn, at: None, step: None, state: None, changed: Vec::new(), is_gone: true },
    }))
}

impl Moment {
    fn of(turn: u32, entry: &JournalEntry) -> Self {
        let after = state_after(entry);
        let step = match &entry.outcome {
            crate::conversation::Outcome::Decided(decision) => decision.step.clone(),
            crate::conversation::Outcome::Failed { .. } => None,
        };
        Self {
            turn,
            at: Some(entry.context.now),
            step,
            state: after.map(states::pretty),
            changed: states::compare(entry.state.as_deref(), after),
            is_gone: false,
        }
    }
}
