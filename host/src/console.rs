//! The console at `/console/`: pages for agents, operators and bot authors, rendered here and built into the binary.
//!
//! To make a page: a file in `console/` with a `routes()` that is merged below, and a template in `host/templates/` that extends
//! `base.html`. A handler takes `State<Arc<Console>>` and a [`page::Page`], and returns `page.html(…)` of its template, whose field
//! `page` the base reads. What changes a thing is a plain form that POSTs and is answered with [`page::done`] (303 and a flash
//! message) or with a [`Trouble`]; with `data-async` it is sent without leaving the page. An element with an `id` and
//! `data-live="topic …"` is fetched again and morphed when [`live`] says that one of its topics changed. Every page works without
//! the script.

mod analytics;
mod assets;
pub mod caller;
mod conversations;
mod door;
mod graph;
mod inbox;
mod live;
pub mod page;
mod people;
mod plugins;
mod setup;
mod trouble;
pub mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::admin::Health;
use crate::clock::Clock;
use crate::config::Config;
use crate::feed::Feed;
use crate::limits::CONSOLE_FORM_BYTES_MAX;
use crate::plugins::Plugins;
use crate::storage::Storage;
use live::Listeners;
pub use trouble::Trouble;

/// What pages are made from.
pub struct Console {
    pub storage: Arc<dyn Storage>,
    pub plugins: Arc<Plugins>,
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    pub feed: Arc<Feed>,
    pub health: Arc<Health>,
    /// Streams of changes end with it, so that shutdown waits for nobody who only listens.
    pub closing: CancellationToken,
    listeners: Listeners,
    /// One release at a time.
    releasing: Mutex<()>,
}

impl Console {
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        plugins: Arc<Plugins>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        feed: Arc<Feed>,
        health: Arc<Health>,
        closing: CancellationToken,
    ) -> Self {
        Self {
            storage,
            plugins,
            config,
            clock,
            feed,
            health,
            closing,
            listeners: Listeners::default(),
            releasing: Mutex::new(()),
        }
    }
}

/// Everything below `/console`, without who may see it: that is the admin listener's guard.
pub fn routes(console: Arc<Console>) -> Router {
    let to_the_first_page = || async { Redirect::to("/console/inbox") };
    Router::new()
        .route("/console", get(to_the_first_page))
        .route("/console/", get(to_the_first_page))
        .route("/console/assets/{name}", get(assets::asset))
        .route("/console/live", get(live::listen))
        .merge(inbox::routes())
        .merge(conversations::routes())
        .merge(analytics::routes())
        .merge(graph::routes())
        .merge(plugins::routes())
        .merge(setup::routes())
        .merge(people::routes())
        .merge(door::routes())
        .route("/console/{*nowhere}", get(trouble::nowhere))
        .layer(middleware::from_fn(page::forget_flash))
        .layer(DefaultBodyLimit::max(CONSOLE_FORM_BYTES_MAX))
        .with_state(console)
}

#[cfg(test)]
pub(crate) mod tests;
