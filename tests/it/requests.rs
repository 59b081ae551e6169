//! Bots that ask other systems, and other systems that tell bots, through the real binary.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;
use turnwise::conversation::ConversationId;
use turnwise_tests::{API_KEY, Dev, Host, HostOptions, TOKEN, TestSandbox, binary, until, write_config};

/// The assistant, with the model and the shop that the sandbox plays.
fn assistant(sandbox: &TestSandbox) -> HostOptions {
    let more = format!(
        r#"
[plugins.assistant]
connections = ["llm", "shop"]

[connections.llm]
base_url = "{0}/llm/v1"
headers = {{ authorization = "Bearer env:LLM_KEY" }}
methods = ["POST"]
paths = ["/chat/completions"]
allow_private = ["127.0.0.1/32"]

[connections.shop]
base_url = "{0}/shop"
paths = ["/orders/"]
allow_private = ["127.0.0.1/32"]
"#,
        sandbox.url
    );
    HostOptions {
        bot: "assistant".into(),
        more,
        environment: [("LLM_KEY".to_owned(), API_KEY.to_owned())].into(),
        ..HostOptions::default()
    }
}

async fn post(host: &Host, path: &str, body: Value) -> (u16, Value) {
    let request = host.ask(reqwest::Method::POST, path).body(body.to_string());
    let request = request.header("content-type", "application/json; charset=utf-8");
    let answer = request.send().await.expect("the host answers");
    let status = answer.status().as_u16();
    (status, json_of(answer).await.expect("JSON"))
}

async fn json_of(answer: reqwest::Response) -> Option<Value> {
    serde_json::from_slice(&answer.bytes().await.ok()?).ok()
}

#[tokio::test]
async fn an_assistant_looks_an_order_up_and_remembers_it() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, assistant(&sandbox)).await;
    sandbox.say("ada", "Where is my order?").await;
    let texts = sandbox.texts_once("ada", 1).await;
    assert!(texts[0].contains("number"), "{texts:?}");
    sandbox.say("ada", "A-12345").await;
    let texts = sandbox.texts_once("ada", 2).await;
    assert!(texts[1].contains("A-12345") && texts[1].contains("on its way"), "{texts:?}");
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{status}: {log}");
    assert!(!log.contains(API_KEY) && !log.contains("A-12345"), "neither secrets nor what users type: {log}");
}

#[tokio::test]
async fn an_assistant_without_its_connection_says_so_and_hands_over_or_speaks_on() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let options = HostOptions { bot: "assistant".into(), ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;
    sandbox.say("ada", "hello").await;
    let texts = sandbox.texts_once("ada", 1).await;
    assert!(!texts[0].is_empty());
    let stored = host.stop().await;
    let turns = stored.journal("ada").await;
    let denied = turns.iter().any(|entry| entry.unsupported.iter().any(|line| line.contains("[connections.llm]")));
    assert!(denied, "the journal says which connection is missing: {turns:#?}");
    stored.close().await;
}

#[tokio::test]
async fn a_call_under_way_survives_kill_9() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, assistant(&sandbox)).await;
    // Said before the crash, answered after it, whether the call was made or not.
    sandbox.say("ada", "hello there").await;
    let folder = host.kill().await;
    let host = Host::start_in(folder, &sandbox, assistant(&sandbox)).await;
    let texts = sandbox.texts_once("ada", 1).await;
    assert!(!texts[0].is_empty());
    host.terminate().await;
}

#[tokio::test]
async fn dev_plays_a_language_model_for_the_assistant() {
    let dev = Dev::start_with_bot("assistant").await;
    let said = json!({ "user_id": "ada", "message": "A-12345, please" }).to_string();
    let answer = dev.http.post(format!("{}/sandbox/inbound", dev.sandbox)).body(said).send().await.expect("sent");
    assert!(answer.status().is_success());
    until("an answer about the order", || async {
        let messages = dev.http.get(format!("{}/sandbox/messages?user=ada", dev.sandbox)).send().await.ok()?;
        let messages = json_of(messages).await?;
        messages.to_string().contains("on its way").then_some(())
    })
    .await;
    dev.kill().await;
}

#[tokio::test]
async fn a_session_is_ended_from_outside_and_counted() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    sandbox.say("ada", "hello").await;
    sandbox.say("ada", "Order status").await;
    sandbox.texts_once("ada", 2).await;
    let id = ConversationId::of("whatsapp", "ada").to_string();

    let config = write_config(host.folder.path(), &sandbox.url, &HostOptions::default());
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let file = host.folder.path().join("running.toml");
    let admin = host.admin.trim_start_matches("http://");
    std::fs::write(&file, text.replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""))).expect("written");
    let end = |id: &str| {
        let mut command = Command::new(binary());
        command.args(["session", "end", id, "--outcome", "spam", "--config"]).arg(&file);
        command.env("BRAZE_API_KEY", API_KEY).env("WEBHOOK_TOKEN", TOKEN).stdin(Stdio::null());
        command.output()
    };
    let output = end(&id).await.expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcomes = until("the session to be counted", || async {
        let answer = host.ask(reqwest::Method::GET, "/v1/outcomes?days=1").send().await.ok()?;
        let answer = json_of(answer).await?;
        (answer["outcomes"] != json!([])).then_some(answer)
    })
    .await;
    let [counted] = outcomes["outcomes"].as_array().expect("a list").as_slice() else { panic!("{outcomes}") };
    assert_eq!(
        (&counted["outcome"], &counted["sessions"], &counted["bot"]),
        (&json!("spam"), &json!(1), &json!("menu"))
    );

    sandbox.say("ada", "hello again").await;
    let texts = sandbox.texts_once("ada", 3).await;
    assert_eq!(texts[2], texts[0], "the next message begins a session, and is not swallowed");

    let output = end(&ConversationId::of("whatsapp", "nobody").to_string()).await.expect("the command runs");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("there is no conversation c_"), "{stderr}");
    let _folder = std::sync::Arc::clone(&host.folder);
    host.terminate().await;
    let output = end(&id).await.expect("the command runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("no host listens") && stderr.contains("turnwise serve"), "{stderr}");
}

#[tokio::test]
async fn other_systems_tell_a_bot_and_mistakes_are_told_to_them() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    sandbox.say("ada", "hello").await;
    sandbox.texts_once("ada", 1).await;
    let path = format!("/v1/conversations/{}/events", ConversationId::of("whatsapp", "ada"));
    let (status, answer) = post(&host, &path, json!({ "name": "order-shipped", "data": { "order": 7 } })).await;
    assert_eq!(status, 202, "{answer}");

    for (path, body, wanted) in [
        (path.clone(), json!({ "nam": "x" }), "nam"),
        (path.clone(), json!({ "name": "" }), "1 to 64 characters"),
        (path.clone(), json!([]), "the body"),
        ("/v1/conversations/ada/events".to_owned(), json!({ "name": "x" }), "32 hexadecimal digits"),
    ] {
        let (status, answer) = post(&host, &path, body).await;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(status == 400 && detail.contains(wanted), "{status} {answer}");
    }
    let form = host.ask(reqwest::Method::POST, &path).body(r#"{"name":"x"}"#);
    let status = form.send().await.expect("the host answers").status();
    assert_eq!(status, 415, "what any page can post is not taken");

    let stored = host.stop().await;
    let turns = stored.journal("ada").await;
    let kinds: Vec<_> = turns.iter().map(|entry| entry.event.kind()).collect();
    assert_eq!(kinds, ["message", "external"]);
    stored.close().await;
}
