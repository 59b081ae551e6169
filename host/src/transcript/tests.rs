use std::time::Duration;

use turnwise_plugin::testing;

use super::*;
use crate::conversation::{
    AttributeChange, Campaign, Choice, Decision, Effect, Handoff, Media, NamedJson, NextState, Priority, Reply,
    Request, Timer, WhileWaiting, check,
};
use crate::plugins::CallStack;

fn reply(text: &str) -> Reply {
    Reply { text: text.into(), ..Reply::default() }
}

fn choices(count: usize, title: &str) -> Effect {
    let choice = |n: usize| Choice { id: n.to_string(), title: format!("{n}{title}"), description: None };
    Effect::Reply(Reply { choices: (0..count).map(choice).collect(), ..reply("x") })
}

fn two_choices(a: (&str, &str), b: (&str, &str)) -> Effect {
    let choice = |(id, title): (&str, &str)| Choice { id: id.into(), title: title.into(), description: None };
    Effect::Reply(Reply { choices: vec![choice(a), choice(b)], ..reply("x") })
}

fn described(description: &str) -> Effect {
    let choice = Choice { id: "a".into(), title: "A".into(), description: Some(description.into()) };
    Effect::Reply(Reply { choices: vec![choice], ..reply("x") })
}

fn named(name: &str, value: &str) -> NamedJson {
    (name, value).into()
}

fn set(name: &str, value: &str) -> Effect {
    Effect::ChangeAttribute(AttributeChange::Set(named(name, value)))
}

fn timer(name: &str, payload: &str) -> Effect {
    Effect::StartTimer(Timer { name: name.into(), delay_seconds: 1, payload: payload.into(), cancel_on_message: false })
}

fn request(id: &str, connection: &str, method: &str) -> Effect {
    Effect::Request(Request {
        id: id.into(),
        connection: connection.into(),
        method: method.into(),
        path: String::new(),
        headers: vec![],
        body: None,
        timeout_seconds: 1,
        while_waiting: WhileWaiting::Deliver,
    })
}

fn handoff(reason: &str, notice: Option<&str>) -> Effect {
    Effect::Handoff(Handoff {
        reason: reason.into(),
        summary: String::new(),
        team: None,
        priority: Priority::Normal,
        notice: notice.map(Into::into),
    })
}

fn media(url: &str) -> Effect {
    Effect::Reply(Reply { media: Some(Media { url: url.into(), mime_type: None }), ..reply("x") })
}

fn with_property(name: &str, value: &str) -> Effect {
    Effect::Reply(Reply { properties: vec![named("p", "1"), named(name, value)], ..reply("x") })
}

/// One decision for every rule of `conversation::check`, beside some that keep them all.
fn decisions() -> Vec<Decision> {
    let long = "x".repeat(256);
    let campaign = |name: &str| Campaign { name: name.into(), properties: vec![] };
    let effects = [
        Effect::Reply(reply("fine")),
        Effect::Reply(reply(" ")),
        Effect::Reply(reply(&"x".repeat(4097))),
        choices(3, ""),
        choices(3, "a title of more than 20"),
        choices(4, "a title of more than 20"),
        choices(4, "a title of more than twenty-four"),
        choices(11, ""),
        two_choices(("", "A"), ("b", "B")),
        two_choices(("a", " "), ("b", "B")),
        two_choices(("a", "A"), ("a", "B")),
        two_choices(("a", "Same"), ("b", " same ")),
        described(&"x".repeat(73)),
        media("HTTPS://x.example/a.png"),
        media("ftp://x.example/a.png"),
        with_property("", "1"),
        with_property("p", "2"),
        with_property("q", "{"),
        Effect::SendCampaign(campaign("")),
        Effect::SendCanvas(campaign("")),
        set("plan", "{\"a\":[true,null,1.5,\"text\"]}"),
        set("", "1"),
        set(&long, "1"),
        set("external_id", "1"),
        set("$price", "1"),
        set("plan", "gold"),
        set("plan", &format!("[\"{long}\"]")),
        Effect::ChangeAttribute(AttributeChange::Unset("_merge_objects".into())),
        Effect::ChangeAttribute(AttributeChange::Increment(String::new(), 1)),
        Effect::ChangeAttribute(AttributeChange::Add("a".into(), long.clone())),
        Effect::ChangeAttribute(AttributeChange::Remove("a".into(), long.clone())),
        Effect::TrackEvent(named("", "1")),
        Effect::TrackEvent(named(&long, "1")),
        Effect::TrackEvent(named("seen", "{")),
        timer("", "1"),
        timer("late", "now"),
        Effect::CancelTimer(String::new()),
        request("", "shop", "GET"),
        request("r", "", "GET"),
        request("r", "shop", ""),
        handoff("", None),
        handoff("asked", Some("")),
        handoff("asked", Some(&"x".repeat(4097))),
        Effect::SwitchBot(named("", "1")),
        Effect::Custom(named("typing", "yes")),
        Effect::Note(String::new()),
        Effect::Note("x".repeat(65_537)),
        Effect::EndSession(String::new()),
    ];
    let decision = |effects| Decision { state: NextState::Keep, effects, step: None };
    let mut decisions: Vec<Decision> = effects.into_iter().map(|effect| decision(vec![effect])).collect();
    decisions.push(decision(vec![Effect::Note("n".into()); 17]));
    decisions.push(decision(vec![Effect::Reply(reply("fine")), Effect::Reply(reply(""))]));
    decisions.push(Decision { step: Some("x".repeat(65_537)), ..decision(vec![]) });
    decisions.push(Decision { state: NextState::Replace("x".repeat(65_537)), ..decision(vec![]) });
    decisions
}

#[test]
fn the_rust_sdk_refuses_natively_what_the_host_refuses() {
    let mut refused = 0;
    for decision in decisions() {
        let host = check(&decision).map_err(|why| why.to_string());
        let native = testing::check(&convert::decision(decision.clone()));
        assert_eq!(native, host, "{decision:?}");
        refused += usize::from(host.is_err());
    }
    assert!(refused > 40, "the decisions break rules: {refused}");
}

#[test]
fn every_failed_turn_is_a_line_of_the_transcript() {
    let why = || "why".to_owned();
    assert_eq!(failure(&TurnFailure::Refused(PluginError::BadState(why()))), Failure::BadState(why()));
    assert_eq!(failure(&TurnFailure::Refused(PluginError::Other(why()))), Failure::Other(why()));
    assert_eq!(failure(&TurnFailure::BadOutput(why())), Failure::Refused(why()));
    let loops = TurnFailure::DeadlineExceeded { limit: Duration::from_millis(250), calls: CallStack(vec!["f".into()]) };
    let Failure::Other(told) = failure(&loops) else { panic!("a limit is an error of the plugin's") };
    assert!(told.starts_with("the plugin ran longer than its 250 ms, in `f`"), "{told}");
}
