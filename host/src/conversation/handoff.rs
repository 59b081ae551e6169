//! How a conversation comes to people and back: every change of owner, and what each leads to.

mod acting;

use super::arrival::Began;
use super::control::{OpenHandoff, Owner};
use super::desk::{Act, Agent, DeskAct, DeskMessage, DeskRules};
use super::effects::Catalog;
use super::kept::Conversation;
use super::{Author, Decision, DeskStatus, Effect, Event, Handoff, HandoffUpdate, Message, NextState, Outcome, Reply};
use crate::clock::Timestamp;
use crate::limits::EVENTS_HELD_MAX;
pub(super) use acting::acted;

/// Why something is not done, for whoever wanted it.
type Refused = String;

/// The kind of failure that a refused act is in the journal.
pub const REFUSED: &str = "not-allowed";

/// Asks for people, if they are there. On what follows for the user and the bot decides the caller: the reason why nobody comes is for both.
pub(super) fn offer(
    conversation: &mut Conversation,
    rules: &DeskRules,
    now: Timestamp,
    handoff: &Handoff,
) -> Result<DeskMessage, Refused> {
    if !conversation.control.owner.is_bot() {
        return Err("people have the conversation already".into());
    }
    if let Some(team) = handoff.team.as_ref().filter(|team| !rules.teams.is_empty() && !rules.teams.contains(team)) {
        return Err(format!("the desk has no team {team:?}"));
    }
    if let DeskStatus::Closed(_) = rules.hours.status(now) {
        return Err("the desk is closed".into());
    }
    Ok(offered(conversation, rules, now, OpenHandoff::of(handoff, now)))
}

fn offered(conversation: &mut Conversation, rules: &DeskRules, now: Timestamp, handoff: OpenHandoff) -> DeskMessage {
    let control = &mut conversation.control;
    if control.handoff.is_none() {
        control.handoffs = control.handoffs.saturating_add(1);
        (control.remote_id, control.noticed) = (None, now);
        control.lines.clear();
    }
    let due = now.after(rules.offer_timeout(handoff.priority));
    let OpenHandoff { reason, summary, team, priority, .. } = handoff.clone();
    conversation.control.handoff = Some(handoff);
    change_owner(conversation, now, Owner::Offered, Some(due));
    let (user, bot, step) = (Box::new(conversation.user.clone()), conversation.bot.clone(), conversation.step.clone());
    DeskMessage::Open { reason, summary, team, priority, user, bot, step }
}

/// Every change of owner: whatever the bot said before and has not left is not sent any more.
fn change_owner(conversation: &mut Conversation, now: Timestamp, owner: Owner, due: Option<Timestamp>) {
    conversation.fence = conversation.fence.saturating_add(1);
    let control = &mut conversation.control;
    (control.owner, control.since, control.due) = (owner, now, due);
    if control.owner.is_bot() || control.owner == Owner::Closed {
        control.handoff = None;
        control.unanswered = 0;
        control.lines.clear();
    } else {
        conversation.had_people = true;
        // What an earlier turn leads to is for when the bot has the conversation again; who took it before is of no use then.
        conversation.next.retain(|next| !matches!(next, Event::Handoff(HandoffUpdate::Accepted(_))));
        control.held.append(&mut conversation.next);
    }
    conversation.burst_closes = Timestamp::default();
}

/// What the bot hears first, then what it would have heard meanwhile.
fn back_to_bot(conversation: &mut Conversation, update: Option<HandoffUpdate>) {
    let held = std::mem::take(&mut conversation.control.held);
    conversation.next = update.into_iter().map(Event::Handoff).chain(held).collect();
}

/// The owner's time has passed.
pub(super) fn came_due(
    conversation: &mut Conversation,
    rules: &DeskRules,
    catalog: &dyn Catalog,
    now: Timestamp,
) -> Option<Began> {
    let act = match &conversation.control.owner {
        Owner::Offered => Act::Expire,
        Owner::Parked { until: Some(_), .. } => Act::Resume,
        Owner::Agent(_) | Owner::Parked { until: None, .. } => Act::Close,
        Owner::Bot | Owner::Closed => {
            conversation.control.due = None;
            return None;
        }
    };
    acted(conversation, rules, catalog, now, DeskAct { by: Agent::host(), act, remote_id: None })
}

/// A message while the bot does not have the conversation: people read it. The desk hears it, and the user now and then that it waits.
pub(super) fn heard(conversation: &mut Conversation, rules: &DeskRules, now: Timestamp, event: Event) -> Began {
    let mut desk = Vec::new();
    if matches!(conversation.control.owner, Owner::Parked { .. }) {
        acting::offer_again(conversation, rules, now);
    }
    let mut effects = Vec::new();
    let control = &mut conversation.control;
    for message in messages(&event) {
        control.heard(message.received, Author::User, &message.text);
        if control.unanswered == 0 {
            control.unanswered_since = message.received;
        }
        control.unanswered = control.unanswered.saturating_add(1);
        if rules.is_remote {
            let Message { text, media, .. } = message.clone();
            desk.push(DeskMessage::Line { author: Author::User, text, media });
        }
    }
    match &control.owner {
        Owner::Offered if now.since(control.noticed) >= rules.queue_notice_interval => {
            control.noticed = now;
            let notice = rules.queue_notice.clone().filter(|notice| !notice.trim().is_empty());
            effects.extend(notice.map(|text| Effect::Reply(Reply { text, ..Reply::default() })));
        }
        Owner::Agent(_) => control.due = Some(now.after(rules.idle_timeout)),
        _ => {}
    }
    let decision = Decision { state: NextState::Keep, effects, step: None };
    Began { desk, ..Began::decided(event, Outcome::Decided(decision)) }
}

fn messages(event: &Event) -> &[Message] {
    match event {
        Event::Message(message) => std::slice::from_ref(message),
        Event::Burst(messages) => messages,
        _ => &[],
    }
}

/// What happens meanwhile and is the bot's: it hears of it when it has the conversation again.
pub(super) fn hold(conversation: &mut Conversation, event: Event) -> Option<Began> {
    if conversation.control.held.len() < EVENTS_HELD_MAX {
        conversation.control.held.push(event);
        return None;
    }
    let reason = format!("{EVENTS_HELD_MAX} events wait for the bot already, which does not have the conversation");
    Some(Began::decided(event, Outcome::Failed { kind: REFUSED.into(), reason }))
}

/// The user does not want people any more, or nothing at all.
pub(super) fn called_off(
    conversation: &mut Conversation,
    rules: &DeskRules,
    now: Timestamp,
    owner: Owner,
    reason: &str,
) -> Vec<DeskMessage> {
    let goes_on = owner.is_bot();
    change_owner(conversation, now, owner, None);
    if goes_on {
        back_to_bot(conversation, None);
    } else {
        (conversation.control.held, conversation.next) = (Vec::new(), Vec::new());
    }
    rules.is_remote.then(|| DeskMessage::Close { reason: reason.into() }).into_iter().collect()
}

#[cfg(test)]
mod tests;
