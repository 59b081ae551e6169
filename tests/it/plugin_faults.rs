//! Plugins that misbehave: section G of the fault matrix, through the whole host.

use turnwise::conversation::journal::Outcome;
use turnwise::conversation::{ConversationId, JournalEntry};
use turnwise::storage::Storage;
use turnwise_tests::{Host, HostOptions, TestSandbox, until};

use crate::support::{database, escaped, introduce, plugins, post, wasm};

const FALLBACK: &str = "Not now, sorry.";
/// Far below what the attacks ask for: 60 MiB of text, memory without an end, 100 MB of log, a million effects.
const RESIDENT_KIB_MAX: u64 = 700 * 1024;

/// What each attack is recorded as; on a machine that is busy elsewhere a loop may end by the wall clock instead of by its own time.
const TRAPS: &[(&str, &[&str])] = &[
    ("panic", &["trapped"]),
    ("unreachable", &["trapped"]),
    ("divide by zero", &["trapped"]),
    ("out of bounds", &["trapped"]),
    // A guest built without optimisation leaves its own memory before the host's stack ends.
    ("stack overflow", &["stack-overflow", "trapped"]),
];
const GREED: &[(&str, &[&str])] = &[
    ("loop", &["deadline-exceeded", "stalled"]),
    ("loop calling log", &["deadline-exceeded", "stalled"]),
    ("grow memory", &["out-of-memory", "deadline-exceeded", "stalled"]),
];
const OUTPUTS: &[(&str, &[&str])] = &[
    ("huge text", &["hostcall-fuel", "out-of-memory"]),
    ("million effects", &["hostcall-fuel", "out-of-memory", "deadline-exceeded"]),
    ("17 effects", &["bad-output"]),
    ("big state", &["bad-output"]),
    ("bad json", &["bad-output"]),
    ("empty text", &["bad-output"]),
    ("error", &["refused"]),
    ("bad state", &["refused"]),
];

/// `menu` answers the source `whatsapp`, and a hostile guest its neighbour `attacked`.
async fn neighbours(sandbox: &TestSandbox, folder: &tempfile::TempDir, guest: &str) -> Host {
    let more = format!(
        "[sources.attacked]\nbot = \"{guest}\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nfallback_text = \"{FALLBACK}\"\n\
         [plugins.{guest}.limits]\ndeadline = \"500ms\""
    );
    Host::start(sandbox, HostOptions { plugins: folder.path().into(), more, ..HostOptions::default() }).await
}

async fn say(host: &Host, source: &str, user: &str, text: &str) {
    let body = escaped(&format!("{user} {text}"), user, text);
    let (status, answer) = post(&host.public, source, body).await;
    assert_eq!(status, 202, "{answer}");
}

fn resident_kib(host: &Host, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.pid())).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with(which)).expect("Linux says");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

async fn journal(host: Host, source: &str, users: &[&str]) -> Vec<Vec<JournalEntry>> {
    let folder = host.folder.clone();
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{log}");
    let storage = database(folder.path());
    let mut journals = Vec::new();
    for user in users {
        let journal = storage.journal(ConversationId::of(source, user), u32::MAX, 100).await.expect("a journal");
        journals.push(journal.into_iter().rev().map(|(_, entry)| entry.expect("readable")).collect());
    }
    journals
}

/// Every attack is a user's own: what it was told before is there afterwards, and the neighbours are answered meanwhile.
pub(crate) async fn survives(guest: &str, attacks: &[(&str, &[&str])]) {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = plugins(&["menu", guest]);
    let host = neighbours(&sandbox, &folder, guest).await;
    let attackers: Vec<&str> = attacks.iter().map(|(attack, _)| *attack).collect();
    introduce(&sandbox, &[attackers.as_slice(), &["bystander", "neighbour"]].concat()).await;

    for attacker in &attackers {
        say(&host, "attacked", attacker, "remember blue").await;
        say(&host, "attacked", attacker, attacker).await;
        say(&host, "attacked", attacker, "state").await;
    }
    for text in ["hello", "Order status", "12345"] {
        say(&host, "whatsapp", "neighbour", text).await;
        say(&host, "attacked", "bystander", text).await;
    }
    assert_eq!(sandbox.texts_once("bystander", 3).await, ["hello", "Order status", "12345"]);
    sandbox.texts_once("neighbour", 3).await;
    for attacker in &attackers {
        let texts = sandbox.texts_once(&attacker.replace(' ', "%20"), 3).await;
        // Some guests tell the state as it is stored, which is JSON, and some as they read it.
        let told: Vec<&str> = texts.iter().map(|text| text.trim_matches('"')).collect();
        assert_eq!(told, ["remembered", FALLBACK, "blue"], "{attacker}");
    }
    let (now, peak) = (resident_kib(&host, "VmRSS"), resident_kib(&host, "VmHWM"));
    assert!(peak < RESIDENT_KIB_MAX, "{now} KiB are resident, and {peak} KiB were");

    for (journal, (attack, kinds)) in journal(host, "attacked", &attackers).await.iter().zip(attacks) {
        assert_eq!(journal.len(), 3, "{attack}");
        let Outcome::Failed { kind, reason } = &journal[1].outcome else {
            panic!("{attack}: {:?}", journal[1].outcome)
        };
        assert!(kinds.contains(&kind.as_str()), "{attack}: {kind}: {reason}");
        assert!(reason.len() > 20, "{attack}: {reason}");
    }
}

#[tokio::test]
async fn g1_a_trap_costs_its_turn_and_nothing_else() {
    survives("hostile", TRAPS).await;
}

#[tokio::test]
async fn g2_a_plugin_without_an_end_is_ended() {
    survives("hostile", GREED).await;
}

#[tokio::test]
async fn g4_what_cannot_be_sent_is_not_sent() {
    survives("hostile", OUTPUTS).await;
}

#[tokio::test]
async fn g4_what_a_user_or_a_plugin_writes_is_never_syntax_to_braze() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = plugins(&["menu", "hostile"]);
    let host = neighbours(&sandbox, &folder, "hostile").await;
    introduce(&sandbox, &["ada"]).await;
    for text in
        ["nul text", "control text", "{{${api_key}}}{%abort_message()%}", "\"broadcast\": true, \"audience\": {}"]
    {
        say(&host, "attacked", "ada", text).await;
    }
    let texts = sandbox.texts_once("ada", 4).await;
    assert_eq!(texts[0], "beforeafter");
    assert!(texts[1].starts_with("[31mred[0m "), "{texts:?}");
    for text in &texts {
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains("{{") && !text.contains("{%") && !text.contains(control), "{text:?}");
    }
    assert_eq!(texts[3], "\"broadcast\": true, \"audience\": {}", "text is only text");
    for call in sandbox.requests().await.iter().filter(|call| call["path"] == "/campaigns/trigger/send") {
        let keys: Vec<&String> = call["body"].as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["campaign_id", "recipients"]);
    }
}

#[tokio::test]
async fn g5_a_flood_of_log_is_kept_to_its_quota() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = plugins(&["menu", "hostile"]);
    let host = neighbours(&sandbox, &folder, "hostile").await;
    introduce(&sandbox, &["ada"]).await;
    for text in ["log flood", "log line", "hello"] {
        say(&host, "attacked", "ada", text).await;
    }
    let texts = sandbox.texts_once("ada", 3).await;
    assert_eq!(texts[2], "hello");
    assert!(host.log().len() < 64 * 1024, "the process's own log has {} bytes", host.log().len());
    let journal = journal(host, "attacked", &["ada"]).await.remove(0);
    let flood = &journal[0].log;
    let notices = flood.iter().filter(|line| line.contains("what follows is dropped")).count();
    assert_eq!(notices, 1, "{:?}", flood.last());
    for turn in &journal {
        let bytes: usize = turn.log.iter().map(String::len).sum();
        assert!(bytes < 17 * 1024, "turn {} kept {bytes} bytes", turn.context.turn);
    }
}

#[tokio::test]
async fn g6_what_is_no_plugin_is_named_with_its_reason_and_the_others_serve() {
    let folder = plugins(&["menu"]);
    let good = std::fs::read(wasm("menu")).expect("a plugin");
    let compiled = |name: &str| {
        let file = turnwise_tests::repository().join("tests/guests/wat").join(name);
        wat::parse_file(file).expect("the guest compiles")
    };
    let bad = [
        ("core", compiled("core-module.wat"), "it is a core WebAssembly module, and a plugin is a component"),
        ("half", good[..good.len() / 2].to_vec(), "it ends in the middle"),
        (
            "future",
            compiled("wrong-version.wat"),
            "it was built for turnwise:bot@0.2.0, and this host speaks turnwise:bot@0.1",
        ),
        ("notes", b"Remember to build the plugin.\n".to_vec(), "it is text and not WebAssembly"),
        ("empty", Vec::new(), "it is empty"),
        ("other", compiled("missing-export.wat"), "it does not export `turnwise:bot/bot@0.1.0`"),
    ];
    for (name, bytes, _) in &bad {
        std::fs::write(folder.path().join(format!("{name}.wasm")), bytes).expect("it can be written");
    }
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions { plugins: folder.path().into(), ..HostOptions::default() }).await;
    sandbox.say("ada", "hello").await;
    sandbox.texts_once("ada", 1).await;

    let url = format!("{}/readyz?verbose", host.admin);
    let answer = sandbox.http.get(url).send().await.expect("the host answers");
    assert_eq!(answer.status(), 200);
    let ready: serde_json::Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    let plugins = ready["plugins"].as_array().expect("plugins").iter();
    let serving: Vec<_> = plugins.filter(|plugin| plugin["serving"] == true).map(|plugin| &plugin["name"]).collect();
    assert_eq!(serving, ["menu"], "{ready}");
    let told: Vec<&str> =
        ready["plugin_errors"].as_array().expect("errors").iter().filter_map(|e| e.as_str()).collect();
    assert_eq!(told.len(), bad.len(), "{told:#?}");
    // Standard error is read beside this test; the last of the lines may still be on its way.
    until("an error for each", || {
        let errors = host.log().lines().filter(|line| line.contains("\"ERROR\"")).count();
        std::future::ready((errors >= bad.len()).then_some(()))
    })
    .await;
    let log = host.log();
    for (name, _, reason) in &bad {
        let about = |line: &str| line.contains(&format!("plugin \"{name}\" (")) && line.contains(reason);
        assert_eq!(told.iter().filter(|line| about(line)).count(), 1, "{name}: {told:#?}");
        let plain = |line: &str| line.contains(&format!("\"plugin\":\"{name}\"")) && line.contains(reason);
        let logged = log.lines().filter(|line| line.contains("\"ERROR\"") && plain(line)).count();
        assert_eq!(logged, 1, "{name}: {log}");
    }
}

#[tokio::test]
async fn pain16_a_source_whose_plugin_does_not_load_apologises_and_is_not_ready() {
    let folder = plugins(&["menu"]);
    std::fs::write(folder.path().join("notes.wasm"), "no plugin").expect("it can be written");
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada"]).await;
    let more =
        format!("[sources.notes]\nbot = \"notes\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nfallback_text = \"{FALLBACK}\"");
    let options = HostOptions { plugins: folder.path().into(), more, ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;
    let ready = sandbox.http.get(format!("{}/readyz?verbose", host.admin)).send().await.expect("the host answers");
    assert_eq!(ready.status(), 503);
    let told = ready.text().await.expect("a body");
    assert!(told.contains("\"source notes\"") && told.contains("is not loaded"), "{told}");
    say(&host, "notes", "ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, [FALLBACK]);
}
