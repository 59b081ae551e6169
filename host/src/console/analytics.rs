//! Analytics.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::page::{Page, html};
use super::{Console, Trouble};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/console/analytics", get(index))
}

#[derive(Template)]
#[template(path = "analytics.html")]
struct Index {
    page: Page,
}

async fn index(page: Page) -> Result<Response, Trouble> {
    html(&Index { page: page.titled("Analytics") })
}
