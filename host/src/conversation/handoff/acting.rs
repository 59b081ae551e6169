//! What somebody does with a conversation, if they may.

use super::{REFUSED, Refused, back_to_bot, change_owner, offered};
use crate::clock::Timestamp;
use crate::conversation::arrival::Began;
use crate::conversation::control::{OpenHandoff, Owner};
use crate::conversation::desk::{Act, Agent, DeskAct, DeskMessage, DeskRules};
use crate::conversation::effects::Catalog;
use crate::conversation::kept::Conversation;
use crate::conversation::turn::Ended;
use crate::conversation::{
    Author, Campaign, Decision, Effect, Event, HandoffReturn, HandoffUpdate, Media, NextState, Outcome, Reply,
};
use crate::limits::{NOTE_CHARS_MAX, REPLY_CHARS_MAX, REPLY_WINDOW};

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

/// Somebody did something with the conversation. None where nothing is worth a line in the journal.
pub(in crate::conversation) fn acted(
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
    let mut acting = Acting::new(conversation, rules, now, by, remote_id.clone());
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

/// What was put aside is offered again, first to whoever had it.
pub(super) fn offer_again(conversation: &mut Conversation, rules: &DeskRules, now: Timestamp) {
    Acting::new(conversation, rules, now, Agent::host(), None).offer_again();
}

impl<'a> Acting<'a> {
    fn new(
        conversation: &'a mut Conversation,
        rules: &'a DeskRules,
        now: Timestamp,
        by: Agent,
        remote_id: Option<String>,
    ) -> Self {
        let (is_remote, desk, effects) = (remote_id.is_some(), Vec::new(), Vec::new());
        Self { conversation, rules, now, by, is_remote, remote_id, desk, effects, ended: None }
    }

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
            Act::Return { note: Some(text) } | Act::Resolve { note: Some(text) } | Act::Decline { reason: text }
                if text.chars().count() > NOTE_CHARS_MAX =>
            {
                return Err(format!("a note has at most {NOTE_CHARS_MAX} characters, not {}", text.chars().count()));
            }
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
