//! Asks a remote desk what webhooks did not bring: it sends each once, and not again when nobody was there to take it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::{Heard, RemoteDesk};
use crate::clock::{Clock, Timestamp};
use crate::conversation::ConversationId;
use crate::limits::{DEDUPE_WINDOW, DESK_CATCH_UP_INTERVAL};
use crate::storage::{InboxItem, Pushed, Storage, StorageError};
use crate::telemetry;

/// Half of how long an act is known to have been heard: what is older might be heard twice.
const LOOK_BACK_MAX: Duration = Duration::from_secs(DEDUPE_WINDOW.as_secs() / 2);

/// Looks now and then, at once when started and when the desk is `back`, until `shutdown`.
///
/// # Errors
/// Storage that keeps nothing more.
pub async fn run(
    storage: Arc<dyn Storage>,
    desk: Arc<dyn RemoteDesk>,
    clock: Arc<dyn Clock>,
    back: Arc<Notify>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StorageError> {
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            looked = look(&*storage, &*desk, &*clock) => looked?,
        }
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            () = back.notified() => {}
            () = tokio::time::sleep(DESK_CATCH_UP_INTERVAL) => {}
        }
    }
}

async fn look(storage: &dyn Storage, desk: &dyn RemoteDesk, clock: &dyn Clock) -> Result<(), StorageError> {
    for (id, case) in storage.at_desk().await? {
        let Some(conversation) = storage.read(id).await? else { continue };
        let Some(remote_id) = conversation.control.remote_id else { continue };
        let since = case.handoff.opened.max(Timestamp(clock.now().0.saturating_sub(millis(LOOK_BACK_MAX))));
        match desk.since(&remote_id, since).await {
            Ok(heard) => {
                let new = take(storage, heard, clock.now()).await?;
                if new > 0 {
                    tracing::info!(target: "turnwise::desk", user = %telemetry::user(id), new, "the desk did more than its webhooks said");
                }
            }
            Err(why) => {
                // Whoever delivers says what is wrong; asking for the others would be no better.
                tracing::debug!(target: "turnwise::desk", ?why, "the desk does not say what was done");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Puts what was done into the inboxes of its conversations; says how much of it was new, beside that the desk has them.
///
/// # Errors
/// Storage that keeps nothing, or takes nothing more for now.
pub async fn take(storage: &dyn Storage, heard: Vec<Heard>, received: Timestamp) -> Result<usize, StorageError> {
    let items = heard.into_iter().map(|heard| {
        let Heard { conversation, act, dedupe_key } = heard;
        (conversation, InboxItem::Desk { act: Box::new(act), dedupe_key: Some(dedupe_key), received })
    });
    let items: Vec<(ConversationId, InboxItem)> = items.collect();
    if items.is_empty() {
        return Ok(0);
    }
    let pushed = storage.push(items).await?;
    Ok(pushed.iter().filter(|pushed| matches!(pushed, Pushed::Queued(_))).count())
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
