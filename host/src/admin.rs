//! The operators' listener: is it alive, is it ready, and if not, why; which plugins serve; the journal for programs; and what
//! other systems tell a conversation.

mod conversations;
pub mod guard;
mod refusal;
mod turns;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::ingress::listener::{self, Limits};
use crate::plugins::Plugins;
use crate::storage::Storage;
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

/// Answers operators until `shutdown` resolves; `console` has the pages, and `guard` stands before all of it.
pub async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    console: Router,
    guard: Guard,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/v1/plugins", get(plugins))
        .fallback(|| async { (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))) })
        .with_state(health)
        .merge(turns::routes(Arc::clone(&storage)))
        .merge(conversations::routes(storage, clock))
        .merge(console);
    listener::serve(listener, guard.before(router), limits, shutdown).await;
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
