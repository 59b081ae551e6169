use super::*;
use crate::conversation::{Campaign, Handoff, Media, Priority, Request, Timer, WhileWaiting};

fn decision(effects: Vec<Effect>) -> Decision {
    Decision { state: NextState::Keep, effects, step: None }
}

fn reply(text: &str) -> Reply {
    Reply { text: text.into(), ..Reply::default() }
}

fn titled(titles: &[&str]) -> Effect {
    let choice = |(id, title): (usize, &&str)| Choice { id: id.to_string(), title: (*title).into(), description: None };
    Effect::Reply(Reply { choices: titles.iter().enumerate().map(choice).collect(), ..reply("Which?") })
}

fn named(name: &str, value: &str) -> NamedJson {
    NamedJson { name: name.into(), value: value.into() }
}

fn set(name: &str, value: &str) -> Effect {
    Effect::ChangeAttribute(AttributeChange::Set(named(name, value)))
}

fn refusal(effect: Effect) -> String {
    check(&decision(vec![effect])).expect_err("should be refused").to_string()
}

#[test]
fn what_a_bot_ordinarily_answers_is_fine() {
    let effects = vec![
        Effect::Reply(Reply {
            choices: vec![Choice { id: "a".into(), title: "Order status".into(), description: None }],
            media: Some(Media { url: "HTTPS://example.com/a.png".into(), mime_type: None }),
            properties: vec![named("step", "\"menu\"")],
            ..reply("Grüße! \u{1f44b}\n\u{1b}[31m{{ braze }}\0")
        }),
        set("plan", "\"gold\""),
        Effect::ChangeAttribute(AttributeChange::Increment("visits".into(), 1)),
        Effect::StartTimer(Timer {
            name: "nudge".into(),
            delay_seconds: 60,
            payload: "null".into(),
            cancel_on_message: true,
        }),
        Effect::Handoff(Handoff {
            reason: "asked".into(),
            summary: String::new(),
            team: None,
            priority: Priority::Normal,
            notice: None,
        }),
    ];
    assert_eq!(check(&Decision { state: NextState::Replace("{}".into()), effects, step: Some("menu".into()) }), Ok(()));
}

#[test]
fn g4_counts_and_sizes_are_capped() {
    let seventeen = vec![Effect::Note("n".into()); 17];
    assert_eq!(check(&decision(seventeen)), Err(BadOutput::TooManyEffects { count: 17 }));
    assert_eq!(check(&decision(vec![Effect::Note("n".into()); 16])), Ok(()));

    let state = |bytes| Decision { state: NextState::Replace("x".repeat(bytes)), effects: vec![], step: None };
    assert_eq!(check(&state(64 * 1024)), Ok(()));
    assert_eq!(check(&state(64 * 1024 + 1)), Err(BadOutput::StateTooLong { bytes: 64 * 1024 + 1 }));

    let notes =
        |bytes: usize| decision(vec![Effect::Note("x".repeat(bytes / 2)), Effect::Note("x".repeat(bytes - bytes / 2))]);
    assert_eq!(check(&notes(64 * 1024)), Ok(()));
    assert_eq!(check(&notes(64 * 1024 + 1)), Err(BadOutput::TooMuchText { bytes: 64 * 1024 + 1 }));
}

#[test]
fn g4_a_reply_has_text_that_whatsapp_takes() {
    assert_eq!(refusal(Effect::Reply(reply(" \n"))), "effects[0] (reply): text is empty");
    assert!(
        check(&decision(vec![Effect::Reply(reply(&"é".repeat(4096)))])).is_ok(),
        "characters are counted, not bytes"
    );
    assert_eq!(
        refusal(Effect::Reply(reply(&"é".repeat(4097)))),
        "effects[0] (reply): text has 4097 characters; 4096 are allowed"
    );
}

#[test]
fn the_offending_effect_is_named() {
    let bad = decision(vec![Effect::Note("fine".into()), Effect::CancelTimer(String::new())]);
    assert_eq!(check(&bad).expect_err("empty name").to_string(), "effects[1] (cancel-timer): the name is empty");
}

#[test]
fn choices_fit_the_buttons_or_the_list() {
    let twenty_one = "x".repeat(21);
    assert!(refusal(titled(&[&twenty_one])).contains("21 characters; 20 are allowed"));
    assert!(check(&decision(vec![titled(&["a", "b", "c", &twenty_one])])).is_ok(), "four choices are a list");
    let twenty_five = "x".repeat(25);
    assert!(refusal(titled(&["a", "b", "c", &twenty_five])).contains("25 characters; 24 are allowed"));
    let eleven: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    assert!(refusal(titled(&eleven)).contains("11 choices; 10 are allowed"));
    assert!(refusal(titled(&["Yes", "yes "])).contains("titles are \"yes \""));
    assert!(refusal(titled(&[" "])).contains("title is empty"));
    let twins = vec![Choice { id: "a".into(), title: "A".into(), description: None }; 2];
    assert!(refusal(Effect::Reply(Reply { choices: twins, ..reply("?") })).contains("ids are \"a\""));
}

#[test]
fn json_has_to_be_json() {
    assert!(refusal(set("plan", "gold")).contains("the attribute's value is not JSON"));
    assert!(refusal(Effect::TrackEvent(named("seen", ""))).contains("value is not JSON"));
    let timer = Timer { name: "t".into(), delay_seconds: 1, payload: "{".into(), cancel_on_message: false };
    assert!(refusal(Effect::StartTimer(timer)).contains("payload is not JSON"));
    let properties = vec![named("order", "{\"a\":}")];
    assert!(refusal(Effect::SendCampaign(Campaign { name: "c".into(), properties })).contains("property \"order\""));
    let deep = "[".repeat(10_000);
    assert!(refusal(Effect::Custom(named("x", &deep))).contains("not JSON"));
}

#[test]
fn g4_no_attribute_reaches_braze_as_syntax() {
    for name in RESERVED_ATTRIBUTES.iter().copied().chain(["$add", "_anything"]) {
        assert!(refusal(set(name, "1")).contains("cannot be the name of an attribute"), "{name}");
        let unset = Effect::ChangeAttribute(AttributeChange::Unset(name.into()));
        assert!(refusal(unset).contains("cannot be the name of an attribute"), "{name}");
    }
    assert!(refusal(set("", "1")).contains("name is empty"));
    assert!(refusal(set(&"n".repeat(256), "1")).contains("256 characters; 255 are allowed"));
    assert!(refusal(set("plan", &format!("\"{}\"", "v".repeat(256)))).contains("256 characters; 255 are allowed"));
    assert!(refusal(set("plans", &format!("[1, \"{}\"]", "v".repeat(256)))).contains("256 characters"));
    let add = Effect::ChangeAttribute(AttributeChange::Add("tags".into(), "v".repeat(256)));
    assert!(refusal(add).contains("256 characters; 255 are allowed"));
}

#[test]
fn g4_a_property_named_broadcast_is_only_data() {
    let properties = vec![named("broadcast", "true"), named("audience", "{}"), named("recipients", "[]")];
    let effects = vec![
        Effect::Reply(Reply { properties: properties.clone(), ..reply("hi") }),
        Effect::SendCanvas(Campaign { name: "c".into(), properties }),
    ];
    assert_eq!(check(&decision(effects)), Ok(()), "inside trigger_properties these names mean nothing to Braze");
    let twins = vec![named("a", "1"), named("a", "2")];
    assert!(refusal(Effect::Reply(Reply { properties: twins, ..reply("hi") })).contains("two properties are \"a\""));
}

#[test]
fn media_comes_over_http() {
    for url in ["", "javascript:alert(1)", "file:///etc/passwd", "example.com/a.png"] {
        let media = Some(Media { url: url.into(), mime_type: None });
        assert!(refusal(Effect::Reply(Reply { media, ..reply("hi") })).contains("http://"), "{url}");
    }
}

#[test]
fn a_request_names_what_it_calls() {
    let request = Request {
        id: "r".into(),
        connection: String::new(),
        method: "GET".into(),
        path: "/".into(),
        headers: vec![],
        body: None,
        timeout_seconds: 5,
        while_waiting: WhileWaiting::Deliver,
    };
    assert_eq!(refusal(Effect::Request(request)), "effects[0] (request): connection is empty");
}
