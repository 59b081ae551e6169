//! How the endpoint groups stand, for people to look at: written by dispatch after every answer, read by whoever asks.

use std::sync::{Mutex, PoisonError};

use super::gate::Gate;
use super::pace::EndpointGroup;
use crate::clock::Timestamp;

/// How one group stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Since the start.
    pub answers: u64,
    /// When it last answered, or failed to.
    pub last: Option<Timestamp>,
    /// It mostly fails, or refuses the key: nothing is called until then.
    pub stopped_until: Option<Timestamp>,
    /// Braze asked for a pause until then.
    pub paused_until: Option<Timestamp>,
    /// What its headers last said: calls left, of how many, until when.
    pub window: Option<(u64, u64, Timestamp)>,
}

/// All groups, in the order of [`EndpointGroup::ALL`].
#[derive(Debug, Default)]
pub struct Standings(Mutex<[Standing; EndpointGroup::ALL.len()]>);

impl Standings {
    /// After a call.
    pub fn note(&self, group: EndpointGroup, now: Timestamp, gate: &Gate) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = all[group as usize].answers + 1;
        all[group as usize] = Standing { answers, last: Some(now), ..gate.standing(now) };
    }

    #[must_use]
    pub fn all(&self) -> [(EndpointGroup, Standing); EndpointGroup::ALL.len()] {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        EndpointGroup::ALL.map(|group| (group, all[group as usize]))
    }
}
