//! What is kept of a conversation between turns, and what of it comes due by itself.
//!
//! Whatever waits is in the conversation: timers, messages held back, the next events of a turn. Storage only knows when it has to be
//! looked at again, its *alarm*. So nothing that waits can be ahead of, behind, or at odds with the state it is about.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Choice, Control, Event, User, WhileWaiting};
use crate::clock::Timestamp;
use crate::inbound::Inbound;
use crate::limits::WAITING_MESSAGES_MAX;

/// What is kept of a conversation between turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Commits so far; the compare-and-set of every commit. It, the fence and the alarm stay the first fields: storage reads them alone.
    pub version: u64,
    /// Raised with every change of owner.
    pub fence: u32,
    /// When storage wakes it. May be early: what is due is decided here.
    pub alarm: Option<Timestamp>,
    /// Turns so far.
    pub turns: u32,
    pub source: String,
    pub user: User,
    /// The bot that has it.
    pub bot: String,
    /// Counts sessions from 1.
    pub session: u32,
    /// The next turn starts another session.
    pub session_ended: bool,
    /// First 8 bytes of the digest of the plugin that the session began with.
    pub plugin_digest: [u8; 8],
    /// The bot's own state.
    pub state: Option<String>,
    /// The plugin's state version, where its manifest gives one.
    pub state_version: Option<u32>,
    pub step: Option<String>,
    /// States of the bots that had it before and may have it again in this session.
    pub shelved: Vec<Shelved>,
    /// The choices last shown to the user, for matching the text that comes back.
    pub offered: Vec<Choice>,
    pub last_inbound: Timestamp,
    /// When it last had a turn.
    pub last_turn: Timestamp,
    /// What an earlier turn leads to, before anything else.
    pub next: Vec<Event>,
    /// Turns in a row that nothing from outside led to.
    pub chain: u32,
    pub timers: Vec<PendingTimer>,
    /// Requests whose answer has not come.
    pub requests: Vec<PendingRequest>,
    /// Messages that wait for an answer, or for those that follow at once.
    pub waiting: Vec<Waiting>,
    /// Until when messages that follow are still taken together.
    pub burst_closes: Timestamp,
    /// Who has it.
    pub control: Control,
    /// Whether people were asked for in this session.
    pub had_people: bool,
}

/// The state of a bot that does not have the conversation at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    pub bot: String,
    pub state: Option<String>,
    pub state_version: Option<u32>,
    pub step: Option<String>,
}

/// A timer that was started and has not fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTimer {
    pub name: String,
    pub due: Timestamp,
    /// JSON text.
    pub payload: String,
    pub cancel_on_message: bool,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRequest {
    /// The turn that asked for it, and the effect's place in its decision: a plugin may use an id again.
    pub turn: u32,
    pub index: u16,
    pub while_waiting: WhileWaiting,
}

/// A message that was accepted and has not had its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What the webhook was answered with.
    pub id: String,
    pub inbound: Inbound,
    pub received: Timestamp,
}

/// What comes due by itself, in the order of its urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// What an earlier turn leads to.
    Next,
    /// Messages that waited.
    Waiting,
    /// The timer at this place.
    Timer(usize),
    /// The session, which idled for this long.
    Expiry(Duration),
    /// Whoever has it, or waits for it, does so no longer.
    Owner,
}

impl Conversation {
    /// Whether a session has begun and not ended.
    #[must_use]
    pub fn in_session(&self) -> bool {
        self.session > 0 && !self.session_ended
    }

    /// Whether messages wait for a response. Beyond the bound they are delivered all the same: a bot that hangs must not make its user's
    /// messages pile up.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let holds = self.requests.iter().any(|request| request.while_waiting == WhileWaiting::Hold);
        holds && self.waiting.len() < WAITING_MESSAGES_MAX
    }

    /// Whether the answer to this request is still to come: of this turn, at this place in its decision.
    #[must_use]
    pub fn awaits(&self, turn: u32, index: u16) -> bool {
        self.requests.iter().any(|request| (request.turn, request.index) == (turn, index))
    }

    /// What has come due by `at`, the earliest first.
    #[must_use]
    pub fn due(&self, at: Timestamp, idle_timeout: Duration) -> Option<Due> {
        self.pending(idle_timeout).filter(|(due, _)| *due <= at).min_by_key(|(due, _)| *due).map(|(_, due)| due)
    }

    /// When the next thing comes due.
    #[must_use]
    pub fn next_due(&self, idle_timeout: Duration) -> Option<Timestamp> {
        self.pending(idle_timeout).map(|(due, _)| due).min()
    }

    /// Everything that comes due by itself; of two at the same time, the more urgent is first.
    fn pending(&self, idle_timeout: Duration) -> impl Iterator<Item = (Timestamp, Due)> {
        // While people have it, the bot's own waits for the bot.
        let is_at_desk = self.control.owner.is_at_desk();
        let next = (!self.next.is_empty()).then_some((Timestamp::default(), Due::Next));
        let released = !self.waiting.is_empty() && (is_at_desk || !self.is_held());
        let waiting = released.then_some((self.burst_closes, Due::Waiting));
        let timers = self.timers.iter().enumerate().map(|(place, timer)| (timer.due, Due::Timer(place)));
        let timers = timers.filter(move |_| !is_at_desk);
        let owner = self.control.due.map(|due| (due, Due::Owner));
        // Whoever waits for an answer does not idle, and a message that waits goes on with the session it came in.
        let idles = self.in_session() && !is_at_desk && self.requests.is_empty() && self.waiting.is_empty();
        let expiry = idles.then(|| (self.last_turn.after(idle_timeout), Due::Expiry(idle_timeout)));
        next.into_iter().chain(waiting).chain(owner).chain(timers).chain(expiry)
    }

    /// Sets the alarm for what comes due next. An alarm that goes off too early is left where it is: moving it with every turn would
    /// cost every turn a write, and going off early costs one look.
    pub fn set_alarm(&mut self, now: Timestamp, idle_timeout: Duration) {
        let next = self.next_due(idle_timeout);
        let stays = matches!((self.alarm, next), (Some(alarm), Some(next)) if alarm <= next && alarm > now);
        if !stays {
            self.alarm = next;
        }
    }

    /// Gives the conversation to a bot. What the one before has under way ends; its state waits for its return.
    pub fn hand_to(&mut self, bot: &str) {
        if self.bot == bot {
            return;
        }
        let (state, state_version, step) = (self.state.take(), self.state_version.take(), self.step.take());
        if state.is_some() {
            self.shelved.push(Shelved { bot: std::mem::take(&mut self.bot), state, state_version, step });
        }
        bot.clone_into(&mut self.bot);
        if let Some(place) = self.shelved.iter().position(|shelved| shelved.bot == bot) {
            let Shelved { state, state_version, step, .. } = self.shelved.remove(place);
            (self.state, self.state_version, self.step) = (state, state_version, step);
        }
        self.plugin_digest = [0; 8];
        self.offered.clear();
        self.forget_what_is_under_way();
    }

    /// Nothing comes due any more, and no answer is waited for.
    pub fn forget_what_is_under_way(&mut self) {
        self.timers.clear();
        self.requests.clear();
    }

    /// Ends the session: the bot's state is dropped but for what is carried over. Timers go on.
    pub fn end_session(&mut self, carry_over: &[String]) {
        self.state = self.state.take().and_then(|state| carried_over(&state, carry_over));
        self.step = None;
        self.shelved.clear();
        self.offered.clear();
        self.session_ended = true;
    }
}

/// Of a JSON object the keys that outlive a session; none where none of them is there.
fn carried_over(state: &str, keys: &[String]) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(state).ok()?;
    fields.retain(|key, _| keys.contains(key));
    (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
}

#[cfg(test)]
mod tests;
