//! Inbox.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::page::{Page, html};
use super::{Console, Trouble};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/console/inbox", get(index))
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Index {
    page: Page,
}

async fn index(page: Page) -> Result<Response, Trouble> {
    html(&Index { page: page.titled("Inbox") })
}
