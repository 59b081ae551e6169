//! What a conversation goes through before its bot is asked. A test of something that users of other conversation systems suffer
//! from has its number in its name: `pain8` is a delay that is lost over a restart.

use std::time::Duration;

use super::super::effects::tests::{Named, asking, reply, route, timer};
use super::super::routing::{Condition, Rule};
use super::super::turn::{Answer, Begun, Finished, Turn};
use super::super::{ConversationId, NamedJson, Outcome, Response, Timer, User};
use super::*;
use crate::limits::{CHAIN_TURNS_MAX, WAITING_MESSAGES_MAX};

const START: Timestamp = Timestamp(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// One conversation on a clock that is moved by hand.
struct World {
    route: Route,
    now: Timestamp,
    stored: Option<Conversation>,
    messages: u32,
}

impl World {
    fn new() -> Self {
        Self { route: route(), now: START, stored: None, messages: 0 }
    }

    fn of(bot: &str) -> Self {
        Self { route: Route { bot: bot.into(), ..route() }, ..Self::new() }
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    fn kept(&self) -> &Conversation {
        self.stored.as_ref().expect("there is one")
    }

    /// What the bot is asked about; none where it is not.
    fn begin(&mut self, cause: Cause) -> Option<Turn> {
        let id = ConversationId::of("whatsapp", "u1");
        match Turn::begin(id, self.stored.take(), &self.route, &Named, self.now, cause) {
            Begun::Turn(turn) => Some(*turn),
            Begun::Quiet(conversation) => {
                self.stored = Some(*conversation);
                None
            }
        }
    }

    fn finish(&mut self, turn: Turn, state: NextState, effects: Vec<Effect>) -> Finished {
        let decision = turn.decided.clone().unwrap_or(Outcome::Decided(Decision { state, effects, step: None }));
        self.end(turn, decision)
    }

    fn end(&mut self, turn: Turn, outcome: Outcome) -> Finished {
        let answer = Answer { outcome, plugin_digest: [7; 8], state_version: None, log: Vec::new(), duration_us: 1 };
        let finished = turn.finish(&self.route, &Named, answer);
        self.stored = Some(finished.conversation.clone());
        finished
    }

    fn message(&mut self, text: &str) -> Cause {
        self.messages += 1;
        let inbound = Inbound {
            source: "whatsapp".into(),
            user: User { external_id: Some("u1".into()), ..User::default() },
            text: text.into(),
            media: Vec::new(),
            flow_response: None,
            braze_dispatch_id: None,
            fields: vec![NamedJson::from(("plan", "\"gold\""))],
            mended: false,
        };
        Cause::Inbound { id: format!("e_{}", self.messages), inbound, received: self.now }
    }

    /// The user writes; the bot does this about it. Returns what it was asked about.
    fn say(&mut self, text: &str, effects: Vec<Effect>) -> Option<Event> {
        let cause = self.message(text);
        let turn = self.begin(cause)?;
        let event = turn.event.clone();
        self.finish(turn, NextState::Replace("{\"lang\":\"de\",\"n\":1}".into()), effects);
        Some(event)
    }

    /// Everything due by now, each with no effect; returns the events.
    fn due(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(due) = self.kept().due(self.now, self.route.idle_timeout) {
            let Some(turn) = self.begin(Cause::Due(due)) else { continue };
            events.push(turn.event.clone());
            self.finish(turn, NextState::Keep, Vec::new());
        }
        events
    }

    fn answer(&mut self, turn: u32) -> Option<Event> {
        let response = Response { id: "r".into(), outcome: Err(super::super::RequestError::Timeout) };
        let turn = self.begin(Cause::Answer { turn, index: 0, response })?;
        let event = turn.event.clone();
        self.finish(turn, NextState::Keep, Vec::new());
        Some(event)
    }
}

fn texts(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Message(message) => vec![message.text.clone()],
        Event::Burst(messages) => {
            vec![messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join(" + ")]
        }
        other => vec![other.kind().to_owned()],
    };
    events.iter().flat_map(text).collect()
}

fn in_seconds(name: &str, seconds: u32) -> Effect {
    Effect::StartTimer(Timer {
        name: name.into(),
        delay_seconds: seconds,
        payload: "1".into(),
        cancel_on_message: false,
    })
}

/// Pain 8: delays lost on restore. A timer is in the conversation, with the time it is due.
#[test]
fn pain8_a_timer_fires_once_with_the_time_it_was_due_however_late() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("reminder", 60)]);
    world.wait(Duration::from_secs(59));
    assert!(world.due().is_empty());
    world.wait(HOUR);
    let [Event::Timer(fired)] = &world.due()[..] else { panic!("it fires once") };
    assert_eq!((fired.name.as_str(), fired.payload.as_str()), ("reminder", "1"));
    assert_eq!(fired.due, START.after(Duration::from_secs(60)));
    assert!(world.due().is_empty());
}

#[test]
fn starting_a_timer_again_replaces_it_and_cancelling_what_is_not_there_is_fine() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("a", 60), in_seconds("a", 120), Effect::CancelTimer("b".into())]);
    assert_eq!(world.kept().timers.len(), 1);
    world.wait(Duration::from_secs(61));
    assert!(world.due().is_empty());
    world.say("stop it, please", vec![Effect::CancelTimer("a".into())]);
    world.wait(HOUR);
    assert!(world.due().is_empty());
}

#[test]
fn a_timer_that_ends_with_a_message_does_so_before_the_bot_is_asked() {
    let mut world = World::new();
    let nudge = Timer { name: "nudge".into(), delay_seconds: 60, payload: "null".into(), cancel_on_message: true };
    world.say("hi", vec![Effect::StartTimer(nudge), in_seconds("reminder", 60)]);
    world.wait(Duration::from_secs(30));
    world.say("me again", vec![]);
    world.wait(HOUR);
    let names: Vec<_> = world
        .due()
        .iter()
        .map(|event| match event {
            Event::Timer(fired) => fired.name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["reminder"]);
}

#[test]
fn a_timer_without_a_delay_waits_a_second_all_the_same() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("at once", 0)]);
    assert!(world.due().is_empty());
    world.wait(Duration::from_secs(1));
    assert_eq!(world.due().len(), 1);
}

#[test]
fn a_conversation_has_so_many_timers_and_no_more() {
    let mut world = World::new();
    for batch in 0..2 {
        world.say("hi", (0..16).map(|nth| timer(&format!("{batch} {nth}"))).collect());
    }
    let full = world.kept().timers.clone();
    let cause = world.message("one more");
    let turn = world.begin(cause).expect("a turn");
    let finished = world.finish(turn, NextState::Keep, vec![reply("ok"), timer("one more")]);
    let Outcome::Failed { kind, reason } = &finished.journal.outcome else { panic!("{:?}", finished.journal.outcome) };
    assert!(kind == "bad-output" && reason.starts_with("effects[1] (start-timer): 33 timers"), "{reason}");
    assert_eq!(world.kept().timers, full);
    let cause = world.message("again");
    let turn = world.begin(cause).expect("a turn");
    let finished = world.finish(turn, NextState::Keep, vec![timer("0 3")]);
    assert!(matches!(finished.journal.outcome, Outcome::Decided(_)), "a name is used again");
}

/// Pain 9: expiry loops, and a restart that swallows the user's message.
#[test]
fn pain9_an_expired_session_is_told_once_and_the_next_message_begins_another() {
    let mut world = World::new();
    world.route.carry_over = vec!["lang".into()];
    world.say("hi", vec![]);
    world.wait(24 * HOUR);
    let [Event::SessionExpired { idle_seconds }] = world.due()[..] else { panic!("it expires once") };
    assert_eq!(idle_seconds, 24 * 3600);
    assert_eq!(world.kept().state.as_deref(), Some("{\"lang\":\"de\"}"), "what is carried over stays");
    assert_eq!(world.kept().alarm, None, "nothing more is due, ever");
    world.wait(100 * HOUR);
    assert!(world.due().is_empty());
    let said = world.say("hello again", vec![]).expect("it is not swallowed");
    assert_eq!((texts(&[said]), world.kept().session), (vec!["hello again".to_owned()], 2));
}

#[test]
fn what_the_bot_decides_as_its_session_expires_is_what_the_next_begins_with() {
    for (state, left) in
        [(NextState::Keep, None), (NextState::Clear, None), (NextState::Replace("\"kept\"".into()), Some("\"kept\""))]
    {
        let mut world = World::new();
        world.say("hi", vec![]);
        world.wait(25 * HOUR);
        let due = world.kept().due(world.now, world.route.idle_timeout).expect("it expires");
        let turn = world.begin(Cause::Due(due)).expect("the bot is asked");
        assert!(turn.before.state.is_some(), "it sees the state before it is dropped");
        let finished = world.finish(turn, state, vec![]);
        assert_eq!(world.kept().state.as_deref(), left);
        assert_eq!(finished.ended, [Ended { bot: "menu".into(), outcome: "expired".into() }]);
    }
}

#[test]
fn a_bot_that_fails_as_its_session_expires_loses_it_all_the_same() {
    let mut world = World::new();
    world.say("hi", vec![]);
    world.wait(25 * HOUR);
    let due = world.kept().due(world.now, world.route.idle_timeout).expect("it expires");
    let turn = world.begin(Cause::Due(due)).expect("the bot is asked");
    let finished = world.end(turn, Outcome::Failed { kind: "trapped".into(), reason: "r".into() });
    assert!(finished.outbox.is_empty(), "nobody waits");
    assert!(world.kept().session_ended && world.kept().state.is_none());
}

#[test]
fn a_turn_of_any_kind_keeps_a_session_alive() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("reminder", 20 * 3600)]);
    world.wait(20 * HOUR);
    assert_eq!(texts(&world.due()), ["timer"]);
    world.wait(20 * HOUR);
    assert!(world.due().is_empty());
    world.wait(4 * HOUR);
    assert_eq!(texts(&world.due()), ["session-expired"]);
}

#[test]
fn pain9_a_session_ends_from_outside_without_the_bot_and_its_outcome_is_counted() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("reminder", 60), asking("r", "llm", WhileWaiting::Hold)]);
    let turn = world.begin(Cause::EndSession { outcome: "merged".into() }).expect("it is recorded");
    assert!(turn.decided.is_some());
    let finished = world.finish(turn, NextState::Keep, vec![]);
    assert_eq!(finished.ended, [Ended { bot: "menu".into(), outcome: "merged".into() }]);
    let kept = world.kept();
    assert!(kept.session_ended && kept.timers.is_empty() && kept.requests.is_empty());
    assert!(world.begin(Cause::EndSession { outcome: "again".into() }).is_none(), "there is none to end");
}

#[test]
fn messages_wait_for_a_response_that_holds_them_and_then_have_their_turns_in_order() {
    let mut world = World::new();
    world.say("order a-1", vec![asking("r", "llm", WhileWaiting::Hold)]);
    let asked = world.kept().turns;
    assert!(world.say("hello?", vec![]).is_none() && world.say("are you there?", vec![]).is_none());
    assert!(world.due().is_empty(), "the session does not idle either");
    assert!(matches!(world.answer(asked), Some(Event::Response(_))));
    assert_eq!(texts(&world.due()), ["hello?", "are you there?"]);
}

#[test]
fn a_bot_that_hangs_does_not_make_messages_pile_up() {
    let mut world = World::new();
    world.say("order", vec![asking("r", "llm", WhileWaiting::Hold)]);
    for nth in 0..WAITING_MESSAGES_MAX - 1 {
        assert!(world.say(&format!("{nth}"), vec![]).is_none());
        assert!(world.due().is_empty());
    }
    world.say("the last", vec![]);
    assert_eq!(world.due().len(), 1, "the oldest goes ahead, and the others hold again");
}

#[test]
fn a_message_gives_up_a_request_that_it_cancels_and_the_answer_is_nothing() {
    let mut world = World::new();
    world.say("order", vec![asking("r", "llm", WhileWaiting::Cancel)]);
    let asked = world.kept().turns;
    assert!(world.say("never mind", vec![]).is_some());
    assert!(world.answer(asked).is_none());
}

#[test]
fn an_answer_is_told_once_and_to_the_request_it_belongs_to() {
    let mut world = World::new();
    world.say("order", vec![asking("r", "llm", WhileWaiting::Deliver)]);
    let asked = world.kept().turns;
    assert!(world.say("and?", vec![]).is_some(), "it is a turn of its own");
    assert!(world.answer(asked + 7).is_none());
    assert!(world.answer(asked).is_some());
    assert!(world.answer(asked).is_none());
}

/// Pain 4: one answer per fragment.
#[test]
fn pain4_messages_of_one_burst_are_one_turn() {
    let mut world = World::of("chatty");
    assert!(world.say("hi", vec![]).is_none());
    world.wait(Duration::from_secs(1));
    assert!(world.say("it's about", vec![]).is_none());
    assert!(world.due().is_empty());
    world.wait(Duration::from_secs(1));
    assert!(world.due().is_empty(), "every message gives the next one time");
    world.say("my order", vec![]);
    world.wait(Duration::from_secs(2));
    let events = world.due();
    assert_eq!(texts(&events), ["hi + it's about + my order"]);
    let Event::Burst(messages) = &events[0] else { panic!("{events:?}") };
    assert_eq!(messages.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), ["e_1", "e_2", "e_3"]);
    world.say("thanks", vec![]);
    world.wait(Duration::from_secs(2));
    assert!(matches!(world.due()[..], [Event::Message(_)]), "one alone is a message");
}

#[test]
fn whoever_types_without_end_is_answered_in_between() {
    let mut world = World::of("chatty");
    let mut turns = 0;
    for nth in 0..60 {
        world.say(&nth.to_string(), vec![]);
        world.wait(Duration::from_secs(1));
        turns += world.due().len();
    }
    assert!((4..=6).contains(&turns), "{turns} turns in a minute, of bursts of 10 s at most");
}

#[test]
fn what_every_user_can_say_is_done_by_the_host() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("reminder", 60)]);
    let cause = world.message(" STOP. ");
    let turn = world.begin(cause).expect("a turn");
    let finished = world.finish(turn, NextState::Keep, vec![]);
    assert_eq!(finished.outbox.len(), 1, "the last word");
    assert_eq!(finished.ended, [Ended { bot: "menu".into(), outcome: "stopped".into() }]);
    let kept = world.kept();
    assert!(kept.session_ended && kept.state.is_none() && kept.timers.is_empty());

    let cause = world.message("agent");
    let turn = world.begin(cause).expect("a turn");
    world.finish(turn, NextState::Keep, vec![]);
    assert_eq!(texts(&world.due()), ["handoff"], "without a desk the bot hears of it, and speaks on");
}

#[test]
fn pain9_a_restart_is_answered_by_the_bot_in_a_new_session() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("reminder", 60)]);
    let cause = world.message("restart");
    let turn = world.begin(cause).expect("a turn");
    assert!(turn.decided.is_none() && turn.before.state.is_none() && turn.before.timers.is_empty());
    assert_eq!((turn.context.session, texts(std::slice::from_ref(&turn.event))), (2, vec!["restart".to_owned()]));
    assert_eq!(turn.ended, [Ended { bot: "menu".into(), outcome: "restarted".into() }]);
}

#[test]
fn a_bot_that_handles_commands_gets_them() {
    let mut world = World::of("own");
    assert_eq!(texts(&[world.say("stop", vec![]).expect("it is asked")]), ["stop"]);
    assert!(!world.kept().session_ended);
}

#[test]
fn a_command_does_not_wait_and_comes_after_what_was_said_before() {
    let mut world = World::new();
    world.say("order", vec![asking("r", "llm", WhileWaiting::Hold)]);
    assert!(world.say("hello?", vec![]).is_none());
    assert!(world.say("stop", vec![]).is_none());
    assert_eq!(texts(&world.due()), ["hello?", "stop"]);
    assert!(world.kept().session_ended);
}

fn to_orders(interrupts: bool) -> Rule {
    let conditions = vec![Condition::Keyword(vec!["order".into()])];
    Rule { conditions, bot: "orders".into(), interrupts }
}

#[test]
fn pain9_a_session_stays_with_its_bot_unless_a_route_interrupts() {
    let mut world = World::new();
    world.route.rules = vec![to_orders(false)];
    world.say("Order!", vec![]);
    assert_eq!(world.kept().bot, "orders");
    world.wait(25 * HOUR);
    world.due();
    world.say("hi", vec![]);
    assert_eq!(world.kept().bot, "menu");
    world.say("order", vec![]);
    assert_eq!((world.kept().bot.as_str(), world.kept().session), ("menu", 2));

    world.route.rules = vec![to_orders(true)];
    let cause = world.message("order");
    let turn = world.begin(cause).expect("a turn");
    assert_eq!((turn.before.bot.as_str(), turn.context.session), ("orders", 3));
    assert_eq!(turn.ended, [Ended { bot: "menu".into(), outcome: "interrupted".into() }]);
}

#[test]
fn a_bot_passes_the_conversation_on_before_anything_else_happens_and_finds_its_state_again() {
    let mut world = World::new();
    let to = |bot: &str| Effect::SwitchBot(NamedJson::from((bot, "{\"order\":1}")));
    world.say("hi", vec![in_seconds("reminder", 60), to("orders")]);
    assert_eq!(world.kept().state, None, "another bot's state is not its own");
    assert!(world.kept().timers.is_empty());
    let [Event::Switched(from)] = &world.due()[..] else { panic!("it is told") };
    assert_eq!((from.name.as_str(), from.value.as_str()), ("menu", "{\"order\":1}"));
    assert_eq!(world.kept().bot, "orders");

    let cause = world.message("back");
    let turn = world.begin(cause).expect("a turn");
    world.finish(turn, NextState::Replace("\"orders'\"".into()), vec![to("menu")]);
    assert_eq!(world.kept().state.as_deref(), Some("{\"lang\":\"de\",\"n\":1}"));
}

#[test]
fn a_switch_to_nobody_refuses_the_whole_turn() {
    for (bot, why) in [("gone", "there is no bot named"), ("menu", "already")] {
        let mut world = World::new();
        let cause = world.message("hi");
        let turn = world.begin(cause).expect("a turn");
        let effects = vec![reply("one moment"), Effect::SwitchBot(NamedJson::from((bot, "{}")))];
        let finished = world.finish(turn, NextState::Keep, effects);
        let Outcome::Failed { reason, .. } = &finished.journal.outcome else {
            panic!("{:?}", finished.journal.outcome)
        };
        assert!(reason.contains(why), "{reason}");
        assert_eq!(finished.outbox.len(), 1, "the user is not left without an answer");
    }
}

/// Two failures that feed each other come to rest, and the user hears of it.
#[test]
fn turns_that_only_lead_to_one_another_end() {
    let mut world = World::new();
    world.say("hi", vec![asking("r", "crm", WhileWaiting::Deliver)]);
    let mut turns = 0;
    while let Some(due) = world.kept().due(world.now, world.route.idle_timeout) {
        let turn = world.begin(Cause::Due(due)).expect("a turn");
        let finished = world.finish(turn, NextState::Keep, vec![asking("r", "crm", WhileWaiting::Deliver)]);
        turns += 1;
        if world.kept().next.is_empty() {
            assert!(matches!(finished.journal.outcome, Outcome::Failed { .. }));
            assert_eq!(finished.outbox.len(), 1);
        }
    }
    assert_eq!(turns, CHAIN_TURNS_MAX);
}

#[test]
fn an_early_alarm_costs_one_look_and_a_turn_does_not_move_it() {
    let mut world = World::new();
    world.say("hi", vec![]);
    let first = world.kept().alarm.expect("the session may expire");
    world.wait(HOUR);
    world.say("again", vec![]);
    assert_eq!(world.kept().alarm, Some(first));
    world.wait(23 * HOUR);
    assert_eq!(world.kept().due(world.now, world.route.idle_timeout), None);
    assert!(world.begin(Cause::Alarm).is_none());
    assert_eq!(world.kept().alarm, Some(first.after(HOUR)));
}

/// The order of what waits and what comes is the order of their times, whatever they are.
#[test]
fn pain3_what_is_due_comes_in_the_order_of_its_time() {
    let mut world = World::new();
    world.say("hi", vec![in_seconds("b", 120), in_seconds("a", 60)]);
    world.wait(24 * HOUR);
    assert_eq!(texts(&world.due()), ["timer", "timer"], "the timers kept the session alive");
}
