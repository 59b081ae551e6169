//! Every change of owner, driven through whole turns; the bot's part is the test's.

mod interleavings;

use std::time::Duration;

use super::super::count::{Count, Measure};
use super::super::effects::tests::{Named, handoff as asks, reply, route};
use super::super::{
    Act, Agent, Answer, Author, Begun, Cause, Context, Conversation, ConversationId, Decision, DeskAct, DeskMessage,
    DeskRules, DeskStatus, Due, Effect, Event, Finished, HandoffUpdate, NamedJson, NextState, Outcome, Owner, Response,
    Turn, User,
};
use super::*;
use crate::inbound::Inbound;
use crate::outbox::Action;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MINUTE: Duration = Duration::from_mins(1);

/// The catalog of the other tests, with a desk.
struct WithDesk(DeskRules);

impl Catalog for WithDesk {
    fn denies_campaign(&self, bot: &str, name: &str) -> Option<String> {
        Named.denies_campaign(bot, name)
    }

    fn denies_canvas(&self, bot: &str, name: &str) -> Option<String> {
        Named.denies_canvas(bot, name)
    }

    fn denies_connection(&self, bot: &str, name: &str) -> Option<String> {
        Named.denies_connection(bot, name)
    }

    fn has_bot(&self, name: &str) -> bool {
        Named.has_bot(name)
    }

    fn settings(&self, bot: &str) -> Vec<NamedJson> {
        Named.settings(bot)
    }

    fn burst_window(&self, bot: &str) -> Option<Duration> {
        Named.burst_window(bot)
    }

    fn handles_commands(&self, bot: &str) -> bool {
        Named.handles_commands(bot)
    }

    fn desk(&self) -> Option<&DeskRules> {
        Some(&self.0)
    }
}

/// A conversation with everything that came of it so far.
struct World {
    catalog: WithDesk,
    now: Timestamp,
    stored: Conversation,
    /// What left for the user since, with the fence it has.
    sent: Vec<(Author, String, u32)>,
    desk: Vec<DeskMessage>,
    last: Option<Finished>,
    /// What the bot does next, whatever it is asked.
    bot: Vec<Effect>,
    /// What the bot was asked about.
    asked: Vec<Event>,
    /// What the journal has.
    events: Vec<Event>,
    counts: Vec<Count>,
}

fn world() -> World {
    with(DeskRules::default())
}

fn remote() -> World {
    with(DeskRules { is_remote: true, closes_on_resolve: false, ..DeskRules::default() })
}

fn with(rules: DeskRules) -> World {
    let stored = Conversation { source: "whatsapp".into(), ..Conversation::default() };
    let (sent, desk, bot, asked, events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    World { catalog: WithDesk(rules), now: NOW, stored, sent, desk, last: None, bot, asked, events, counts: Vec::new() }
}

fn agent(id: &str) -> Agent {
    Agent { id: id.into(), name: Some(id.to_uppercase()) }
}

impl World {
    fn cause(&mut self, cause: Cause) {
        let id = ConversationId::of("whatsapp", "u1");
        let stored = std::mem::take(&mut self.stored);
        match Turn::begin(id, Some(stored), &route(), &self.catalog, self.now, cause) {
            Begun::Quiet(conversation) => self.stored = *conversation,
            Begun::Turn(turn) => {
                let outcome = turn.decided.clone().unwrap_or_else(|| {
                    self.asked.push(turn.event.clone());
                    let effects = std::mem::take(&mut self.bot);
                    Outcome::Decided(Decision { state: NextState::Keep, effects, step: None })
                });
                let plugin_digest = [u8::from(turn.decided.is_none()); 8];
                let answer = Answer { outcome, plugin_digest, state_version: None, log: Vec::new(), duration_us: 1 };
                let finished = turn.finish(&route(), &self.catalog, answer);
                for entry in &finished.outbox {
                    if let Action::Reply { text, .. } = &entry.action {
                        self.sent.push((entry.author, text.clone(), entry.fence));
                    }
                }
                self.desk.extend(finished.desk.iter().map(|entry| entry.message.clone()));
                self.stored = finished.conversation.clone();
                self.events.push(finished.journal.event.clone());
                self.counts.extend(finished.counts.iter().cloned());
                self.last = Some(finished);
            }
        }
        while let Some(due) = self.stored.due(self.now, route().idle_timeout) {
            self.cause(Cause::Due(due));
        }
    }

    fn writes(&mut self, text: &str) {
        let user = User { external_id: Some("u1".into()), ..User::default() };
        let (source, text, fields, media) = ("whatsapp".into(), text.into(), Vec::new(), Vec::new());
        let inbound =
            Inbound { source, user, text, media, flow_response: None, braze_dispatch_id: None, fields, mended: false };
        self.cause(Cause::Inbound { id: "e_1".into(), inbound, received: self.now });
    }

    fn bot_says(&mut self, on: &str, effects: Vec<Effect>) {
        self.bot = effects;
        self.writes(on);
    }

    fn does(&mut self, id: &str, act: Act) {
        self.cause(Cause::Desk(DeskAct { by: agent(id), act, remote_id: None }));
    }

    fn does_remotely(&mut self, id: &str, remote_id: &str, act: Act) {
        self.cause(Cause::Desk(DeskAct { by: agent(id), act, remote_id: Some(remote_id.into()) }));
    }

    fn passes(&mut self, span: Duration) {
        self.now = self.now.after(span);
        while let Some(due) = self.stored.due(self.now, route().idle_timeout) {
            self.cause(Cause::Due(due));
        }
    }

    fn owner(&self) -> &'static str {
        self.stored.control.owner.name()
    }

    fn texts(&self) -> Vec<&str> {
        self.sent.iter().map(|(_, text, _)| text.as_str()).collect()
    }

    fn refusal(&self) -> &str {
        match &self.last.as_ref().expect("a turn").journal.outcome {
            Outcome::Failed { reason, .. } => reason,
            Outcome::Decided(_) => "",
        }
    }

    fn context(&self) -> &Context {
        &self.last.as_ref().expect("a turn").journal.context
    }
}

fn says(text: &str) -> Act {
    Act::Reply { text: text.into(), media: None, takes: false }
}

fn writes_first(text: &str) -> Act {
    Act::Reply { text: text.into(), media: None, takes: true }
}

fn failed(asked: &[Event]) -> Option<&str> {
    match asked.last() {
        Some(Event::Handoff(HandoffUpdate::Failed(reason))) => Some(reason),
        _ => None,
    }
}

#[test]
fn a_handoff_is_offered_taken_answered_and_given_back() {
    let mut world = world();
    world.bot_says("help me", vec![reply("Sure."), asks()]);
    assert_eq!(world.owner(), "offered");
    world.does("bia", Act::Accept);
    assert_eq!(world.owner(), "agent");
    assert_eq!(world.asked.last(), Some(&Event::Handoff(HandoffUpdate::Accepted(Some("BIA".into())))));
    world.does("bia", says("Hi, this is Bia"));
    world.writes("my order is late");
    world.bot = vec![reply("Anything else?")];
    world.does("bia", Act::Return { note: Some("refunded".into()) });
    assert_eq!(world.owner(), "bot");
    let Some(Event::Handoff(HandoffUpdate::Returned(back))) = world.asked.last() else { panic!("{:?}", world.asked) };
    assert_eq!(back.note.as_deref(), Some("refunded"));
    let lines: Vec<_> = back.transcript.iter().map(|line| (line.author, line.text.as_str())).collect();
    assert_eq!(lines, [(Author::Agent, "Hi, this is Bia"), (Author::User, "my order is late")]);
    assert_eq!(world.texts(), ["Sure.", "Hi, this is Bia", "Anything else?"]);
}

#[test]
fn what_the_bot_said_before_is_not_sent_after_but_the_turns_own_words_are() {
    let mut world = world();
    world.bot_says("hi", vec![reply("Hello")]);
    world.bot_says("agent please", vec![reply("Sure."), asks()]);
    let fences: Vec<_> = world.sent.iter().map(|(_, _, fence)| *fence).collect();
    assert!(fences[0] < world.stored.fence && fences[1] == world.stored.fence, "{fences:?}");
}

#[test]
fn while_people_have_it_the_bot_is_not_asked() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    let asked = world.asked.len();
    world.writes("hello?");
    world.cause(Cause::Event(Event::External(("order", "1").into())));
    world.does("bia", Act::Accept);
    assert_eq!(world.asked.len(), asked + 1, "only that it was accepted: {:?}", world.asked);
    world.writes("are you there?");
    assert_eq!(world.asked.len(), asked + 1);
    world.does("bia", Act::Return { note: None });
    let kinds: Vec<_> = world.asked[asked + 1..].iter().map(Event::kind).collect();
    assert_eq!(kinds, ["handoff", "external"], "what it would have heard meanwhile comes behind the return");
}

#[test]
fn a_bot_that_hears_of_the_agent_cannot_speak() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.bot =
        vec![reply("Here I am"), Effect::ChangeAttribute(crate::conversation::AttributeChange::Unset("x".into()))];
    let before = world.sent.len();
    world.does("bia", Act::Accept);
    assert_eq!(world.sent.len(), before);
    let finished = world.last.as_ref().expect("a turn");
    assert_eq!(finished.journal.unsupported, ["reply: an agent has the conversation"]);
    assert!(
        matches!(finished.outbox[..], [crate::outbox::Entry { action: Action::Track { .. }, .. }]),
        "{:?}",
        finished.outbox
    );
}

#[test]
fn nobody_takes_it_in_time_and_the_bot_speaks_on() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.bot = vec![reply("Nobody is there, sorry.")];
    world.passes(Duration::from_mins(10));
    assert_eq!((world.owner(), failed(&world.asked)), ("bot", Some("nobody took it in time")));
    assert_eq!(world.texts().last(), Some(&"Nobody is there, sorry."));
}

#[test]
fn a_bot_that_says_nothing_to_that_is_helped_out() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.passes(Duration::from_mins(10));
    assert_eq!(world.texts().last(), Some(&"Sorry, nobody is free right now. Please try again later."));
}

#[test]
fn a_closed_desk_and_an_unknown_team_fail_at_once() {
    let everyday = crate::conversation::routing::Hours {
        days: [false, false, false, false, false, true, false],
        minutes: (540, 600),
        time_zone: jiff::tz::TimeZone::UTC,
    };
    let mut hours = DeskRules::default();
    hours.hours.rows.push(everyday);
    let mut closed = with(hours);
    closed.bot_says("where is my order", vec![asks()]);
    assert_eq!((closed.owner(), failed(&closed.asked)), ("bot", Some("the desk is closed")));
    assert!(matches!(closed.context().desk, DeskStatus::Closed(Some(_))));
    let counted = |measure| closed.counts.iter().filter(|count| count.measure == measure).count();
    assert_eq!((counted(Measure::Handoffs), counted(Measure::HandoffsFailed)), (1, 1), "one of one failed");

    let mut teams = with(DeskRules { teams: vec!["sales".into()], ..DeskRules::default() });
    let Effect::Handoff(mut handoff) = asks() else { panic!("a handoff") };
    handoff.team = Some("billing".into());
    teams.bot_says("where is my order", vec![Effect::Handoff(handoff)]);
    assert_eq!(failed(&teams.asked), Some("the desk has no team \"billing\""));
}

#[test]
fn of_two_agents_one_gets_it() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    world.does("carl", Act::Accept);
    assert_eq!(world.refusal(), "BIA has it already");
    world.does("carl", says("hello"));
    assert_eq!(world.refusal(), "BIA has it: take it over first");
    world.does("carl", Act::TakeOver);
    world.does("carl", says("hello"));
    assert_eq!(world.texts().last(), Some(&"hello"));
    assert_eq!(world.stored.control.owner, Owner::Agent(agent("carl")));
}

#[test]
fn only_who_has_it_gives_it_to_another() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    let to_carl = || Act::Assign { agent: Some(agent("carl")), team: None };
    world.does("carl", to_carl());
    assert_eq!(world.refusal(), "BIA has it: take it over first");
    assert_eq!(world.stored.control.owner, Owner::Agent(agent("bia")));
    world.does("bia", to_carl());
    assert_eq!(world.stored.control.owner, Owner::Agent(agent("carl")));
}

#[test]
fn an_operator_takes_a_conversation_from_the_bot() {
    let mut world = world();
    world.bot_says("hi", vec![reply("Hello")]);
    world.does("op", says("it is me"));
    assert_eq!(world.refusal(), "the bot has it: take it over first");
    let before = world.stored.fence;
    world.does("op", Act::TakeOver);
    assert_eq!((world.owner(), world.stored.fence), ("agent", before + 1));
    assert_eq!(world.asked.last().map(Event::kind), Some("handoff"));
}

#[test]
fn what_is_parked_comes_back_when_the_user_writes_or_the_time_comes() {
    for wakes in [true, false] {
        let mut world = world();
        world.bot_says("where is my order", vec![asks()]);
        world.does("bia", Act::Accept);
        let until = world.now.after(MINUTE * 30);
        world.does("bia", Act::Park { until: Some(until) });
        assert_eq!(world.owner(), "parked");
        if wakes {
            world.writes("me again")
        } else {
            world.passes(MINUTE * 30)
        }
        assert_eq!(world.owner(), "offered");
        let handoff = world.stored.control.handoff.as_ref().expect("an offer");
        assert_eq!(handoff.preferred, Some(agent("bia")));
        assert_eq!(world.stored.control.handoffs, 1, "it is the same handoff");
    }
}

#[test]
fn an_agent_may_not_write_when_the_window_has_closed_but_may_send_a_campaign() {
    let mut world = with(DeskRules { idle_timeout: Duration::from_hours(100), ..DeskRules::default() });
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    world.passes(Duration::from_hours(24));
    world.does("bia", says("still there?"));
    assert!(world.refusal().contains("24 hours"), "{}", world.refusal());
    let campaign = |name: &str| Act::Campaign { name: name.into(), properties: Vec::new() };
    world.does("bia", campaign("offer"));
    let sent = world
        .last
        .as_ref()
        .expect("a turn")
        .outbox
        .iter()
        .any(|entry| matches!(&entry.action, Action::Campaign { campaign, .. } if campaign == "offer"));
    assert!(sent);
    world.does("bia", campaign("nonsense"));
    assert!(world.refusal().contains("no campaign"), "{}", world.refusal());
}

#[test]
fn resolved_is_over_and_the_next_message_is_the_bots() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    world.does("bia", Act::Resolve { note: None });
    assert_eq!(world.owner(), "closed");
    let ended: Vec<_> = world.last.as_ref().expect("a turn").ended.iter().map(|ended| ended.outcome.as_str()).collect();
    assert_eq!(ended, ["resolved"]);
    world.does("bia", says("one more thing"));
    assert_eq!(world.refusal(), "it is closed: take it over first");
    let session = world.stored.session;
    world.bot_says("hi again", vec![reply("Hello")]);
    assert_eq!((world.owner(), world.stored.session), ("bot", session + 1));
    assert_eq!(world.texts().last(), Some(&"Hello"));
}

#[test]
fn an_agent_who_forgets_a_conversation_lets_it_close() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    world.passes(Duration::from_hours(23));
    world.writes("hello?");
    world.passes(Duration::from_hours(23));
    assert_eq!(world.owner(), "agent", "it is counted from what was last said");
    world.passes(Duration::from_hours(1));
    assert_eq!(world.owner(), "closed");
}

#[test]
fn stop_ends_it_whoever_has_it_and_restart_calls_people_off() {
    let mut stopped = remote();
    stopped.bot_says("where is my order", vec![asks()]);
    stopped.does("bia", Act::Accept);
    stopped.writes("stop");
    assert_eq!(stopped.owner(), "closed");
    assert_eq!(stopped.texts().last(), Some(&"Okay, I've stopped. Write any time to start again."));
    assert_eq!(stopped.desk.last(), Some(&DeskMessage::Close { reason: "the user said stop".into() }));

    let mut back = remote();
    back.bot_says("where is my order", vec![asks()]);
    back.bot_says("restart", vec![reply("Hello")]);
    assert_eq!((back.owner(), back.texts().last()), ("bot", Some(&"Hello")));
    assert_eq!(back.desk.last(), Some(&DeskMessage::Close { reason: "the user went back to the bot".into() }));
}

#[test]
fn users_are_told_to_wait_now_and_then() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    let count = |world: &World| world.texts().iter().filter(|text| text.starts_with("You are in the queue")).count();
    world.writes("hello?");
    assert_eq!(count(&world), 0, "the notice of the handoff has just been said");
    world.stored.control.due = None;
    world.passes(Duration::from_mins(11));
    world.writes("hello??");
    world.writes("hello???");
    assert_eq!(count(&world), 1);
}

#[test]
fn a_remote_desk_hears_everything_but_its_own_words() {
    let mut world = remote();
    world.bot_says("where is my order", vec![asks(), Effect::Note("knows us for years".into())]);
    let kinds = |world: &World| world.desk.iter().map(DeskMessage::kind).collect::<Vec<_>>();
    assert_eq!(kinds(&world), ["open", "note"]);
    world.writes("hello?");
    world.does_remotely("7", "42", Act::Accept);
    world.does_remotely("7", "42", writes_first("Hi, Bia here"));
    world.does("op", Act::Note { text: "careful".into() });
    assert_eq!(kinds(&world), ["open", "note", "line", "note"]);
    world.does_remotely("7", "42", Act::Resolve { note: None });
    assert_eq!((world.owner(), kinds(&world).len()), ("bot", 4), "it knows that it is resolved");
}

#[test]
fn at_a_remote_desk_whoever_writes_first_takes_it_even_after_it_was_given_back() {
    let mut world = remote();
    world.bot_says("where is my order", vec![asks()]);
    world.does_remotely("7", "42", writes_first("Hi"));
    assert_eq!(world.owner(), "agent");
    world.does_remotely("7", "42", Act::Resolve { note: None });
    world.does_remotely("7", "42", writes_first("One more thing"));
    assert_eq!((world.owner(), world.stored.control.remote_id.as_deref()), ("agent", Some("42")));
    assert_eq!(world.texts().last(), Some(&"One more thing"));
}

#[test]
fn what_is_done_in_an_earlier_remote_conversation_changes_nothing() {
    let mut world = remote();
    world.bot_says("where is my order", vec![asks()]);
    world.does_remotely("7", "42", writes_first("Hi"));
    world.does_remotely("7", "42", Act::Resolve { note: None });
    world.does_remotely("7", "42", Act::Resolve { note: None });
    assert_eq!(world.owner(), "bot");
    world.bot_says("help again", vec![asks()]);
    world.does_remotely("7", "43", Act::Opened { handoff: 2 });
    world.does_remotely("7", "42", Act::Resolve { note: None });
    assert_eq!((world.owner(), world.stored.control.remote_id.as_deref()), ("offered", Some("43")));
}

#[test]
fn a_remote_desk_that_cannot_be_told_is_a_handoff_that_failed() {
    let mut world = remote();
    world.bot_says("where is my order", vec![asks()]);
    let unreachable = |handoff| Act::Unreachable { handoff, reason: "no connection".into() };
    world.does("turnwise", unreachable(7));
    assert_eq!(world.owner(), "offered", "of another handoff");
    world.does("turnwise", unreachable(1));
    assert_eq!((world.owner(), failed(&world.asked)), ("bot", Some("no connection")));
}

#[test]
fn the_owner_is_written_to_the_profile() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    let owner = |world: &World| {
        let finished = world.last.as_ref().expect("a turn");
        finished.outbox.iter().find_map(|entry| match &entry.action {
            Action::Reply { attributes, .. } | Action::Track { attributes, .. } => {
                attributes.iter().find_map(|change| match change {
                    crate::conversation::AttributeChange::Set(set) if set.name == "turnwise_owner" => {
                        Some(set.value.clone())
                    }
                    _ => None,
                })
            }
            _ => None,
        })
    };
    assert_eq!(owner(&world).as_deref(), Some("\"offered\""));
    world.stored.next.clear();
    let act = DeskAct { by: agent("bia"), act: Act::Accept, remote_id: None };
    let id = ConversationId::of("whatsapp", "u1");
    let Begun::Turn(turn) =
        Turn::begin(id, Some(world.stored.clone()), &route(), &world.catalog, world.now, Cause::Desk(act))
    else {
        panic!("a turn")
    };
    let outcome = turn.decided.clone().expect("the host decides");
    let answer = Answer { outcome, plugin_digest: [0; 8], state_version: None, log: Vec::new(), duration_us: 0 };
    world.last = Some(turn.finish(&route(), &world.catalog, answer));
    assert_eq!(owner(&world).as_deref(), Some("\"agent\""));
}

#[test]
fn events_beyond_the_bound_are_refused_by_name() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    for _ in 0..=EVENTS_HELD_MAX {
        world.cause(Cause::Event(Event::External(("order", "1").into())));
    }
    assert!(world.refusal().contains("wait for the bot already"), "{}", world.refusal());
    assert_eq!(world.stored.control.held.len(), EVENTS_HELD_MAX);
}

#[test]
fn an_answer_beyond_the_bound_says_nothing_to_a_user_who_talks_to_people() {
    let mut world = world();
    world.bot_says("where is my order", vec![super::super::effects::tests::request("r1"), asks()]);
    world.does("bia", Act::Accept);
    for _ in 0..EVENTS_HELD_MAX {
        world.cause(Cause::Event(Event::External(("order", "1").into())));
    }
    let (turn, index) = world.stored.requests.first().map(|request| (request.turn, request.index)).expect("under way");
    let sent = world.sent.len();
    let response = Response { id: "r1".into(), outcome: Err(crate::conversation::RequestError::Timeout) };
    world.cause(Cause::Answer { turn, index, response });
    assert!(world.refusal().contains("wait for the bot already"), "{}", world.refusal());
    assert_eq!(world.sent.len(), sent, "{:?}", world.texts());
}

#[test]
fn an_answer_that_comes_late_waits_for_the_bot() {
    let mut world = world();
    world.bot_says("where is my order", vec![super::super::effects::tests::request("r1"), asks()]);
    let asked = world.asked.len();
    let turn = world.context().turn;
    let response = Response { id: "r1".into(), outcome: Err(crate::conversation::RequestError::Timeout) };
    world.cause(Cause::Answer { turn, index: 0, response });
    assert_eq!((world.asked.len(), world.stored.requests.len()), (asked, 0));
    world.passes(Duration::from_mins(10));
    let kinds: Vec<_> = world.asked[asked..].iter().map(Event::kind).collect();
    assert_eq!(kinds, ["handoff", "response"]);
}

#[test]
fn timers_wait_for_the_bot_too() {
    let mut world = world();
    world.bot_says("where is my order", vec![super::super::effects::tests::timer("nudge"), asks()]);
    world.does("bia", Act::Accept);
    let asked = world.asked.len();
    world.passes(Duration::from_mins(5));
    assert_eq!(world.asked.len(), asked);
    assert!(world.stored.due(world.now, MINUTE).is_none_or(|due| !matches!(due, Due::Timer(_))));
    world.does("bia", Act::Return { note: None });
    let kinds: Vec<_> = world.asked[asked..].iter().map(Event::kind).collect();
    assert_eq!(kinds, ["handoff", "timer"]);
}

#[test]
fn what_is_pushed_into_a_closed_conversation_begins_a_session_with_the_bot() {
    let mut world = world();
    world.bot_says("where is my order", vec![asks()]);
    world.does("bia", Act::Accept);
    world.does("bia", Act::Resolve { note: None });
    let (session, fence) = (world.stored.session, world.stored.fence);
    world.bot = vec![reply("It is on its way")];
    world.cause(Cause::Event(Event::External(("order-shipped", "1").into())));
    assert_eq!((world.owner(), world.stored.session, world.stored.fence), ("bot", session + 1, fence + 1));
    assert_eq!(world.texts().last(), Some(&"It is on its way"));
}
