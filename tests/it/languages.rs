//! Every language, the whole way: from `plugin new` to the next message of a host that runs, and hostile guests in each.

use std::path::Path;

use turnwise_tests::{Host, HostOptions, TestSandbox, repository, until};

use crate::building::{run, turnwise};
use crate::plugin_faults::survives;
use crate::support::{introduce, post, wasm};

const LANGUAGES: [&str; 6] = ["rust", "ts", "js", "python", "go", "c"];

/// Turns of interpreters take milliseconds where a busy machine makes them; an attack may end by any limit it runs into.
const ATTACKS: [(&str, &[&str]); 11] = [
    ("panic", &["refused", "trapped"]),
    ("stack overflow", &["stack-overflow", "trapped", "refused", "deadline-exceeded", "stalled"]),
    ("loop", &["deadline-exceeded", "stalled"]),
    ("loop calling log", &["deadline-exceeded", "stalled"]),
    ("grow memory", &["out-of-memory", "trapped", "refused", "deadline-exceeded", "stalled"]),
    ("huge text", &["hostcall-fuel", "out-of-memory", "refused", "trapped", "deadline-exceeded", "stalled"]),
    ("million effects", &["hostcall-fuel", "out-of-memory", "refused", "trapped", "deadline-exceeded", "stalled"]),
    ("17 effects", &["bad-output"]),
    ("big state", &["bad-output", "refused"]),
    ("empty text", &["bad-output", "refused"]),
    ("error", &["refused"]),
];

/// What a new project in this language needs beside what `plugins/toolchains.sh` has put on PATH.
async fn furnish(language: &str, dir: &Path) {
    if matches!(language, "ts" | "js") {
        // The packages are in npm's own cache since the repository's were installed.
        let said = run(Path::new("npm"), &["install", "--prefer-offline", "--no-audit", "--no-fund"], dir, &[]).await;
        assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    }
}

#[tokio::test]
async fn every_language_goes_from_a_new_project_to_the_next_message_of_a_running_host() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, tempfile::tempdir().expect("a folder"));
    introduce(&sandbox, &LANGUAGES).await;
    let source = |language: &str| {
        format!("[sources.{language}]\nbot = \"parrot-{language}\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\n")
    };
    let more = LANGUAGES.map(source).concat();
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a folder");
    let options = HostOptions { bot: "parrot-rust".into(), plugins: plugins.clone(), more, ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;

    for language in LANGUAGES {
        let name = format!("parrot-{language}");
        let said = turnwise(&["plugin", "new", &name, "--lang", language], folder.path()).await;
        assert_eq!(said.code, Some(0), "{language}: {}", said.stderr);
        let dir = folder.path().join(&name);
        furnish(language, &dir).await;
        let built = turnwise(&["plugin", "build"], &dir).await;
        assert_eq!(built.code, Some(0), "{language}: {}{}", built.stdout, built.stderr);

        let file = format!("{name}.wasm");
        std::fs::copy(dir.join(&file), plugins.join(&file)).expect("it can be copied");
        until("the plugin to serve", || async {
            let answer = host.ask(reqwest::Method::GET, "/v1/plugins").send().await.ok()?;
            let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
            let plugins = answer["plugins"].as_array()?;
            plugins.iter().any(|plugin| plugin["name"] == name.as_str() && plugin["serving"] == true).then_some(())
        })
        .await;
        let body = format!(r#"{{"user_id":"{language}","message":"remember the milk"}}"#);
        assert_eq!(post(&host.public, language, body).await.0, 202);
        assert_eq!(sandbox.texts_once(language, 1).await, ["I will remember the milk."], "{language}");
    }
    let (status, log) = host.terminate().await;
    assert!(status.success() && !log.contains("turn failed"), "{log}");
}

#[tokio::test]
async fn the_menu_of_every_language_passes_the_transcripts_of_the_menu() {
    for name in ["menu", "menu-ts", "menu-python", "menu-go", "menu-c"] {
        let plugin = wasm(name);
        let plugin = plugin.to_str().expect("UTF-8");
        let played = turnwise(&["test", "--plugin", plugin, "plugins/menu/tests"], &repository()).await;
        assert_eq!(played.code, Some(0), "{name}: {}{}", played.stdout, played.stderr);
    }
}

#[tokio::test]
async fn what_a_hostile_plugin_in_go_can_do_is_written_down() {
    let plugin = wasm("hostile-go");
    let plugin = plugin.to_str().expect("UTF-8");
    let played = turnwise(&["test", "--plugin", plugin, "tests/guests/hostile-go/tests"], &repository()).await;
    assert_eq!(played.code, Some(0), "{}{}", played.stdout, played.stderr);
}

#[tokio::test]
async fn g1_g2_g4_an_attack_in_javascript_costs_its_turn_and_nothing_else() {
    survives("hostile-js", &ATTACKS).await;
}

#[tokio::test]
async fn g1_g2_g4_an_attack_in_python_costs_its_turn_and_nothing_else() {
    survives("hostile-python", &ATTACKS).await;
}

#[tokio::test]
async fn g1_g2_g4_an_attack_in_go_costs_its_turn_and_nothing_else() {
    survives("hostile-go", &ATTACKS).await;
}

#[tokio::test]
async fn g1_g2_g4_an_attack_in_c_costs_its_turn_and_nothing_else() {
    survives("hostile-c", &ATTACKS[1..]).await;
}
