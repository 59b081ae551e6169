//! The commands, as people and scripts use them: what is data is on stdout, what is talk is on stderr, and the exit code says the rest.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use turnwise_tests::{
    API_KEY, Host, HostOptions, PATIENCE, TOKEN, TestSandbox, binary, repository, until, write_config,
};

use crate::support::{introduce, plugins, wasm};

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(args).env("BRAZE_API_KEY", API_KEY).env("WEBHOOK_TOKEN", TOKEN);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(args: &[&str]) -> Said {
    let output = tokio::time::timeout(PATIENCE, command(args).output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A command that goes on until it is stopped.
struct Running {
    child: Child,
    stdout: ChildStdout,
    printed: String,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = command(args).stderr(Stdio::null()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        Self { child, stdout, printed: String::new() }
    }

    /// The address printed on the line that begins with this name.
    async fn address(&mut self, name: &str) -> String {
        loop {
            let whole = self.printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(line) = whole.lines().find(|line| line.trim_start().starts_with(name)) {
                let address = line.split_whitespace().find(|word| word.starts_with("http://"));
                return address.expect("an address").to_owned();
            }
            let mut bytes = [0; 1024];
            let count = tokio::time::timeout(PATIENCE, self.stdout.read(&mut bytes))
                .await
                .expect("it prints")
                .expect("it is read");
            assert!(count > 0, "it ended before it printed {name}: {}", self.printed);
            self.printed.push_str(std::str::from_utf8(&bytes[..count]).expect("ASCII"));
        }
    }

    async fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs").success());
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("it can be waited for")
    }
}

async fn post(url: &str, body: Value) -> Value {
    let answer = reqwest::Client::new().post(url).bearer_auth(API_KEY).body(body.to_string()).send().await;
    serde_json::from_slice(&answer.expect("it answers").bytes().await.expect("a body")).expect("JSON")
}

/// Seven mistakes, with the code and place of each.
const BAD: &str = "[server]\nlisen = \"127.0.0.1:0\"\n[braze]\nendpoint = \"http://rest.fra-01.braze.eu\"\napi_key = \"3f1c5f0e-7f63\"\n\
[braze.campaigns.reply]\nid = \"your id\"\n[sources.whatsapp]\nbot = \"menu\"\ntokens = []\n[desk]\nkind = \"phone\"\n";
const MISTAKES: [&str; 7] = [
    "unknown-key 2:1",
    "endpoint-not-https 4:12",
    "literal-secret 5:11",
    "bad-id 7:6",
    "unknown-bot 9:7",
    "token-count 10:1",
    "bad-desk 12:8",
];

#[tokio::test]
async fn r1_every_mistake_of_a_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("turnwise.toml");
    std::fs::write(&file, BAD).expect("it can be written");
    let file = utf8(&file);

    let checked = run(&["check", "--config", file]).await;
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(2), ""), "{}", checked.stderr);
    for mistake in MISTAKES {
        let place = mistake.split_once(' ').expect("a place").1;
        assert!(checked.stderr.contains(&format!("--> {file}:{place}\n")), "{mistake}: {}", checked.stderr);
    }
    assert!(!checked.stderr.contains("3f1c5f0e"), "a secret is not shown: {}", checked.stderr);

    let json = run(&["check", "--json", "--config", file]).await;
    assert_eq!((json.code, json.stderr.as_str()), (Some(2), ""));
    let mistakes: Vec<Value> = serde_json::from_str(&json.stdout).expect("JSON");
    let told = |mistake: &Value| {
        assert!(mistake["help"].as_str().is_some_and(|help| !help.is_empty()), "{mistake}");
        format!("{} {}:{}", mistake["code"].as_str().unwrap_or_default(), mistake["line"], mistake["column"])
    };
    assert_eq!(mistakes.iter().map(told).collect::<Vec<_>>(), MISTAKES);

    let served = run(&["serve", "--config", file]).await;
    assert_eq!((served.code, served.stdout.as_str()), (Some(2), ""));
    assert_eq!(served.stderr, checked.stderr, "serve and check say the same");
}

#[tokio::test]
async fn a_right_configuration_is_fine() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write_config(folder.path(), "http://127.0.0.1:9", &HostOptions::default());
    let checked = run(&["check", "--config", utf8(&file)]).await;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    assert!(checked.stdout.contains("is fine") && !checked.stdout.contains(TOKEN), "{}", checked.stdout);
    let json = run(&["check", "--json", "--config", utf8(&file)]).await;
    assert_eq!((json.code, json.stdout.trim()), (Some(0), "[]"));
}

/// Liquid's part in the template: every tag is replaced by its value, escaped as `json_escape` is documented to and no further
/// than JSON needs.
fn rendered(body: &str, values: &BTreeMap<&str, &str>) -> String {
    let mut tags = body.split("{{");
    let mut text = tags.next().unwrap_or_default().to_owned();
    for tag in tags {
        let (tag, after) = tag.split_once("}}").expect("a closed tag");
        assert!(tag.trim_end().ends_with("| json_escape"), "{tag} is pasted as it is");
        let name = tag.split('|').next().unwrap_or_default().trim();
        let quoted = Value::from(*values.get(name).unwrap_or(&"")).to_string();
        text += &quoted[1..quoted.len() - 1];
        text += after;
    }
    text
}

#[tokio::test]
async fn what_braze_template_prints_is_accepted_as_it_is() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada"]).await;
    let options = HostOptions { bot: "echo".into(), reply: String::new(), ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;
    let file = host.folder.path().join("turnwise.toml");
    let arguments =
        ["braze", "template", "--show-token", "--public-url", "https://bot.example.com", "--config", utf8(&file)];
    let (text, json) = (run(&arguments).await, run(&[arguments.as_slice(), &["--json"]].concat()).await);
    assert_eq!((text.code, json.code, text.stderr + &json.stderr), (Some(0), Some(0), String::new()));
    let setup: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let webhook = &setup[0]["webhook"];
    let template = webhook["body"].as_str().expect("a body");
    assert!(text.stdout.contains(template) && text.stdout.contains("https://bot.example.com/v1/inbound/whatsapp"));

    let typed = "\"}, \\ {x}\n\t\u{2028} \u{1f600} \", \"user_id\": \"someone-else";
    let values = [
        ("${user_id}", "ada"),
        ("${phone_number}", "+4915112345678"),
        ("campaign.${dispatch_id}", "d-1"),
        ("${first_name}", "Ada \"the\" first"),
        ("whats_app.${inbound_message_body}", typed),
    ];
    let path = webhook["url"].as_str().expect("a URL").strip_prefix("https://bot.example.com").expect("the base");
    let mut request = sandbox.http.post(format!("{}{path}", host.public));
    for (name, value) in webhook["headers"].as_object().expect("headers") {
        request = request.header(name, value.as_str().expect("text"));
    }
    let answer = request.body(rendered(template, &values.into())).send().await.expect("the host answers");
    assert_eq!(answer.status(), 202);
    assert_eq!(sandbox.texts_once("ada", 1).await, [format!("1: {typed}\n\n1. Forget")]);
    let (_, log) = host.terminate().await;
    assert!(log.contains("\"mended\":false") && !log.contains("\"mended\":true"), "{log}");
}

#[tokio::test]
async fn plugin_check_tells_a_plugin_from_a_file_that_is_none() {
    let menu = wasm("menu");
    let good = run(&["plugin", "check", utf8(&menu)]).await;
    assert_eq!((good.code, good.stderr.as_str()), (Some(0), ""));
    assert!(good.stdout.contains("turnwise:bot@0.1.0"), "{}", good.stdout);
    let json: Value =
        serde_json::from_str(&run(&["plugin", "check", "--json", utf8(&menu)]).await.stdout).expect("JSON");
    assert_eq!((&json["ok"], &json["contract"]), (&json!(true), &json!("turnwise:bot@0.1.0")));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = folder.path().join("core.wasm");
    let module = wat::parse_file(repository().join("tests/guests/wat/core-module.wat")).expect("it compiles");
    std::fs::write(&core, module).expect("it can be written");
    let bad = run(&["plugin", "check", utf8(&core)]).await;
    assert_eq!((bad.code, bad.stdout.as_str()), (Some(1), ""));
    assert!(bad.stderr.contains("core WebAssembly module") && bad.stderr.contains(utf8(&core)), "{}", bad.stderr);
    let bad = run(&["plugin", "check", "--json", utf8(&core)]).await;
    let json: Value = serde_json::from_str(&bad.stdout).expect("JSON");
    assert_eq!((bad.code, &json["ok"]), (Some(1), &json!(false)));

    let missing = run(&["plugin", "check", utf8(&folder.path().join("missing.wasm"))]).await;
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(2), ""));
    assert!(missing.stderr.contains("missing.wasm"), "{}", missing.stderr);
}

#[tokio::test]
async fn help_names_every_command() {
    let help = run(&["--help"]).await;
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for command in ["serve", "dev", "sandbox", "check", "plugin", "test", "braze"] {
        assert!(help.stdout.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {}", help.stdout);
        assert_eq!(run(&[command, "--help"]).await.code, Some(0), "{command}");
    }
    let wrong = run(&["serv"]).await;
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.contains("'serve'"), "the nearest is named: {}", wrong.stderr);
    assert_eq!(run(&[]).await.code, Some(2));
}

#[tokio::test]
async fn dev_needs_nothing_and_answers() {
    let (folder, data) = (plugins(&["menu"]), tempfile::tempdir().expect("a temporary folder"));
    let free = "127.0.0.1:0";
    let places = ["--plugins", utf8(folder.path()), "--data", utf8(data.path())];
    let addresses = ["dev", "--no-build", "--listen", free, "--admin", free, "--sandbox", free];
    let mut dev = Running::start(&[addresses.as_slice(), &places].concat());
    let (sandbox, public, admin) =
        (dev.address("sandbox").await, dev.address("public").await, dev.address("admin").await);

    let said = json!({ "user_id": "ada", "phone_number": "+4915112345678", "message": "hello" });
    let delivered = post(&format!("{sandbox}/sandbox/inbound?wait=true"), said).await;
    assert_eq!(delivered["status"], 202, "{delivered}");
    let messages = until("a reply", || async {
        let text = reqwest::get(format!("{sandbox}/sandbox/messages?user=ada")).await.ok()?.text().await.ok()?;
        serde_json::from_str::<Vec<Value>>(&text).ok().filter(|messages| !messages.is_empty())
    })
    .await;
    assert_eq!(messages[0]["choices"].as_array().map(Vec::len), Some(3), "{messages:?}");
    for probe in [format!("{public}/livez"), format!("{admin}/readyz")] {
        assert_eq!(reqwest::get(&probe).await.expect("it answers").status(), 200, "{probe}");
    }
    assert!(data.path().join("turnwise.redb").is_file(), "the data is where it was told to be");
    assert_eq!(dev.terminate().await.code(), Some(0));

    let open = run(&["dev", "--listen", "0.0.0.0:0"]).await;
    assert_eq!(open.code, Some(2), "dev's secrets are no secrets: {}", open.stderr);
}

#[tokio::test]
async fn the_sandbox_alone_plays_braze_to_any_host() {
    let braze = TestSandbox::start(|_| {}).await;
    introduce(&braze, &["ada"]).await;
    let host = Host::start(&braze, HostOptions { bot: "echo".into(), ..HostOptions::default() }).await;
    let webhook = format!("{}/v1/inbound/whatsapp", host.public);
    let arguments = ["--listen", "127.0.0.1:0", "--deliver-to", &webhook, "--token", TOKEN, "--api-key", API_KEY];
    let mut alone = Running::start(&[["sandbox"].as_slice(), &arguments].concat());
    let url = alone.address("sandbox").await;

    let said = json!({ "user_id": "ada", "message": "hello" });
    let delivered = post(&format!("{url}/sandbox/inbound?wait=true"), said).await;
    assert_eq!((&delivered["status"], &delivered["outcome"]), (&json!(202), &json!("delivered")), "{delivered}");
    assert_eq!(
        braze.texts_once("ada", 1).await,
        ["1: hello"],
        "the host answers through the Braze it is configured for"
    );

    let recipient = json!({ "external_user_id": "ada", "trigger_properties": { "external_system_msg_body": "hi" } });
    let call = json!({ "campaign_id": "reply", "recipients": [recipient] });
    assert_eq!(post(&format!("{url}/campaigns/trigger/send"), call).await["message"], "success");
    assert_eq!(alone.terminate().await.code(), Some(0));
}
