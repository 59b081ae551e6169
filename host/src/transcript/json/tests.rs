//! Against text written by hand: other languages are written against the same.

use turnwise_plugin::testing::contract as sdk;

use super::super::convert;
use super::*;
use crate::conversation::{
    AttributeChange, Campaign, Choice, Decision, Effect, Handoff, Media, NamedJson, NextState, PluginError, Priority,
    Reply, Request, Timer, WhileWaiting,
};

fn named(name: &str, value: &str) -> sdk::NamedJson {
    sdk::NamedJson { name: name.into(), value: value.into() }
}

fn context(desk: sdk::DeskStatus, alias: Option<sdk::UserAlias>) -> sdk::Context {
    sdk::Context {
        conversation: "c_000102030405060708090a0b0c0d0e0f".into(),
        session: 2,
        turn: 3,
        user: sdk::User {
            external_id: Some("user-1".into()),
            alias,
            phone: None,
            language: Some("de".into()),
            profile_name: Some("Sam".into()),
        },
        source: "whatsapp".into(),
        now: 1_767_603_601_000,
        seed: u32::MAX,
        settings: vec![named("hours", "\"9 to 5\"")],
        fields: vec![],
        desk,
    }
}

#[test]
fn a_question_has_the_context_the_state_and_the_event() {
    let alias = sdk::UserAlias { name: "+4915550000001".into(), label: "phone".into() };
    let context = convert::context(&context(sdk::DeskStatus::Open, Some(alias)));
    let event = convert::event(&sdk::Event::SessionExpired(86_400));
    assert_eq!(
        question(&context, Some("{\"n\":1}"), &event).to_string(),
        concat!(
            r#"{"context":{"conversation":"c_000102030405060708090a0b0c0d0e0f","session":2,"turn":3,"user":"#,
            r#"{"externalId":"user-1","alias":{"name":"+4915550000001","label":"phone"},"phone":null,"language":"de","#,
            r#""profileName":"Sam"},"source":"whatsapp","now":1767603601000,"seed":4294967295,"#,
            r#""settings":[{"name":"hours","value":"\"9 to 5\""}],"fields":[],"desk":{"tag":"open"}},"#,
            r#""state":"{\"n\":1}","event":{"tag":"session-expired","val":86400}}"#
        )
    );
    assert_eq!(question(&context, None, &event)["state"], serde_json::Value::Null);
}

#[test]
fn every_status_of_the_desk() {
    let desk = |status| super::context(&convert::context(&context(status, None)))["desk"].to_string();
    assert_eq!(desk(sdk::DeskStatus::Closed(None)), r#"{"tag":"closed","val":null}"#);
    assert_eq!(desk(sdk::DeskStatus::Closed(Some(7))), r#"{"tag":"closed","val":7}"#);
    assert_eq!(desk(sdk::DeskStatus::None), r#"{"tag":"none"}"#);
}

#[test]
fn every_event() {
    let text = |event: sdk::Event| event_text(&event);
    let plain = sdk::Message {
        id: "m_1".into(),
        text: "hi \"there\"".into(),
        media: vec![],
        choice: None,
        flow_response: None,
        received: 5,
    };
    let plain_text = r#"{"id":"m_1","text":"hi \"there\"","media":[],"choice":null,"flowResponse":null,"received":5}"#;
    let full = sdk::Message {
        media: vec![
            sdk::Media { url: "https://x.example/1".into(), mime_type: Some("image/png".into()) },
            sdk::Media { url: "https://x.example/2".into(), mime_type: None },
        ],
        choice: Some("order".into()),
        flow_response: Some("{}".into()),
        ..plain.clone()
    };
    let full_text = concat!(
        r#"{"id":"m_1","text":"hi \"there\"","media":[{"url":"https://x.example/1","mimeType":"image/png"},"#,
        r#"{"url":"https://x.example/2","mimeType":null}],"choice":"order","flowResponse":"{}","received":5}"#
    );
    assert_eq!(text(sdk::Event::Message(plain.clone())), format!(r#"{{"tag":"message","val":{plain_text}}}"#));
    let burst = sdk::Event::Burst(vec![plain, full]);
    assert_eq!(text(burst), format!(r#"{{"tag":"burst","val":[{plain_text},{full_text}]}}"#));
    let timer = sdk::TimerFired { name: "nudge".into(), payload: "null".into(), due: 9 };
    assert_eq!(text(sdk::Event::Timer(timer)), r#"{"tag":"timer","val":{"name":"nudge","payload":"null","due":9}}"#);
    let failure =
        sdk::DeliveryFailure { turn: 2, campaign: "reply".into(), reason: "no opt-in".into(), ambiguous: true };
    assert_eq!(
        text(sdk::Event::DeliveryFailed(failure)),
        r#"{"tag":"delivery-failed","val":{"turn":2,"campaign":"reply","reason":"no opt-in","ambiguous":true}}"#
    );
    assert_eq!(
        text(sdk::Event::Switched(named("faq", "{\"a\":1}"))),
        r#"{"tag":"switched","val":{"name":"faq","value":"{\"a\":1}"}}"#
    );
    assert_eq!(
        text(sdk::Event::External(named("paid", "null"))),
        r#"{"tag":"external","val":{"name":"paid","value":"null"}}"#
    );
}

#[test]
fn every_outcome_of_a_request() {
    let text = |outcome| event_text(&sdk::Event::Response(sdk::Response { id: "r".into(), outcome }));
    let of = |outcome: &str| format!(r#"{{"tag":"response","val":{{"id":"r","outcome":{outcome}}}}}"#);
    let headers = vec![("content-type".into(), "text/plain".into())];
    assert_eq!(
        text(Ok(sdk::HttpResponse { status: 404, headers, body: "no".into() })),
        of(r#"{"tag":"ok","val":{"status":404,"headers":[["content-type","text/plain"]],"body":"no"}}"#)
    );
    let why = || "why".to_owned();
    for (error, expected) in [
        (sdk::RequestError::Denied(why()), r#"{"tag":"denied","val":"why"}"#),
        (sdk::RequestError::Timeout, r#"{"tag":"timeout"}"#),
        (sdk::RequestError::Unreachable(why()), r#"{"tag":"unreachable","val":"why"}"#),
        (sdk::RequestError::TooLarge, r#"{"tag":"too-large"}"#),
        (sdk::RequestError::Other(why()), r#"{"tag":"other","val":"why"}"#),
    ] {
        assert_eq!(text(Err(error)), of(&format!(r#"{{"tag":"err","val":{expected}}}"#)));
    }
}

#[test]
fn every_news_of_a_handoff() {
    let text = |update| event_text(&sdk::Event::Handoff(update));
    let of = |update: &str| format!(r#"{{"tag":"handoff","val":{update}}}"#);
    assert_eq!(text(sdk::HandoffUpdate::Failed("closed".into())), of(r#"{"tag":"failed","val":"closed"}"#));
    assert_eq!(text(sdk::HandoffUpdate::Accepted(None)), of(r#"{"tag":"accepted","val":null}"#));
    assert_eq!(text(sdk::HandoffUpdate::Accepted(Some("Ana".into()))), of(r#"{"tag":"accepted","val":"Ana"}"#));
    let line = |at, author, text: &str| sdk::TranscriptLine { at, author, text: text.into() };
    let back = sdk::HandoffReturn {
        agent: Some("Ana".into()),
        note: None,
        transcript: vec![
            line(1, sdk::Author::User, "a"),
            line(2, sdk::Author::Bot, "b"),
            line(3, sdk::Author::Agent, "c"),
        ],
    };
    assert_eq!(
        text(sdk::HandoffUpdate::Returned(back)),
        of(concat!(
            r#"{"tag":"returned","val":{"agent":"Ana","note":null,"transcript":[{"at":1,"author":"user","text":"a"},"#,
            r#"{"at":2,"author":"bot","text":"b"},{"at":3,"author":"agent","text":"c"}]}}"#
        ))
    );
}

fn event_text(event: &sdk::Event) -> String {
    super::event(&convert::event(event)).to_string()
}

fn decided(json: &str) -> Decision {
    answer(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}")).expect("a decision")
}

fn effect(json: &str) -> Effect {
    let mut decision = decided(&format!(r#"{{"ok":{{"state":{{"tag":"keep"}},"effects":[{json}],"step":null}}}}"#));
    assert_eq!(decision.effects.len(), 1);
    decision.effects.remove(0)
}

fn pair(name: &str, value: &str) -> NamedJson {
    (name, value).into()
}

#[test]
fn every_end_of_a_turn() {
    let keep = Decision { state: NextState::Keep, effects: vec![], step: None };
    assert_eq!(decided(r#"{"ok":{"state":{"tag":"keep"},"effects":[],"step":null}}"#), keep);
    assert_eq!(
        decided(r#" { "ok" : { "effects":null, "state":{"val":null,"tag":"keep"} } } "#),
        keep,
        "in any order, and without what is not there"
    );
    assert_eq!(
        decided(r#"{"ok":{"state":{"tag":"replace","val":"{\"n\":1}"},"effects":[],"step":"menu"}}"#),
        Decision { state: NextState::Replace("{\"n\":1}".into()), effects: vec![], step: Some("menu".into()) }
    );
    assert_eq!(decided(r#"{"ok":{"state":{"tag":"clear"},"effects":[]}}"#).state, NextState::Clear);
    let error = |json: &str| answer(json.as_bytes()).expect("an answer").expect_err("an error");
    assert_eq!(
        error(r#"{"err":{"tag":"other","val":"Error: x\n  at y"}}"#),
        PluginError::Other("Error: x\n  at y".into())
    );
    assert_eq!(error(r#"{"err":{"tag":"bad-state","val":"v9"}}"#), PluginError::BadState("v9".into()));
}

#[test]
fn replies_campaigns_and_attributes() {
    assert_eq!(
        effect(r#"{"tag":"reply","val":{"text":"hi","choices":[],"media":null,"campaign":null,"properties":[]}}"#),
        Effect::Reply(Reply { text: "hi".into(), ..Reply::default() })
    );
    assert_eq!(
        effect(concat!(
            r#"{"tag":"reply","val":{"text":"hi","choices":[{"id":"a","title":"A","description":"the first"},"#,
            r#"{"id":"b","title":"B"}],"media":{"url":"https://x.example/1","mimeType":"image/png"},"#,
            r#""campaign":"fancy","properties":[{"name":"colour","value":"\"red\""}]}}"#
        )),
        Effect::Reply(Reply {
            text: "hi".into(),
            choices: vec![
                Choice { id: "a".into(), title: "A".into(), description: Some("the first".into()) },
                Choice { id: "b".into(), title: "B".into(), description: None },
            ],
            media: Some(Media { url: "https://x.example/1".into(), mime_type: Some("image/png".into()) }),
            campaign: Some("fancy".into()),
            properties: vec![pair("colour", "\"red\"")],
        })
    );
    let campaign = || Campaign { name: "promo".into(), properties: vec![pair("n", "1")] };
    let val = r#"{"name":"promo","properties":[{"name":"n","value":"1"}]}"#;
    assert_eq!(effect(&format!(r#"{{"tag":"send-campaign","val":{val}}}"#)), Effect::SendCampaign(campaign()));
    assert_eq!(effect(&format!(r#"{{"tag":"send-canvas","val":{val}}}"#)), Effect::SendCanvas(campaign()));
    for (json, change) in [
        (r#"{"tag":"set","val":{"name":"plan","value":"\"gold\""}}"#, AttributeChange::Set(pair("plan", "\"gold\""))),
        (r#"{"tag":"unset","val":"old"}"#, AttributeChange::Unset("old".into())),
        (r#"{"tag":"increment","val":["visits",-2]}"#, AttributeChange::Increment("visits".into(), -2)),
        (r#"{"tag":"add","val":["tags","vip"]}"#, AttributeChange::Add("tags".into(), "vip".into())),
        (r#"{"tag":"remove","val":["tags","new"]}"#, AttributeChange::Remove("tags".into(), "new".into())),
    ] {
        let json = format!(r#"{{"tag":"change-attribute","val":{json}}}"#);
        assert_eq!(effect(&json), Effect::ChangeAttribute(change));
    }
}

#[test]
fn every_other_effect() {
    assert_eq!(
        effect(r#"{"tag":"track-event","val":{"name":"seen","value":"{\"n\":1}"}}"#),
        Effect::TrackEvent(pair("seen", "{\"n\":1}"))
    );
    assert_eq!(
        effect(r#"{"tag":"start-timer","val":{"name":"late","delay":7200,"payload":"null","cancelOnMessage":true}}"#),
        Effect::StartTimer(Timer {
            name: "late".into(),
            delay_seconds: 7200,
            payload: "null".into(),
            cancel_on_message: true
        })
    );
    assert_eq!(effect(r#"{"tag":"cancel-timer","val":"late"}"#), Effect::CancelTimer("late".into()));
    for (word, while_waiting) in
        [("deliver", WhileWaiting::Deliver), ("hold", WhileWaiting::Hold), ("cancel", WhileWaiting::Cancel)]
    {
        let json = format!(
            r#"{{"tag":"request","val":{{"id":"r","connection":"shop","method":"POST","path":"/a?b","headers":[["x-a","b"]],"body":"text","timeout":3,"whileWaiting":"{word}"}}}}"#
        );
        let request = Request {
            id: "r".into(),
            connection: "shop".into(),
            method: "POST".into(),
            path: "/a?b".into(),
            headers: vec![("x-a".into(), "b".into())],
            body: Some("text".into()),
            timeout_seconds: 3,
            while_waiting,
        };
        assert_eq!(effect(&json), Effect::Request(request));
    }
    for (word, priority) in
        [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High), ("urgent", Priority::Urgent)]
    {
        let json = format!(
            r#"{{"tag":"handoff","val":{{"reason":"asked","summary":"","team":"sales","priority":"{word}","notice":"One moment"}}}}"#
        );
        let handoff = Handoff {
            reason: "asked".into(),
            summary: String::new(),
            team: Some("sales".into()),
            priority,
            notice: Some("One moment".into()),
        };
        assert_eq!(effect(&json), Effect::Handoff(handoff));
    }
    assert_eq!(effect(r#"{"tag":"note","val":"be nice"}"#), Effect::Note("be nice".into()));
    assert_eq!(effect(r#"{"tag":"switch-bot","val":{"name":"faq","value":"5"}}"#), Effect::SwitchBot(pair("faq", "5")));
    assert_eq!(effect(r#"{"tag":"end-session","val":"solved"}"#), Effect::EndSession("solved".into()));
    assert_eq!(
        effect(r#"{"tag":"custom","val":{"name":"typing","value":"true"}}"#),
        Effect::Custom(pair("typing", "true"))
    );
}

#[test]
fn what_is_no_answer_says_what_is_wrong_and_where() {
    let wrong = |line: &[u8]| answer(line).expect_err("it is no answer").to_string();
    for (line, expected) in [
        ("", "EOF while parsing a value"),
        ("Traceback (most recent call last):", "expected value at line 1 column 1"),
        (r#"{"done":true}"#, "unknown variant `done`, expected `ok` or `err`"),
        (r#"{"ok":{"state":{"tag":"keep"}}}"#, "missing field `effects`"),
        (r#"{"ok":{"state":{"tag":"kept"},"effects":[]}}"#, "unknown variant `kept`, expected one of `keep`"),
        (r#"{"ok":{"state":{"tag":"replace"},"effects":[]}}"#, "missing field `val`"),
        (r#"{"ok":{"state":{"tag":"replace","val":{"n":1}},"effects":[]}}"#, "invalid type: map, expected a string"),
        (
            r#"{"ok":{"state":{"tag":"keep"},"effects":[{"tag":"start-timer","val":{"name":"a","delay":1,"payload":"1","cancel_on_message":true}}]}}"#,
            "unknown field `cancel_on_message`, expected one of `name`, `delay`, `payload`, `cancelOnMessage`",
        ),
        (
            r#"{"ok":{"state":{"tag":"keep"},"effects":[{"tag":"change-attribute","val":{"tag":"increment","val":["a",1.5]}}]}}"#,
            "invalid type: floating point `1.5`, expected i32",
        ),
        (r#"{"ok":{"state":{"tag":"keep"},"effects":[],"step":null}} {}"#, "trailing characters"),
        (r#"{"err":"boom"}"#, "invalid type: string \"boom\""),
    ] {
        assert!(wrong(line.as_bytes()).starts_with(expected), "{line}: {}", wrong(line.as_bytes()));
    }
    let told = wrong("{\"ok\":{\"é\u{1b}\":1}}".as_bytes());
    assert!(
        told.contains("\n  {\"ok\":{\"é\u{fffd}\":1}}\n           ^\nexpected is one line: {\"ok\":DECISION}"),
        "{told}"
    );
    assert!(wrong(b"{\"err\":{\"tag\":\"other\",\"val\":\"\xff\"}}").starts_with("invalid unicode code point"));
    let deep = format!("{{\"ok\":{}", "[".repeat(100_000));
    assert!(wrong(deep.as_bytes()).len() < 1_000, "nothing is too long to be told about");
}
