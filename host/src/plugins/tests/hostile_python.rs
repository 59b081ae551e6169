//! What a guest written in Python does on request, and what its SDK makes of the contract. `make guests` builds it.

use std::time::Duration;

use tokio::sync::OnceCell;

use super::{context, every, host_of, message};
use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{
    Author, Decision, DeliveryFailure, Effect, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, NamedJson,
    NextState, RequestError, Response, TimerFired, TranscriptLine,
};
use crate::plugins::{Plugins, TurnResult};

/// The guest, compiled once for all tests: that takes seconds.
async fn hostile() -> &'static Plugins {
    static HOSTILE: OnceCell<Plugins> = OnceCell::const_new();
    let load = async || {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/hostile-python.wasm");
        let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}; `make guests` builds it"));
        host_of(&bytes, PluginLimits::default()).await
    };
    HOSTILE.get_or_init(load).await
}

async fn ask(event: &Event) -> TurnResult {
    hostile().await.decide("bot", &context(), Some("\"kept\""), event).await
}

async fn decided(event: &Event) -> Decision {
    ask(event).await.outcome.unwrap_or_else(|failure| panic!("{event:?}: {failure}"))
}

async fn answer(text: &str) -> String {
    said(&decided(&message(text)).await).to_owned()
}

async fn failure(text: &str) -> String {
    ask(&message(text)).await.outcome.expect_err(text).to_string()
}

async fn log(text: &str) -> Vec<String> {
    ask(&message(text)).await.log.iter().map(ToString::to_string).collect()
}

fn said(decision: &Decision) -> &str {
    match &decision.effects[..] {
        [Effect::Reply(reply)] => &reply.text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn g1_g2_g4_every_attack_costs_its_turn_only() {
    let attacks: [(&str, &[&str]); 24] = [
        ("panic", &["refused"]),
        ("unreachable", &["trapped"]),
        ("exit", &["refused"]),
        ("divide by zero", &["refused"]),
        ("out of bounds", &["refused"]),
        ("stack overflow", &["refused"]),
        ("stack overflow in C", &["stack-overflow", "deadline-exceeded"]),
        ("json depth", &["stack-overflow"]),
        ("error without words", &["refused"]),
        ("huge error", &["refused"]),
        ("loop", &["deadline-exceeded"]),
        ("loop that catches all", &["deadline-exceeded"]),
        ("loop calling log", &["deadline-exceeded"]),
        ("grow memory", &["refused", "deadline-exceeded"]),
        ("huge text", &["refused", "hostcall-fuel", "deadline-exceeded"]),
        ("million effects", &["deadline-exceeded"]),
        ("17 effects", &["bad-output"]),
        ("big state", &["bad-output"]),
        ("empty text", &["bad-output"]),
        ("bad json", &["bad-output"]),
        ("half a character past the SDK", &["trapped"]),
        ("wrong type past the SDK", &["trapped"]),
        ("unknown effect", &["trapped"]),
        ("bad state", &["refused"]),
    ];
    for (attack, kinds) in attacks {
        let result = ask(&message(attack)).await;
        // The wall clock's limit is a second, and ends a turn when it next gives way.
        assert!(result.duration < Duration::from_secs(2), "{attack}: {:?}", result.duration);
        let failure = result.outcome.expect_err(attack);
        // On a machine that is busy elsewhere a loop may end by the wall clock instead of by its own time.
        let stalled = failure.kind() == "stalled" && kinds.contains(&"deadline-exceeded");
        assert!(stalled || kinds.contains(&failure.kind()), "{attack}: {}: {failure}", failure.kind());
        assert_eq!(answer("static").await, "1", "{attack}: an instance was used twice");
    }
}

#[tokio::test]
async fn an_exception_is_told_with_the_authors_own_lines() {
    let told = "RuntimeError: asked to panic\n  File \"bot.py\", line ";
    let failed = failure("panic").await;
    assert!(
        failed.contains(told) && failed.ends_with("in panic\n    raise RuntimeError(\"asked to panic\")"),
        "{failed}"
    );
    let failed = failure("stack overflow").await;
    assert!(failed.contains("RecursionError: ") && failed.contains("in descend, 9"), "{failed}");
    let failed = failure("wrong type").await;
    assert!(failed.contains("TypeError: text is a str, not a int\n") && failed.contains("turn.reply(5)"), "{failed}");
    let failed = failure("half a character").await;
    assert!(failed.contains("UnicodeEncodeError: "), "{failed}");
    let failed = failure("wrong state").await;
    assert!(failed.contains("state: invalid type: integer `5`, expected a string"), "{failed}");
    let unreadable = hostile().await.decide("bot", &context(), Some("7"), &message("hi")).await.outcome;
    let unreadable = unreadable.expect_err("no text").to_string();
    assert!(unreadable.contains("invalid type: integer `7`, expected a string"), "{unreadable}");
}

#[tokio::test]
async fn g5_whatever_is_printed_goes_to_the_log_and_no_further() {
    assert_eq!(
        log("print").await,
        [
            "info: to stdout",
            "warn: to stderr",
            "info: by logging",
            "error: by logging, as an error",
            "info: past Python",
            "info: without an end"
        ]
    );
    for flood in ["log flood", "print flood", "log line"] {
        let log = ask(&message(flood)).await.log;
        assert!(log.iter().map(|line| line.text.len()).sum::<usize>() < 17 * 1024, "{flood}");
        let notices = log.iter().filter(|line| line.text.contains("what follows is dropped")).count();
        assert_eq!(notices, 1, "{flood}");
    }
}

#[tokio::test]
async fn the_guests_world_is_the_turns() {
    for (asked, answered) in [
        ("clock", "now 1700000000123 seed 7"),
        ("date", "2023-11-14T22:13:20.123000+00:00 is the turn's"),
        ("files", "no files: [Errno 44] No such file or directory: '/etc/passwd'"),
        ("environment", "0 variables, 0 arguments"),
        ("sleep 60000", "slept"),
        ("state", "\"kept\""),
        ("nul \0 inside", "nul \0 inside"),
        ("grüße \u{1f44b}", "grüße \u{1f44b}"),
    ] {
        assert_eq!(answer(asked).await, answered, "{asked}");
    }
    let sockets = ask(&message("sockets")).await.outcome;
    assert!(!format!("{sockets:?}").contains("socket.socket"), "no connection is made: {sockets:?}");
    let drawn = answer("random").await;
    assert_eq!(answer("random").await, drawn, "a turn run twice gives the same");
    let mut other = context();
    other.seed += 1;
    let other = hostile().await.decide("bot", &other, None, &message("random")).await.outcome.expect("it draws");
    for (one, two) in said(&other).split(' ').zip(drawn.split(' ')) {
        assert_ne!(one, two, "every source of chance follows the seed");
    }
    assert_eq!(decided(&message("remember blue")).await.state, NextState::Replace("\"blue\"".into()));
    assert_eq!(decided(&message("forget")).await.state, NextState::Clear);
    assert_eq!(decided(&message("state")).await.state, NextState::Keep);
}

#[tokio::test]
async fn every_event_arrives_as_it_is() {
    let named = || NamedJson { name: "order-shipped".into(), value: "{\"id\":7}".into() };
    let line = TranscriptLine { at: Timestamp(5), author: Author::Agent, text: "done".into() };
    let returned = HandoffReturn { agent: Some("Ana".into()), note: None, transcript: vec![line] };
    let answered = HttpResponse { status: 404, headers: vec![("a".into(), "b".into())], body: "gone".into() };
    let unsent = DeliveryFailure { turn: 3, campaign: "reply".into(), reason: "refused".into(), ambiguous: true };
    let timer = |due| Event::Timer(TimerFired { name: "nudge".into(), payload: "[1]".into(), due });
    let response = |outcome| Event::Response(Response { id: "r".into(), outcome });
    let failed = |error| response(Err(error));
    let Event::Message(mut photo) = message("look") else { panic!("it is a message") };
    photo.media = vec![Media { url: "https://media.example/1".into(), mime_type: None }];
    photo.choice = Some("menu".into());
    photo.flow_response = Some("{\"a\":1}".into());
    let described = "Message(id='m1', text='look', media=(Media(url='https://media.example/1', mime_type=None),), choice='menu', \
                     flow_response='{\"a\":1}', received=datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc))";
    let due = "datetime.datetime(1970, 1, 1, 0, 0, 0, 5000, tzinfo=datetime.timezone.utc)";
    let latest = "datetime.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=datetime.timezone.utc)";
    let events = [
        (Event::Burst(vec![photo.clone(), photo.clone()]), format!("Burst(messages=({described}, {described}))")),
        (Event::Message(photo), described.into()),
        (Event::Burst(vec![]), "Burst(messages=())".into()),
        (timer(Timestamp(5)), format!("TimerFired(name='nudge', payload='[1]', due={due})")),
        (timer(Timestamp(u64::MAX)), format!("TimerFired(name='nudge', payload='[1]', due={latest})")),
        (
            response(Ok(answered)),
            "Response(id='r', outcome=HttpResponse(status=404, headers=(('a', 'b'),), body='gone'))".into(),
        ),
        (
            failed(RequestError::TooLarge),
            "Response(id='r', outcome=RequestFailed(why=<RequestFailure.TOO_LARGE: 'too-large'>, detail=''))".into(),
        ),
        (
            failed(RequestError::Timeout),
            "Response(id='r', outcome=RequestFailed(why=<RequestFailure.TIMEOUT: 'timeout'>, detail=''))".into(),
        ),
        (
            failed(RequestError::Denied("no grant".into())),
            "Response(id='r', outcome=RequestFailed(why=<RequestFailure.DENIED: 'denied'>, detail='no grant'))".into(),
        ),
        (
            Event::DeliveryFailed(unsent),
            "DeliveryFailure(turn=3, campaign='reply', reason='refused', ambiguous=True)".into(),
        ),
        (Event::Handoff(HandoffUpdate::Failed("closed".into())), "HandoffFailed(reason='closed')".into()),
        (Event::Handoff(HandoffUpdate::Accepted(None)), "HandoffAccepted(agent=None)".into()),
        (
            Event::Handoff(HandoffUpdate::Returned(returned)),
            format!(
                "HandoffReturned(agent='Ana', note=None, transcript=(TranscriptLine(at={due}, author=<Author.AGENT: 'agent'>, \
                 text='done'),))"
            ),
        ),
        (Event::SessionExpired { idle_seconds: 3600 }, "SessionExpired(idle_seconds=3600)".into()),
        (Event::Switched(named()), "Switched(name='order-shipped', value='{\"id\":7}')".into()),
        (Event::External(named()), "External(name='order-shipped', value='{\"id\":7}')".into()),
    ];
    for (event, described) in events {
        assert_eq!(said(&decided(&event).await), described);
    }
}

#[tokio::test]
async fn every_effect_leaves_as_it_was_asked_for() {
    let first = decided(&message("effects first")).await;
    assert_eq!((first.effects, first.step.as_deref()), (every::first_effects(), Some("a-step")));
    assert_eq!(decided(&message("effects second")).await.effects, every::second_effects());
}
