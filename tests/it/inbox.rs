//! Agents in the console's inbox, in a real browser, and by the API; the user's side is the sandbox's record.

use reqwest::Method;
use serde_json::{Value, json};
use turnwise_tests::{Dev, Host, HostOptions, TestSandbox, key, until};

use crate::admin::Browser;

const DESK: &str = "[desk]\nkind = \"builtin\"\n";

/// A host with the built-in desk, whose user `ada` has asked for an agent.
async fn asked_for_an_agent() -> (TestSandbox, Host, String) {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions { more: DESK.into(), ..HostOptions::default() }).await;
    sandbox.say("ada", "hello").await;
    sandbox.texts_once("ada", 1).await;
    let said = sandbox.say("ada", "Talk to an agent").await;
    let id = said["answer"]["conversation"].as_str().map(ToOwned::to_owned);
    sandbox.texts_once("ada", 2).await;
    let id = match id {
        Some(id) => id,
        None => {
            let queue = get(&host, "/v1/desk").await;
            queue["conversations"][0]["conversation"].as_str().expect("one waits").to_owned()
        }
    };
    (sandbox, host, id)
}

async fn get(host: &Host, path: &str) -> Value {
    let answer = host.ask(Method::GET, path).send().await.expect("the host answers");
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
}

async fn act(host: &Host, id: &str, act: &str, body: Value) -> (u16, Value) {
    let request = host.ask(Method::POST, &format!("/v1/conversations/{id}/{act}"));
    let answer = request.header("content-type", "application/json").body(body.to_string()).send().await;
    let answer = answer.expect("the host answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"))
}

#[tokio::test]
async fn an_agent_takes_a_conversation_answers_and_gives_it_back_with_a_note() {
    let (sandbox, host, id) = asked_for_an_agent().await;
    let queue = get(&host, "/v1/desk").await;
    assert_eq!(queue["conversations"][0]["owner"], "offered", "{queue}");
    assert_eq!(act(&host, &id, "accept", json!({})).await.1["owner"], "agent");
    assert_eq!(act(&host, &id, "reply", json!({ "text": "Hi, this is Bia" })).await.0, 200);
    assert_eq!(sandbox.texts_once("ada", 3).await[2], "Hi, this is Bia");
    sandbox.say("ada", "my order is late").await;
    assert_eq!(act(&host, &id, "return", json!({ "note": "refunded" })).await.1["owner"], "bot");
    let texts = sandbox.texts_once("ada", 4).await;
    assert!(texts[3].contains("It's me again"), "the bot speaks at once: {texts:?}");
    let turns = host.ask(Method::GET, &format!("/v1/conversations/{id}/turns")).send().await.expect("the host answers");
    let turns = turns.text().await.expect("a body");
    let returned = turns.lines().find(|turn| turn.contains("\"returned\"")).expect("a turn about the return");
    assert!(returned.contains("refunded") && returned.contains("my order is late"), "it knows both: {returned}");
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 5).await.len(), 5, "and goes on");
}

#[tokio::test]
async fn of_two_agents_who_claim_at_once_one_gets_it() {
    let (_sandbox, host, id) = asked_for_an_agent().await;
    let mut browser = Browser::enter(&host).await;
    let path = format!("/console/inbox/{id}/accept");
    let (by_api, by_console) = tokio::join!(act(&host, &id, "accept", json!({})), browser.send(&path, &[]));
    let mut answers = [by_api.0 == 200, by_console == 303];
    answers.sort_unstable();
    assert_eq!(answers, [false, true], "{by_api:?} {by_console}");
    assert!([by_api.0, by_console.as_u16()].contains(&409));
}

#[tokio::test]
async fn who_has_a_conversation_outlives_a_crash_and_a_reply_after_the_end_is_refused_by_name() {
    let (sandbox, host, id) = asked_for_an_agent().await;
    act(&host, &id, "accept", json!({})).await;
    let host = host.restart(&sandbox).await;
    sandbox.say("ada", "are you there?").await;
    let queue = until("the message at the desk", || async {
        let queue = get(&host, "/v1/desk").await;
        (queue["conversations"][0]["unanswered"] == 1).then_some(queue)
    })
    .await;
    assert_eq!(queue["conversations"][0]["owner"], "agent");
    assert_eq!(act(&host, &id, "resolve", json!({})).await.1["owner"], "closed");
    let (status, answer) = act(&host, &id, "reply", json!({ "text": "one more thing" })).await;
    assert_eq!((status, answer["error"].as_str()), (409, Some("conflict")), "{answer}");
    assert!(answer["detail"].as_str().expect("words").contains("take it over first"), "{answer}");
    assert_eq!(sandbox.texts("ada").await.len(), 2, "nothing was said to the user");
}

#[tokio::test]
async fn a_late_reply_to_a_user_who_was_erased_resurrects_nothing() {
    let (sandbox, host, id) = asked_for_an_agent().await;
    act(&host, &id, "accept", json!({})).await;
    let erased = host.ask(Method::DELETE, "/v1/users/ada").send().await.expect("the host answers");
    assert!(erased.status().is_success(), "{}", erased.status());
    assert_eq!(act(&host, &id, "reply", json!({ "text": "Hi" })).await.0, 404);
    assert_eq!(get(&host, "/v1/desk").await["conversations"], json!([]));
    assert_eq!(sandbox.texts("ada").await.len(), 2);
}

#[tokio::test]
async fn in_the_browser_an_agent_accepts_answers_and_returns_and_the_phone_shows_it() {
    let (Some(agent), Some(phone)) = (turnwise_tests::Browser::start().await, turnwise_tests::Browser::start().await)
    else {
        return;
    };
    let dev = Dev::start().await;
    phone.resize(390, 844).await;
    phone.open(&dev.sandbox).await;
    phone.until("!!document.querySelector('.empty')").await;
    phone.click(".empty .button").await;
    phone.until("document.activeElement.id === 'new-name'").await;
    phone.click("#new-user [type=submit]").await;
    say(&phone, "hello", 1).await;

    agent.resize(1280, 860).await;
    agent.open(&format!("{}/console/inbox", dev.admin)).await;
    agent.until("document.querySelector('.nobody').innerText.startsWith('Nobody is waiting')").await;
    agent.value("window.marker = 1").await;
    say(&phone, "Talk to an agent", 2).await;

    // It comes by itself, and is gone through with the keyboard.
    agent.until("document.querySelectorAll('.case').length === 1").await;
    assert_eq!(agent.value("window.marker").await, 1, "the page was not loaded again");
    agent.press("j").await;
    agent.press(key::ENTER).await;
    agent.until("!!document.querySelector('[data-shortcut=a]') && document.readyState === 'complete'").await;
    agent.press("a").await;
    agent.until("!!document.querySelector('#reply-text')").await;
    agent.press("r").await;
    agent.until("document.activeElement.id === 'reply-text'").await;
    agent.press("Hi, this is Bia").await;
    agent.press_with("\u{e009}", key::ENTER).await;
    agent.until("document.querySelector('#reply-text').value === ''").await;
    let shown = "[...document.querySelectorAll('.line:not(.mine):not(.typing) .bubble')].some((line) => line.innerText.includes";
    phone.until(&format!("{shown}('Hi, this is Bia'))")).await;
    agent.until("[...document.querySelectorAll('.said.agent .fate')].some((fate) => fate.innerText === 'sent')").await;

    // What the user writes comes while the agent types, and takes nothing away.
    agent.value("document.querySelector('#reply-text').focus()").await;
    agent.press("half a sen").await;
    phone.value("document.getElementById('text').focus()").await;
    phone.press("my order is late").await;
    phone.press(key::ENTER).await;
    agent
        .until(
            "[...document.querySelectorAll('.said.user')].some((line) => line.innerText.includes('my order is late'))",
        )
        .await;
    assert_eq!(agent.value("document.querySelector('#reply-text').value").await, "half a sen");

    agent.click("summary[data-shortcut=b]").await;
    agent.until("document.querySelector('[name=note]').offsetParent !== null").await;
    agent.value("document.querySelector('[name=note]').focus()").await;
    agent.press("refunded").await;
    agent.press(key::ENTER).await;
    agent.until("document.querySelectorAll('.case').length === 0").await;
    phone.until(&format!("{shown}('It\\'s me again'))")).await;
    assert_eq!(agent.console().await, [""; 0], "nothing failed in the browser");
}

async fn say(phone: &turnwise_tests::Browser, text: &str, replies: usize) {
    phone.until("!!document.getElementById('text')").await;
    phone.value("document.getElementById('text').focus()").await;
    phone.press(text).await;
    phone.press(key::ENTER).await;
    let arrived = format!("document.querySelectorAll('.line:not(.mine):not(.typing)').length === {replies}");
    phone.until(&arrived).await;
}
