//! Who a conversation is with, what was asked for, and how it got here.

use crate::clock::Timestamp;
use crate::conversation::{Conversation, Event, Owner, User};
use crate::limits::REPLY_WINDOW;
use crate::storage::Recorded;

use super::queue;

/// Steps of the journey that are shown.
const STEPS_MAX: usize = 12;

/// The person, beside the thread.
pub(super) struct Person {
    pub name: String,
    pub initial: String,
    pub user: User,
    /// What came with the last message, as JSON.
    pub fields: Vec<(String, String)>,
    pub source: String,
    pub bot: String,
    pub session: u32,
    pub owner: &'static str,
    pub agent: Option<String>,
    pub since: Timestamp,
    pub due: Option<Timestamp>,
    pub reason: String,
    pub summary: String,
    pub team: Option<String>,
    pub priority: &'static str,
    /// Steps the bot went through, oldest first.
    pub steps: Vec<String>,
    pub window_closes: Timestamp,
}

impl Person {
    pub(super) fn of(conversation: &Conversation, turns: &[(u32, Recorded)]) -> Self {
        let name = queue::name(&conversation.user);
        let control = &conversation.control;
        let handoff = control.handoff.as_ref();
        Self {
            initial: queue::initial(&name),
            name,
            user: conversation.user.clone(),
            fields: fields(turns),
            source: conversation.source.clone(),
            bot: conversation.bot.clone(),
            session: conversation.session,
            owner: control.owner.name(),
            agent: control.owner.agent().map(|agent| agent.called().to_owned()),
            since: control.since,
            due: control.due.filter(|_| !matches!(control.owner, Owner::Agent(_))),
            reason: handoff.map(|handoff| handoff.reason.clone()).unwrap_or_default(),
            summary: handoff.map(|handoff| handoff.summary.clone()).unwrap_or_default(),
            team: handoff.and_then(|handoff| handoff.team.clone()),
            priority: handoff.map_or("", |handoff| queue::priority(handoff.priority)),
            steps: steps(turns),
            window_closes: conversation.last_inbound.after(REPLY_WINDOW),
        }
    }

    pub(super) fn window_is_open(&self, now: Timestamp) -> bool {
        now < self.window_closes
    }

    /// Whether it closes so soon that one should hurry.
    pub(super) fn window_closes_soon(&self, now: &Timestamp) -> bool {
        self.window_closes.since(*now) < REPLY_WINDOW / 12
    }
}

fn fields(turns: &[(u32, Recorded)]) -> Vec<(String, String)> {
    let is_message = |event: &Event| matches!(event, Event::Message(_) | Event::Burst(_));
    let newest = turns.iter().filter_map(|(_, recorded)| recorded.as_ref().ok()).find(|entry| is_message(&entry.event));
    let fields = newest.map(|entry| entry.context.fields.as_slice()).unwrap_or_default();
    fields.iter().map(|field| (field.name.clone(), field.value.trim_matches('"').to_owned())).collect()
}

/// Each once, where it follows another.
fn steps(turns: &[(u32, Recorded)]) -> Vec<String> {
    let decided = turns.iter().rev().filter_map(|(_, recorded)| match &recorded.as_ref().ok()?.outcome {
        crate::conversation::Outcome::Decided(decision) => decision.step.clone(),
        crate::conversation::Outcome::Failed { .. } => None,
    });
    let mut steps: Vec<String> = decided.collect();
    steps.dedup();
    steps.split_off(steps.len().saturating_sub(STEPS_MAX))
}
