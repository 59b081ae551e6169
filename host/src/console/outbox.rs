//! *Outbox & quarantine*: what waits to be sent and why, what was not sent, what nobody knows the end of, what could not be read.

mod act;
mod quarantine;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::page::{Page, html};
use super::{Console, Trouble, words};
use crate::people::{Auditor, action};
use crate::storage::Depths;
use view::{Backlog, Group, RowShown, Shelf};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/outbox", get(index))
        .route("/console/outbox/send-again", post(act::send_again))
        .route("/console/outbox/drop", post(act::drop))
        .route("/console/outbox/quarantine/{id}", get(quarantine::body))
        .route("/console/outbox/quarantine/{id}/release", post(quarantine::release))
        .route("/console/outbox/quarantine/{id}/drop", post(quarantine::drop))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    show: Shelf,
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "outbox.html")]
struct Index {
    page: Page,
    show: Shelf,
    depths: Depths,
    backlog: Backlog,
    groups: Vec<Group>,
    rows: Vec<RowShown>,
    /// Behind what is shown.
    older: Option<u64>,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Query(Asked { show, before }): Query<Asked>,
) -> Result<Response, Trouble> {
    let seen = if show == Shelf::Quarantine { action::QUARANTINE_VIEWED } else { action::OUTBOX_VIEWED };
    auditor.looked(seen, show.name()).await?;
    let depths = console.storage.depths().await?;
    let (backlog, waiting) = view::backlog(&console).await?;
    let (rows, older) = match show {
        Shelf::Waiting => (waiting, None),
        Shelf::Dead | Shelf::Unknown => view::fates(&console, show, before).await?,
        Shelf::Quarantine => view::quarantined(&console, before).await?,
    };
    let groups = view::groups(&console, &backlog);
    html(&Index { page: page.titled("Outbox"), show, depths, backlog, groups, rows, older })
}
