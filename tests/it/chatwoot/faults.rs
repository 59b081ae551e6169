//! A desk that is down, slow, busy, forgetful, and says things twice, late, or not at all.

use serde_json::json;

use super::{ASKED, BACK, Desk, NOBODY, notes, options, said};
use turnwise_tests::{Host, until};

const API: &str = "/chatwoot/api";
const TOLD: &str = "/chatwoot/webhooks/message_created";

#[tokio::test]
async fn a_desk_that_is_down_gives_the_user_back_to_the_bot() {
    let desk = Desk::start("unreachable_after = \"2s\"").await;
    desk.sandbox.chaos(json!([{"path": API, "status": 503}])).await;
    desk.sandbox.say("ada", "agent").await;
    // What she writes meanwhile is for the desk, which never hears of it; the bot is told.
    let texts = desk.texts(2).await;
    assert!(texts[0] == ASKED && texts[1].starts_with(NOBODY), "{texts:?}");
    desk.sandbox.say("ada", "menu").await;
    desk.texts(3).await;
    desk.sandbox.calm().await;
    // The desk is tried again now and then, and has one of the next.
    until("a conversation", || async {
        if desk.sandbox.get("/sandbox/profiles/ada").await["custom_attributes"]["turnwise_owner"] == "bot" {
            desk.sandbox.say("ada", "agent").await;
        }
        (!desk.conversations().await.is_empty()).then_some(())
    })
    .await;
    let log = desk.end().await;
    assert!(log.contains("the desk could not be told of it in time"), "{log}");
}

#[tokio::test]
async fn what_a_user_writes_to_an_agent_waits_for_a_desk_that_is_down() {
    let desk = Desk::start("unreachable_after = \"1s\"").await;
    let id = desk.ask().await;
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    desk.sandbox.chaos(json!([{"path": API, "status": 502, "body": "<html>Bad Gateway</html>"}])).await;
    for n in 0..6 {
        desk.sandbox.say("ada", &format!("line {n}")).await;
    }
    desk.host.logged("not told yet", 3).await;
    desk.sandbox.calm().await;
    let lines = desk.lines(0, 6).await;
    assert_eq!(lines, (0..6).map(|n| format!("line {n}")).collect::<Vec<_>>(), "all of it, once, in order");
    assert_eq!(desk.texts(1).await, [ASKED], "and the bot never spoke");
    desk.end().await;
}

#[tokio::test]
async fn lost_answers_lose_nothing_and_double_nothing() {
    let desk = Desk::start("unreachable_after = \"5m\"").await;
    let (contacts, conversations) =
        (format!("{API}/v1/accounts/1/contacts"), format!("{API}/v1/accounts/1/conversations"));
    // Searching works, and the contact is made, but who asked for it is not told; and so on with all that follows.
    desk.sandbox
        .chaos(json!([
            {"path": contacts, "times": 1, "latency_ms": 300},
            {"path": contacts, "times": 1, "reset_after_processing": true},
            {"path": conversations, "times": 2, "reset_after_processing": true},
            {"path": conversations, "times": 1, "latency_ms": 1},
            {"path": conversations, "times": 1, "truncated_json": true},
        ]))
        .await;
    desk.ask().await;
    for n in 0..5 {
        desk.sandbox.say("ada", &format!("line {n}")).await;
    }
    desk.lines(0, 5).await;
    desk.sandbox
        .chaos(json!([
            {"path": conversations, "times": 1, "reset_after_processing": true},
            {"path": conversations, "times": 1, "latency_ms": 1},
            {"path": conversations, "times": 1, "truncated_json": true},
        ]))
        .await;
    for n in 5..8 {
        desk.sandbox.say("ada", &format!("line {n}")).await;
    }
    let lines = desk.lines(0, 8).await;
    assert_eq!(lines, (0..8).map(|n| format!("line {n}")).collect::<Vec<_>>());
    desk.host.logged("not told yet", 5).await;
    let opened = desk.conversations().await;
    assert_eq!(opened.len(), 1, "a lost answer opens no second one: {opened:?}");
    assert_eq!(notes(&opened[0]).len(), 1);
    assert_eq!(desk.sandbox.get("/sandbox/chatwoot/contacts").await.as_array().expect("a list").len(), 1);
    desk.end().await;
}

#[tokio::test]
async fn a_desk_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says() {
    let desk = Desk::start("unreachable_after = \"5m\"").await;
    desk.sandbox.chaos(json!([{"path": API, "times": 1, "status": 429, "headers": {"retry-after": "2"}}])).await;
    desk.sandbox.say("ada", "agent").await;
    desk.host.logged("the desk wants to be asked less", 1).await;
    desk.conversation(0, "the conversation after the wait", |one| !notes(one).is_empty()).await;
    let requests = desk.sandbox.requests().await;
    let asked: Vec<_> =
        requests.iter().filter(|one| one["path"].as_str().is_some_and(|path| path.starts_with(API))).collect();
    assert_eq!(asked[0]["status"], 429);
    let log = desk.end().await;
    assert_eq!(log.matches("asked less").count(), 1, "{log}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_said_once_and_the_bot_speaks_on() {
    let sandbox = turnwise_tests::TestSandbox::start(|_| {}).await;
    let mut options = options(&sandbox, "unreachable_after = \"2s\"");
    options.environment.insert("CHATWOOT_TOKEN".into(), "another-token".into());
    let desk = Desk { host: Host::start(&sandbox, options).await, sandbox };
    desk.sandbox.say("ada", "agent").await;
    assert!(desk.texts(2).await[1].starts_with(NOBODY));
    let log = desk.host.log();
    assert!(log.contains("Chatwoot refuses desk.chatwoot.token (401)"), "{log}");
    let (status, _) = desk.host.terminate().await;
    assert!(status.success());
}

#[tokio::test]
async fn an_agents_words_arrive_once_however_they_are_told() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    // The note that it began with has been told.
    until("the first webhooks", || async {
        let deliveries = desk.sandbox.get("/sandbox/chatwoot/deliveries").await;
        (deliveries.as_array()?.len() >= 2).then_some(())
    })
    .await;
    desk.sandbox
        .chaos(json!([
            {"path": TOLD, "times": 2, "duplicate_delivery": true},
            {"path": TOLD, "times": 1, "reorder": true},
            {"path": "/chatwoot/webhooks/conversation_updated", "times": 1, "drop_delivery": true},
        ]))
        .await;
    for text in ["one", "two", "three", "four"] {
        desk.act(id, "reply", json!({"agent": "Bia", "text": text})).await;
    }
    let mut texts = desk.texts(5).await;
    assert_eq!(texts[..3], [ASKED, "one", "two"]);
    texts[3..].sort();
    assert_eq!(texts[3..], ["four", "three"], "one overtook the other, none is lost");
    desk.act(id, "reply", json!({"agent": "Bia", "edits": 9_002, "text": "edited"})).await;
    desk.act(id, "resolve", json!({"quietly": true})).await;
    assert!(desk.texts(6).await[5].starts_with(BACK), "of a change told by one event only it is heard, too");
    desk.end().await;
}

#[tokio::test]
async fn an_agent_and_the_bot_race_and_one_speaks() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    // The bot is asked to carry on at the moment in which an agent answers: whoever wins, what follows has one owner.
    let (_, _) = tokio::join!(
        desk.sandbox.say("ada", "menu"),
        desk.act(id, "reply", json!({"agent": "Bia", "text": "Hi, I'm Bia"})),
    );
    until("the agent's words", || async {
        desk.sandbox.texts("ada").await.iter().any(|text| text == "Hi, I'm Bia").then_some(())
    })
    .await;
    desk.sandbox.say("ada", "thanks").await;
    let is = |one: &serde_json::Value| said(one, 0).last().is_some_and(|line| line == "thanks");
    desk.conversation(0, "what she says to the agent", is).await;
    desk.owner("agent").await;
    let texts = desk.sandbox.texts("ada").await;
    assert_eq!(texts.last().map(String::as_str), Some("Hi, I'm Bia"), "the bot says nothing to that: {texts:?}");
    desk.end().await;
}
