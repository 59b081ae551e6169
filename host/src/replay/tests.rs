use super::*;
use crate::clock::Timestamp;
use crate::conversation::{Context, Decision, DeskStatus, Effect, Message, NextState, Reply, User};

fn entry(text: &str, outcome: Outcome) -> JournalEntry {
    let message = Message {
        id: "m_1".into(),
        text: text.into(),
        media: vec![],
        choice: None,
        flow_response: None,
        received: Timestamp(5),
    };
    JournalEntry {
        context: Context {
            conversation: ConversationId([1; 16]),
            session: 1,
            turn: 7,
            user: User::default(),
            source: "whatsapp".into(),
            now: Timestamp(1_764_063_000_000),
            seed: 3,
            settings: vec![],
            fields: vec![],
            desk: DeskStatus::None,
        },
        bot: "menu".into(),
        plugin_digest: [1; 8],
        state: Some("{\"n\": 1}".into()),
        state_version: None,
        event: Event::Message(message),
        outcome,
        log: vec![],
        unsupported: vec![],
        duration_us: 10,
    }
}

fn decided(reply: &str, state: NextState) -> Outcome {
    let effects = vec![Effect::Reply(Reply { text: reply.into(), ..Reply::default() })];
    Outcome::Decided(Decision { state, effects, step: None })
}

fn failed(kind: &str, reason: &str) -> Outcome {
    Outcome::Failed { kind: kind.into(), reason: reason.into() }
}

#[test]
fn the_recorded_plugin_is_held_to_every_byte_and_another_to_what_is_noticed() {
    let then = entry("hi", decided("Hello!", NextState::Keep));
    let respelled = decided("Hello!", NextState::Replace("{\"n\":1}".into()));
    assert_eq!(verdict(&then, &respelled, Version::Other), Verdict::Same);
    assert!(matches!(verdict(&then, &respelled, Version::Recorded), Verdict::Differs(_)));
    assert_eq!(verdict(&then, &then.outcome.clone(), Version::Recorded), Verdict::Same);
    assert!(matches!(verdict(&then, &decided("Hi!", NextState::Keep), Version::Other), Verdict::Differs(_)));
    assert!(matches!(verdict(&then, &failed("trapped", "why"), Version::Recorded), Verdict::Differs(_)));
}

#[test]
fn what_time_or_the_rest_of_the_conversation_did_is_not_held_against_a_plugin() {
    let now = decided("Hello!", NextState::Keep);
    for version in [Version::Recorded, Version::Other] {
        let told = |then, now: &Outcome| verdict(&entry("hi", then), now, version);
        assert_eq!(told(failed("stalled", "busy"), &now), Verdict::Untold(Untold::Time));
        assert_eq!(told(now.clone(), &failed("stalled", "busy")), Verdict::Untold(Untold::Time));
        let refused = failed("bad-output", "effects[0] (switch-bot): there is no bot named \"x\"");
        assert_eq!(told(refused, &now), Verdict::Untold(Untold::Conversation));
        let wrong = failed("bad-output", "the plugin's answer cannot be used: effects[0] (reply): text is empty");
        assert!(matches!(told(wrong.clone(), &now), Verdict::Differs(_)));
        assert_eq!(told(wrong.clone(), &wrong), Verdict::Same);
    }
}

#[test]
fn the_words_for_a_decision_that_is_wrong_by_itself_are_the_hosts() {
    let failure = crate::plugins::TurnFailure::BadOutput("why".into());
    assert!(!refused_by_conversation(&failed(failure.kind(), &failure.to_string())));
}

#[test]
fn a_turn_that_differs_is_named_with_what_it_is_about_and_how_it_differs() {
    let then = entry("where is\n my order", decided("Hello!", NextState::Keep));
    let Verdict::Differs(difference) = verdict(&then, &decided("Hi!", NextState::Keep), Version::Other) else {
        panic!("they differ")
    };
    let differing = Differing::of(&then, *difference);
    let id = "c_01010101010101010101010101010101";
    assert_eq!(
        as_text(&differing),
        format!("{id} turn 7  2025-11-25T09:30:00Z  menu  > where is my order\n  reply   - Hello!\n          + Hi!\n")
    );
    let json = as_json(&differing);
    assert_eq!((&json["turn"], &json["difference"]["reply"]["after"][0]), (&7.into(), &"Hi!".into()));
    let other = ConversationId([0; 16]);
    let turns = [(differing.conversation, 12), (differing.conversation, 7), (other, 1)];
    assert_eq!(names(&turns), format!("{other} turn 1\n{id} turns 7, 12\n"));
}

#[test]
fn everything_is_counted_and_only_what_is_the_same_is_fine() {
    let then = entry("hi", decided("Hello!", NextState::Keep));
    let mut tally = Tally::default();
    assert_eq!(tally.text(Version::Recorded), "no turn was replayed\n");
    tally.count(&Verdict::Same);
    assert!(tally.is_fine());
    assert_eq!(tally.text(Version::Recorded), "1 turn replayed, all byte for byte as recorded\n");
    tally.count(&Verdict::Untold(Untold::Host));
    assert!(tally.is_fine(), "no plugin has anything to do with it");
    let mut more = Tally { lost: 2, ..Tally::default() };
    more.count(&verdict(&then, &decided("Hi!", NextState::Clear), Version::Other));
    more.count(&Verdict::Untold(Untold::NoPlugin));
    tally.add(&more);
    assert!(!tally.is_fine());
    assert_eq!(
        tally.text(Version::Other),
        "2 turns replayed, 1 differs: reply 1, state 1\n\
         1 turn not compared: they were the host's own, without a plugin\n\
         1 turn not compared: they ran on a plugin that is not here\n2 turns cannot be read\n"
    );
    assert_eq!(tally.json()["not_compared"]["no-plugin"], 1);
}
