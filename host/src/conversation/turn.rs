//! A turn: `begin` turns a stored conversation and what happened into what the plugin sees; `finish` turns the plugin's answer into
//! what is committed.

use super::arrival;
use super::arrival::Began;
use super::arrival::Cause;
use super::context::{Context, DeskStatus};
use super::count::{self, Count};
use super::decision::{AttributeChange, Decision, NextState, Reply};
use super::desk::DeskMessage;
use super::effects::{self, Catalog, Sorted, TimerChange};
use super::handoff;
use super::id::hash128;
use super::journal::{JournalEntry, Outcome};
use super::kept::{Conversation, PendingRequest, PendingTimer};
use super::refusal::refusal;
use super::release::Version;
use super::routing::Route;
use super::{ConversationId, Event, HandoffUpdate, NamedJson, Request, Timer};
use crate::clock::Timestamp;
use crate::outbox::desk::DeskEntry;
use crate::outbox::{self, Call};

/// What came of a cause.
#[derive(Clone, Debug)]
pub enum Begun {
    /// A decision is asked for.
    Turn(Box<Turn>),
    /// Nobody is asked: a message that has to wait, an answer nobody waits for any more, an alarm that went off early.
    Quiet(Box<Conversation>),
}

/// A turn between `begin` and `finish`.
#[derive(Clone, Debug)]
pub struct Turn {
    pub id: ConversationId,
    pub context: Context,
    pub event: Event,
    /// As stored, with what the cause itself changed.
    pub before: Conversation,
    /// Which version of its bot is asked.
    pub version: Version,
    /// Whether a candidate is asked about it, too.
    pub is_watched: bool,
    /// The host has decided by itself: the plugin is not asked.
    pub decided: Option<Outcome>,
    /// Sessions that ended before the plugin is asked: the bot, and how.
    pub ended: Vec<Ended>,
    /// What a remote desk hears of the cause.
    desk: Vec<DeskMessage>,
    /// Who had the conversation before the cause.
    owner_before: &'static str,
    counted_before: count::Before,
}

/// A session that ended, to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ended {
    pub bot: String,
    /// As the plugin named it; `expired`, `stopped`, `restarted`, `interrupted`, `upgraded` are the host's.
    pub outcome: String,
}

/// How the plugin's part of a turn ended.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Outcome,
    pub plugin_digest: [u8; 8],
    /// What the plugin's manifest says of the state it stores.
    pub state_version: Option<u32>,
    pub log: Vec<String>,
    pub duration_us: u32,
}

/// Everything a turn changes.
#[derive(Clone, Debug)]
pub struct Finished {
    pub conversation: Conversation,
    pub journal: JournalEntry,
    pub outbox: Vec<outbox::Entry>,
    pub calls: Vec<Call>,
    /// What a remote desk is told.
    pub desk: Vec<DeskEntry>,
    pub ended: Vec<Ended>,
    pub counts: Vec<Count>,
}

impl Turn {
    /// What the plugin will see.
    #[must_use]
    pub fn begin(
        id: ConversationId,
        stored: Option<Conversation>,
        route: &Route,
        catalog: &dyn Catalog,
        now: Timestamp,
        cause: Cause,
    ) -> Begun {
        let mut before = stored.unwrap_or_default();
        before.source.clone_from(&route.source);
        let owner_before = before.control.owner.name();
        let counted_before = count::Before::of(&before);
        let began = arrival::began(&mut before, route, catalog, now, cause);
        before.version += 1;
        let Some(Began { event, fields, decided, ended, desk }) = began else {
            before.set_alarm(now, route.idle_timeout);
            return Begun::Quiet(Box::new(before));
        };
        let context = Context {
            conversation: id,
            session: before.session,
            turn: before.turns.saturating_add(1),
            user: before.user.clone(),
            source: route.source.clone(),
            now,
            seed: seed(id, before.version),
            settings: catalog.settings(&before.bot),
            fields,
            desk: catalog.desk().map_or(DeskStatus::None, |rules| rules.hours.status(now)),
        };
        let release = catalog.release(&before.bot);
        let version = release.version(id, &before.bot, before.plugin_digest);
        let is_watched = release.shadows();
        let turn = Self {
            id,
            context,
            event,
            before,
            version,
            is_watched,
            decided,
            ended,
            desk,
            owner_before,
            counted_before,
        };
        Begun::Turn(Box::new(turn))
    }

    /// What is committed. A failed turn leaves the state as it was, and a waiting user gets the fallback text.
    #[must_use]
    pub fn finish(self, route: &Route, catalog: &dyn Catalog, answer: Answer) -> Finished {
        let Self { id, context, event, before, mut ended, desk, owner_before, counted_before, .. } = self;
        let (state, state_version, bot) = (before.state.clone(), before.state_version, before.bot.clone());
        let mut conversation = before;
        conversation.turns = context.turn;
        conversation.last_turn = context.now;
        if conversation.plugin_digest == [0; 8] {
            conversation.plugin_digest = answer.plugin_digest;
        }
        let outcome = match answer.outcome {
            Outcome::Decided(decision) => match refusal(&decision, &conversation, catalog) {
                Some(reason) => Outcome::Failed { kind: "bad-output".into(), reason },
                None => Outcome::Decided(decision),
            },
            failed => failed,
        };
        // An answer that cannot be held fails while people have the conversation: that is no moment to speak for the bot.
        let is_awaited = event.is_awaited() && !conversation.control.owner.is_at_desk();
        let mut sorted = match &outcome {
            Outcome::Decided(decision) => {
                effects::sort(decision, &event, context.turn, &conversation.bot, route, catalog)
            }
            Outcome::Failed { .. } if is_awaited && !route.fallback_text.is_empty() => {
                Sorted::only_reply(route, Reply { text: route.fallback_text.clone(), ..Reply::default() })
            }
            Outcome::Failed { .. } => Sorted::default(),
        };
        if matches!(event, Event::SessionExpired { .. }) {
            expire(&mut conversation, &outcome, answer.state_version, &route.carry_over);
            sorted.ended.get_or_insert_with(|| "expired".into());
        } else if let Outcome::Decided(decision) = &outcome {
            apply_state(&mut conversation, decision, answer.state_version);
        }
        let decision = match &outcome {
            Outcome::Decided(decision) => Some(decision),
            Outcome::Failed { .. } => None,
        };
        ask_for_people(&mut conversation, &mut sorted, route, catalog, context.now);
        comfort(&mut sorted, &event, route, catalog);
        let owner = conversation.control.owner.name();
        if owner != owner_before
            && let Some(name) = catalog.desk().and_then(|rules| rules.owner_attribute.clone())
        {
            let value = serde_json::Value::from(owner).to_string();
            effects::also_change(&mut sorted, decision, AttributeChange::Set(NamedJson { name, value }));
        }
        let outbox = effects::entries(&mut sorted, id, &conversation, &context, &event);
        let calls = calls(&sorted, id, &conversation.bot, &context);
        let desk = desk_entries(desk, &mut sorted, id, &conversation, &context, catalog);
        take(&mut conversation, &mut sorted, &context, &calls);
        ended.extend(sorted.ended.take().map(|outcome| Ended { bot: bot.clone(), outcome }));
        conversation.set_alarm(context.now, route.idle_timeout);
        let journal = JournalEntry {
            context,
            bot,
            plugin_digest: answer.plugin_digest,
            state,
            state_version,
            event,
            outcome,
            log: answer.log,
            unsupported: sorted.unsupported,
            duration_us: answer.duration_us,
        };
        let counts = count::counts(&counted_before, &conversation, &journal, &ended);
        Finished { conversation, journal, outbox, calls, desk, ended, counts }
    }
}

/// A handoff that the decision asks for: offered, with the notice that the user waits with, or the bot hears at once why not.
fn ask_for_people(
    conversation: &mut Conversation,
    sorted: &mut Sorted,
    route: &Route,
    catalog: &dyn Catalog,
    now: Timestamp,
) {
    let Some((index, handoff)) = sorted.handoff.take() else { return };
    let Some(rules) = catalog.desk() else { return };
    match handoff::offer(conversation, rules, now, &handoff) {
        Ok(open) => {
            sorted.desk.insert(0, open);
            if let Some(text) = handoff.notice.filter(|notice| !notice.trim().is_empty()) {
                let reply = Reply { text, ..Reply::default() };
                let place = sorted.actions.partition_point(|(before, _)| *before < index);
                sorted.actions.insert(place, (index, effects::reply_action(route, reply)));
            }
        }
        Err(reason) => sorted.next.push(Event::Handoff(HandoffUpdate::Failed(reason))),
    }
}

/// Whoever waited in vain for people hears of it, even if the bot has nothing to say.
fn comfort(sorted: &mut Sorted, event: &Event, route: &Route, catalog: &dyn Catalog) {
    let nobody_came = matches!(event, Event::Handoff(HandoffUpdate::Failed(_)));
    let Some(text) = catalog.desk().filter(|_| nobody_came).and_then(|rules| rules.failed_notice.clone()) else {
        return;
    };
    let is_silent = sorted.actions.iter().all(|(_, action)| matches!(action, outbox::Action::Track { .. }));
    if is_silent && sorted.switch.is_none() && !text.trim().is_empty() {
        let reply = Reply { text, ..Reply::default() };
        // Behind every effect there can be, so that no other row has its place.
        sorted.actions.push((u16::MAX, effects::reply_action(route, reply)));
    }
}

/// What a remote desk is told: of the cause, then of the decision. Notes reach it only while it has the conversation.
fn desk_entries(
    mut messages: Vec<DeskMessage>,
    sorted: &mut Sorted,
    id: ConversationId,
    conversation: &Conversation,
    context: &Context,
    catalog: &dyn Catalog,
) -> Vec<DeskEntry> {
    messages.append(&mut sorted.desk);
    if !catalog.desk().is_some_and(|rules| rules.is_remote) {
        return Vec::new();
    }
    let is_open = conversation.control.owner.is_at_desk();
    messages.retain(|message| is_open || !matches!(message, DeskMessage::Note { .. } | DeskMessage::Line { .. }));
    let entry = |(index, message): (u16, DeskMessage)| DeskEntry {
        conversation: id,
        turn: context.turn,
        index,
        handoff: conversation.control.handoffs,
        message,
        created: context.now,
    };
    (0u16..).zip(messages).map(entry).collect()
}

fn apply_state(conversation: &mut Conversation, decision: &Decision, state_version: Option<u32>) {
    match &decision.state {
        // A state that was migrated but kept stays as it was stored, with the version it was stored by.
        NextState::Keep => {}
        NextState::Replace(state) => {
            conversation.state = Some(state.clone());
            conversation.state_version = state_version;
        }
        NextState::Clear => conversation.state = None,
    }
    if decision.step.is_some() {
        conversation.step.clone_from(&decision.step);
    }
}

/// The state that the next session starts with is the one decided now; where none is, what the configuration carries over.
fn expire(conversation: &mut Conversation, outcome: &Outcome, state_version: Option<u32>, carry_over: &[String]) {
    match outcome {
        Outcome::Decided(Decision { state: NextState::Replace(state), .. }) => {
            conversation.end_session(&[]);
            conversation.state = Some(state.clone());
            conversation.state_version = state_version;
        }
        Outcome::Decided(Decision { state: NextState::Clear, .. }) => conversation.end_session(&[]),
        Outcome::Decided(_) | Outcome::Failed { .. } => conversation.end_session(carry_over),
    }
}

fn calls(sorted: &Sorted, id: ConversationId, bot: &str, context: &Context) -> Vec<Call> {
    let call = |(index, request): &(u16, Request)| Call {
        conversation: id,
        turn: context.turn,
        index: *index,
        bot: bot.into(),
        request: request.clone(),
        created: context.now,
    };
    sorted.requests.iter().map(call).collect()
}

/// What the effects change for later turns.
fn take(conversation: &mut Conversation, sorted: &mut Sorted, context: &Context, calls: &[Call]) {
    if !sorted.offered.is_empty() {
        conversation.offered = std::mem::take(&mut sorted.offered);
    }
    for change in sorted.timers.drain(..) {
        conversation.timers.retain(|timer| timer.name != change.name());
        if let TimerChange::Start(timer) = change {
            let due = context.now.after(timer.delay());
            let Timer { name, payload, cancel_on_message, .. } = timer;
            conversation.timers.push(PendingTimer { name, due, payload, cancel_on_message });
        }
    }
    conversation.requests.extend(calls.iter().map(|call| PendingRequest {
        turn: call.turn,
        index: call.index,
        while_waiting: call.request.while_waiting,
    }));
    if conversation.control.owner.is_at_desk() {
        // The bot hears of it when it has the conversation again.
        conversation.control.held.append(&mut sorted.next);
    }
    conversation.next.append(&mut sorted.next);
    if let Some(NamedJson { name: to, value }) = sorted.switch.take() {
        let from = conversation.bot.clone();
        conversation.hand_to(&to);
        let switched = Event::Switched(NamedJson { name: from, value });
        if conversation.control.owner.is_at_desk() {
            conversation.control.held.push(switched);
        } else {
            conversation.next.push(switched);
        }
    }
    if sorted.ended.is_some() {
        conversation.session_ended = true;
        conversation.shelved.clear();
    }
}

/// The same commit begun again has the same seed.
fn seed(id: ConversationId, version: u64) -> u32 {
    let hash = hash128("seed", &[&id.0, &version.to_be_bytes()]);
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests;
