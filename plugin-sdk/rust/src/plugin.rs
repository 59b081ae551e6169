//! The trait a plugin implements.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{DeliveryFailure, Error, Event, HandoffUpdate, Message, NamedJson, Response, Result, TimerFired, Turn};

/// A plugin: what it does with each kind of event. Only [`on_message`](Self::on_message) is required.
///
/// There is no `self`: every turn runs in a fresh instance, and all that lasts is [`State`](Self::State).
pub trait Plugin: Sized {
    /// What is remembered between turns, as JSON of at most 64 KiB. A conversation starts with the default, so a type
    /// whose fields all have defaults (`#[serde(default)]` on the struct) can grow without a migration.
    type State: Serialize + DeserializeOwned + Default;

    /// Written beside every stored state; raise it when [`migrate`](Self::migrate) has something new to do.
    const STATE_VERSION: u32 = 1;
    /// The steps that [`Turn::step`] names, in the order a conversation passes through them.
    const STEPS: &'static [&'static str] = &[];
    /// The connections that [`Turn::request`] calls; each needs a grant in the configuration.
    const CONNECTIONS: &'static [&'static str] = &[];
    /// The campaigns and Canvases that are triggered by name; each needs a grant in the configuration.
    const CAMPAIGNS: &'static [&'static str] = &[];
    /// What this plugin handles itself that the host otherwise would, e.g. `"commands"`.
    const HANDLES: &'static [&'static str] = &[];

    /// The user wrote.
    fn on_message(turn: &mut Turn<Self::State>, message: &Message) -> Result;

    /// The user wrote several messages within the bot's coalescing window, oldest first. By default each is handled
    /// like a message that came alone.
    fn on_burst(turn: &mut Turn<Self::State>, messages: &[Message]) -> Result {
        messages.iter().try_for_each(|message| Self::on_message(turn, message))
    }

    /// A timer of [`Turn::start_timer`] came due.
    fn on_timer(_turn: &mut Turn<Self::State>, timer: &TimerFired) -> Result {
        crate::warn!("no on_timer handles the timer {}", timer.name);
        Ok(())
    }

    /// The answer to a [`Turn::request`], or why there is none.
    fn on_response(_turn: &mut Turn<Self::State>, response: &Response) -> Result {
        crate::warn!("no on_response handles the response to {}", response.id);
        Ok(())
    }

    /// A reply or campaign of an earlier turn was not delivered to Braze.
    fn on_delivery_failed(_turn: &mut Turn<Self::State>, failure: &DeliveryFailure) -> Result {
        crate::warn!("campaign {} of turn {} was not delivered: {}", failure.campaign, failure.turn, failure.reason);
        Ok(())
    }

    /// A handoff of [`Turn::handoff`] failed, was accepted, or came back.
    fn on_handoff(_turn: &mut Turn<Self::State>, _update: &HandoffUpdate) -> Result {
        Ok(())
    }

    /// The session ended after this many idle seconds. What is in `turn.state` afterwards is what the next session
    /// starts with; where that is the default, as it is unless you override this, what the source carries over.
    fn on_session_expired(turn: &mut Turn<Self::State>, _idle_seconds: u32) -> Result {
        turn.state = Self::State::default();
        Ok(())
    }

    /// Another bot passed the conversation here; the name is that bot's, the value its payload.
    fn on_switched(_turn: &mut Turn<Self::State>, from: &NamedJson) -> Result {
        crate::warn!("no on_switched handles the conversation that came from {}", from.name);
        Ok(())
    }

    /// Another system pushed an event in, e.g. "order-shipped".
    fn on_external(_turn: &mut Turn<Self::State>, event: &NamedJson) -> Result {
        crate::warn!("no on_external handles {}", event.name);
        Ok(())
    }

    /// Every event passes through here. Override it for what concerns all of them, and end it with [`dispatch`].
    fn on_event(turn: &mut Turn<Self::State>, event: &Event) -> Result {
        dispatch::<Self>(turn, event)
    }

    /// Turns a state that version `from` stored into one that [`State`](Self::State) reads. By default it is left as
    /// it is.
    ///
    /// # Errors
    /// A state that cannot be migrated; the turn fails as a bad state and the stored state stays as it was.
    fn migrate(state: String, from: u32) -> Result<String, Error> {
        let _ = from;
        Ok(state)
    }
}

/// Hands an event to its own method.
///
/// # Errors
/// What that method returns.
pub fn dispatch<P: Plugin>(turn: &mut Turn<P::State>, event: &Event) -> Result {
    match event {
        Event::Message(message) => P::on_message(turn, message),
        Event::Burst(messages) => P::on_burst(turn, messages),
        Event::Timer(timer) => P::on_timer(turn, timer),
        Event::Response(response) => P::on_response(turn, response),
        Event::DeliveryFailed(failure) => P::on_delivery_failed(turn, failure),
        Event::Handoff(update) => P::on_handoff(turn, update),
        Event::SessionExpired(idle_seconds) => P::on_session_expired(turn, *idle_seconds),
        Event::Switched(from) => P::on_switched(turn, from),
        Event::External(event) => P::on_external(turn, event),
    }
}
