//! What a guest written in Rust does on request, where the guests in text would be too long. `make test` builds it.

use super::{context, host_of, message};
use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{
    Author, Decision, DeliveryFailure, Effect, Event, HandoffReturn, HandoffUpdate, HttpResponse, NamedJson, NextState,
    RequestError, Response, TimerFired, TranscriptLine,
};
use crate::plugins::{Plugins, TurnResult};

async fn hostile() -> Plugins {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/hostile.wasm");
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}; `make guests` builds it"));
    host_of(&bytes, PluginLimits::default()).await
}

async fn ask(plugins: &Plugins, event: &Event) -> TurnResult {
    plugins.decide("bot", &context(), Some("\"kept\""), event).await
}

fn said(decision: &Decision) -> &str {
    match &decision.effects[..] {
        [Effect::Reply(reply)] => &reply.text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn g1_g2_g4_every_attack_costs_its_turn_only() {
    let attacks = [
        ("panic", "trapped"),
        ("unreachable", "trapped"),
        ("divide by zero", "trapped"),
        ("out of bounds", "trapped"),
        ("stack overflow", "trapped"),
        ("loop", "deadline-exceeded"),
        ("loop calling log", "deadline-exceeded"),
        ("grow memory", "out-of-memory"),
        ("huge text", "hostcall-fuel"),
        ("million effects", "out-of-memory"),
        ("17 effects", "bad-output"),
        ("big state", "bad-output"),
        ("empty text", "bad-output"),
        ("bad json", "bad-output"),
        ("log line", "hostcall-fuel"),
        ("error", "refused"),
        ("bad state", "refused"),
    ];
    let plugins = hostile().await;
    for (attack, kind) in attacks {
        let result = ask(&plugins, &message(attack)).await;
        let failure = result.outcome.expect_err(attack);
        // On a machine that is busy elsewhere a loop may end by the wall clock.
        let kind = if failure.kind() == "stalled" && kind == "deadline-exceeded" { "stalled" } else { kind };
        assert_eq!(failure.kind(), kind, "{attack}: {failure}");
        let after = ask(&plugins, &message("static")).await.outcome.expect("the next turn is fine");
        assert_eq!(said(&after), "1", "{attack}: an instance was used twice");
    }
}

#[tokio::test]
async fn what_the_turn_knows_the_guest_knows() {
    let plugins = hostile().await;
    let answers = [
        ("clock", "now 1700000000123 seed 7"),
        ("state", "\"kept\""),
        ("nul text", "before\0after"),
        ("grüße \u{1f44b}", "grüße \u{1f44b}"),
    ];
    for (asked, answered) in answers {
        let decision = ask(&plugins, &message(asked)).await.outcome.expect(asked);
        assert_eq!(said(&decision), answered);
    }
    let decision = ask(&plugins, &message("remember blue")).await.outcome.expect("a decision");
    assert_eq!(decision.state, NextState::Replace("\"blue\"".into()));
    assert_eq!(ask(&plugins, &message("forget")).await.outcome.expect("a decision").state, NextState::Clear);
}

#[tokio::test]
async fn every_event_arrives_as_it_is() {
    let named = || NamedJson { name: "order-shipped".into(), value: "{\"id\":7}".into() };
    let line = TranscriptLine { at: Timestamp(5), author: Author::Agent, text: "done".into() };
    let returned = HandoffReturn { agent: Some("Ana".into()), note: None, transcript: vec![line] };
    let answered = HttpResponse { status: 404, headers: vec![("a".into(), "b".into())], body: "gone".into() };
    let unsent = DeliveryFailure { turn: 3, campaign: "reply".into(), reason: "refused".into(), ambiguous: true };
    let timer = TimerFired { name: "nudge".into(), payload: "null".into(), due: Timestamp(u64::MAX) };
    let events = [
        (Event::Burst(vec![]), vec!["Burst([])"]),
        (Event::Timer(timer), vec!["nudge", "due: 18446744073709551615"]),
        (Event::Response(Response { id: "r".into(), outcome: Ok(answered) }), vec!["404", "(\"a\", \"b\")", "gone"]),
        (Event::Response(Response { id: "r".into(), outcome: Err(RequestError::TooLarge) }), vec!["TooLarge"]),
        (Event::DeliveryFailed(unsent), vec!["turn: 3", "\"reply\"", "refused", "ambiguous: true"]),
        (Event::Handoff(HandoffUpdate::Failed("closed".into())), vec!["Failed(\"closed\")"]),
        (Event::Handoff(HandoffUpdate::Accepted(None)), vec!["Accepted(None)"]),
        (Event::Handoff(HandoffUpdate::Returned(returned)), vec!["Ana", "at: 5", "Agent", "done"]),
        (Event::SessionExpired { idle_seconds: 3600 }, vec!["SessionExpired(3600)"]),
        (Event::Switched(named()), vec!["Switched", "order-shipped", "{\\\"id\\\":7}"]),
        (Event::External(named()), vec!["External", "order-shipped"]),
    ];
    let plugins = hostile().await;
    for (event, parts) in events {
        let decision = ask(&plugins, &event).await.outcome.expect("a decision");
        for part in parts {
            assert!(said(&decision).contains(part), "{part} is not in {}", said(&decision));
        }
    }
}

#[tokio::test]
async fn g5_a_log_flood_is_dropped_with_one_notice() {
    let plugins = hostile().await;
    let result = ask(&plugins, &message("log flood")).await;
    let notices = result.log.iter().filter(|line| line.text.contains("what follows is dropped")).count();
    assert_eq!((notices, result.log.len()), (1, 17), "15 lines, a part of one, and the notice");
}
