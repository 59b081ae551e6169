//! Conversations.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::page::{Page, html};
use super::{Console, Trouble};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/console/conversations", get(index))
}

#[derive(Template)]
#[template(path = "conversations.html")]
struct Index {
    page: Page,
}

async fn index(page: Page) -> Result<Response, Trouble> {
    html(&Index { page: page.titled("Conversations") })
}
