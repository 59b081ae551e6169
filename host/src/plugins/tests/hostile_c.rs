//! What a guest written in C does on request, and what its SDK makes of the contract. `make guests` builds it.

use std::time::Duration;

use super::{context, every, host_of, message};
use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{
    Author, Decision, DeliveryFailure, Effect, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, NamedJson,
    NextState, RequestError, Response, TimerFired, TranscriptLine,
};
use crate::plugins::{Plugins, TurnResult};

const STATE: &str = "{\"remembered\":\"kept\"}";

async fn hostile() -> Plugins {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/hostile-c.wasm");
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}; `make guests` builds it"));
    host_of(&bytes, PluginLimits::default()).await
}

async fn ask(plugins: &Plugins, event: &Event) -> TurnResult {
    plugins.decide("bot", &context(), Some(STATE), event).await
}

async fn decided(plugins: &Plugins, event: &Event) -> Decision {
    ask(plugins, event).await.outcome.unwrap_or_else(|failure| panic!("{event:?}: {failure}"))
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
        ("abort", "trapped"),
        ("assert", "trapped"),
        ("exit", "trapped"),
        ("unreachable", "trapped"),
        ("divide by zero", "trapped"),
        ("out of bounds", "trapped"),
        ("null", "trapped"),
        ("wild pointer", "trapped"),
        ("stack overflow", "stack-overflow"),
        ("loop", "deadline-exceeded"),
        ("loop calling log", "deadline-exceeded"),
        ("grow memory", "out-of-memory"),
        ("huge text", "hostcall-fuel"),
        ("million effects", "out-of-memory"),
        ("alias bomb", "hostcall-fuel"),
        ("17 effects", "bad-output"),
        ("big state", "bad-output"),
        ("empty text", "bad-output"),
        ("bad json", "bad-output"),
        ("log line", "hostcall-fuel"),
        ("invalid utf-8", "bad-output"),
        ("invalid utf-8 in the log", "trapped"),
        ("unknown effect", "bad-output"),
        ("error", "refused"),
    ];
    let plugins = hostile().await;
    for (attack, kind) in attacks {
        let result = ask(&plugins, &message(attack)).await;
        assert!(result.duration < Duration::from_secs(1), "{attack}: {:?}", result.duration);
        let failure = result.outcome.expect_err(attack);
        assert_eq!(failure.kind(), kind, "{attack}: {failure}");
        assert_eq!(said(&decided(&plugins, &message("static")).await), "1", "{attack}: an instance was used twice");
    }
}

#[tokio::test]
async fn what_a_trap_was_about_is_in_the_log() {
    let plugins = hostile().await;
    let result = ask(&plugins, &message("assert")).await;
    let line = result.log.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(line.starts_with("error: plugin.c:") && line.contains("traps: assertion failed: says(message, "), "{line}");
    let failure = result.outcome.expect_err("it trapped").to_string();
    assert!(failure.contains("on_message"), "the call stack has names: {failure}");
    let log = ask(&plugins, &message("abort")).await.log;
    assert_eq!(log.iter().map(ToString::to_string).collect::<Vec<_>>(), ["warn: asked to abort"]);
}

#[tokio::test]
async fn g5_floods_are_dropped_with_one_notice() {
    let plugins = hostile().await;
    for flood in ["log flood", "stderr flood"] {
        let log = ask(&plugins, &message(flood)).await.log;
        let notices = log.iter().filter(|line| line.text.contains("what follows is dropped")).count();
        assert_eq!(notices, 1, "{flood}");
        assert!(log.iter().map(|line| line.text.len()).sum::<usize>() < 17 * 1024, "{flood}");
    }
}

#[tokio::test]
async fn the_guests_world_is_the_turns() {
    let plugins = hostile().await;
    let answers = [
        ("clock", "now 1700000000123 wasi 1700000000123"),
        ("files", "no files"),
        ("environment", "no environment"),
        ("sleep 60000", "slept"),
        ("state", "kept"),
        ("mended utf-8", "a\u{fffd}z"),
        ("nul \0 inside", "nul \u{fffd} inside"),
        ("grüße \u{1f44b}", "grüße \u{1f44b}"),
    ];
    for (asked, answered) in answers {
        assert_eq!(said(&decided(&plugins, &message(asked)).await), answered, "{asked}");
    }
    let drawn = decided(&plugins, &message("random")).await;
    assert_eq!(decided(&plugins, &message("random")).await, drawn, "a turn run twice gives the same");
    let remembered = NextState::Replace("{\"remembered\":\"blue\"}".into());
    assert_eq!(decided(&plugins, &message("remember blue")).await.state, remembered);
    assert_eq!(decided(&plugins, &message("forget")).await.state, NextState::Clear);
    assert_eq!(decided(&plugins, &message("state")).await.state, NextState::Keep);
    let unreadable = plugins.decide("bot", &context(), Some("7"), &message("hi")).await.outcome.expect_err("no object");
    assert!(unreadable.to_string().contains("invalid type: integer `7`, expected an object"), "{unreadable}");
}

#[tokio::test]
async fn every_event_arrives_as_it_is() {
    let named = || NamedJson { name: "order-shipped".into(), value: "{\"id\":7}".into() };
    let line = TranscriptLine { at: Timestamp(5), author: Author::Agent, text: "done".into() };
    let returned = HandoffReturn { agent: Some("Ana".into()), note: None, transcript: vec![line] };
    let answered = HttpResponse { status: 404, headers: vec![("a".into(), "b".into())], body: "gone".into() };
    let unsent = DeliveryFailure { turn: 3, campaign: "reply".into(), reason: "refused".into(), ambiguous: true };
    let timer = TimerFired { name: "nudge".into(), payload: "[1]".into(), due: Timestamp(u64::MAX) };
    let response = |outcome| Event::Response(Response { id: "r".into(), outcome });
    let Event::Message(mut photo) = message("look") else { panic!("it is a message") };
    photo.media = vec![Media { url: "https://media.example/1".into(), mime_type: None }];
    photo.choice = Some("menu".into());
    photo.flow_response = Some("{\"a\":1}".into());
    let received = photo.received.0;
    let described = format!(
        "message {} look choice menu flow {{\"a\":1}} at {received} media https://media.example/1 none",
        photo.id
    );
    let events = [
        (Event::Burst(vec![photo.clone(), photo.clone()]), format!("burst {described} {described}")),
        (Event::Message(photo), described),
        (Event::Burst(vec![]), "burst".into()),
        (Event::Timer(timer), "timer nudge [1] due 18446744073709551615".into()),
        (response(Ok(answered)), "response r outcome 0 problem none status 404 body gone header a=b".into()),
        (
            response(Err(RequestError::TooLarge)),
            "response r outcome 4 problem the response is over the connection's limit status 0 body none".into(),
        ),
        (
            response(Err(RequestError::Denied("no grant".into()))),
            "response r outcome 1 problem no grant status 0 body none".into(),
        ),
        (Event::DeliveryFailed(unsent), "delivery of turn 3 by reply failed: refused, ambiguous 1".into()),
        (Event::Handoff(HandoffUpdate::Failed("closed".into())), "handoff 0 reason closed agent none note none".into()),
        (Event::Handoff(HandoffUpdate::Accepted(None)), "handoff 1 reason none agent none note none".into()),
        (
            Event::Handoff(HandoffUpdate::Returned(returned)),
            "handoff 2 reason none agent Ana note none line 5 by 2 done".into(),
        ),
        (Event::SessionExpired { idle_seconds: 3600 }, "session expired after 3600".into()),
        (Event::Switched(named()), "switched from order-shipped with {\"id\":7}".into()),
        (Event::External(named()), "external order-shipped {\"id\":7}".into()),
    ];
    let plugins = hostile().await;
    for (event, described) in events {
        assert_eq!(said(&decided(&plugins, &event).await), described);
    }
}

#[tokio::test]
async fn every_effect_leaves_as_it_was_asked_for() {
    let plugins = hostile().await;
    let first = decided(&plugins, &message("effects first")).await;
    assert_eq!((first.effects, first.step.as_deref()), (every::first_effects(), Some("a-step")));
    assert_eq!(decided(&plugins, &message("effects second")).await.effects, every::second_effects());
}
