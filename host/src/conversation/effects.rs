//! What follows from a decision's effects: which become outbox rows, which lead to another turn, which this host cannot do.

use super::context::Context;
use super::turn::{Conversation, Route};
use super::{
    AttributeChange, Choice, ConversationId, Decision, DeliveryFailure, Effect, Event, HandoffUpdate, Reply,
    RequestError, Response,
};
use crate::limits::{REPLY_WINDOW, TRACK_WINDOW};
use crate::outbox::{Action, Entry, Recipient};

/// Which campaigns and Canvases are configured.
pub trait Catalog {
    fn has_campaign(&self, name: &str) -> bool;
    fn has_canvas(&self, name: &str) -> bool;
}

/// A decision's effects by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Each with the place of its effect; what is tracked on its own comes behind the last.
    pub actions: Vec<(u16, Action)>,
    pub offered: Vec<Choice>,
    pub follow_ups: Vec<Event>,
    /// Each names the effect and says why it was not done.
    pub unsupported: Vec<String>,
}

impl Sorted {
    /// Nothing but this reply.
    #[must_use]
    pub fn only_reply(route: &Route, reply: Reply) -> Self {
        Self { actions: vec![(0, reply_action(route, reply))], ..Self::default() }
    }
}

impl Event {
    /// Whether a person is waiting for an answer.
    #[must_use]
    pub fn is_from_user(&self) -> bool {
        matches!(self, Self::Message(_) | Self::Burst(_))
    }

    /// Whether an earlier turn's effect led to it. Such a turn leads to no further turns by itself: a plugin that answers each
    /// failure with another failing effect would never come to rest.
    fn is_consequence(&self) -> bool {
        matches!(self, Self::DeliveryFailed(_) | Self::Handoff(_) | Self::Response(_))
    }
}

/// Whether the decision asks for a new session.
#[must_use]
pub fn ends_session(decision: &Decision) -> bool {
    decision.effects.iter().any(|effect| matches!(effect, Effect::EndSession(_)))
}

/// Sorts a decision's effects. Attribute changes ride with the turn's first send, so that Braze applies them before it; without
/// one they are tracked on their own.
#[must_use]
pub fn sort(decision: &Decision, event: &Event, turn: u32, route: &Route, catalog: &dyn Catalog) -> Sorted {
    let mut sorted = Sorted::default();
    let mut attributes = Vec::new();
    let mut events = Vec::new();
    for (index, effect) in (0u16..).zip(&decision.effects) {
        match effect {
            Effect::Reply(reply) => {
                let campaign = reply.campaign.as_deref().unwrap_or(&route.campaign);
                if catalog.has_campaign(campaign) {
                    sorted.offered.extend(reply.choices.iter().cloned());
                    sorted.actions.push((index, reply_action(route, reply.clone())));
                } else {
                    sorted.not_configured("campaign", effect, turn, campaign);
                }
            }
            Effect::SendCampaign(send) if catalog.has_campaign(&send.name) => {
                let (campaign, properties) = (send.name.clone(), send.properties.clone());
                sorted.actions.push((index, Action::Campaign { campaign, properties, attributes: Vec::new() }));
            }
            Effect::SendCampaign(send) => sorted.not_configured("campaign", effect, turn, &send.name),
            Effect::SendCanvas(send) if catalog.has_canvas(&send.name) => {
                let (canvas, properties) = (send.name.clone(), send.properties.clone());
                sorted.actions.push((index, Action::Canvas { canvas, properties, attributes: Vec::new() }));
            }
            Effect::SendCanvas(send) => sorted.not_configured("Canvas", effect, turn, &send.name),
            Effect::ChangeAttribute(change) => attributes.push(change.clone()),
            Effect::TrackEvent(event) => events.push(event.clone()),
            Effect::EndSession(_) => {}
            Effect::Handoff(_) => {
                let reason = "no desk is configured";
                sorted.unsupported(effect, reason);
                sorted.follow_ups.push(Event::Handoff(HandoffUpdate::Failed(reason.into())));
            }
            Effect::Request(request) => {
                let reason = "this host makes no requests";
                sorted.unsupported(effect, reason);
                let outcome = Err(RequestError::Denied(reason.into()));
                sorted.follow_ups.push(Event::Response(Response { id: request.id.clone(), outcome }));
            }
            Effect::Custom(custom) => sorted.unsupported(effect, &format!("this host does not know {:?}", custom.name)),
            Effect::StartTimer(_) | Effect::CancelTimer(_) => sorted.unsupported(effect, "this host has no timers"),
            Effect::SwitchBot(_) => sorted.unsupported(effect, "this host has one bot a source"),
            Effect::Note(_) => sorted.unsupported(effect, "no desk is configured"),
        }
    }
    let attributes = ride_along(&mut sorted.actions, attributes);
    if !attributes.is_empty() || !events.is_empty() {
        let index = u16::try_from(decision.effects.len()).unwrap_or(u16::MAX);
        sorted.actions.push((index, Action::Track { attributes, events }));
    }
    if event.is_consequence() {
        sorted.follow_ups.clear();
    }
    sorted
}

impl Sorted {
    fn unsupported(&mut self, effect: &Effect, reason: &str) {
        self.unsupported.push(format!("{}: {reason}", effect.kind()));
    }

    fn not_configured(&mut self, what: &str, effect: &Effect, turn: u32, name: &str) {
        let reason = format!("no {what} named {name:?} is configured");
        self.unsupported(effect, &reason);
        let failure = DeliveryFailure { turn, campaign: name.into(), reason, ambiguous: false };
        self.follow_ups.push(Event::DeliveryFailed(failure));
    }
}

fn ride_along(actions: &mut [(u16, Action)], changes: Vec<AttributeChange>) -> Vec<AttributeChange> {
    match actions.first_mut() {
        Some((
            _,
            Action::Reply { attributes, .. } | Action::Campaign { attributes, .. } | Action::Canvas { attributes, .. },
        )) => {
            *attributes = changes;
            Vec::new()
        }
        _ => changes,
    }
}

fn reply_action(route: &Route, reply: Reply) -> Action {
    let Reply { text, choices, media, campaign, properties } = reply;
    let campaign = campaign.unwrap_or_else(|| route.campaign.clone());
    Action::Reply { campaign, text, choices, media, properties, attributes: Vec::new() }
}

/// Addresses the actions. Where nothing names the user to Braze there is nobody to send to, and the actions are named as not done.
#[must_use]
pub fn entries(
    sorted: &mut Sorted,
    id: ConversationId,
    conversation: &Conversation,
    context: &Context,
    event: &Event,
) -> Vec<Entry> {
    let Some(recipient) = Recipient::of(&conversation.user) else {
        let unsent = sorted.actions.iter().map(|(_, action)| action.kind());
        sorted.unsupported.extend(unsent.map(|kind| format!("{kind}: nothing names the user to Braze")));
        return Vec::new();
    };
    let entry = |(index, action): &(u16, Action)| Entry {
        conversation: id,
        turn: context.turn,
        index: *index,
        source: conversation.source.clone(),
        recipient: recipient.clone(),
        action: action.clone(),
        created: context.now,
        expires: match action {
            Action::Track { .. } => context.now.after(TRACK_WINDOW),
            // A free-form reply is refused by WhatsApp once the window since the user's last message has closed.
            Action::Reply { .. } => conversation.last_inbound.after(REPLY_WINDOW),
            Action::Campaign { .. } | Action::Canvas { .. } => context.now.after(REPLY_WINDOW),
        },
        fence: conversation.fence,
        failure_is_told: !matches!(event, Event::DeliveryFailed(_)),
    };
    sorted.actions.iter().map(entry).collect()
}

/// The choice that a text means: Braze hands back the title of what was tapped, with the description below it in a list, and where
/// choices were shown as numbered lines people type the number.
#[must_use]
pub fn chosen(offered: &[Choice], text: &str, numbered: bool) -> Option<String> {
    let said = normal(text);
    let by_title = offered.iter().find(|choice| {
        let title = normal(&choice.title);
        said == title
            || choice.description.as_ref().is_some_and(|description| said == format!("{title} {}", normal(description)))
    });
    let by_number = || {
        let number: usize = said.trim_end_matches('.').parse().ok().filter(|_| numbered)?;
        offered.get(number.checked_sub(1)?)
    };
    by_title.or_else(by_number).map(|choice| choice.id.clone())
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
pub(super) mod tests;
