//! A turn from beginning to end, without a plugin: the decision is the test's.

use super::super::effects::tests::{Named, campaign, choice, handoff, reply, request, route, timer};
use super::*;
use crate::conversation::{AttributeChange, DeliveryFailure, Effect, HandoffUpdate, User};
use crate::inbound::Inbound;
use crate::limits::{REPLY_WINDOW, TIMERS_PER_CONVERSATION_MAX, TRACK_WINDOW};
use crate::outbox::Action;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const RECEIVED: Timestamp = Timestamp(1_799_999_990_000);

fn id() -> ConversationId {
    ConversationId::of("whatsapp", "u1")
}

fn wrote(text: &str) -> Cause {
    let user = User { external_id: Some("u1".into()), ..User::default() };
    let inbound = Inbound {
        source: "whatsapp".into(),
        user,
        text: text.into(),
        media: Vec::new(),
        flow_response: None,
        braze_dispatch_id: None,
        fields: vec![NamedJson::from(("first_name", "\"Ada\""))],
        mended: false,
    };
    Cause::Inbound { id: "e_1".into(), inbound, received: RECEIVED }
}

fn told() -> Cause {
    let failure = DeliveryFailure { turn: 1, campaign: "reply".into(), reason: "r".into(), ambiguous: false };
    Cause::Event(Event::DeliveryFailed(failure))
}

fn begin(stored: Option<Conversation>, cause: Cause) -> Turn {
    begin_on(&route(), stored, NOW, cause)
}

fn begin_on(route: &Route, stored: Option<Conversation>, now: Timestamp, cause: Cause) -> Turn {
    match Turn::begin(id(), stored, route, &Named, now, cause) {
        Begun::Turn(turn) => *turn,
        Begun::Quiet(conversation) => panic!("nobody was asked: {conversation:?}"),
    }
}

fn decided(state: NextState, effects: Vec<Effect>) -> Answer {
    with(Outcome::Decided(Decision { state, effects, step: None }))
}

fn failed() -> Answer {
    with(Outcome::Failed { kind: "trapped".into(), reason: "unreachable".into() })
}

fn with(outcome: Outcome) -> Answer {
    Answer { outcome, plugin_digest: [7; 8], state_version: Some(2), log: vec!["info: hello".into()], duration_us: 9 }
}

fn turn(stored: Option<Conversation>, cause: Cause, answer: Answer) -> Finished {
    begin(stored, cause).finish(&route(), &Named, answer)
}

fn spoken() -> Conversation {
    turn(None, wrote("hi"), decided(NextState::Replace("\"kept\"".into()), vec![reply("hello")])).conversation
}

#[test]
fn the_first_message_begins_the_first_session_and_the_first_turn() {
    let turn = begin(None, wrote("hi"));
    assert_eq!((turn.context.session, turn.context.turn), (1, 1));
    assert_eq!(turn.context.user.external_id.as_deref(), Some("u1"));
    assert_eq!(turn.context.fields, [NamedJson::from(("first_name", "\"Ada\""))]);
    assert_eq!(turn.context.settings, Named.settings("menu"));
    assert_eq!(turn.context.now, NOW);
    let Event::Message(message) = &turn.event else { panic!("{:?}", turn.event) };
    assert_eq!((message.id.as_str(), message.text.as_str(), message.received), ("e_1", "hi", RECEIVED));
}

#[test]
fn ending_the_session_lets_the_next_turn_begin_another() {
    let ending = decided(NextState::Keep, vec![reply("bye"), Effect::EndSession("solved".into())]);
    let ended = turn(Some(spoken()), wrote("bye"), ending);
    assert_eq!((ended.conversation.session, ended.journal.context.session), (1, 1));
    assert!(ended.conversation.session_ended);
    assert!(ended.journal.unsupported.is_empty());

    let next = turn(Some(ended.conversation), wrote("hi again"), decided(NextState::Keep, vec![]));
    assert_eq!((next.conversation.session, next.journal.context.turn), (2, 3));
    assert!(!next.conversation.session_ended);
    let failed_after = turn(Some(next.conversation), wrote("oops"), failed());
    assert_eq!(failed_after.conversation.session, 2);
}

#[test]
fn a_turn_begun_again_has_the_same_seed_and_another_has_another() {
    let seed = |stored| begin(stored, wrote("hi")).context.seed;
    assert_eq!(seed(None), seed(None));
    assert_ne!(seed(None), seed(Some(spoken())));
    let elsewhere = Turn::begin(ConversationId::of("whatsapp", "u2"), None, &route(), &Named, NOW, wrote("hi"));
    let Begun::Turn(elsewhere) = elsewhere else { panic!("{elsewhere:?}") };
    assert_ne!(seed(None), elsewhere.context.seed);
}

#[test]
fn a_state_is_replaced_kept_or_cleared_and_carries_its_version() {
    let stored = spoken();
    assert_eq!((stored.state.as_deref(), stored.state_version), (Some("\"kept\""), Some(2)));

    let newer = Answer { state_version: Some(3), ..decided(NextState::Keep, vec![]) };
    let kept = turn(Some(stored.clone()), wrote("hi"), newer).conversation;
    assert_eq!((kept.state, kept.state_version), (stored.state.clone(), Some(2)), "kept bytes are the old version's");

    let replaced = Answer { state_version: None, ..decided(NextState::Replace("1".into()), vec![]) };
    let replaced = turn(Some(stored.clone()), wrote("hi"), replaced).conversation;
    assert_eq!((replaced.state.as_deref(), replaced.state_version), (Some("1"), None));

    let cleared = turn(Some(stored), wrote("hi"), decided(NextState::Clear, vec![])).conversation;
    assert_eq!(cleared.state, None);
}

#[test]
fn a_step_stays_until_another_is_named() {
    let decision = |step: Option<&str>| {
        with(Outcome::Decided(Decision { state: NextState::Keep, effects: vec![], step: step.map(Into::into) }))
    };
    let first = turn(None, wrote("hi"), decision(Some("menu"))).conversation;
    let second = turn(Some(first), wrote("hi"), decision(None)).conversation;
    assert_eq!(second.step.as_deref(), Some("menu"));
}

#[test]
fn a_failed_turn_changes_no_state_and_answers_whoever_waits() {
    let before = Conversation { offered: vec![choice("a", "A", None)], ..spoken() };
    let finished = turn(Some(before.clone()), wrote("boom"), failed());
    let after = &finished.conversation;
    assert_eq!((after.version, after.turns), (before.version + 1, before.turns + 1));
    assert_eq!(
        (&after.state, after.state_version, &after.offered),
        (&before.state, before.state_version, &before.offered)
    );
    let [entry] = &finished.outbox[..] else { panic!("{:?}", finished.outbox) };
    assert!(
        matches!(&entry.action, Action::Reply { text, campaign, .. } if *text == route().fallback_text && campaign == "reply")
    );
    assert!(matches!(finished.journal.outcome, Outcome::Failed { .. }));

    assert!(turn(Some(before.clone()), told(), failed()).outbox.is_empty(), "nobody waits for the answer to an event");
    let silent = Route { fallback_text: String::new(), ..route() };
    let unanswered = begin_on(&silent, Some(before), NOW, wrote("boom")).finish(&silent, &Named, failed());
    assert!(unanswered.outbox.is_empty(), "an empty fallback text is none");
}

#[test]
fn choices_once_offered_are_matched_until_others_are() {
    let offering = |id: &str, title: &str| {
        let choices = vec![choice(id, title, None)];
        decided(NextState::Keep, vec![Effect::Reply(Reply { text: "?".into(), choices, ..Reply::default() })])
    };
    let chosen = |stored: &Conversation, text: &str| match begin(Some(stored.clone()), wrote(text)).event {
        Event::Message(message) => message.choice,
        other => panic!("{other:?}"),
    };
    let offered = turn(None, wrote("hi"), offering("order", "Order status")).conversation;
    assert_eq!(chosen(&offered, "order status").as_deref(), Some("order"));
    let talked = turn(Some(offered), wrote("hm"), decided(NextState::Keep, vec![reply("Yes?")])).conversation;
    assert_eq!(chosen(&talked, "Order status").as_deref(), Some("order"));
    let others = turn(Some(talked), wrote("hm"), offering("hours", "Opening hours")).conversation;
    assert_eq!(chosen(&others, "Order status"), None);
}

#[test]
fn entries_are_addressed_and_expire_when_they_are_of_no_use() {
    let effects = vec![
        reply("hello"),
        Effect::SendCampaign(campaign("offer")),
        Effect::TrackEvent(NamedJson::from(("ordered", "{}"))),
    ];
    let finished = turn(Some(Conversation { fence: 4, ..spoken() }), wrote("hi"), decided(NextState::Keep, effects));
    let expiries: Vec<_> = finished.outbox.iter().map(|entry| entry.expires).collect();
    assert_eq!(expiries, [RECEIVED.after(REPLY_WINDOW), NOW.after(REPLY_WINDOW), NOW.after(TRACK_WINDOW)]);
    for (entry, index) in finished.outbox.iter().zip([0, 1, 3]) {
        assert_eq!((entry.conversation, entry.turn, entry.index), (id(), 2, index));
        assert_eq!((entry.fence, entry.created, entry.source.as_str()), (4, NOW, "whatsapp"));
        assert_eq!(entry.recipient, outbox::Recipient::ExternalId("u1".into()));
        assert!(entry.failure_is_told);
    }
}

#[test]
fn the_answer_to_a_failure_is_not_itself_reported_as_a_failure() {
    let finished = turn(Some(spoken()), told(), decided(NextState::Keep, vec![reply("again?")]));
    assert!(!finished.outbox[0].failure_is_told);
    let update = Cause::Event(Event::Handoff(HandoffUpdate::Failed("no desk".into())));
    assert!(turn(Some(spoken()), update, decided(NextState::Keep, vec![reply("sorry")])).outbox[0].failure_is_told);
}

#[test]
fn what_has_nobody_to_go_to_is_named() {
    let nobody = Conversation { user: User::default(), ..spoken() };
    let finished = turn(Some(nobody), told(), decided(NextState::Keep, vec![reply("anyone?")]));
    assert!(finished.outbox.is_empty());
    assert!(finished.journal.unsupported.iter().any(|told| told.starts_with("reply: ")), "{:?}", finished.journal);
}

#[test]
fn a_million_timers_of_one_user_are_refused_beyond_the_bound() {
    let mut stored = spoken();
    for turn_ in 0..1_000_000 / 16 {
        let effects = (0..16).map(|nth| timer(&format!("t{}", turn_ * 16 + nth))).collect();
        let finished = turn(Some(stored), told_from_outside(), decided(NextState::Keep, effects));
        stored = finished.conversation;
        match finished.journal.outcome {
            Outcome::Decided(_) => assert!(turn_ < 2),
            Outcome::Failed { kind, reason } => {
                assert!(turn_ >= 2, "{reason}");
                assert_eq!(kind, "bad-output");
                let expected = "effects[0] (start-timer): 33 timers would be pending; 32 are allowed a conversation: use a name again, or cancel some";
                assert_eq!(reason, expected);
            }
        }
    }
    assert_eq!(stored.timers.len(), TIMERS_PER_CONVERSATION_MAX);
    let again = turn(Some(stored), told_from_outside(), decided(NextState::Keep, vec![timer("t7")]));
    assert!(matches!(again.journal.outcome, Outcome::Decided(_)), "a name may be used again");
}

fn told_from_outside() -> Cause {
    Cause::Event(Event::External(NamedJson::from(("tick", "1"))))
}

/// Whatever a plugin decides, whoever it decides about: nothing is dropped in silence and nothing changes without a decision.
#[test]
fn no_decision_loses_an_effect_or_a_turn() {
    let mut random = Random(0x5eed);
    let mut stored: Option<Conversation> = None;
    for _ in 0..5_000 {
        let cause = if stored.is_none() || random.below(3) > 0 { wrote("hi") } else { told() };
        let began = begin(stored.clone(), cause);
        let before = began.before.clone();
        let effects: Vec<_> = (0..random.below(17)).map(|_| random.effect()).collect();
        let state = random.state();
        let fails = random.below(5) == 0;
        let answer = if fails { failed() } else { decided(state.clone(), effects.clone()) };
        let awaited = began.event.is_awaited();
        let timers_before = before.timers.clone();
        let Finished { mut conversation, journal, outbox, calls, .. } = began.finish(&route(), &Named, answer);

        assert_eq!(conversation.version, before.version, "a turn begins by counting its commit");
        assert_eq!(journal.context.turn, conversation.turns);
        // More timers than a conversation may have: the turn is refused as a whole.
        let fails = fails || matches!(journal.outcome, Outcome::Failed { .. });
        let expected = match state {
            _ if fails => before.state,
            NextState::Keep => before.state,
            NextState::Replace(state) => Some(state),
            NextState::Clear => None,
        };
        assert_eq!(conversation.state, expected);
        let ends = !fails && effects.iter().any(|effect| matches!(effect, Effect::EndSession(_)));
        assert_eq!(conversation.session_ended, before.session_ended || ends);
        assert!(outbox.windows(2).all(|pair| pair[0].index < pair[1].index), "entries are named apart");
        if fails {
            assert_eq!((outbox.len(), calls.len()), (usize::from(awaited), 0));
            assert_eq!(conversation.timers, timers_before);
        } else {
            accounted(&effects, &outbox, &calls, &journal.unsupported);
            assert!(conversation.next.len() <= journal.unsupported.len());
        }
        assert!(conversation.timers.len() <= TIMERS_PER_CONVERSATION_MAX);
        conversation.next.clear();
        stored = (random.below(50) > 0).then_some(conversation);
    }
}

/// Every effect is sent, tracked, done by the turn itself, or named as not done; and none twice.
fn accounted(effects: &[Effect], outbox: &[outbox::Entry], calls: &[Call], unsupported: &[String]) {
    let asked = effects.iter().filter(|effect| matches!(effect, Effect::Request(_))).count();
    assert_eq!(calls.len(), asked);
    let (mut sends, mut changes, mut events) = (0, Vec::new(), Vec::new());
    for entry in outbox {
        match &entry.action {
            Action::Reply { attributes, .. }
            | Action::Campaign { attributes, .. }
            | Action::Canvas { attributes, .. } => {
                sends += 1;
                changes.extend(attributes.clone());
            }
            Action::Track { attributes, events: tracked } => {
                changes.extend(attributes.clone());
                events.extend(tracked.clone());
            }
        }
    }
    let mut named = unsupported.iter();
    let (mut sends_expected, mut changes_expected, mut events_expected) = (0, Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::ChangeAttribute(change) => changes_expected.push(change.clone()),
            Effect::TrackEvent(event) => events_expected.push(event.clone()),
            Effect::EndSession(_) | Effect::StartTimer(_) | Effect::CancelTimer(_) | Effect::Request(_) => {}
            Effect::Reply(Reply { campaign: None, .. }) => sends_expected += 1,
            Effect::SendCampaign(send) if send.name == "offer" => sends_expected += 1,
            Effect::SendCanvas(send) if send.name == "welcome" => sends_expected += 1,
            other => {
                let told = named.next().unwrap_or_else(|| panic!("{} is dropped in silence", other.kind()));
                assert!(told.starts_with(&format!("{}: ", other.kind())), "{told}");
            }
        }
    }
    assert_eq!((sends, changes, events), (sends_expected, changes_expected, events_expected));
    assert_eq!(named.next(), None);
}

/// SplitMix64: any sequence does, but always the same one.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) % bound
    }

    fn state(&mut self) -> NextState {
        match self.below(3) {
            0 => NextState::Keep,
            1 => NextState::Replace(self.below(100).to_string()),
            _ => NextState::Clear,
        }
    }

    fn effect(&mut self) -> Effect {
        let number = self.below(100).to_string();
        match self.below(15) {
            0..3 => reply(&number),
            3 => Effect::Reply(Reply { text: number, campaign: Some("gone".into()), ..Reply::default() }),
            4 => Effect::SendCampaign(campaign(if self.below(2) == 0 { "offer" } else { "gone" })),
            5 => Effect::SendCanvas(campaign(if self.below(2) == 0 { "welcome" } else { "gone" })),
            6 => Effect::ChangeAttribute(AttributeChange::Unset(number)),
            7 => Effect::TrackEvent(NamedJson { name: number, value: "{}".into() }),
            8 => timer(&number),
            9 => Effect::CancelTimer(number),
            10 => request(&number),
            11 => handoff(),
            12 => Effect::Note(number),
            13 => Effect::EndSession(number),
            _ => Effect::Custom(NamedJson { name: number, value: "{}".into() }),
        }
    }
}
