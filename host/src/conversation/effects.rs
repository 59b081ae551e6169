//! What follows from a decision's effects: which become outbox rows, which lead to another turn, which this host cannot do.

use std::time::Duration;

use super::context::Context;
use super::desk::{DeskMessage, DeskRules};
use super::kept::Conversation;
use super::release::Release;
use super::routing::Route;
use super::{
    AttributeChange, Author, Choice, ConversationId, Decision, DeliveryFailure, Effect, Event, Handoff, HandoffUpdate,
    NamedJson, Reply, Request, RequestError, Response, Timer,
};
use crate::limits::{REPLY_WINDOW, TIMER_DELAY_MIN, TRACK_WINDOW};
use crate::outbox::{Action, Entry, Recipient};

/// What is configured, and what the plugins that serve say of themselves.
pub trait Catalog {
    /// Why the bot may not trigger this campaign; none where it may.
    fn denies_campaign(&self, bot: &str, name: &str) -> Option<String>;
    /// Why the bot may not let users enter this Canvas; none where it may.
    fn denies_canvas(&self, bot: &str, name: &str) -> Option<String>;
    /// Why the bot may not call this connection; none where it may.
    fn denies_connection(&self, bot: &str, name: &str) -> Option<String>;
    /// Whether there is such a bot, configured or in the plugins folder.
    fn has_bot(&self, name: &str) -> bool;
    /// `[plugins.BOT.settings]`
    fn settings(&self, bot: &str) -> Vec<NamedJson>;
    /// For how long messages of a bot's user are taken together; none where each is a turn of its own.
    fn burst_window(&self, bot: &str) -> Option<Duration>;
    /// Whether the bot handles `commands` itself.
    fn handles_commands(&self, bot: &str) -> bool;
    /// By which rules people take conversations over, if they do.
    fn desk(&self) -> Option<&DeskRules> {
        None
    }
    /// The versions of the bot that are there.
    fn release(&self, _bot: &str) -> Release {
        Release::default()
    }
}

/// A decision's effects by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Each with the place of its effect; what is tracked on its own comes behind the last.
    pub actions: Vec<(u16, Action)>,
    pub offered: Vec<Choice>,
    /// What the turn leads to at once.
    pub next: Vec<Event>,
    /// In the order they were asked for.
    pub timers: Vec<TimerChange>,
    /// Each with the place of its effect.
    pub requests: Vec<(u16, Request)>,
    /// People are asked for, by the effect at this place.
    pub handoff: Option<(u16, Handoff)>,
    /// What a remote desk hears.
    pub desk: Vec<DeskMessage>,
    /// The bot that is to have the conversation, and what it is told.
    pub switch: Option<NamedJson>,
    /// The session's outcome, where it ends.
    pub ended: Option<String>,
    /// Each names the effect and says why it was not done.
    pub unsupported: Vec<String>,
}

/// What becomes of a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerChange {
    Start(Timer),
    Cancel(String),
}

impl TimerChange {
    /// The timer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Start(timer) => &timer.name,
            Self::Cancel(name) => name,
        }
    }
}

impl Timer {
    /// From the turn to the timer. Never none: a timer that fired at once would be a loop without end.
    #[must_use]
    pub fn delay(&self) -> Duration {
        Duration::from_secs(self.delay_seconds.into()).max(TIMER_DELAY_MIN)
    }
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

    /// Whether somebody waits for what the bot says next: the user who wrote, and who may have been told to wait since.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        let turned_away = matches!(self, Self::Handoff(HandoffUpdate::Failed(_) | HandoffUpdate::Returned(_)));
        self.is_from_user() || turned_away || matches!(self, Self::Response(_) | Self::Switched(_))
    }

    /// Whether the bot only hears of it, because people have the conversation.
    #[must_use]
    pub fn is_heard_in_silence(&self) -> bool {
        matches!(self, Self::Handoff(HandoffUpdate::Accepted(_)))
    }

    /// Whether an earlier turn led to it, rather than the user, time, or another system. Only so many of those follow one another: a
    /// plugin that answers each failure with another failing effect would never come to rest.
    #[must_use]
    pub fn is_consequence(&self) -> bool {
        matches!(self, Self::DeliveryFailed(_) | Self::Handoff(_) | Self::Response(_) | Self::Switched(_))
    }
}

/// Sorts a decision's effects. Attribute changes ride with the turn's first send, so that Braze applies them before it; without
/// one they are tracked on their own.
#[must_use]
pub fn sort(decision: &Decision, event: &Event, turn: u32, bot: &str, route: &Route, catalog: &dyn Catalog) -> Sorted {
    let mut sorted = Sorted::default();
    let mut attributes = Vec::new();
    let mut events = Vec::new();
    for (index, effect) in (0u16..).zip(&decision.effects) {
        match effect {
            _ if event.is_heard_in_silence() && effect.speaks() => {
                sorted.unsupported(effect, "an agent has the conversation");
            }
            Effect::Reply(reply) => {
                let campaign = reply.campaign.as_deref().unwrap_or(&route.campaign);
                if let Some(reason) = catalog.denies_campaign(bot, campaign) {
                    sorted.not_sent(effect, turn, campaign, reason);
                } else {
                    sorted.offered.extend(reply.choices.iter().cloned());
                    sorted.actions.push((index, reply_action(route, reply.clone())));
                }
            }
            Effect::SendCampaign(send) => match catalog.denies_campaign(bot, &send.name) {
                Some(reason) => sorted.not_sent(effect, turn, &send.name, reason),
                None => {
                    let (campaign, properties) = (send.name.clone(), send.properties.clone());
                    sorted.actions.push((index, Action::Campaign { campaign, properties, attributes: Vec::new() }));
                }
            },
            Effect::SendCanvas(send) => match catalog.denies_canvas(bot, &send.name) {
                Some(reason) => sorted.not_sent(effect, turn, &send.name, reason),
                None => {
                    let (canvas, properties) = (send.name.clone(), send.properties.clone());
                    sorted.actions.push((index, Action::Canvas { canvas, properties, attributes: Vec::new() }));
                }
            },
            Effect::ChangeAttribute(change) => attributes.push(change.clone()),
            Effect::TrackEvent(event) => events.push(event.clone()),
            Effect::EndSession(outcome) => sorted.ended = Some(outcome.clone()),
            Effect::StartTimer(timer) => sorted.timers.push(TimerChange::Start(timer.clone())),
            Effect::CancelTimer(name) => sorted.timers.push(TimerChange::Cancel(name.clone())),
            Effect::SwitchBot(to) => sorted.switch = Some(to.clone()),
            Effect::Handoff(_) if catalog.desk().is_none() => {
                let reason = "no desk is configured";
                sorted.unsupported(effect, reason);
                sorted.next.push(Event::Handoff(HandoffUpdate::Failed(reason.into())));
            }
            Effect::Handoff(_) if sorted.handoff.is_some() => {
                sorted.unsupported(effect, "people are asked for already")
            }
            Effect::Handoff(handoff) => sorted.handoff = Some((index, handoff.clone())),
            Effect::Request(request) => match catalog.denies_connection(bot, &request.connection) {
                None => sorted.requests.push((index, request.clone())),
                Some(reason) => {
                    sorted.unsupported(effect, &reason);
                    let outcome = Err(RequestError::Denied(reason));
                    sorted.next.push(Event::Response(Response { id: request.id.clone(), outcome }));
                }
            },
            Effect::Custom(custom) => sorted.unsupported(effect, &format!("this host does not know {:?}", custom.name)),
            Effect::Note(text) if catalog.desk().is_some() => {
                sorted.desk.push(DeskMessage::Note { text: text.clone() })
            }
            Effect::Note(_) => sorted.unsupported(effect, "no desk is configured"),
        }
    }
    let attributes = ride_along(&mut sorted.actions, attributes);
    if !attributes.is_empty() || !events.is_empty() {
        let index = u16::try_from(decision.effects.len()).unwrap_or(u16::MAX);
        sorted.actions.push((index, Action::Track { attributes, events }));
    }
    // A campaign that is always refused would keep the two talking for ever.
    if matches!(event, Event::DeliveryFailed(_)) {
        sorted.next.retain(|next| !matches!(next, Event::DeliveryFailed(_)));
    }
    sorted
}

impl Sorted {
    fn unsupported(&mut self, effect: &Effect, reason: &str) {
        self.unsupported.push(format!("{}: {reason}", effect.kind()));
    }

    fn not_sent(&mut self, effect: &Effect, turn: u32, name: &str, reason: String) {
        self.unsupported(effect, &reason);
        let failure = DeliveryFailure { turn, campaign: name.into(), reason, ambiguous: false };
        self.next.push(Event::DeliveryFailed(failure));
    }
}

/// Adds the change of an attribute to what leaves with the turn.
pub(super) fn also_change(sorted: &mut Sorted, decision: Option<&Decision>, change: AttributeChange) {
    let left = ride_along(&mut sorted.actions, vec![change]);
    if left.is_empty() {
        return;
    }
    if let Some((_, Action::Track { attributes, .. })) = sorted.actions.last_mut() {
        attributes.extend(left);
        return;
    }
    let behind = decision.map_or(0, |decision| decision.effects.len());
    let index = u16::try_from(behind).unwrap_or(u16::MAX);
    sorted.actions.push((index, Action::Track { attributes: left, events: Vec::new() }));
}

fn ride_along(actions: &mut [(u16, Action)], changes: Vec<AttributeChange>) -> Vec<AttributeChange> {
    match actions.first_mut() {
        Some((
            _,
            Action::Reply { attributes, .. } | Action::Campaign { attributes, .. } | Action::Canvas { attributes, .. },
        )) => {
            attributes.extend(changes);
            Vec::new()
        }
        _ => changes,
    }
}

pub(super) fn reply_action(route: &Route, reply: Reply) -> Action {
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
        author: if matches!(event, Event::Desk(_)) { Author::Agent } else { Author::Bot },
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
