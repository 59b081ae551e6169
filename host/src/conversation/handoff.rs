//! How a conversation comes to people and back: every change of owner, and what each leads to.

use super::arrival::Began;
use super::control::{OpenHandoff, Owner};
use super::desk::{Act, Agent, DeskAct, DeskMessage, DeskRules};
use super::effects::Catalog;
use super::kept::Conversation;
use super::turn::Ended;
use super::{
    Author, Campaign, Decision, DeskStatus, Effect, Event, Handoff, HandoffReturn, HandoffUpdate, Media, Message,
    NextState, Outcome, Reply,
};
use crate::clock::Timestamp;
use crate::limits::{EVENTS_HELD_MAX, NOTE_CHARS_MAX, REPLY_CHARS_MAX, REPLY_WINDOW};

/// Why something is not done, for whoever wanted it.
type Refused = String;

/// The kind of failure that a refused act is in the journal.
pub const REFUSED: &str = "not-allowed";

/// An act on its way through a conversation.
struct Acting<'a> {
    conversation: &'a mut Conversation,
    rules: &'a DeskRules,
    now: Timestamp,
    by: Agent,
    /// It was done at the remote desk, which so knows of it.
    is_remote: bool,
    remote_id: Option<String>,
    desk: Vec<DeskMessage>,
    effects: Vec<Effect>,
    ended: Option<&'static str>,
}

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

/// Somebody did something with the conversation. None where nothing is worth a line in the journal.
pub(super) fn acted(
    conversation: &mut Conversation,
    rules: &DeskRules,
    catalog: &dyn Catalog,
    now: Timestamp,
    act: DeskAct,
) -> Option<Began> {
    if is_of_another_handoff(conversation, &act) {
        return None;
    }
    conversation.chain = 0;
    let DeskAct { by, act: done, remote_id } = act.clone();
    let is_remote = remote_id.is_some();
    let mut acting = Acting {
        conversation,
        rules,
        now,
        by,
        is_remote,
        remote_id: remote_id.clone(),
        desk: Vec::new(),
        effects: Vec::new(),
        ended: None,
    };
    let is_reply = matches!(done, Act::Reply { .. });
    let done = acting.act(catalog, done);
    if let (Err(reason), true, true) = (&done, is_reply, is_remote) {
        // Who wrote it there sees it as sent.
        acting.desk.push(DeskMessage::Note { text: format!("Not sent to the user: {reason}") });
    }
    let Acting { desk, ended, effects, .. } = acting;
    if let (Some(remote_id), true, true) = (remote_id, done.is_ok(), conversation.control.owner.is_at_desk()) {
        conversation.control.remote_id = Some(remote_id);
    }
    let outcome = match done {
        Ok(Some(())) => Outcome::Decided(Decision { state: NextState::Keep, effects, step: None }),
        Ok(None) => return None,
        Err(reason) => Outcome::Failed { kind: REFUSED.into(), reason },
    };
    let mut began = Began::decided(Event::Desk(Box::new(act)), outcome);
    began.desk = desk;
    began.ended.extend(ended.map(|outcome| Ended { bot: conversation.bot.clone(), outcome: outcome.into() }));
    Some(began)
}

/// What is said at the remote desk in a conversation of an earlier handoff, while there is a later one: only what is said to the user
/// counts, and that is refused by name.
fn is_of_another_handoff(conversation: &Conversation, act: &DeskAct) -> bool {
    let control = &conversation.control;
    let theirs = act.remote_id.as_ref();
    // That it is theirs is heard first, from whoever opened it there or with the first webhook of it.
    let is_another = theirs.is_some() && theirs != control.remote_id.as_ref();
    match act.act {
        Act::Opened { handoff } | Act::Unreachable { handoff, .. } => {
            handoff != control.handoffs || !control.owner.is_at_desk()
        }
        // Written after it was given back: the writer takes it over, unless it is at the desk again under another id.
        Act::Reply { .. } => false,
        _ => theirs.is_some() && (is_another || !control.owner.is_at_desk()),
    }
}

impl Acting<'_> {
    /// None where it changes nothing that anybody would want to read of.
    fn act(&mut self, catalog: &dyn Catalog, act: Act) -> Result<Option<()>, Refused> {
        match act {
            Act::Accept => return self.accept(),
            Act::TakeOver => {
                if self.is_mine() {
                    return Ok(None);
                }
                self.take();
            }
            Act::Assign { agent, team } => return self.assign(agent, team),
            Act::Reply { text, media, takes } => self.reply(text, media, takes)?,
            Act::Campaign { name, properties } => {
                self.writes(false)?;
                if let Some(reason) = catalog.denies_campaign(&self.conversation.bot, &name) {
                    return Err(reason);
                }
                self.effects.push(Effect::SendCampaign(Campaign { name, properties }));
                self.answered();
            }
            Act::Note { text } => {
                let chars = text.chars().count();
                if text.trim().is_empty() || chars > NOTE_CHARS_MAX {
                    return Err(format!("a note has 1 to {NOTE_CHARS_MAX} characters, not {chars}"));
                }
                self.tell(DeskMessage::Note { text: format!("{}: {text}", self.by.called()) });
            }
            Act::Park { until } => self.park(until)?,
            Act::Return { note } => {
                self.ends()?;
                self.give_back(note);
            }
            Act::Resolve { note } => {
                self.ends()?;
                if self.rules.closes_on_resolve {
                    self.close("resolved");
                } else {
                    self.give_back(note);
                }
            }
            Act::Decline { reason } => {
                if self.conversation.control.owner != Owner::Offered {
                    return Err("it is not offered to anybody".into());
                }
                self.fail(format!("declined: {reason}"));
            }
            Act::Expire => self.fail("nobody took it in time".into()),
            Act::Opened { .. } => return Ok(None),
            Act::Unreachable { reason, .. } => {
                if self.conversation.control.owner != Owner::Offered {
                    return Ok(None);
                }
                self.fail(reason);
            }
            Act::NotDelivered { reason, .. } => {
                self.tell(DeskMessage::Note { text: format!("Not delivered: {reason}") })
            }
            Act::Resume => self.offer_again(),
            Act::Close => self.close("closed"),
        }
        Ok(Some(()))
    }

    fn is_mine(&self) -> bool {
        matches!(&self.conversation.control.owner, Owner::Agent(agent) if agent.id == self.by.id)
    }

    fn accept(&mut self) -> Result<Option<()>, Refused> {
        match &self.conversation.control.owner {
            Owner::Offered | Owner::Parked { .. } => {}
            Owner::Agent(_) if self.is_mine() => return Ok(None),
            Owner::Agent(agent) => return Err(format!("{} has it already", agent.called())),
            Owner::Bot | Owner::Closed => return Err("nobody is asked for: take it over instead".into()),
        }
        self.take();
        Ok(Some(()))
    }

    /// The agent has it from now on; the bot hears of that, and is silent.
    fn take(&mut self) {
        let agent = self.by.clone();
        self.give_to(agent);
    }

    fn give_to(&mut self, agent: Agent) {
        let (now, was_at_desk) = (self.now, self.conversation.control.owner.is_at_desk());
        let control = &mut self.conversation.control;
        if !was_at_desk {
            control.handoffs = control.handoffs.saturating_add(1);
            control.remote_id = None;
            control.lines.clear();
            control.handoff = Some(OpenHandoff::taken(now));
        }
        if let Some(handoff) = &mut control.handoff {
            handoff.accepted.get_or_insert(now);
        }
        let name = Some(agent.called().to_owned());
        let due = self.idles_at();
        change_owner(self.conversation, now, Owner::Agent(agent), Some(due));
        self.conversation.next.push(Event::Handoff(HandoffUpdate::Accepted(name)));
    }

    fn idles_at(&self) -> Timestamp {
        self.now.after(self.rules.idle_timeout)
    }

    fn assign(&mut self, agent: Option<Agent>, team: Option<String>) -> Result<Option<()>, Refused> {
        if !self.conversation.control.owner.is_at_desk() {
            return Err("it is not at the desk".into());
        }
        if let Owner::Agent(has) = &self.conversation.control.owner
            && !self.is_mine()
            && !self.is_remote
        {
            return Err(format!("{} has it: take it over first", has.called()));
        }
        if let Some(team) = &team
            && !self.rules.teams.is_empty()
            && !self.rules.teams.contains(team)
        {
            return Err(format!("the desk has no team {team:?}"));
        }
        if let Some(handoff) = &mut self.conversation.control.handoff
            && team.is_some()
        {
            handoff.team.clone_from(&team);
        }
        match (agent, &self.conversation.control.owner) {
            (Some(agent), Owner::Agent(has)) if has.id == agent.id => return Ok(team.map(|_| ())),
            (Some(agent), _) => self.give_to(agent),
            (None, Owner::Agent(_) | Owner::Parked { .. }) => self.offer_again(),
            (None, _) => return Ok(team.map(|_| ())),
        }
        Ok(Some(()))
    }

    /// Back into the queue, for whoever had it first. The desk has it already.
    fn offer_again(&mut self) {
        let Some(mut handoff) = self.conversation.control.handoff.take() else { return };
        let was_parked = matches!(self.conversation.control.owner, Owner::Parked { .. });
        handoff.preferred = self.conversation.control.owner.agent().filter(|_| was_parked).cloned();
        let (handoffs, remote_id) = (self.conversation.control.handoffs, self.conversation.control.remote_id.clone());
        let lines = std::mem::take(&mut self.conversation.control.lines);
        offered(self.conversation, self.rules, self.now, handoff);
        let control = &mut self.conversation.control;
        (control.handoffs, control.remote_id, control.lines) = (handoffs, remote_id, lines);
    }

    fn reply(&mut self, text: String, media: Option<Media>, takes: bool) -> Result<(), Refused> {
        let chars = text.chars().count();
        if (text.trim().is_empty() && media.is_none()) || chars > REPLY_CHARS_MAX {
            return Err(format!("a reply has 1 to {REPLY_CHARS_MAX} characters, not {chars}"));
        }
        if self.now >= self.conversation.last_inbound.after(REPLY_WINDOW) {
            return Err(
                "the user last wrote more than 24 hours ago, and WhatsApp lets nothing through but templates: \
                        send a campaign instead"
                    .into(),
            );
        }
        self.is_of_this_handoff()?;
        self.writes(takes)?;
        self.conversation.control.heard(self.now, Author::Agent, &text);
        self.tell(DeskMessage::Line {
            author: Author::Agent,
            text: text.clone(),
            media: media.clone().into_iter().collect(),
        });
        self.effects.push(Effect::Reply(Reply { text, media, ..Reply::default() }));
        self.answered();
        Ok(())
    }

    /// Whether it was written where the conversation is at the desk now.
    fn is_of_this_handoff(&self) -> Result<(), Refused> {
        let control = &self.conversation.control;
        match (&self.remote_id, &control.remote_id) {
            (Some(theirs), Some(ours)) if theirs != ours && control.owner.is_at_desk() => {
                Err(format!("the user is at the desk again, in conversation {ours}: write there"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the agent may write to the user.
    fn writes(&mut self, takes: bool) -> Result<(), Refused> {
        match &self.conversation.control.owner {
            Owner::Agent(_) if self.is_mine() || takes => Ok(()),
            Owner::Agent(agent) => Err(format!("{} has it: take it over first", agent.called())),
            _ if takes => {
                self.take();
                Ok(())
            }
            Owner::Offered | Owner::Parked { .. } => Err("nobody has it: accept it first".into()),
            Owner::Bot => Err("the bot has it: take it over first".into()),
            Owner::Closed => Err("it is closed: take it over first".into()),
        }
    }

    fn answered(&mut self) {
        let due = self.idles_at();
        let control = &mut self.conversation.control;
        (control.unanswered, control.due) = (0, Some(due));
    }

    fn park(&mut self, until: Option<Timestamp>) -> Result<(), Refused> {
        if !self.is_mine() && !self.is_remote {
            return Err("only who has it can put it aside".into());
        }
        if until.is_some_and(|until| until <= self.now) {
            return Err("until when it is put aside has to be in the future".into());
        }
        let by = self.conversation.control.owner.agent().unwrap_or(&self.by).clone();
        let due = until.unwrap_or_else(|| self.idles_at());
        change_owner(self.conversation, self.now, Owner::Parked { by, until }, Some(due));
        Ok(())
    }

    /// Whether the agent may end the handoff.
    fn ends(&self) -> Result<(), Refused> {
        match &self.conversation.control.owner {
            Owner::Bot | Owner::Closed => Err("it is not at the desk".into()),
            Owner::Agent(agent) if !self.is_mine() && !self.is_remote => {
                Err(format!("{} has it: take it over first", agent.called()))
            }
            Owner::Offered | Owner::Agent(_) | Owner::Parked { .. } => Ok(()),
        }
    }

    /// The bot has it again; first of all it hears what was said.
    fn give_back(&mut self, note: Option<String>) {
        let transcript = std::mem::take(&mut self.conversation.control.lines);
        let agent = Some(self.by.called().to_owned());
        self.back_to_bot(HandoffUpdate::Returned(HandoffReturn { agent, note, transcript }));
        self.over("given back to the bot");
    }

    /// Nobody took it.
    fn fail(&mut self, reason: String) {
        self.back_to_bot(HandoffUpdate::Failed(reason));
        self.over("nobody took it");
    }

    fn back_to_bot(&mut self, update: HandoffUpdate) {
        change_owner(self.conversation, self.now, Owner::Bot, None);
        back_to_bot(self.conversation, Some(update));
    }

    fn close(&mut self, outcome: &'static str) {
        let was_in_session = self.conversation.in_session();
        self.conversation.end_session(&[]);
        self.conversation.forget_what_is_under_way();
        change_owner(self.conversation, self.now, Owner::Closed, None);
        (self.conversation.control.held, self.conversation.next) = (Vec::new(), Vec::new());
        self.ended = was_in_session.then_some(outcome);
        self.over(outcome);
    }

    /// The remote desk hears that it is over, unless it said so.
    fn over(&mut self, reason: &str) {
        if !self.is_remote {
            self.tell(DeskMessage::Close { reason: reason.into() });
        }
    }

    /// The remote desk hears what was done here.
    fn tell(&mut self, message: DeskMessage) {
        if self.rules.is_remote && !self.is_remote {
            self.desk.push(message);
        }
    }
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
        let by = Agent::host();
        let mut acting = Acting {
            conversation: &mut *conversation,
            rules,
            now,
            by,
            is_remote: false,
            remote_id: None,
            desk: Vec::new(),
            effects: Vec::new(),
            ended: None,
        };
        acting.offer_again();
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
