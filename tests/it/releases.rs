//! A new version of a bot: watched, given some of the sessions, promoted, rolled back, while conversations go on.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use turnwise_tests::{Host, HostOptions, TestSandbox, binary, until};

use super::support::wasm;

/// A folder with `bot.wasm` and the candidate: what a bot says tells which of the two it is.
fn versions(stable: &str, candidate: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, file) in [(stable, "bot.wasm"), (candidate, "bot@candidate.wasm")] {
        std::fs::copy(wasm(name), folder.path().join(file)).expect("copied");
    }
    folder
}

fn options(folder: &TempDir, more: &str) -> HostOptions {
    HostOptions { bot: "bot".into(), plugins: folder.path().into(), more: more.into(), ..HostOptions::default() }
}

async fn plugin(host: &Host, name: &str) -> Value {
    let answer = host.ask(reqwest::Method::GET, "/v1/plugins").send().await.expect("the host answers");
    let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    let plugins = answer["plugins"].as_array().expect("a list").iter();
    plugins.into_iter().find(|plugin| plugin["name"] == name).cloned().unwrap_or_default()
}

/// Until the bot is answered by what this plugin was built to.
async fn until_serves(host: &Host, name: &str) {
    let size = std::fs::metadata(wasm(name)).expect("built").len();
    until("the other version to serve", || async {
        let other = plugin(host, "bot@candidate").await;
        (plugin(host, "bot").await["size"] == size && other.is_null()).then_some(())
    })
    .await;
}

async fn turnwise(host: &Host, command: &str) -> Output {
    let config = host.folder.path().join("turnwise.toml");
    run(command, "bot", &config).await
}

async fn run(command: &str, name: &str, config: &Path) -> Output {
    let mut turnwise = Command::new(binary());
    turnwise.args(["plugin", command, name, "--config"]).arg(config).stdin(Stdio::null());
    turnwise.output().await.expect("the command runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_shadow_says_nothing_and_what_it_would_do_otherwise_is_counted() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, versions("echo", "menu"));
    let host = Host::start(&sandbox, options(&folder, "")).await;
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);
    let shadow = until("the shadow to be counted", || async {
        let shadow = plugin(&host, "bot@candidate").await["shadow"].clone();
        (!shadow.is_null()).then_some(shadow)
    })
    .await;
    assert_eq!((&shadow["turns"], &shadow["differing"], &shadow["parts"]["reply"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(shadow["latest"][0]["turn"], 1);
    let (_, log) = host.terminate().await;
    assert!(!log.contains("hello"), "{log}");
    assert_eq!(sandbox.texts("ada").await.len(), 1, "nothing of the candidate's was sent");
}

#[tokio::test]
async fn pain6_a_candidate_is_promoted_and_rolled_back_while_conversations_go_on() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, versions("echo", "menu"));
    let host = Host::start(&sandbox, options(&folder, "[plugins.bot.release]\nsessions = \"pin\"")).await;
    sandbox.say("ada", "one").await;
    sandbox.texts_once("ada", 1).await;

    let output = turnwise(&host, "promote").await;
    assert!(output.status.success(), "{}", stderr(&output));
    until_serves(&host, "menu").await;
    sandbox.say("ada", "two").await;
    let texts = sandbox.texts_once("ada", 2).await;
    assert_eq!(texts[1], "2: two", "the session ends with the version it began with");
    sandbox.say("bob", "hello").await;
    let texts = sandbox.texts_once("bob", 1).await;
    assert!(texts[0] != "1: hello", "who comes now gets the new version: {texts:?}");
    let output = turnwise(&host, "promote").await;
    assert!(!output.status.success() && stderr(&output).contains("bot@candidate.wasm"), "{}", stderr(&output));

    let output = turnwise(&host, "rollback").await;
    assert!(output.status.success(), "{}", stderr(&output));
    until_serves(&host, "echo").await;
    sandbox.say("carol", "hello").await;
    assert_eq!(sandbox.texts_once("carol", 1).await, ["1: hello"]);
    assert!(folder.path().join("bot@withdrawn.wasm").is_file());
    let output = turnwise(&host, "rollback").await;
    assert!(!output.status.success() && stderr(&output).contains("neither a candidate"), "{}", stderr(&output));
    host.terminate().await;
}

#[tokio::test]
async fn a_canary_keeps_its_users_until_it_is_withdrawn() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, versions("echo", "menu"));
    let more = "[plugins.bot.release]\nmode = \"canary\"\npercent = 50\nsessions = \"restart\"";
    let host = Host::start(&sandbox, options(&folder, more)).await;
    let users: Vec<String> = (0..12).map(|user| format!("user{user}")).collect();
    let mut of_canary = Vec::new();
    for user in &users {
        sandbox.say(user, "hello").await;
        let first = sandbox.texts_once(user, 1).await;
        let canary = first[0] != "1: hello";
        sandbox.say(user, "again").await;
        let texts = sandbox.texts_once(user, 2).await;
        assert_eq!(texts[1] != "2: again", canary, "{user} stays where it began: {texts:?}");
        if canary {
            of_canary.push(user);
        }
    }
    assert!((1..12).contains(&of_canary.len()), "{of_canary:?}");

    let output = turnwise(&host, "rollback").await;
    assert!(output.status.success(), "{}", stderr(&output));
    until_serves(&host, "echo").await;
    sandbox.say(of_canary[0], "hello").await;
    let texts = sandbox.texts_once(of_canary[0], 3).await;
    assert_eq!(texts[2], "1: hello", "the message begins a session with the version that serves");
    let answer = host.ask(reqwest::Method::GET, "/v1/outcomes").send().await.expect("the host answers");
    let outcomes = String::from_utf8(answer.bytes().await.expect("a body").to_vec()).expect("UTF-8");
    assert!(outcomes.contains(r#""outcome":"upgraded","sessions":1"#), "{outcomes}");
    host.terminate().await;
}

#[tokio::test]
async fn what_cannot_serve_is_not_promoted() {
    let folder = versions("echo", "menu");
    std::fs::write(folder.path().join("bot@candidate.wasm"), b"no plugin").expect("written");
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, options(&folder, "")).await;
    let output = turnwise(&host, "promote").await;
    assert!(stderr(&output).contains("the candidate is not promoted"), "{}", stderr(&output));
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);
    let output = run("promote", "bot.wasm", &host.folder.path().join("turnwise.toml")).await;
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    host.terminate().await;
}
