//! *Setup*: what to paste into Braze, what is configured, what is missing. Never a secret: only where it comes from.

mod desk;
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

use super::canned::{self, Canned, VARIABLES};
use super::page::{Page, html};
use super::{Console, Trouble, words};
use crate::braze::recipe::{BODY, PLACEHOLDER_URL, public_base, recipes};
use desk::Opening;
use view::{Check, Configured, Paste};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/setup", get(index))
        .route("/console/setup/canned", post(desk::put))
        .route("/console/setup/canned/remove", post(desk::remove))
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Index {
    page: Page,
    checks: Vec<Check>,
    pastes: Vec<Paste>,
    body: &'static str,
    configured: Vec<Configured>,
    opening: Option<Opening>,
    canned: Vec<Canned>,
    variables: [&'static str; 3],
    /// As it was typed.
    public_url: String,
    mistake: Option<String>,
}

impl Index {
    fn failing(&self) -> usize {
        self.checks.iter().filter(|check| !check.ok).count()
    }
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    public_url: String,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    Query(Asked { public_url }): Query<Asked>,
) -> Result<Response, Trouble> {
    let given = Some(public_url.trim()).filter(|url| !url.is_empty()).map(public_base).transpose();
    let (base, mistake) = match given {
        Ok(base) => (base.unwrap_or_else(|| PLACEHOLDER_URL.to_owned()), None),
        Err(mistake) => (PLACEHOLDER_URL.to_owned(), Some(mistake.replace("--public-url ", ""))),
    };
    html(&Index {
        page: page.titled("Setup"),
        checks: view::checks(&console, &base),
        pastes: recipes(&console.config, &base).map(|recipe| Paste::of(&recipe)).collect(),
        body: BODY,
        configured: view::configured(&console.config),
        opening: Opening::of(&console.config, console.clock.now()),
        canned: canned::all(&*console.storage).await?,
        variables: VARIABLES,
        public_url,
        mistake,
    })
}
