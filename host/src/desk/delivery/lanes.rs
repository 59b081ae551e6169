//! The rows in memory, by conversation: one of a conversation on its way at a time, in order.

use std::collections::{BTreeMap, VecDeque};

use super::attempt::{Came, Next};
use crate::clock::Timestamp;
use crate::conversation::{ConversationId, DeskMessage};
use crate::limits::{DESK_RETRY_WAIT, DESK_RETRY_WAIT_MAX};
use crate::outbox::desk::{DeskRow, DeskSeq};

/// All conversations with something to tell.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<ConversationId, Lane>,
    rows: usize,
    /// Conversations are served in turn, so that none lives off what the others leave.
    served_last: Option<ConversationId>,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<DeskRow>,
    /// Rows whose fate is being decided.
    under_way: Vec<DeskRow>,
    /// The head is not tried before.
    due: Timestamp,
    /// Of the head, all failed.
    tries: u32,
    /// Why the last one failed.
    reason: String,
    /// A handoff that failed: nothing more of it is told.
    failed: Option<u32>,
    /// The conversation's id there, and of which handoff it is.
    remote: Option<(u32, String)>,
}

impl Lanes {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether anything waits for time to pass.
    pub(super) fn waits(&self) -> bool {
        self.lanes.values().any(|lane| lane.under_way.is_empty())
    }

    pub(super) fn enter(&mut self, row: DeskRow) {
        self.rows += 1;
        self.lanes.entry(row.entry.conversation).or_default().waiting.push_back(row);
    }

    /// Offers that could not be delivered in time, with the reason. The desk is tried at least once, unless it may not be: `blocked` says
    /// why.
    pub(super) fn expired(
        &mut self,
        is_expired: impl Fn(Timestamp) -> bool,
        blocked: Option<&str>,
    ) -> Vec<(DeskRow, String)> {
        let mut expired = Vec::new();
        let idle = self.lanes.values_mut().filter(|lane| lane.under_way.is_empty());
        for lane in idle.filter(|lane| lane.tries > 0 || blocked.is_some()) {
            let late =
                |row: &DeskRow| matches!(row.entry.message, DeskMessage::Open { .. }) && is_expired(row.entry.created);
            let place = lane.waiting.iter().position(late);
            let Some(row) = place.and_then(|place| lane.waiting.remove(place)) else { continue };
            lane.under_way.push(row.clone());
            let reason = if lane.tries > 0 { lane.reason.clone() } else { blocked.unwrap_or_default().to_owned() };
            expired.push((row, reason));
        }
        expired
    }

    /// Rows of handoffs that failed.
    pub(super) fn orphans(&mut self) -> Vec<DeskRow> {
        let mut orphans = Vec::new();
        for lane in self.lanes.values_mut().filter(|lane| lane.under_way.is_empty()) {
            let Some(failed) = lane.failed else { continue };
            let (dead, alive): (Vec<DeskRow>, Vec<DeskRow>) =
                std::mem::take(&mut lane.waiting).into_iter().partition(|row| row.entry.handoff == failed);
            (lane.under_way, lane.waiting) = (dead, alive.into());
            orphans.extend(lane.under_way.iter().cloned());
        }
        orphans
    }

    /// A conversation whose head may be tried.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<ConversationId> {
        let may = |lane: &Lane| lane.under_way.is_empty() && !lane.waiting.is_empty() && lane.due <= now;
        let behind = self.served_last.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let after = self.lanes.range((behind, std::ops::Bound::Unbounded));
        after.chain(self.lanes.iter()).find(|(_, lane)| may(lane)).map(|(id, _)| *id)
    }

    /// The head of a conversation, on its way from now on.
    pub(super) fn take(&mut self, conversation: ConversationId) -> Option<Next> {
        let lane = self.lanes.get_mut(&conversation)?;
        let row = lane.waiting.pop_front()?;
        self.served_last = Some(conversation);
        lane.under_way.push(row.clone());
        let known = lane.remote.as_ref().filter(|(handoff, _)| *handoff == row.entry.handoff);
        Some(Next { remote_id: known.map(|(_, id)| id.clone()), tries: lane.tries, row })
    }

    /// What came of a row. One that is to be tried again is the head again.
    pub(super) fn settle(&mut self, conversation: ConversationId, seq: DeskSeq, came: &Came, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        let Some(place) = lane.under_way.iter().position(|row| row.seq == seq) else { return };
        let row = lane.under_way.remove(place);
        match came {
            Came::Settled { remote_id, failed } | Came::NotTried { remote_id, failed } => {
                self.rows -= 1;
                if let Some(remote_id) = remote_id {
                    lane.remote = Some((row.entry.handoff, remote_id.clone()));
                }
                if *failed {
                    lane.failed = Some(row.entry.handoff);
                }
                (lane.tries, lane.due) = (0, Timestamp::default());
            }
            Came::Unauthorised(reason) | Came::Failing(reason) | Came::Busy { reason, .. } => {
                lane.waiting.push_front(row);
                lane.tries = lane.tries.saturating_add(1);
                lane.due = now.after(wait(lane.tries));
                lane.reason.clone_from(reason);
            }
        }
        if lane.waiting.is_empty() && lane.under_way.is_empty() {
            self.lanes.remove(&conversation);
        }
    }
}

/// Between half and all of a bound that doubles, so that what failed together does not come back together.
fn wait(tries: u32) -> std::time::Duration {
    let bound = DESK_RETRY_WAIT.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(DESK_RETRY_WAIT_MAX);
    // Without randomness they would come back together, which is worse, but no reason not to come back.
    let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    bound.mul_f64(0.5 + share / 2.0)
}
