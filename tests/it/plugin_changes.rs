//! Plugins that come and change while the host runs: no restart, and no message unanswered.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;
use turnwise_tests::{Host, HostOptions, PATIENCE, TestSandbox, binary, until};

use crate::support::{introduce, wasm};

/// A host whose plugins folder is empty.
async fn empty_host(sandbox: &TestSandbox, folder: &Path) -> Host {
    Host::start(sandbox, HostOptions { plugins: folder.to_owned(), ..HostOptions::default() }).await
}

async fn get(host: &Host, path: &str) -> (u16, Value) {
    let answer = host.ask(reqwest::Method::GET, path).send().await.expect("the host answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"))
}

/// What `GET /v1/plugins` says of the one bot, once it says this.
async fn listed(host: &Host, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    until(what, || async {
        let (_, answer) = get(host, "/v1/plugins").await;
        let plugin = answer["plugins"].as_array()?.iter().find(|plugin| plugin["name"] == "menu")?.clone();
        is(&plugin).then_some(plugin)
    })
    .await
}

/// The host's configuration with the address its operators reach it at.
fn configuration(host: &Host) -> PathBuf {
    let folder = host.folder.path();
    let text = fs::read_to_string(folder.join("turnwise.toml")).expect("a configuration");
    let admin = host.admin.strip_prefix("http://").expect("an address");
    let file = folder.join("reached.toml");
    fs::write(&file, text.replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""))).expect("a file");
    file
}

/// Code, stdout and stderr of `turnwise plugin list`, without any secret in the environment.
async fn plugin_list(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary());
    command.args(["plugin", "list"]).args(args).env_remove("BRAZE_API_KEY").env_remove("WEBHOOK_TOKEN");
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_plugin_dropped_into_a_running_host_answers_the_next_message() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, tempfile::tempdir().expect("a folder"));
    introduce(&sandbox, &["ada", "bob"]).await;
    let host = empty_host(&sandbox, folder.path()).await;
    host.logged("there is no plugin `menu`; it is loaded as soon as it is there", 1).await;
    let (status, ready) = get(&host, "/readyz?verbose").await;
    assert_eq!(status, 503, "{ready}");
    assert!(ready.to_string().contains("put menu.wasm into the plugins folder"), "{ready}");

    let file = folder.path().join("menu.wasm");
    fs::copy(wasm("echo"), &file).expect("a copy");
    let first = listed(&host, "the plugin", |plugin| plugin["serving"] == true).await;
    assert_eq!(get(&host, "/readyz?verbose").await.0, 200);
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);

    // Another plugin in its place.
    let beside = folder.path().join("menu.new");
    fs::copy(wasm("menu"), &beside).and_then(|_| fs::rename(&beside, &file)).expect("replaced");
    let second = listed(&host, "the other plugin", |plugin| plugin["sha256"] != first["sha256"]).await;
    assert_eq!(second["problem"], Value::Null, "{second}");
    host.logged("plugin replaced", 1).await;
    sandbox.say("bob", "hello").await;
    let greeting = sandbox.texts_once("bob", 1).await;
    assert_ne!(greeting, ["1: hello"]);

    let (status, log) = host.terminate().await;
    assert!(status.success() && !log.contains("turn failed"), "{log}");
}

#[tokio::test]
async fn a_bad_file_leaves_the_old_plugin_and_everybody_can_see_why() {
    let (sandbox, folder) = (TestSandbox::start(|_| {}).await, tempfile::tempdir().expect("a folder"));
    introduce(&sandbox, &["ada"]).await;
    let file = folder.path().join("menu.wasm");
    fs::copy(wasm("echo"), &file).expect("a copy");
    let host = empty_host(&sandbox, folder.path()).await;
    let config = configuration(&host);
    let config = config.to_str().expect("UTF-8");
    let (code, table, talk) = plugin_list(&["--config", config]).await;
    assert_eq!(code, Some(0), "{table}{talk}");
    assert!(
        table.contains("menu serves\n") && table.contains("since  ") && talk.contains(&host.admin),
        "{table}{talk}"
    );

    fs::write(&file, "no plugin").expect("it can be written");
    // Until it has settled, that it is still being written is all that can be said of it.
    let is_text = |plugin: &Value| plugin["problem"].as_str().is_some_and(|problem| problem.starts_with("it is text"));
    let bad = listed(&host, "the problem", is_text).await;
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);
    let (status, ready) = get(&host, "/readyz?verbose").await;
    assert_eq!(status, 200, "the old plugin answers: {ready}");
    assert!(ready["plugins"][0]["serving"] == true && ready["plugins"][0]["problem"] == bad["problem"], "{ready}");

    let (code, table, _) = plugin_list(&["--config", config]).await;
    assert_eq!(code, Some(1), "{table}");
    assert!(table.contains("menu serves, but the file is another by now\n") && table.contains("it is text"), "{table}");
    let (code, json, _) = plugin_list(&["--config", config, "--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &json["host"]), (Some(1), &Value::from(host.admin.as_str())));
    assert_eq!(json["plugins"][0]["problem"], bad["problem"], "{json}");

    fs::copy(wasm("echo"), &file).expect("a copy");
    listed(&host, "no problem", |plugin| plugin["problem"] == Value::Null).await;
    sandbox.say("ada", "again").await;
    assert_eq!(sandbox.texts_once("ada", 2).await[1], "2: again");
    let (_, log) = host.terminate().await;
    let errors = log.lines().filter(|line| line.contains("plugin not loaded") && line.contains("it is text"));
    assert_eq!(errors.count(), 1, "{log}");
}

#[tokio::test]
async fn without_a_host_the_list_is_what_a_host_would_load() {
    let folder = tempfile::tempdir().expect("a folder");
    let plugins = folder.path().to_str().expect("UTF-8");
    let (code, table, talk) = plugin_list(&["--plugins", plugins]).await;
    assert_eq!((code, table.as_str()), (Some(0), ""), "{talk}");
    assert!(talk.contains("there is no plugin"), "{talk}");

    fs::copy(wasm("menu"), folder.path().join("menu.wasm")).expect("a copy");
    fs::write(folder.path().join("bad.wasm"), "").expect("a file");
    let (code, table, talk) = plugin_list(&["--plugins", plugins]).await;
    assert_eq!(code, Some(1), "{table}");
    assert!(table.contains("menu would serve\n") && table.contains("bad does not serve\n"), "{table}");
    assert!(table.contains("it is empty") && talk.starts_with("This is what is in "), "{table}{talk}");

    let config = folder.path().join("turnwise.toml");
    let text = "[server]\nadmin = \"127.0.0.1:1\"\n[braze]\nendpoint = \"https://rest.fra-01.braze.eu\"\n\
        api_key = \"env:BRAZE_API_KEY\"\n[braze.campaigns.reply]\nid = \"01234567-89ab-cdef-0123-456789abcdef\"\n\
        [sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\n[plugins]\ndir = \".\"\n\
        [plugins.later]\nfile = \"later.wasm\"\n";
    fs::write(&config, text).expect("a file");
    let (code, json, talk) = plugin_list(&["--json", "--config", config.to_str().expect("UTF-8")]).await;
    assert_eq!(code, Some(1), "{json}{talk}");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["host"], Value::Null);
    let stands = |plugin: &Value| format!("{} {}", plugin["name"], plugin["serving"]).replace('"', "");
    let plugins: Vec<String> = json["plugins"].as_array().expect("a list").iter().map(stands).collect();
    assert_eq!(plugins, ["bad false", "later false", "menu true"]);
    assert!(talk.starts_with("No host runs with this configuration."), "{talk}");
}
