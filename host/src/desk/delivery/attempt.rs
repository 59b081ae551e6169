//! One row: told, and what that means for its conversation.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{sleep, timeout};

use super::super::{Delivered, RemoteDesk, Telling, history};
use super::BUSY_WAIT;
use crate::breaker::Pass;
use crate::clock::{Clock, Timestamp};
use crate::conversation::control::Owner;
use crate::conversation::desk::{Act, Agent, DeskAct};
use crate::conversation::{Conversation, ConversationId, DeskMessage};
use crate::limits::{DESK_DELIVERY_TIMEOUT, DESK_HISTORY_LINES_MAX};
use crate::outbox::desk::{DeskEntry, DeskRow, DeskSeq};
use crate::storage::{InboxItem, Storage, StorageError};
use crate::telemetry;

/// An offer whose time is up is tried for this long all the same: it may be the first moment that anybody can.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// What every attempt needs.
pub(super) struct Attempt {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) desk: Arc<dyn RemoteDesk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) unreachable_after: Duration,
    /// What is older may have been told by an earlier host.
    pub(super) started: Timestamp,
}

/// A row that is to be told.
pub(super) struct Next {
    pub(super) row: DeskRow,
    /// The conversation's id there, where this host has just learned it.
    pub(super) remote_id: Option<String>,
    pub(super) tries: u32,
}

/// What an attempt came to, and what the row was.
pub(super) struct Tried {
    pub(super) conversation: ConversationId,
    pub(super) seq: DeskSeq,
    pub(super) pass: Option<Pass>,
    pub(super) came: Came,
}

/// What an attempt came to.
pub(super) enum Came {
    /// The desk answered, and the row is gone. `failed`: nothing more of its handoff is to be told.
    Settled {
        remote_id: Option<String>,
        failed: bool,
    },
    /// The row is gone without a call.
    NotTried {
        remote_id: Option<String>,
        failed: bool,
    },
    Unauthorised(String),
    Failing(String),
    Busy {
        after: Option<Duration>,
        reason: String,
    },
}

impl Came {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Settled { .. } | Self::NotTried { .. } => "",
            Self::Unauthorised(reason) | Self::Failing(reason) | Self::Busy { reason, .. } => reason,
        }
    }
}

impl Attempt {
    pub(super) async fn tell(&self, next: Next, pass: Pass) -> Result<Tried, StorageError> {
        let Next { row: DeskRow { seq, entry }, remote_id, tries } = next;
        let tried = |came| Tried { conversation: entry.conversation, seq, pass: Some(pass), came };
        let Some(conversation) = self.storage.read(entry.conversation).await? else {
            // Erased: nobody is to hear of it any more.
            self.settle(seq, None).await?;
            return Ok(tried(Came::NotTried { remote_id: None, failed: true }));
        };
        let telling = self.telling(&entry, &conversation, remote_id, tries).await?;
        let known = telling.remote_id.clone();
        let delivering = AssertUnwindSafe(timeout(self.patience(&entry), self.desk.deliver(&telling))).catch_unwind();
        let delivered = match delivering.await {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(_)) => Delivered::Failing("the desk did not answer in time".into()),
            Err(_) => {
                tracing::error!(target: "turnwise::desk", "a delivery panicked");
                Delivered::Refused("the host failed over it".into())
            }
        };
        let (user, kind) = (telemetry::user(entry.conversation), entry.message.kind());
        let came = match delivered {
            Delivered::Done { remote_id } => {
                let told = matches!(entry.message, DeskMessage::Open { .. })
                    .then(|| self.act(Act::Opened { handoff: entry.handoff }, Some(remote_id.clone())));
                self.settle(seq, told).await?;
                tracing::debug!(target: "turnwise::desk", %user, kind, "told");
                Came::Settled { remote_id: Some(remote_id), failed: false }
            }
            Delivered::Gone | Delivered::Refused(_) => {
                let is_gone = delivered == Delivered::Gone;
                let reason = match delivered {
                    Delivered::Refused(reason) => reason,
                    _ => "the desk has no such conversation".to_owned(),
                };
                if is_gone && known.is_none() {
                    tracing::info!(target: "turnwise::desk", %user, kind, reason, "not told");
                } else {
                    tracing::error!(target: "turnwise::desk", %user, kind, reason, "not told, and not to be told again");
                }
                let told = self.lost(&entry, &conversation, known, is_gone, reason);
                let failed = told.is_some();
                self.settle(seq, told).await?;
                Came::Settled { remote_id: None, failed }
            }
            Delivered::Unauthorised(reason) => Came::Unauthorised(reason),
            Delivered::Failing(reason) => Came::Failing(reason),
            Delivered::Busy { after, reason } => Came::Busy { after, reason },
        };
        if !came.reason().is_empty() {
            tracing::warn!(target: "turnwise::desk", %user, kind, reason = came.reason(), tries, "not told yet");
        }
        Ok(tried(came))
    }

    /// An offer could not be delivered in time.
    pub(super) async fn give_up(&self, row: DeskRow, reason: String) -> Result<Tried, StorageError> {
        let DeskRow { seq, entry } = row;
        let user = telemetry::user(entry.conversation);
        tracing::error!(target: "turnwise::desk", %user, reason, "an offer has failed: the desk could not be told of it in time");
        self.settle(seq, Some(self.act(Act::Unreachable { handoff: entry.handoff, reason }, None))).await?;
        Ok(Tried {
            conversation: entry.conversation,
            seq,
            pass: None,
            came: Came::NotTried { remote_id: None, failed: true },
        })
    }

    /// A row of a handoff that has failed: the desk has no conversation that it could be about.
    pub(super) async fn leave(&self, row: DeskRow) -> Result<Tried, StorageError> {
        self.settle(row.seq, None).await?;
        let came = Came::NotTried { remote_id: None, failed: true };
        Ok(Tried { conversation: row.entry.conversation, seq: row.seq, pass: None, came })
    }

    async fn telling(
        &self,
        entry: &DeskEntry,
        conversation: &Conversation,
        remote_id: Option<String>,
        tries: u32,
    ) -> Result<Telling, StorageError> {
        let control = &conversation.control;
        let kept = || control.remote_id.clone().filter(|_| control.handoffs == entry.handoff);
        let history = if matches!(entry.message, DeskMessage::Open { .. }) {
            let turns =
                self.storage.journal(entry.conversation, entry.turn.saturating_add(1), DESK_HISTORY_LINES_MAX).await?;
            // One damaged turn must not hide the others.
            history::lines(turns.iter().filter_map(|(_, recorded)| recorded.as_ref().ok()))
        } else {
            Vec::new()
        };
        Ok(Telling {
            conversation: entry.conversation,
            handoff: entry.handoff,
            mark: format!("{}.{}", entry.turn, entry.index),
            message: entry.message.clone(),
            source: conversation.source.clone(),
            user: conversation.user.clone(),
            history,
            remote_id: remote_id.or_else(kept),
            again: tries > 0 || entry.created < self.started,
            created: entry.created,
        })
    }

    /// How long a try may take: who asked for people is not kept waiting beyond what was promised.
    fn patience(&self, entry: &DeskEntry) -> Duration {
        if !matches!(entry.message, DeskMessage::Open { .. }) {
            return DESK_DELIVERY_TIMEOUT;
        }
        let left = entry.created.after(self.unreachable_after).since(self.clock.now());
        left.clamp(LAST_CHANCE, DESK_DELIVERY_TIMEOUT)
    }

    /// What the conversation hears of a message that the desk will never have. Where that means that nobody there has the conversation, it
    /// is over.
    fn lost(
        &self,
        entry: &DeskEntry,
        conversation: &Conversation,
        known: Option<String>,
        is_gone: bool,
        reason: String,
    ) -> Option<InboxItem> {
        let control = &conversation.control;
        let is_open = matches!(entry.message, DeskMessage::Open { .. });
        if is_open || (is_gone && known.is_some() && control.owner == Owner::Offered) {
            return Some(self.act(Act::Unreachable { handoff: entry.handoff, reason }, None));
        }
        let is_current = control.handoffs == entry.handoff && control.owner.is_at_desk();
        (is_gone && known.is_some() && is_current).then(|| self.act(Act::Return { note: Some(reason) }, known))
    }

    fn act(&self, act: Act, remote_id: Option<String>) -> InboxItem {
        let act = Box::new(DeskAct { by: Agent::host(), act, remote_id });
        InboxItem::Desk { act, dedupe_key: None, received: self.clock.now() }
    }

    async fn settle(&self, seq: DeskSeq, told: Option<InboxItem>) -> Result<(), StorageError> {
        loop {
            match self.storage.desk_settle(seq, told.clone()).await {
                Err(StorageError::Busy { .. }) => sleep(BUSY_WAIT).await,
                settled => return settled,
            }
        }
    }
}
