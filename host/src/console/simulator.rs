//! *Simulator*: talk to any plugin that is loaded, candidates included, with a clock to turn and things that happen at the press of a
//! button. The engine is the one that serves, the player the one of transcripts; nothing of it reaches a user or storage.

mod happen;
mod memory;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::page::{Page, html};
use super::{Console, Trouble};
use crate::people::Role;
pub(super) use memory::Simulations;
use view::View;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/simulator", get(index))
        .route("/console/simulator/happen", post(happen::happen))
        .route("/console/simulator/transcript", get(transcript))
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    plugin: String,
}

#[derive(Template)]
#[template(path = "simulator.html")]
struct Index {
    page: Page,
    plugins: Vec<String>,
    plugin: String,
    /// None where there is no plugin to talk to.
    view: Option<View>,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let plugins = console.plugins.names();
    let routed = console.config.sources.values().map(|source| source.bot.clone());
    let first = || routed.chain(plugins.iter().cloned()).find(|bot| plugins.contains(bot));
    let chosen = if asked.plugin.is_empty() { first() } else { Some(asked.plugin) };
    let page = page.titled("Simulator");
    let Some(plugin) = chosen else {
        return html(&Index { page, plugins, plugin: String::new(), view: None });
    };
    let simulation = console.simulations.of(&console.plugins, &page.caller.id, &plugin)?;
    let view = View::of(&*simulation.lock().await, console.plugins.get(&plugin).as_deref());
    html(&Index { page, plugins, plugin, view: Some(view) })
}

/// `GET /console/simulator/transcript?plugin=…`: what was said so far, to be kept as a test.
async fn transcript(
    State(console): State<Arc<Console>>,
    page: Page,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let simulation = console.simulations.of(&console.plugins, &page.caller.id, &asked.plugin)?;
    let text = simulation.lock().await.talk.transcript();
    // A plugin's name is a file's: it has no quotes.
    let name = asked.plugin.replace(|char: char| !char.is_ascii_alphanumeric() && char != '-', "-");
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.chat\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}
