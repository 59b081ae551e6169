//! `turnwise test`: the same transcripts against built plugins, and against a process that speaks over stdio.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use turnwise_tests::{PATIENCE, binary, repository};

use crate::support::wasm;

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("test").args(arguments).current_dir(repository());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str]) -> Said {
    let output =
        tokio::time::timeout(PATIENCE, command(arguments).output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Transcripts in a folder of their own.
fn transcripts(texts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in texts {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    }
    folder
}

#[tokio::test]
async fn pain20_the_menu_passes_its_transcripts_as_a_component() {
    wasm("menu");
    let written = std::fs::read_dir(repository().join("plugins/menu/tests")).expect("its tests").count();
    let said = run(&["plugins/menu/tests"]).await;
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(said.stdout.lines().filter(|line| line.starts_with("ok      plugins/menu/tests/")).count(), written);
    assert!(said.stderr.starts_with(&format!("{written} passed, 0 failed, ")), "{}", said.stderr);
    assert!(said.stderr.contains(" turns/s)"), "{}", said.stderr);

    let json = run(&["--json", "plugins/menu/tests/agent.chat", "plugins/echo/tests"]).await;
    assert_eq!((json.code, json.stderr.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["failed"], &json["transcripts"][0]["turns"]), (&json!(0), &json!(9)));
    let plugin = |at: usize| json["transcripts"][at]["plugin"].as_str().expect("a file").to_owned();
    assert!(plugin(0).ends_with("plugins/menu.wasm") && plugin(1).ends_with("plugins/echo.wasm"), "{json}");
}

#[tokio::test]
async fn a_plugin_that_traps_or_breaks_a_limit_fails_the_turn_and_not_the_test() {
    let folder = transcripts(&[(
        "hostile.chat",
        "> remember 7\n< remembered\n\
         > panic\n! error other the plugin trapped:\n\
         > out of bounds\n! error other the plugin trapped: out of bounds memory access.\n\
         > grow memory\n! error other the plugin needed more than its 134217728 bytes\n\
         > loop\n! error other\n\
         > error\n! error other asked for an error\n\
         > bad state\n! error bad-state asked for a bad state\n\
         > empty text\n! refused effects[0] (reply): text is empty\n\
         > 17 effects\n! refused the decision has 17 effects; 16 are allowed a turn:\n\
         > huge text\n! error other more than 1048576 bytes were to cross\n\
         > static\n< 1\n\
         > state\n< \"7\"\n",
    )]);
    let said = run(&["--plugin", utf8(&wasm("hostile")), utf8(folder.path())]).await;
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

#[tokio::test]
async fn what_differs_and_what_cannot_be_read_is_shown_and_the_rest_is_played() {
    let folder = transcripts(&[
        ("a.chat", "# A comment.\n> hello\n< 1: hullo [Forget]\n"),
        ("b.chat", "> hello\n< 1: hello [Forget\n"),
        ("c.chat", "> hello\n< 1: hello [Forget]\n"),
        ("d.chat", "@ handof accepted\n"),
    ]);
    let folder = utf8(folder.path());
    let echo = wasm("echo");
    let said = run(&["--plugin", utf8(&echo), folder]).await;
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let expected = format!(
        "FAILED  {folder}/a.chat\n\n\
         {folder}/a.chat:3: the bot did not do what is written (- written, + done)\n\n\
         \x20   2   > hello\n\
         \x20   3 - < 1: hullo [Forget]\n\
         \x20     + < 1: hello [Forget]\n\n\
         FAILED  {folder}/b.chat\n\n\
         {folder}/b.chat:2: `]` is missing\n\n\
         \x20   2   < 1: hello [Forget\n\
         \x20                  ^^^^^^^\n\
         \x20 fix   add `]`; a bracket that is part of the text is written `\\[` or `\\{{`\n\n\
         ok      {folder}/c.chat\n\
         FAILED  {folder}/d.chat\n\n\
         {folder}/d.chat:1: `@ handof` is nothing that can happen\n\n\
         \x20   1   @ handof accepted\n\
         \x20         ^^^^^^\n\
         \x20 fix   write handoff, delivery-failed, external, switched, session-expired, flow, http, response, braze, setting, field, user, desk, idle-timeout or carry-over\n\n"
    );
    assert_eq!(said.stdout, expected);
    assert!(said.stderr.starts_with("1 passed, 3 failed, "), "{}", said.stderr);

    let json = run(&["--json", "--plugin", utf8(&echo), folder]).await;
    let told: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((json.code, &told["passed"], &told["failed"]), (Some(1), &json!(1), &json!(3)));
    assert_eq!((&told["transcripts"][0]["line"], &told["transcripts"][2]["passed"]), (&json!(3), &json!(true)));
    assert!(told["transcripts"][1]["report"].as_str().is_some_and(|report| report.contains("`]` is missing")));
}

#[tokio::test]
async fn junit_has_a_case_for_each_transcript_and_why_it_failed() {
    let folder = transcripts(&[("bad.chat", "> hello\n< hullo\n"), ("good.chat", "> hello\n< 1: hello [Forget]\n")]);
    let file = folder.path().join("report.xml");
    let said = run(&["--plugin", utf8(&wasm("echo")), "--junit", utf8(&file), utf8(folder.path())]).await;
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let xml = std::fs::read_to_string(&file).expect("it is written");
    assert!(xml.contains("<testsuites tests=\"2\" failures=\"1\""), "{xml}");
    assert!(xml.contains("bad.chat:2: the bot did not do what is written"), "{xml}");
    assert!(xml.contains("&gt; hello\n") && xml.contains("name=\"good.chat\""), "{xml}");
}

#[tokio::test]
async fn an_update_writes_what_the_bot_does_and_leaves_the_rest() {
    let text = "# Kept.\n> hello\n< hullo\n\n> again\n< 2: {...} [...]\n";
    let folder = transcripts(&[("a.chat", text), ("mistaken.chat", "~ soon\n")]);
    let (echo, path) = (wasm("echo"), folder.path().join("a.chat"));
    let said = run(&["--plugin", utf8(&echo), "--update", utf8(folder.path())]).await;
    assert_eq!(said.code, Some(1), "a mistake is nobody's to guess: {}", said.stdout);
    let updated = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(updated, "# Kept.\n> hello\n< 1: hello [Forget]\n\n> again\n< 2: {...} [...]\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("mistaken.chat")).expect("it is there"), "~ soon\n");
    let said = run(&["--plugin", utf8(&echo), utf8(&path)]).await;
    assert_eq!(said.code, Some(0), "{}", said.stdout);
}

/// The examples of a page: the bot that each is played against, and its text.
fn examples(page: &str) -> Vec<(&str, &str)> {
    let fences = page.split("\n```chat ").skip(1);
    let read = |fence| {
        let (bot, rest) = str::split_once(fence, '\n').expect("a bot's name");
        (bot, rest.split_once("\n```").expect("the example ends").0)
    };
    fences.map(read).collect()
}

#[tokio::test]
async fn the_examples_of_the_page_about_transcripts_pass() {
    let page = std::fs::read_to_string(repository().join("docs/transcripts.md")).expect("the page");
    let examples = examples(&page);
    assert_eq!(examples.len(), page.matches("```chat").count());
    assert!(examples.len() > 2);
    for (bot, text) in examples {
        let folder = transcripts(&[("example.chat", text)]);
        let said = run(&["--plugin", utf8(&wasm(bot)), utf8(folder.path())]).await;
        assert_eq!(said.code, Some(0), "{}", said.stdout);
    }
}

#[tokio::test]
async fn wrong_use_says_how_to_do_it() {
    let folder = transcripts(&[("a.chat", "> hello\n"), ("core.wasm", "\0asm\x01\0\0\0")]);
    let chat = folder.path().join("a.chat");
    let (chat, core) = (utf8(&chat), folder.path().join("core.wasm"));
    let missing = PathBuf::from("plugins/no-such.wasm");
    for (arguments, code, told) in [
        (vec![chat], 2, "--plugin FILE.wasm"),
        (vec![], 2, "tests holds no transcript (*.chat): name one"),
        (vec!["no-such"], 2, "name a transcript (*.chat) or a folder of them"),
        (vec!["plugins/menu"], 2, "did you mean plugins/menu/tests?"),
        (vec!["--stdio", "--json", chat], 2, "cannot be used with"),
        (vec!["--plugin", utf8(&missing), chat], 2, "plugins/no-such.wasm"),
        (vec!["--plugin", utf8(&core), chat], 1, "core WebAssembly module"),
    ] {
        let said = run(&arguments).await;
        assert_eq!((said.code, said.stdout.as_str()), (Some(code), ""), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.starts_with("error: ") && said.stderr.contains(told), "{arguments:?}: {}", said.stderr);
    }
}

/// The process that plays the plugin: this test.
struct Session {
    child: Child,
    questions: Lines<BufReader<ChildStdout>>,
    answers: ChildStdin,
}

impl Session {
    fn start(path: &str) -> Self {
        let mut child = command(&["--stdio", path]).stdin(Stdio::piped()).spawn().expect("it starts");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, questions: BufReader::new(stdout).lines(), answers: stdin }
    }

    async fn question(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.questions.next_line()).await.expect("it asks");
        serde_json::from_str(&line.expect("it is read").expect("there is a line")).expect("a JSON object")
    }

    async fn answer(&mut self, line: &str) {
        self.answers.write_all(line.as_bytes()).await.expect("it reads");
    }

    /// Closes this end; the exit code, what else it asked, and what it said.
    async fn close(self) -> (Option<i32>, Option<String>, String) {
        let Self { mut child, mut questions, answers } = self;
        drop(answers);
        let ended = async {
            let more = questions.next_line().await.expect("it is read");
            let mut said = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut said).await.expect("UTF-8");
            (child.wait().await.expect("it ends").code(), more, said)
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it ends")
    }
}

fn reply(text: &str, state: &str) -> String {
    let reply = json!({ "text": text, "choices": [{ "id": "more", "title": "More" }], "properties": [] });
    let effects = json!([{ "tag": "reply", "val": reply }]);
    let decision = json!({ "state": { "tag": "replace", "val": state }, "effects": effects, "step": null });
    format!("{}\n", json!({ "ok": decision }))
}

#[tokio::test]
async fn a_process_answers_over_stdio_turn_by_turn() {
    let folder = transcripts(&[
        ("a.chat", "> hello\n< first [More]\n> More\n< second [More]\n> boom\n! error other Error: boom\n"),
        ("b.chat", "> hello\n< good bye [More]\n"),
    ]);
    let mut session = Session::start(utf8(folder.path()));
    let first = session.question().await;
    assert_eq!((&first["state"], &first["context"]["turn"]), (&Value::Null, &json!(1)));
    assert_eq!((&first["event"]["tag"], &first["event"]["val"]["text"]), (&json!("message"), &json!("hello")));
    session.answer(&reply("first", "{\"n\":1}")).await;
    let second = session.question().await;
    assert_eq!((&second["state"], &second["event"]["val"]["choice"]), (&json!("{\"n\":1}"), &json!("more")));
    session.answer(&reply("second", "{\"n\":2}")).await;
    session.question().await;
    session.answer("{\"err\":{\"tag\":\"other\",\"val\":\"Error: boom\\n    at bot.js:3\"}}\n").await;

    let other = session.question().await;
    assert_eq!((&other["state"], &other["context"]["turn"]), (&Value::Null, &json!(1)), "each begins anew");
    session.answer(&reply("hello again", "{}")).await;
    let done = &session.question().await["done"];
    assert_eq!((&done["passed"], &done["failed"]), (&json!(1), &json!(1)));
    let report = done["report"].as_str().expect("a text");
    assert!(report.contains("b.chat:2: the bot did not do") && report.contains("+ < hello again [More]"), "{report}");
    assert!(report.ends_with("1 passed, 1 failed\n"), "{report}");
    assert_eq!(session.close().await, (Some(1), None, String::new()));
}

#[tokio::test]
async fn a_session_in_which_all_passes_ends_with_0() {
    let folder = transcripts(&[("a.chat", "> hello\n< hi [More]\n")]);
    let mut session = Session::start(utf8(folder.path()));
    session.question().await;
    session.answer(&reply("hi", "1")).await;
    let done = json!({ "done": { "passed": 1, "failed": 0, "report": "1 passed, 0 failed\n" } });
    assert_eq!(session.question().await, done);
    assert_eq!(session.close().await, (Some(0), None, String::new()));
}

#[tokio::test]
async fn a_process_that_goes_early_is_not_complained_about() {
    let folder = transcripts(&[("a.chat", "> hello\n< hi [More]\n> hello\n< hi [More]\n")]);
    let mut session = Session::start(utf8(folder.path()));
    session.question().await;
    session.answer(&reply("hi", "1")).await;
    session.question().await;
    assert_eq!(session.close().await, (Some(1), None, String::new()));
}

#[tokio::test]
async fn a_process_that_writes_anything_else_is_told_what_is_expected() {
    let folder = transcripts(&[("a.chat", "> hello\n< hi [More]\n")]);
    let mut session = Session::start(utf8(folder.path()));
    session.question().await;
    session.answer("a line for debugging\n").await;
    let done = session.question().await;
    let report = done["done"]["report"].as_str().expect("a report").to_owned();
    assert!(report.contains("a line for debugging\n") && report.contains("{\"ok\":DECISION}"), "{report}");
    assert_eq!(session.close().await, (Some(2), None, report), "stderr says the same");
}
