//! Plays the host for one conversation, as far as a plugin can tell.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::claim::Facts;
use super::render::{self, Done};
use super::said::Said;
use super::script::{Answer, Fault};
use super::transcript::{Entry, Line};
use super::waiting::{Arrived, Under};
use super::world::{Happening, UserPart};
use super::{Decide, Failure};
use crate::bindings::turnwise::bot::types::{
    Choice, Context, Decision, DeliveryFailure, DeskStatus, Effect, Event, HandoffUpdate, Message, NextState, Timer,
    TimerFired, Timestamp, User, UserAlias,
};

mod turn;

/// A Monday morning: 2026-01-05T09:00:00Z.
const START: Timestamp = 1_767_603_600_000;
/// Time between a line and the next, so that no two turns have the same. Nothing comes due in it: that is for `~` lines.
const PACE: Timestamp = 1_000;
const IDLE_TIMEOUT: Duration = Duration::from_hours(24);

/// A conversation, its time and its world; the plugin is handed to each step.
pub struct Player {
    context: Context,
    state: Option<String>,
    /// Of the last turn that offered any.
    choices: Vec<Choice>,
    timers: Vec<(Timestamp, Timer)>,
    /// What an earlier turn leads to, before anything else.
    next: VecDeque<Event>,
    /// Turns in a row that nothing from outside led to.
    chain: u32,
    under: Under,
    answers: Vec<Answer>,
    faults: VecDeque<Fault>,
    /// While an agent has the conversation, the bot hears nothing of what is said.
    with_agent: bool,
    /// While another bot has it, this one hears nothing at all.
    with_other_bot: bool,
    session_ended: bool,
    last_turn: Timestamp,
    idle_timeout: Duration,
    carry_over: Vec<String>,
    /// Ids of requests that lines answer by themselves; none where any may be.
    by_hand: Option<HashSet<String>>,
    unanswered: Vec<String>,
}

impl Default for Player {
    fn default() -> Self {
        let user = User {
            external_id: Some("user-1".to_owned()),
            alias: None,
            phone: Some("+4915550000001".to_owned()),
            language: Some("en".to_owned()),
            profile_name: Some("Sam".to_owned()),
        };
        let context = Context {
            conversation: "c_00000000000000000000000000000001".to_owned(),
            session: 1,
            turn: 0,
            user,
            source: "whatsapp".to_owned(),
            now: START,
            seed: 0,
            settings: vec![],
            fields: vec![],
            desk: DeskStatus::Open,
        };
        Self {
            context,
            state: None,
            choices: vec![],
            timers: vec![],
            next: VecDeque::new(),
            chain: 0,
            under: Under::default(),
            answers: vec![],
            faults: VecDeque::new(),
            with_agent: false,
            with_other_bot: false,
            session_ended: false,
            last_turn: START,
            idle_timeout: IDLE_TIMEOUT,
            carry_over: vec![],
            by_hand: None,
            unanswered: vec![],
        }
    }
}

impl Player {
    /// For a transcript: a request that neither a script nor one of its lines answers is [unanswered](Self::unanswered).
    pub(super) fn of(lines: &[Line]) -> Self {
        let id = |line: &Line| match &line.entry {
            Entry::World(Happening::Response(response)) => Some(response.id.clone()),
            _ => None,
        };
        Self { by_hand: Some(lines.iter().filter_map(id).collect()), ..Self::default() }
    }

    /// Plays one line that happens with the messages that go on with it, and returns what the bot did about it.
    pub fn play(&mut self, plugin: &mut dyn Decide, entry: &Entry, more: &[Said]) -> Vec<Done> {
        match entry {
            Entry::Passes(span) => self.wait(plugin, *span),
            Entry::User(said) | Entry::More(said) => {
                self.context.now += PACE;
                self.arrive(plugin, std::iter::once(said).chain(more).map(|said| (said.clone(), None)).collect())
            }
            Entry::World(happening) => {
                self.context.now += PACE;
                self.happens(plugin, happening)
            }
            Entry::Bot(_) | Entry::Claim(_) | Entry::Effect(_) => vec![],
        }
    }

    /// When it is, in milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The state that the next turn is given.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Of the last turn, counted from 1.
    #[must_use]
    pub fn session(&self) -> u32 {
        self.context.session
    }

    /// Whether an agent has the conversation.
    #[must_use]
    pub fn is_with_agent(&self) -> bool {
        self.with_agent
    }

    /// Pending timers by name, and how long until each is due, the next first.
    #[must_use]
    pub fn timers(&self) -> Vec<(&str, Duration)> {
        let mut timers: Vec<_> = self
            .timers
            .iter()
            .map(|(due, timer)| (timer.name.as_str(), Duration::from_millis(due.saturating_sub(self.context.now))))
            .collect();
        timers.sort_by_key(|(_, due)| *due);
        timers
    }

    /// Requests that wait for an answer, as the bot asked for them: `ID METHOD CONNECTION/PATH`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.under.requests().map(render::request_words).collect()
    }

    /// The requests of the last line that nothing will answer.
    pub(super) fn unanswered(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unanswered)
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { state: self.state(), timers: self.timers(), session: self.session() }
    }

    fn happens(&mut self, plugin: &mut dyn Decide, happening: &Happening) -> Vec<Done> {
        match happening {
            Happening::Event(event) => return self.event(plugin, event),
            Happening::DeliveryFailed(reason) => {
                let failure = DeliveryFailure {
                    turn: self.context.turn,
                    campaign: "reply".to_owned(),
                    reason: reason.clone(),
                    ambiguous: false,
                };
                return self.event(plugin, &Event::DeliveryFailed(failure));
            }
            Happening::Response(response) => {
                if self.under.answered(&response.id) {
                    return self.event(plugin, &Event::Response(response.clone()));
                }
            }
            Happening::Flow(json) => return self.arrive(plugin, vec![(Said::default(), Some(json.clone()))]),
            Happening::Http(answer) => self.answers.push(answer.clone()),
            Happening::Braze(fault) => self.faults.push_back(fault.clone()),
            Happening::Setting(value) => {
                self.context.settings.retain(|setting| setting.name != value.name);
                self.context.settings.push(value.clone());
            }
            Happening::Field(value) => {
                self.context.fields.retain(|field| field.name != value.name);
                self.context.fields.push(value.clone());
            }
            Happening::User(part, value) => self.is_user(*part, value.clone()),
            Happening::Desk(status) => self.context.desk = *status,
            Happening::IdleTimeout(timeout) => self.idle_timeout = *timeout,
            Happening::CarryOver(names) => self.carry_over.clone_from(names),
        }
        vec![]
    }

    fn is_user(&mut self, part: UserPart, value: Option<String>) {
        let user = &mut self.context.user;
        match part {
            UserPart::ExternalId => user.external_id = value,
            UserPart::Phone => user.phone = value,
            UserPart::Language => user.language = value,
            UserPart::ProfileName => user.profile_name = value,
        }
        // Whom Braze does not know by an id it knows by the number.
        let alias = |name: &String| UserAlias { name: name.clone(), label: "phone".to_owned() };
        user.alias = if user.external_id.is_none() { user.phone.as_ref().map(alias) } else { None };
    }

    /// Messages that are one turn.
    fn arrive(&mut self, plugin: &mut dyn Decide, said: Vec<(Said, Option<String>)>) -> Vec<Done> {
        self.timers.retain(|(_, timer)| !timer.cancel_on_message);
        if self.with_agent || self.with_other_bot {
            return vec![];
        }
        let received = self.context.now;
        let arrived = said.into_iter().map(|(said, flow)| Arrived { said, flow, received }).collect();
        self.under.arrive(arrived);
        self.settle(plugin)
    }

    fn event(&mut self, plugin: &mut dyn Decide, event: &Event) -> Vec<Done> {
        match event {
            Event::Handoff(HandoffUpdate::Accepted(_)) => self.with_agent = true,
            Event::Handoff(_) => self.with_agent = false,
            Event::Switched(_) => self.with_other_bot = false,
            _ => {}
        }
        let mut done = self.turn(plugin, event);
        done.extend(self.settle(plugin));
        done
    }

    /// Everything that follows at once.
    fn settle(&mut self, plugin: &mut dyn Decide) -> Vec<Done> {
        let mut done = Vec::new();
        loop {
            let event = if let Some(event) = self.next.pop_front() {
                event
            } else if let Some(response) = self.under.answer_at_once() {
                Event::Response(response)
            } else if let Some(arrived) = self.under.released() {
                self.message_event(arrived)
            } else {
                return done;
            };
            done.extend(self.turn(plugin, &event));
        }
    }

    fn message_event(&self, arrived: Vec<Arrived>) -> Event {
        let first = self.context.turn + 1;
        let mut messages: Vec<Message> =
            (0..).zip(arrived).map(|(place, one)| self.message(first, place, one)).collect();
        match messages.pop() {
            Some(only) if messages.is_empty() => Event::Message(only),
            last => {
                messages.extend(last);
                Event::Burst(messages)
            }
        }
    }

    fn message(&self, turn: u32, place: usize, Arrived { said, flow, received }: Arrived) -> Message {
        let title = normal(&said.text);
        let chosen = self.choices.iter().find(|choice| {
            let own = normal(&choice.title);
            own == title || choice.description.as_ref().is_some_and(|more| format!("{own} {}", normal(more)) == title)
        });
        Message {
            id: if place == 0 { format!("m_{turn}") } else { format!("m_{turn}_{}", place + 1) },
            choice: chosen.map(|choice| choice.id.clone()),
            media: said.files(),
            text: said.text,
            flow_response: flow,
            received,
        }
    }

    fn wait(&mut self, plugin: &mut dyn Decide, span: Duration) -> Vec<Done> {
        let end = self.context.now.saturating_add(u64::try_from(span.as_millis()).unwrap_or(Timestamp::MAX));
        let mut done = Vec::new();
        while let Some((due, what)) = self.next_due().filter(|(due, _)| *due <= end) {
            self.context.now = due.max(self.context.now);
            let event = match what {
                Due::Answer => match self.under.answer_due(due) {
                    Some(response) => Event::Response(response),
                    None => break,
                },
                Due::Timer(place) => {
                    let (due, Timer { name, payload, .. }) = self.timers.remove(place);
                    Event::Timer(TimerFired { name, payload, due })
                }
                Due::Expiry => {
                    let idle = self.context.now.saturating_sub(self.last_turn) / 1_000;
                    Event::SessionExpired(u32::try_from(idle).unwrap_or(u32::MAX))
                }
            };
            done.extend(self.event(plugin, &event));
        }
        self.context.now = end;
        done
    }

    /// What comes due next, and when; of two at the same time the more urgent.
    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let answer = self.under.next_due().map(|due| (due, Due::Answer));
        let timers = self.timers.iter().enumerate().map(|(place, (due, _))| (*due, Due::Timer(place)));
        let in_session = self.context.turn > 0 && !self.session_ended;
        let idles = in_session && self.under.is_idle() && !self.with_agent && !self.with_other_bot;
        let idle_ms = u64::try_from(self.idle_timeout.as_millis()).unwrap_or(Timestamp::MAX);
        let expiry = idles.then(|| (self.last_turn.saturating_add(idle_ms), Due::Expiry));
        answer.into_iter().chain(timers).chain(expiry).min_by_key(|(due, _)| *due)
    }
}

/// What comes due by itself.
enum Due {
    Answer,
    Timer(usize),
    Expiry,
}

/// People type titles in their own way.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
