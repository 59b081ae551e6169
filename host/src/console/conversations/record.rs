//! A conversation as a transcript, to be kept as a test.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use crate::console::page::Page;
use crate::console::{Console, Trouble};
use crate::conversation::{ConversationId, JournalEntry};
use crate::limits::{JOURNAL_PIECE_TURNS, RECORDED_TURNS_MAX};
use crate::people::{Auditor, Role, action};
use crate::transcript::recorded::{Cut, Recording, record};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    bot: String,
    session: Option<u32>,
}

/// `GET /console/conversations/{id}/transcript?bot=&session=`: what the user wrote and whatever else happened, and what the bot did.
pub(super) async fn transcript(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let id: ConversationId = id.parse().map_err(Trouble::wrong)?;
    auditor.did(action::TURNS_EXPORTED, id).await?;
    let mut entries = entries(&console, id).await?;
    entries.retain(|entry| asked.session.is_none_or(|session| session == entry.context.session));
    let ran = entries.iter().find(|entry| entry.plugin_digest != [0; 8]).map(|entry| entry.bot.clone());
    let Some(bot) = Some(asked.bot).filter(|bot| !bot.is_empty()).or(ran) else {
        return Err(Trouble::gone("No plugin had a turn in it that is still kept."));
    };
    let recorded = spawn_blocking(move || record(&entries, &bot)).await.map_err(|panic| Trouble::broken(&panic))?;
    let Recording { mut text, cut, .. } = recorded;
    if let Some(Cut { turn, why, .. }) = cut {
        text.push_str(&format!("# It ends before turn {turn}: {}\n", why.replace('\n', " ")));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.chat\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// The turns that can be read, oldest first.
async fn entries(console: &Console, id: ConversationId) -> Result<Vec<JournalEntry>, Trouble> {
    let (mut entries, mut before) = (Vec::new(), u32::MAX);
    while entries.len() < RECORDED_TURNS_MAX {
        let turns = console.storage.journal(id, before, JOURNAL_PIECE_TURNS).await?;
        let Some((last, _)) = turns.last() else { break };
        before = *last;
        entries.extend(turns.into_iter().filter_map(|(_, entry)| entry.ok()));
    }
    entries.reverse();
    Ok(entries)
}
