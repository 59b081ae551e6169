//! *Plugins*: which versions of each bot there are, what they were given, how they do, and which has the bot's name.

mod release;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::page::{Page, html};
use super::{Console, Trouble, words};
use view::Bot;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/plugins", get(index))
        .route("/console/plugins/{bot}/promote", post(release::promote))
        .route("/console/plugins/{bot}/roll-back", post(release::roll_back))
}

#[derive(Template)]
#[template(path = "plugins.html")]
struct Index {
    page: Page,
    bots: Vec<Bot>,
    /// Where plugins are put.
    folder: String,
    /// What is wrong with the folder itself.
    problem: Option<String>,
}

async fn index(State(console): State<Arc<Console>>, page: Page) -> Result<Response, Trouble> {
    let (bots, problem) = view::bots(&console);
    let folder = console.config.plugins.dir.display().to_string();
    html(&Index { page: page.titled("Plugins"), bots, folder, problem })
}
