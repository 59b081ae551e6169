//! `turnwise chat`: a conversation typed into stdin, against built plugins.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use turnwise_tests::{PATIENCE, binary, repository};

use crate::support::wasm;

/// What is shown of these lines; the exit code, stdout and stderr.
async fn chat(plugin: &str, lines: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary());
    command.args(["chat", plugin]).current_dir(repository()).kill_on_drop(true);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let typed = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let mut stdin = child.stdin.take().expect("piped");
    // One that ends before it has read all closes its end.
    let _ = stdin.write_all(typed.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").expect("it ran");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn plays(plugin: &Path, transcript: &Path) -> bool {
    let mut command = Command::new(binary());
    command.arg("test").arg("--plugin").args([plugin, transcript]).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    output.status.success()
}

#[tokio::test]
async fn what_is_typed_is_answered_and_can_be_looked_into() {
    let orders = wasm("orders");
    let (code, shown, talk) = chat(
        orders.to_str().expect("UTF-8"),
        &[
            r#"@ http shop GET /orders/A-12345 200 {"status":"being packed"}"#,
            "hi",
            "A-12345",
            "Remind me",
            "/state",
            "/trace",
            "/clock",
        ],
    )
    .await;
    assert_eq!((code, talk.as_str()), (Some(0), ""), "{shown}");
    for told in [
        "< What's the order number? It looks like A-12345.\n  = step awaiting-order\n",
        "< Order A-12345 is being packed.\n  [Remind me] [Another order] [That's all]\n",
        "  ! timer reminder 20h \"A-12345\"\n",
        "  step     reminding\n",
        "  timers   reminder in 20h\n",
        "  session  1\n",
        " GMT\n",
        "turn 4: message, ",
    ] {
        assert!(shown.contains(told), "{told:?} is not in\n{shown}");
    }
    let time = shown.lines().find_map(|line| line.strip_prefix("  time     ")).expect("the time");
    assert!(time.ends_with(" GMT"), "as people read it: {time}");
}

#[tokio::test]
async fn time_passes_when_asked_and_the_session_expires() {
    let orders = wasm("orders");
    let lines = ["hi", "/state", "/clock +25h", "hello again", "/state", "/reset", "hi", "/state"];
    let (code, shown, _) = chat(orders.to_str().expect("UTF-8"), &lines).await;
    assert_eq!(code, Some(0), "{shown}");
    let sessions: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("  session  ")).collect();
    assert_eq!(sessions, ["1", "2", "1"], "{shown}");
}

#[tokio::test]
async fn an_agent_takes_the_conversation_and_gives_it_back() {
    let echo = wasm("echo");
    let (code, shown, _) = chat(echo.to_str().expect("UTF-8"), &["/agent", "hello", "/agent", "hello again"]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("An agent has the conversation"), "{shown}");
    assert!(!shown.contains(": hello\n"), "the bot heard it:\n{shown}");
    assert!(shown.contains(": hello again\n"), "{shown}");
}

#[tokio::test]
async fn a_conversation_is_saved_as_a_transcript_that_passes_and_no_file_is_overwritten() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("saved.chat");
    let save = format!("/save {}", file.display());
    let echo = wasm("echo");
    let (code, shown, _) =
        chat(echo.to_str().expect("UTF-8"), &["hello [you] {x}", "/clock +2h", &save, "more", &save]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("is written; turnwise test plays it."), "{shown}");
    assert!(shown.contains("is not written: File exists"), "{shown}");
    assert!(plays(&echo, &file).await, "{}", std::fs::read_to_string(&file).expect("it is written"));
}

#[tokio::test]
async fn mistakes_are_shown_with_their_place_and_the_conversation_goes_on() {
    let echo = wasm("echo");
    let lines = ["@ handof accepted", "/nope", "/clock soon", "/quit", "never read"];
    let (code, shown, _) = chat(echo.to_str().expect("UTF-8"), &lines).await;
    assert_eq!(code, Some(0), "{shown}");
    for told in ["    @ handof accepted\n      ^^^^^^\n", "there is no /nope; /help lists", "`soon` is no time"] {
        assert!(shown.contains(told), "{told:?} is not in\n{shown}");
    }
    assert!(!shown.contains("never read"), "{shown}");

    let (code, _, talk) = chat("no-such", &[]).await;
    assert_eq!(code, Some(2));
    assert!(talk.contains("there is no plugin no-such\n       in plugins/ there are: "), "{talk}");
}
