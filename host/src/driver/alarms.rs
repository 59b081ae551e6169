//! Which conversations' alarms have gone off. They are read from storage in pieces, however many are set.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::storage::{Storage, StorageError};

/// Alarms read at once.
const ALARMS_PER_LOOK_MAX: usize = 512;
/// The longest wait, so that a clock that is set is noticed.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// An alarm that went off stays where it is until its conversation was looked at; until then there is no use in finding it again.
const WAIT_MIN: Duration = Duration::from_millis(20);

/// How far the alarms have been looked through.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    /// The last one found; none at the beginning of a look.
    after: Option<(Timestamp, ConversationId)>,
    /// Nothing goes off before.
    quiet_until: Timestamp,
}

impl Alarms {
    /// Whether something may have gone off.
    pub(super) fn is_time(&self, now: Timestamp) -> bool {
        now >= self.quiet_until
    }

    /// An alarm was set that is earlier than all others.
    pub(super) fn look_now(&mut self) {
        (self.after, self.quiet_until) = (None, Timestamp::default());
    }

    /// How long nothing goes off.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        self.quiet_until.since(now).clamp(WAIT_MIN, WAIT_MAX)
    }

    /// The next conversations whose alarm has gone off.
    pub(super) async fn look(
        &mut self,
        storage: &dyn Storage,
        now: Timestamp,
    ) -> Result<Vec<ConversationId>, StorageError> {
        let mut found = storage.alarms(self.after, ALARMS_PER_LOOK_MAX).await?;
        let next = found.iter().position(|(at, _)| *at > now);
        let is_last = found.len() < ALARMS_PER_LOOK_MAX || next.is_some();
        let quiet_until = next.map_or_else(|| now.after(WAIT_MAX), |next| found[next].0);
        found.truncate(next.unwrap_or(found.len()));
        self.after = found.last().copied().filter(|_| !is_last);
        if is_last {
            // Those just found are still there for a moment; only what is behind them is worth waiting for.
            self.quiet_until = quiet_until.max(now.after(WAIT_MIN));
        }
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }
}
