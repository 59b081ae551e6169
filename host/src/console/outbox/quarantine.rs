//! One body that could not be read: look at it, mend it, let it in, or drop it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde::Deserialize;

use crate::console::page::{Page, done, html};
use crate::console::{Console, Trouble, words};
use crate::inbound;
use crate::people::{Auditor, Role, action};
use crate::storage::{QuarantineId, Quarantined, Released};

const BACK: &str = "/console/outbox?show=quarantine";

#[derive(Template)]
#[template(path = "outbox/quarantined.html")]
struct Body {
    page: Page,
    id: u64,
    row: Quarantined,
    text: String,
    is_utf8: bool,
}

/// `GET /console/outbox/quarantine/{id}`
pub(super) async fn body(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(id): Path<u64>,
) -> Result<Response, Trouble> {
    auditor.looked(action::QUARANTINE_VIEWED, id).await?;
    let row = console.storage.quarantined_row(QuarantineId(id)).await?.ok_or_else(gone)?;
    let text = String::from_utf8_lossy(&row.body).into_owned();
    let is_utf8 = std::str::from_utf8(&row.body).is_ok();
    // Below the outbox, which the navigation then marks.
    html(&Body { page: page.titled("Quarantined body"), id, row, text, is_utf8 })
}

#[derive(Deserialize)]
pub(super) struct Mended {
    body: String,
}

/// `POST /console/outbox/quarantine/{id}/release`
pub(super) async fn release(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(id): Path<u64>,
    Form(mended): Form<Mended>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let row = console.storage.quarantined_row(QuarantineId(id)).await?.ok_or_else(gone)?;
    // Forms end lines in their own way.
    let body = mended.body.replace("\r\n", "\n");
    let inbound = inbound::read(&row.source, body.as_bytes())
        .map_err(|unreadable| Trouble::wrong(format!("It still cannot be read: {}", unreadable.reason)))?;
    auditor.did(action::QUARANTINE_REDRIVEN, id).await?;
    match console.storage.release(console.clock.now(), QuarantineId(id), inbound).await? {
        Released::Accepted(_) => Ok(done(BACK, "The message is in the inbox; its turn is next.")),
        Released::Duplicate(_) => Ok(done(BACK, "The same message had come in already; the body is removed.")),
        Released::Absent => Err(gone()),
    }
}

/// `POST /console/outbox/quarantine/{id}/drop`
pub(super) async fn drop(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(id): Path<u64>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    auditor.did(action::QUARANTINE_DROPPED, id).await?;
    match console.storage.discard(vec![QuarantineId(id)]).await? {
        0 => Err(gone()),
        _ => Ok(done(BACK, "The body is dropped.")),
    }
}

fn gone() -> Trouble {
    Trouble::gone("There is no such body: it was let in, dropped, or has outlived its time.")
}
