//! Send again and drop, of one row or of all that are ticked.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;

use crate::console::page::{Page, done};
use crate::console::{Console, Trouble, words};
use crate::limits::CONSOLE_ROWS_SHOWN;
use crate::outbox::OutboxSeq;
use crate::people::{Auditor, Role, action};
use crate::storage::Redriven;

type Fields = Vec<(String, String)>;

/// `POST /console/outbox/send-again`
pub(super) async fn send_again(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Form(fields): Form<Fields>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let (mut sent, mut others) = (0, Vec::new());
    for seq in rows(&fields)? {
        auditor.did(action::OUTBOX_REDRIVEN, seq.0).await?;
        match console.storage.redrive(console.clock.now(), seq).await? {
            Redriven::Ready(_) => sent += 1,
            Redriven::Absent => others.push("one is gone"),
            Redriven::NotDead => others.push("one waits already, or was sent"),
            Redriven::Expired => others.push("one is too old: its user would not get it"),
        }
    }
    said(&fields, &format!("{} goes out again", words::count(&sent, "row")), sent, &others)
}

/// `POST /console/outbox/drop`
pub(super) async fn drop(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Form(fields): Form<Fields>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let (mut dropped, mut others) = (0, Vec::new());
    for seq in rows(&fields)? {
        auditor.did(action::OUTBOX_DROPPED, seq.0).await?;
        match console.storage.let_go(seq).await? {
            true => dropped += 1,
            false => others.push("one is gone, or not yours to drop: it waits"),
        }
    }
    said(&fields, &format!("{} dropped", words::count(&dropped, "row")), dropped, &others)
}

/// The one whose button was pressed, else all that are ticked.
fn rows(fields: &Fields) -> Result<Vec<OutboxSeq>, Trouble> {
    let named =
        |wanted: &str| fields.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect();
    let only: Vec<&str> = named("only");
    let rows = if only.is_empty() { named("row") } else { only };
    if rows.is_empty() {
        return Err(Trouble::wrong("Tick a row first."));
    }
    let read = |text: &str| text.parse().map(OutboxSeq).map_err(|_| Trouble::wrong("A row is named by a number."));
    rows.into_iter().take(CONSOLE_ROWS_SHOWN).map(read).collect()
}

fn said(fields: &Fields, what: &str, count: usize, others: &[&str]) -> Result<Response, Trouble> {
    if count == 0 {
        return Err(Trouble::too_late(format!("Nothing was changed: {}.", others.join("; "))));
    }
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join("; ")) };
    let show = fields.iter().find(|(name, value)| name == "show" && value == "unknown").map_or("dead", |_| "unknown");
    Ok(done(&format!("/console/outbox?show={show}"), &format!("{what}{others}.")))
}
