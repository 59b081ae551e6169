//! What a cause does to a conversation before its bot is asked: messages wait or are delivered, sessions begin and end, the bot is chosen,
//! and what every bot's user can say is done.

use super::commands::{Command, Spoken};
use super::control::Owner;
use super::desk::{DeskAct, DeskMessage, DeskRules};
use super::effects::{self, Catalog};
use super::handoff;
use super::kept::{Conversation, Due, Waiting};
use super::routing::Route;
use super::turn::Ended;
use super::{Decision, Effect, Event, Message, NamedJson, NextState, Outcome, Response, TimerFired, WhileWaiting};
use crate::clock::Timestamp;
use crate::inbound::Inbound;
use crate::limits::{BURST_MESSAGES_MAX, BURST_WINDOWS_MAX};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A message was accepted.
    Inbound { id: String, inbound: Inbound, received: Timestamp },
    /// Something outside has something to say.
    Event(Event),
    /// The answer to the request that this turn asked for at this place.
    Answer { turn: u32, index: u16, response: Response },
    /// Somebody ends the session from outside.
    EndSession { outcome: String },
    /// Somebody at the desk did something.
    Desk(DeskAct),
    /// What was due, as [`Conversation::due`] found it.
    Due(Due),
    /// The alarm went off with nothing due.
    Alarm,
}

/// The event of a turn, and what was done before it.
pub(super) struct Began {
    pub event: Event,
    pub fields: Vec<NamedJson>,
    /// The host has decided by itself: the plugin is not asked.
    pub decided: Option<Outcome>,
    pub ended: Vec<Ended>,
    /// What a remote desk hears of it.
    pub desk: Vec<DeskMessage>,
}

impl Began {
    fn asking(event: Event) -> Self {
        Self { event, fields: Vec::new(), decided: None, ended: Vec::new(), desk: Vec::new() }
    }

    pub(super) fn decided(event: Event, outcome: Outcome) -> Self {
        Self { decided: Some(outcome), ..Self::asking(event) }
    }
}

/// None where there is nothing to decide.
pub(super) fn began(
    conversation: &mut Conversation,
    route: &Route,
    catalog: &dyn Catalog,
    now: Timestamp,
    cause: Cause,
) -> Option<Began> {
    choose_again(conversation, route, catalog);
    match cause {
        Cause::Inbound { id, inbound, received } => {
            let waiting = Waiting { id, inbound, received };
            let kept_back = arrive(conversation, route, catalog, &waiting, now);
            if kept_back {
                conversation.waiting.push(waiting);
                return None;
            }
            Some(deliver(conversation, route, catalog, now, vec![waiting]))
        }
        Cause::Desk(act) => handoff::acted(conversation, &rules(catalog), catalog, now, act),
        Cause::Due(Due::Owner) => handoff::came_due(conversation, &rules(catalog), catalog, now),
        Cause::Due(Due::Waiting) => {
            let messages = take_waiting(conversation, route, catalog);
            (!messages.is_empty()).then(|| deliver(conversation, route, catalog, now, messages))
        }
        Cause::Due(Due::Next) if conversation.next.is_empty() => None,
        Cause::Due(Due::Next) => {
            let event = conversation.next.remove(0);
            Some(happen(conversation, now, event))
        }
        Cause::Due(Due::Timer(place)) if place >= conversation.timers.len() => None,
        Cause::Due(Due::Timer(place)) => {
            let timer = conversation.timers.remove(place);
            let fired = TimerFired { name: timer.name, payload: timer.payload, due: timer.due };
            Some(happen(conversation, now, Event::Timer(fired)))
        }
        Cause::Due(Due::Expiry(_)) => {
            let idle = now.since(conversation.last_turn);
            let idle_seconds = u32::try_from(idle.as_secs()).unwrap_or(u32::MAX);
            conversation.chain = 0;
            Some(Began::asking(Event::SessionExpired { idle_seconds }))
        }
        // What people said last is not the bot's to answer.
        Cause::Event(Event::DeliveryFailed(_)) if conversation.control.owner == Owner::Closed => None,
        Cause::Event(event) if conversation.control.owner.is_at_desk() => handoff::hold(conversation, event),
        Cause::Event(event) => Some(happen(conversation, now, event)),
        Cause::Answer { turn, index, response } => {
            let asked = |request: &super::kept::PendingRequest| (request.turn, request.index) == (turn, index);
            let place = conversation.requests.iter().position(asked)?;
            conversation.requests.remove(place);
            if conversation.control.owner.is_at_desk() {
                return handoff::hold(conversation, Event::Response(response));
            }
            Some(happen(conversation, now, Event::Response(response)))
        }
        Cause::EndSession { outcome } => end_from_outside(conversation, route, catalog, now, &outcome),
        Cause::Alarm => None,
    }
}

/// A conversation that is at a desk which is not configured any more goes on by the rules of one that is.
fn rules(catalog: &dyn Catalog) -> DeskRules {
    catalog.desk().cloned().unwrap_or_default()
}

/// A conversation whose bot is gone from configuration and folder goes to the source's own.
fn choose_again(conversation: &mut Conversation, route: &Route, catalog: &dyn Catalog) {
    if route.bot.is_empty() {
        // A source that was taken out of the configuration has no bot: its turns fail by name instead of vanishing.
        conversation.bot.clear();
    } else if conversation.bot.is_empty() {
        conversation.bot.clone_from(&route.bot);
    } else if !catalog.has_bot(&conversation.bot) {
        conversation.hand_to(&route.bot);
    }
}

/// An event that no message is: something from outside begins a session, what an earlier turn led to goes on in whatever there is.
fn happen(conversation: &mut Conversation, now: Timestamp, event: Event) -> Began {
    if event.is_consequence() {
        conversation.chain = conversation.chain.saturating_add(1);
    } else {
        conversation.chain = 0;
    }
    if !conversation.in_session() && !matches!(event, Event::DeliveryFailed(_) | Event::Response(_)) {
        if conversation.control.owner == Owner::Closed {
            handoff::called_off(conversation, &DeskRules::default(), now, Owner::Bot, "");
        }
        begin_session(conversation);
    }
    Began::asking(event)
}

fn begin_session(conversation: &mut Conversation) {
    conversation.session = conversation.session.saturating_add(1);
    conversation.session_ended = false;
    conversation.had_people = conversation.control.owner.is_at_desk();
    conversation.plugin_digest = [0; 8];
}

/// What a message does to what is under way. True if it has to wait for its turn.
fn arrive(
    conversation: &mut Conversation,
    route: &Route,
    catalog: &dyn Catalog,
    message: &Waiting,
    now: Timestamp,
) -> bool {
    conversation.user.clone_from(&message.inbound.user);
    conversation.last_inbound = message.received;
    conversation.timers.retain(|timer| !timer.cancel_on_message);
    conversation.requests.retain(|request| request.while_waiting != WhileWaiting::Cancel);
    if command(conversation, route, catalog, message).is_some() {
        // Nobody who says stop wants to wait for it; what was said before comes first all the same.
        conversation.requests.retain(|request| request.while_waiting != WhileWaiting::Hold);
        conversation.burst_closes = Timestamp::default();
        return !conversation.waiting.is_empty();
    }
    if conversation.control.owner.is_at_desk() {
        conversation.burst_closes = Timestamp::default();
        return !conversation.waiting.is_empty();
    }
    if let Some(window) = catalog.burst_window(bot_of(conversation, route, message)) {
        let first = conversation.waiting.first().map_or(message.received, |first| first.received);
        let last = first.after(window.saturating_mul(BURST_WINDOWS_MAX));
        conversation.burst_closes = now.after(window).min(last);
        return true;
    }
    conversation.burst_closes = Timestamp::default();
    conversation.is_held() || !conversation.waiting.is_empty()
}

/// The messages whose turn it is: one, or all of a burst up to a command.
fn take_waiting(conversation: &mut Conversation, route: &Route, catalog: &dyn Catalog) -> Vec<Waiting> {
    let Some(first) = conversation.waiting.first() else { return Vec::new() };
    let together = catalog.burst_window(bot_of(conversation, route, first)).is_some();
    let is_command = |message: &Waiting| command(conversation, route, catalog, message).is_some();
    let count = if !together || is_command(first) {
        1
    } else {
        conversation.waiting.iter().take(BURST_MESSAGES_MAX).take_while(|message| !is_command(message)).count()
    };
    conversation.waiting.drain(..count).collect()
}

/// The turn of these messages, of which there is at least one.
fn deliver(
    conversation: &mut Conversation,
    route: &Route,
    catalog: &dyn Catalog,
    now: Timestamp,
    mut messages: Vec<Waiting>,
) -> Began {
    let mut ended = Vec::new();
    let mut desk = Vec::new();
    let spoken = |conversation: &Conversation, messages: &[Waiting]| match messages {
        [only] => command(conversation, route, catalog, only).cloned(),
        _ => None,
    };
    let said_to_people = spoken(conversation, &messages).filter(|_| conversation.control.owner.is_at_desk());
    if conversation.control.owner.is_at_desk() {
        match (said_to_people.as_ref().map(|said| said.command), &conversation.control.owner) {
            (Some(Command::Stop), _) => {
                desk = handoff::called_off(conversation, &rules(catalog), now, Owner::Closed, "the user said stop");
            }
            (Some(Command::Restart), Owner::Offered) => {
                desk = handoff::called_off(
                    conversation,
                    &rules(catalog),
                    now,
                    Owner::Bot,
                    "the user went back to the bot",
                );
            }
            _ => return handoff::heard(conversation, &rules(catalog), now, event(conversation, route, messages)),
        }
    } else if conversation.control.owner == Owner::Closed {
        desk = handoff::called_off(conversation, &DeskRules::default(), now, Owner::Bot, "");
    }
    let first = &messages[0];
    if conversation.in_session() && catalog.release(&conversation.bot).restarts(conversation.plugin_digest) {
        ended.push(end(conversation, &route.carry_over, "upgraded"));
    }
    if conversation.in_session()
        && let Some(bot) = route.interruption(&first.inbound, first.received)
        && bot != conversation.bot
    {
        ended.push(end(conversation, &route.carry_over, "interrupted"));
    }
    let command = said_to_people.or_else(|| spoken(conversation, &messages));
    if let Some(Spoken { command: Command::Restart, .. }) = command {
        ended.push(end(conversation, &[], "restarted"));
    }
    if !conversation.in_session() {
        let bot = route.bot_for(&first.inbound, first.received).to_owned();
        begin_session(conversation);
        conversation.hand_to(&bot);
    }
    conversation.chain = 0;
    let decided = command.as_ref().and_then(Spoken::decision);
    if let Some(Spoken { command: Command::Stop, .. }) = command {
        conversation.end_session(&[]);
        conversation.forget_what_is_under_way();
    }
    let fields = messages.last_mut().map(|last| std::mem::take(&mut last.inbound.fields)).unwrap_or_default();
    let event = event(conversation, route, messages);
    let decided = decided.map(Outcome::Decided);
    Began { event, fields, decided, ended, desk }
}

fn event(conversation: &Conversation, route: &Route, messages: Vec<Waiting>) -> Event {
    let offered = &conversation.offered;
    let mut events: Vec<Message> = messages
        .into_iter()
        .map(|Waiting { id, inbound, received }| {
            let choice = effects::chosen(offered, &inbound.text, route.numbered_choices);
            let Inbound { text, media, flow_response, .. } = inbound;
            Message { id, text, media, choice, flow_response, received }
        })
        .collect();
    match events.pop() {
        Some(only) if events.is_empty() => Event::Message(only),
        last => {
            events.extend(last);
            Event::Burst(events)
        }
    }
}

fn end(conversation: &mut Conversation, carry_over: &[String], outcome: &str) -> Ended {
    let bot = conversation.bot.clone();
    conversation.end_session(carry_over);
    conversation.forget_what_is_under_way();
    Ended { bot, outcome: outcome.into() }
}

/// The plugin is not asked: whoever ends a session from outside wants it ended.
fn end_from_outside(
    conversation: &mut Conversation,
    route: &Route,
    catalog: &dyn Catalog,
    now: Timestamp,
    outcome: &str,
) -> Option<Began> {
    if !conversation.in_session() {
        return None;
    }
    let mut desk = Vec::new();
    if conversation.control.owner.is_at_desk() {
        desk = handoff::called_off(conversation, &rules(catalog), now, Owner::Closed, outcome);
    }
    conversation.end_session(&route.carry_over);
    conversation.forget_what_is_under_way();
    let value = serde_json::Value::from(outcome).to_string();
    let event = Event::External(NamedJson { name: "end-session".into(), value });
    let effects = vec![Effect::EndSession(outcome.into())];
    let decided = Outcome::Decided(Decision { state: NextState::Keep, effects, step: None });
    Some(Began { desk, ..Began::decided(event, decided) })
}

/// The command that a message is, unless its bot handles commands itself.
fn command<'a>(
    conversation: &Conversation,
    route: &'a Route,
    catalog: &dyn Catalog,
    message: &Waiting,
) -> Option<&'a Spoken> {
    let Inbound { text, media, user, .. } = &message.inbound;
    let found = route.commands.find(text, user.language.as_deref()).filter(|_| media.is_empty())?;
    match conversation.control.owner {
        // The bot does not hear it, so it cannot handle it; nor does somebody who talks to people want to talk to the bot.
        Owner::Agent(_) | Owner::Parked { .. } => return Some(found).filter(|said| said.command == Command::Stop),
        Owner::Offered => {
            return Some(found).filter(|said| matches!(said.command, Command::Stop | Command::Restart));
        }
        Owner::Bot | Owner::Closed => {}
    }
    (!catalog.handles_commands(bot_of(conversation, route, message))).then_some(found)
}

/// The bot that would get the message.
fn bot_of<'a>(conversation: &'a Conversation, route: &'a Route, message: &Waiting) -> &'a str {
    let chosen = || route.bot_for(&message.inbound, message.received);
    let interruption = || route.interruption(&message.inbound, message.received);
    if conversation.in_session() { interruption().unwrap_or(&conversation.bot) } else { chosen() }
}

#[cfg(test)]
mod tests;
