use std::io::Cursor;

use serde_json::Value;
use turnwise_plugin::testing::Problem;

use super::*;
use crate::transcript::play;

const HI: &str = r#"{"ok":{"state":{"tag":"replace","val":"1"},"effects":[{"tag":"reply","val":{"text":"hi","choices":[],"properties":[]}}]}}"#;

/// Plays one transcript against these answers; what came of it, how the session ended, and what was written.
fn session(transcript: &str, answers: &str) -> (Result<(), Problem>, Option<End>, Vec<Value>) {
    let mut written = Vec::new();
    let mut other = Stdio::new(Cursor::new(answers.as_bytes().to_vec()), &mut written);
    let played = play(transcript, &mut other);
    let end = other.end().cloned();
    other.done(1, 0, "fine\n");
    let lines = String::from_utf8(written).expect("UTF-8");
    (played, end, lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

fn difference(transcript: &str, answers: &str) -> String {
    let (played, end, _) = session(transcript, answers);
    assert_eq!(end, None);
    played.expect_err("it fails").report("a.chat")
}

#[test]
fn a_session_asks_and_reads_and_ends() {
    let (played, end, lines) = session("> one\n< hi\n> two\n< hi\n", &format!("{HI}\n{HI}\r\n"));
    assert_eq!((played, end), (Ok(()), None));
    let [one, two, done] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&one["state"], &one["event"]["val"]["text"]), (&Value::Null, &"one".into()));
    assert_eq!((&two["state"], &two["event"]["val"]["text"]), (&"1".into(), &"two".into()));
    assert_eq!(done.to_string(), r#"{"done":{"passed":1,"failed":0,"report":"fine\n"}}"#);
}

#[test]
fn a_turn_that_fails_is_a_line_of_the_transcript() {
    let error = r#"{"err":{"tag":"bad-state","val":"version 9"}}"#;
    let (played, end, lines) = session("> one\n! error bad-state version\n> two\n< hi", &format!("{error}\n{HI}\n"));
    assert_eq!((played, end), (Ok(()), None));
    assert_eq!(lines[1]["state"], Value::Null, "a failed turn changes nothing");
    let stack = r#"{"err":{"tag":"other","val":"Error: boom\n    at bot.ts:3"}}"#;
    let report = difference("> one\n< hi\n", &format!("{stack}\n"));
    assert!(report.contains("+ ! error other Error: boom\n              at bot.ts:3\n"), "{report}");
}

#[test]
fn the_hosts_rules_hold_here_too() {
    let empty = HI.replace("\"text\":\"hi\"", "\"text\":\"\"");
    let (played, end, _) = session("> one\n! refused effects[0] (reply): text is empty\n", &format!("{empty}\n"));
    assert_eq!((played, end), (Ok(()), None));
}

#[test]
fn whoever_goes_early_ends_the_session() {
    for answers in ["", HI, "{\"ok\":"] {
        let (played, end, lines) = session("> one\n< hi\n> two\n< hi\n", answers);
        assert_eq!(end, Some(End::Closed), "{answers:?}");
        assert!(played.is_err());
        assert_eq!(lines.len(), 2, "nothing more is asked: {lines:?}");
    }
}

#[test]
fn what_is_no_answer_ends_the_session_and_is_told() {
    let (_, end, _) = session("> one\n< hi\n> two\n< hi\n", &format!("{HI}\nprint debugging\n"));
    let Some(End::Garbage(what)) = end else { panic!("{end:?}") };
    assert!(what.starts_with("what was read from stdin is no answer to turn 2: expected value"), "{what}");
    assert!(what.contains("print debugging\n") && what.contains("{\"ok\":DECISION}"), "{what}");

    let endless = "x".repeat(limits::STDIO_LINE_BYTES_MAX + 1);
    let (_, end, _) = session("> one\n< hi\n", &endless);
    let told = format!("the answer to turn 1 is longer than {} bytes", limits::STDIO_LINE_BYTES_MAX);
    assert_eq!(end, Some(End::Garbage(told)));
}
