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
pub mod canned;
mod conversations;
mod door;
mod graph;
mod inbox;
mod live;
mod outbox;
pub mod page;
mod people;
mod plugins;
mod setup;
mod simulator;
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
use crate::desk::acts::Acts;
use crate::feed::Feed;
use crate::limits::CONSOLE_FORM_BYTES_MAX;
use crate::outbox::standing::Standings;
use crate::plugins::Plugins;
use crate::search::Search;
use crate::storage::Storage;
use live::Listeners;
use simulator::Simulations;
pub use trouble::Trouble;

/// What pages are made from.
pub struct Console {
    pub storage: Arc<dyn Storage>,
    pub search: Arc<Search>,
    pub plugins: Arc<Plugins>,
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    pub feed: Feed,
    pub health: Arc<Health>,
    pub standings: Arc<Standings>,
    /// Streams of changes end with it, so that shutdown waits for nobody who only listens.
    pub closing: CancellationToken,
    /// What agents do goes through it.
    pub acts: Acts,
    typing: inbox::Typing,
    listeners: Listeners,
    /// One release at a time.
    releasing: Mutex<()>,
    simulations: Simulations,
}

impl Console {
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the host, and named where it is put together")]
    pub fn new(
        storage: Arc<dyn Storage>,
        search: Arc<Search>,
        plugins: Arc<Plugins>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        feed: Feed,
        health: Arc<Health>,
        standings: Arc<Standings>,
        closing: CancellationToken,
    ) -> Self {
        let acts = Acts::new(Arc::clone(&storage), feed.clone(), Arc::clone(&clock));
        Self {
            acts,
            typing: inbox::Typing::default(),
            storage,
            search,
            plugins,
            config,
            clock,
            feed,
            health,
            standings,
            closing,
            listeners: Listeners::default(),
            releasing: Mutex::new(()),
            simulations: Simulations::default(),
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
        .merge(outbox::routes())
        .merge(plugins::routes())
        .merge(setup::routes())
        .merge(people::routes())
        .merge(door::routes())
        .merge(simulator::routes())
        .route("/console/{*nowhere}", get(trouble::nowhere))
        .layer(middleware::from_fn(page::forget_flash))
        .layer(DefaultBodyLimit::max(CONSOLE_FORM_BYTES_MAX))
        .with_state(console)
}

#[cfg(test)]
pub(crate) mod tests;
