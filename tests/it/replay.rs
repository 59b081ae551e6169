//! Looking back: `turnwise replay`, `record` and `graph`, on a host that runs, on what it left, and on a file of turns.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;
use turnwise::conversation::ConversationId;
use turnwise_tests::recorded::{as_lines, differs_in_changed_menu, menu_turns, write_changed_menu};
use turnwise_tests::{Host, HostOptions, PATIENCE, TestSandbox, binary, example_plugins, repository};

use crate::support::introduce;

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

async fn run(arguments: &[&str]) -> Said {
    run_with(arguments, "").await
}

/// With a token for the host that is asked; none where it is empty.
async fn run_with(arguments: &[&str], token: &str) -> Said {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(repository()).stdin(Stdio::null()).kill_on_drop(true);
    command.env("TURNWISE_TOKEN", token);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn id(user: &str) -> String {
    ConversationId::of("whatsapp", user).to_string()
}

/// What these users write, each message answered before the next.
async fn converse(sandbox: &TestSandbox, user: &str, texts: &[&str]) {
    for (count, text) in texts.iter().enumerate() {
        sandbox.say(user, text).await;
        sandbox.texts_once(user, count + 1).await;
    }
}

#[tokio::test]
async fn a_conversation_is_replayed_recorded_and_drawn() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada", "bea"]).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    converse(&sandbox, "ada", &["hello", "Order status", "nonsense", "A-12345"]).await;
    converse(&sandbox, "bea", &["opening hours", "menu"]).await;

    let plugins = example_plugins();
    let plugins = utf8(&plugins);
    let running = run_with(&["replay", "--host", &host.admin, "--plugins", plugins], &host.token()).await;
    assert_eq!((running.code, running.stdout.as_str()), (Some(0), ""), "{}", running.stderr);
    assert!(running.stderr.starts_with("6 turns replayed, all byte for byte as recorded\n"), "{}", running.stderr);

    let files = tempfile::tempdir().expect("a temporary folder");
    let changed = files.path().join("changed.wasm");
    write_changed_menu(&changed);
    let against = ["replay", "--host", &host.admin, "--bot", "menu", "--against", utf8(&changed)];
    let differing = run_with(&against, &host.token()).await;
    let ada = id("ada");
    assert_eq!(differing.code, Some(1), "{}", differing.stderr);
    assert!(differing.stdout.ends_with(&format!("\n{ada} turn 2\n")), "{}", differing.stdout);
    assert!(
        differing.stdout.contains("menu  > Order status\n  reply   - What's your order number?"),
        "{}",
        differing.stdout
    );
    assert!(differing.stderr.starts_with("6 turns replayed, 1 differs: reply 1\n"), "{}", differing.stderr);
    let json = run_with(&[&against[..], &["--json", &ada, "--turn", "2"]].concat(), &host.token()).await.lines();
    assert_eq!((&json[0]["turn"], &json[1]["summary"]["compared"]), (&json!(2), &json!(1)), "{json:?}");
    let calm = run_with(&[&against[..], &[&ada, "--turn", "1"]].concat(), &host.token()).await;
    assert_eq!((calm.code, calm.stdout.as_str()), (Some(0), ""), "{}", calm.stderr);

    let recorded = run_with(&["record", &ada, "--host", &host.admin], &host.token()).await;
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    assert!(recorded.stdout.contains("\n> Order status\n"), "{}", recorded.stdout);
    assert!(recorded.stdout.contains("\n< What's your order number?"), "{}", recorded.stdout);
    let folder = host.folder.clone();
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{status}: {log}");

    let data = folder.path().join("data");
    let data = utf8(&data);
    let stopped = run(&["replay", "--data", data, "--plugins", plugins, &ada]).await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.starts_with("4 turns replayed, all byte for byte"), "{}", stopped.stderr);
    for (user, turns) in [("ada", 4), ("bea", 2)] {
        let chat = files.path().join(format!("{user}.chat"));
        let recorded = run(&["record", &id(user), "--data", data, "--output", utf8(&chat)]).await;
        assert_eq!((recorded.code, recorded.stdout.as_str()), (Some(0), ""), "{}", recorded.stderr);
        assert!(recorded.stderr.starts_with(&format!("{turns} turns; play them with")), "{}", recorded.stderr);
    }
    let tested = run(&["test", "--plugin", "plugins/menu.wasm", utf8(files.path())]).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    assert!(tested.stderr.starts_with("2 passed, 0 failed, 6 turns"), "{}", tested.stderr);

    let drawing = files.path().join("menu.svg");
    let graph = run(&["graph", "--data", data, "--json", "--svg", utf8(&drawing)]).await;
    assert_eq!(graph.code, Some(0), "{}", graph.stderr);
    let graph: Value = serde_json::from_str(&graph.stdout).expect("JSON");
    assert_eq!((&graph["bot"], &graph["sessions"]), (&json!("menu"), &json!(2)));
    let leads = json!({ "from": "menu", "to": "awaiting-order", "count": 1 });
    assert!(graph["transitions"].as_array().expect("an array").contains(&leads), "{graph:#}");
    let picture = std::fs::read_to_string(&drawing).expect("it is drawn");
    assert!(picture.contains(">awaiting-order</text>"), "{picture}");
}

#[tokio::test]
async fn of_ten_thousand_turns_exactly_those_are_named_that_differ() {
    let entries = tokio::task::spawn_blocking(|| menu_turns(10_000)).await.expect("they are made");
    let files = tempfile::tempdir().expect("a temporary folder");
    let (turns, changed) = (files.path().join("turns.jsonl"), files.path().join("menu.wasm"));
    std::fs::write(&turns, as_lines(&entries)).expect("it can be written");
    write_changed_menu(&changed);

    let same = run(&["replay", "--journal", utf8(&turns), "--plugin", "plugins/menu.wasm"]).await;
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""), "{}", same.stderr);
    assert!(same.stderr.starts_with("10000 turns replayed, all byte for byte as recorded\n"), "{}", same.stderr);

    let name = |conversation: &str, turn: u64| format!("{conversation} {turn}");
    let expected: BTreeSet<String> = entries
        .iter()
        .filter(|entry| differs_in_changed_menu(entry))
        .map(|entry| name(&entry.context.conversation.to_string(), entry.context.turn.into()))
        .collect();
    assert!((500..5_000).contains(&expected.len()), "some differ, and most do not: {}", expected.len());
    let replayed = run(&["replay", "--journal", utf8(&turns), "--against", utf8(&changed), "--json"]).await;
    assert_eq!(replayed.code, Some(1), "{}", replayed.stderr);
    let mut lines = replayed.lines();
    let summary = lines.pop().expect("a summary");
    let named: BTreeSet<String> = lines
        .iter()
        .map(|line| name(line["conversation"].as_str().expect("an id"), line["turn"].as_u64().expect("a number")))
        .collect();
    assert_eq!(named, expected);
    assert_eq!((lines.len(), &summary["summary"]["compared"]), (expected.len(), &json!(10_000)), "each once");
    assert_eq!(summary["summary"]["parts"], json!({ "reply": expected.len() }));
}

#[tokio::test]
async fn what_cannot_be_read_or_found_is_said_and_the_rest_goes_on() {
    let entries = tokio::task::spawn_blocking(|| menu_turns(5)).await.expect("they are made");
    let files = tempfile::tempdir().expect("a temporary folder");
    let turns = files.path().join("turns.jsonl");
    let lost = json!({ "unreadable": { "conversation": id("ada"), "turn": 7, "reason": "the row is damaged" } });
    std::fs::write(&turns, format!("no turn\n{}{lost}\n", as_lines(&entries))).expect("it can be written");
    let turns = utf8(&turns);

    let replayed = run(&["replay", "--journal", turns, "--plugin", "plugins/menu.wasm"]).await;
    assert_eq!(replayed.code, Some(1));
    assert!(replayed.stderr.starts_with(&format!("{turns}:1: this is no turn: ")), "{}", replayed.stderr);
    assert!(replayed.stderr.contains(&format!("\n{} turn 7: the row is damaged\n", id("ada"))), "{}", replayed.stderr);
    assert!(replayed.stderr.contains("5 turns replayed, all byte for byte as recorded\n2 turns cannot be read\n"));

    let empty = tempfile::tempdir().expect("a temporary folder");
    let nowhere = run(&["replay", "--journal", turns, "--plugins", utf8(empty.path())]).await;
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("error: 5 turns of menu ran on the plugin "), "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("name its file with --plugin, or another version with --against"));

    let clean = files.path().join("clean.jsonl");
    std::fs::write(&clean, as_lines(&entries)).expect("it can be written");
    let clean = utf8(&clean);
    let missing = empty.path().join("turnwise.redb");
    let busy = "nobody listens at http://127.0.0.1:1: start the host";
    for (arguments, told) in [
        (vec!["replay", "--journal", "no-such.jsonl"], "no-such.jsonl: No such file"),
        (vec!["replay", "--data", utf8(&missing)], "there is no data at"),
        (vec!["replay", "--host", "127.0.0.1:1"], busy),
        (
            vec!["replay", "--journal", turns, "--against", "plugins/echo.wasm"],
            "has no such turn of the bot echo; there are some of menu",
        ),
        (vec!["replay", "--journal", turns, "--day", "yesterday"], "--day: a day is written 2026-11-25"),
        (vec!["replay", "--journal", clean, "--day", "2020-01-01"], "has no such turn"),
        (vec!["replay", "c_1"], "a conversation id is `c_` and 32 hexadecimal digits"),
        (vec!["record", &id("nobody"), "--journal", turns], "look at the id and the session"),
        (vec!["graph", "--journal", turns, "--bot", "faq"], "has no turn of faq; there are some of menu"),
    ] {
        let said = run(&arguments).await;
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains("error: ") && said.stderr.contains(told), "{arguments:?}: {}", said.stderr);
    }
}
