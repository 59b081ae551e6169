//! Promote and roll back: the mechanics are [`Versions`]'s, as on the command line.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use crate::console::page::{Page, done};
use crate::console::{Console, Trouble};
use crate::people::{Auditor, Role, action};
use crate::plugins::{ReleaseError, RolledBack, Versions, hex};

/// What somebody looked at when they decided.
#[derive(Deserialize)]
pub(super) struct Seen {
    /// SHA-256 of the version that is to be promoted, or taken away.
    sha256: String,
}

/// `POST /console/plugins/{bot}/promote`
pub(super) async fn promote(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(bot): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let versions = versions(&console, &bot)?;
    let _alone = console.releasing.lock().await;
    let candidate = versions.load_candidate(&console.plugins).await?;
    if hex(&candidate.digest) != seen.sha256 {
        return Err(Trouble::too_late(format!(
            "{} is another file now than the one you looked at: look at it again.",
            versions.candidate.display()
        )));
    }
    auditor.did(action::PLUGIN_PROMOTED, format!("{bot} {}", seen.sha256)).await?;
    blocking(move || versions.promote()).await?;
    let version = candidate.version().unwrap_or("the candidate");
    Ok(done("/console/plugins", &format!("{bot}: {version} is promoted and takes over within a second.")))
}

/// `POST /console/plugins/{bot}/roll-back`
pub(super) async fn roll_back(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path(bot): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let versions = versions(&console, &bot)?;
    let _alone = console.releasing.lock().await;
    let goes = if versions.candidate.is_file() { format!("{bot}@candidate") } else { bot.clone() };
    let is_seen = console.plugins.get(&goes).is_none_or(|plugin| hex(&plugin.digest) == seen.sha256);
    if !is_seen {
        return Err(Trouble::too_late(format!(
            "{goes} is another one now than the one you looked at: look at it again."
        )));
    }
    auditor.did(action::PLUGIN_ROLLED_BACK, &goes).await?;
    let said = match blocking(move || versions.roll_back()).await? {
        RolledBack::CandidateWithdrawn => format!("{bot}: the candidate is withdrawn."),
        RolledBack::PreviousIsBack => format!("{bot}: the previous version is back within a second."),
    };
    Ok(done("/console/plugins", &said))
}

fn versions(console: &Console, bot: &str) -> Result<Versions, Trouble> {
    Versions::of(&console.config.plugins, bot).ok_or_else(|| Trouble::gone("There is no such bot."))
}

/// Files of plugins are large; copying one must not hold up a worker.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReleaseError> + Send + 'static,
) -> Result<T, Trouble> {
    let worked = spawn_blocking(work).await.map_err(|panic| Trouble::broken(&panic))?;
    Ok(worked?)
}

impl From<ReleaseError> for Trouble {
    fn from(error: ReleaseError) -> Self {
        Self::wrong(error.to_string())
    }
}
