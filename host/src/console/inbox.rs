//! *Inbox*: conversations at the desk. A queue, the thread of the one that is open, and who it is with.

mod acts;
mod person;
mod queue;
pub(super) mod thread;
mod typing;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::page::{Page, html};
use super::{Console, Trouble, canned, words};
use crate::conversation::{Conversation, ConversationId, Owner};
use crate::limits::{INBOX_ROWS_SHOWN, INBOX_TURNS_SHOWN};
use crate::people::{Auditor, Role, action};
use person::Person;
use queue::{Row, Tab, View};
use thread::Line;
pub(super) use typing::Typing;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/inbox", get(index))
        .route("/console/inbox/{id}/{act}", post(acts::act))
        .route("/console/inbox/{id}/typing", post(typing::typing))
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Index {
    page: Page,
    view: View,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    /// Those behind the last row.
    more: usize,
    open: Option<Open>,
    /// No desk is configured, or another system is.
    notice: Option<&'static str>,
}

/// The conversation that is open.
struct Open {
    id: ConversationId,
    lines: Vec<Line>,
    /// Whether there are turns before the first line.
    has_more: bool,
    person: Person,
    can: Can,
    canned: Vec<Ready>,
    teams: Vec<String>,
    /// Whom it can be assigned to: id and name.
    agents: Vec<(String, String)>,
    campaigns: Vec<String>,
    typing: Option<String>,
}

/// A reply to begin with, its blanks filled.
struct Ready {
    name: String,
    text: String,
}

/// What this caller can do with it now.
#[derive(Default)]
struct Can {
    accept: bool,
    take_over: bool,
    reply: bool,
    /// The window has closed: a campaign, not a reply.
    campaign: bool,
    note: bool,
    give_back: bool,
}

impl Can {
    fn of(page: &Page, owner: &Owner, window_is_open: bool) -> Self {
        if !page.is_agent() {
            return Self::default();
        }
        let is_mine = owner.agent().is_some_and(|agent| agent.id == page.caller.id);
        let has_it = is_mine && matches!(owner, Owner::Agent(_));
        Self {
            accept: matches!(owner, Owner::Offered | Owner::Parked { .. }),
            take_over: page.is_operator() && !has_it && !matches!(owner, Owner::Offered | Owner::Parked { .. }),
            reply: has_it && window_is_open,
            campaign: has_it && !window_is_open,
            note: true,
            give_back: has_it || matches!(owner, Owner::Offered | Owner::Parked { .. }),
        }
    }
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    view: String,
    #[serde(default)]
    open: String,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let now = page.now;
    let view = View::named(&asked.view);
    let rules = console.config.desk.as_ref().map(|desk| desk.rules.clone()).unwrap_or_default();
    let cases = console.storage.at_desk().await?;
    let open_id: Option<ConversationId> = asked.open.parse().ok();
    let tabs = queue::tabs(&cases, &page.caller.id, view);
    let mut rows = queue::rows(&cases, &page.caller.id, view, open_id, &rules, now);
    // A row shows the beginning of what was last said.
    if !rows.is_empty() {
        auditor.looked(action::CONVERSATIONS_VIEWED, "inbox").await?;
    }
    let open = match open_id {
        Some(id) => open(&console, &page, &auditor, id).await?,
        None => None,
    };
    let notice = match &console.config.desk {
        None => Some(
            "No desk is configured, so a bot that asks for a person is told that nobody is there. Add [desk] to turnwise.toml.",
        ),
        Some(desk) if desk.rules.is_remote => {
            Some("Agents work in another system; what they do is shown here as it happens.")
        }
        Some(_) => None,
    };
    let waiting = rows.len();
    let more = waiting.saturating_sub(INBOX_ROWS_SHOWN);
    rows.truncate(INBOX_ROWS_SHOWN);
    let title = if waiting > 0 { format!("Inbox ({waiting})") } else { "Inbox".to_owned() };
    html(&Index { page: page.titled(title), view, tabs, rows, more, open, notice })
}

async fn open(console: &Console, page: &Page, auditor: &Auditor, id: ConversationId) -> Result<Option<Open>, Trouble> {
    let Some(conversation) = console.storage.read(id).await? else { return Ok(None) };
    auditor.looked(action::CONVERSATION_VIEWED, id).await?;
    let turns = console.storage.journal(id, u32::MAX, INBOX_TURNS_SHOWN).await?;
    let outbox = console.storage.outbox_of(id).await?;
    let has_more = turns.last().is_some_and(|(turn, _)| *turn > 1);
    let lines = thread::lines(&turns, &outbox);
    let person = Person::of(&conversation, &turns);
    let can = Can::of(page, &conversation.control.owner, person.window_is_open(page.now));
    let canned = ready(console, page, &conversation).await?;
    let teams = console.config.desk.as_ref().map(|desk| desk.rules.teams.clone()).unwrap_or_default();
    let campaigns = console.config.braze.campaigns.keys().cloned().collect();
    let agents = agents(page, auditor).await?;
    let typing = console.typing.others(id, &page.caller.id, page.now);
    Ok(Some(Open { id, lines, has_more, person, can, canned, teams, agents, campaigns, typing }))
}

/// Everybody else who answers users.
async fn agents(page: &Page, auditor: &Auditor) -> Result<Vec<(String, String)>, Trouble> {
    let people = auditor.people().list().await?;
    let others = people
        .into_iter()
        .filter(|listed| !listed.disabled && listed.role >= Role::Agent && listed.id != page.caller.id);
    Ok(others.map(|listed| (listed.id, listed.name)).collect())
}

async fn ready(console: &Console, page: &Page, conversation: &Conversation) -> Result<Vec<Ready>, Trouble> {
    let name = conversation.user.profile_name.as_deref().unwrap_or_default();
    let values = [("name", name), ("agent", &page.caller.name), ("bot", &conversation.bot)];
    let all = canned::all(console.storage.as_ref()).await?;
    Ok(all.into_iter().map(|canned| Ready { text: canned.filled(&values), name: canned.name }).collect())
}

#[cfg(test)]
mod tests;
