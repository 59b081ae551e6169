//! The operators' listener: who may ask ([`guard`]), and what can be asked: one table of endpoints ([`api`]), a room of it a file, beside
//! the console's pages.

pub mod api;
mod conversations;
mod desk;
pub mod guard;
mod metrics;
mod outbox;
mod quarantine;
mod refusal;
mod turns;
mod users;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::desk::acts::Acts;
use crate::ingress::listener::{self, Limits};
use crate::plugins::Plugins;
use crate::search::Search;
use crate::storage::Storage;
use api::{Endpoint, Parameter, shape};
use guard::Guard;

/// What readiness depends on. Braze being down is not part of it: messages must still be accepted.
pub struct Health {
    plugins: Arc<Plugins>,
    /// Each source with its bot.
    bots: Vec<(String, String)>,
    clock: Arc<dyn Clock>,
    draining: AtomicBool,
    storage_failed: AtomicBool,
}

impl Health {
    #[must_use]
    pub fn new(plugins: Arc<Plugins>, bots: Vec<(String, String)>, clock: Arc<dyn Clock>) -> Self {
        let (draining, storage_failed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { plugins, bots, clock, draining, storage_failed }
    }

    /// Nothing new is accepted any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Nothing can be made durable any more.
    pub fn storage_failed(&self) {
        self.storage_failed.store(true, Ordering::Release);
    }

    /// Whether every check passes.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.checks().iter().all(|(_, result)| result.is_ok())
    }

    /// Every check with its name, whether it passed, and what to do if not.
    #[must_use]
    pub fn checks(&self) -> Vec<(String, Result<String, String>)> {
        let mut checks = vec![
            ("serving".to_owned(), fails_if(self.draining.load(Ordering::Acquire), "the host is shutting down")),
            (
                "storage".to_owned(),
                fails_if(self.storage_failed.load(Ordering::Acquire), "storage failed: see the log, then restart"),
            ),
            // Another instance on this machine would have the same clock, and this one goes on counting.
            ("clock".to_owned(), Ok(self.clock.problem().unwrap_or_else(|| "fine".to_owned()))),
        ];
        for (source, bot) in &self.bots {
            let loaded = match self.plugins.get(bot) {
                // Another instance of the host has the same plugin: to send traffic elsewhere would mend nothing.
                Some(plugin) if plugin.breaker.opened().is_some() => {
                    Ok(format!("{bot} is stopped, because it mostly fails"))
                }
                Some(plugin) => Ok(format!("{bot} from {}", plugin.file.display())),
                None => Err(match self.plugins.standings().remove(bot).and_then(|standing| standing.problem) {
                    Some(problem) => format!("the bot {bot:?} is not loaded: {problem}"),
                    None => format!("the bot {bot:?} is not loaded; put {bot}.wasm into the plugins folder"),
                }),
            };
            checks.push((format!("source {source}"), loaded));
        }
        checks
    }
}

fn fails_if(failed: bool, why: &str) -> Result<String, String> {
    if failed { Err(why.into()) } else { Ok("fine".into()) }
}

/// What the admin API answers from.
#[derive(Clone)]
pub struct Admin {
    pub health: Arc<Health>,
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub search: Arc<Search>,
    /// What agents do goes through it.
    pub acts: Acts,
    /// All sources by name: where a user may have conversations.
    pub sources: Arc<Vec<String>>,
}

impl FromRef<Admin> for Arc<Health> {
    fn from_ref(admin: &Admin) -> Self {
        Self::clone(&admin.health)
    }
}

impl FromRef<Admin> for Arc<dyn Storage> {
    fn from_ref(admin: &Admin) -> Self {
        Self::clone(&admin.storage)
    }
}

impl FromRef<Admin> for Arc<dyn Clock> {
    fn from_ref(admin: &Admin) -> Self {
        Self::clone(&admin.clock)
    }
}

/// The table of the API. Another room of it is another line here.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    [
        probes(),
        conversations::endpoints(),
        desk::endpoints(),
        turns::endpoints(),
        outbox::endpoints(),
        quarantine::endpoints(),
        users::endpoints(),
        vec![Endpoint::get("/openapi.json", "This document", || async { Json(api::document(&endpoints())) })],
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Answers operators until `shutdown` resolves; `console` has the pages, and `guard` stands before all of it.
pub async fn serve(
    listener: TcpListener,
    admin: Admin,
    console: Router,
    guard: Guard,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    listener::serve(listener, guard.before(router(admin, console)), limits, shutdown).await;
}

fn router(admin: Admin, console: Router) -> Router {
    api::router(endpoints())
        .fallback(|| async { (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))) })
        .with_state(admin)
        .merge(console)
}

fn probes() -> Vec<Endpoint> {
    let plugin = shape::object([("name", shape::text()), ("file", shape::text()), ("serving", shape::flag())]);
    vec![
        Endpoint::get("/livez", "Whether the process lives", || async { "alive\n" }).open().as_type("text/plain"),
        Endpoint::get("/readyz", "Whether messages are accepted and answered; 503 if not", readyz)
            .open()
            .query(&[Parameter { name: "verbose", kind: "string", says: "Every check, as JSON" }])
            .as_type("text/plain"),
        Endpoint::get("/metrics", "Figures for Prometheus", metrics::metrics).open().as_type("text/plain"),
        Endpoint::get("/v1/plugins", "Every bot there is or should be", plugins)
            .answers(200, shape::object([("plugins", shape::list(plugin))])),
    ]
}

async fn readyz(State(health): State<Arc<Health>>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let checks = health.checks();
    let ready = checks.iter().all(|(_, result)| result.is_ok());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if !query.iter().any(|(name, _)| name == "verbose") {
        return (status, if ready { "ready\n" } else { "not ready; see /readyz?verbose\n" }).into_response();
    }
    let checks: Vec<Value> = checks
        .into_iter()
        .map(|(name, result)| match result {
            Ok(detail) => json!({ "check": name, "ok": true, "detail": detail }),
            Err(reason) => json!({ "check": name, "ok": false, "detail": reason }),
        })
        .collect();
    let plugins = health.plugins.list();
    // A plugin that is not as its file is does not make the host unready: the one before it answers.
    let errors = plugins.iter().filter_map(|plugin| {
        let problem = plugin.problem.as_ref()?;
        Some(format!("plugin {:?} ({}): {problem}", plugin.name, plugin.file))
    });
    let errors: Vec<String> = errors.collect();
    let body = json!({ "ready": ready, "checks": checks, "plugins": plugins, "plugin_errors": errors });
    (status, Json(body)).into_response()
}

/// Every bot there is or should be.
async fn plugins(State(health): State<Arc<Health>>) -> Response {
    Json(json!({ "plugins": health.plugins.list() })).into_response()
}

#[cfg(test)]
mod tests;
