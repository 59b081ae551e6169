use super::*;
use crate::transcript::Entry;

fn happened(line: &str) -> String {
    match read(line) {
        Ok(Input::Happens(line)) => line.source,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn what_is_typed_is_said_as_it_stands() {
    assert_eq!(happened("  hello there "), "> hello there");
    assert_eq!(happened("[b] {c} \\n"), "> \\[b\\] \\{c\\} \\\\n");
    let Ok(Input::Happens(Line { entry: Entry::User(said), .. })) = read("a\\n [b] {c}") else { panic!("it is said") };
    assert_eq!(said.text, "a\\n [b] {c}");
    assert_eq!(read("  "), Ok(Input::Nothing));
}

#[test]
fn lines_of_transcripts_and_commands_are_taken_as_such() {
    assert_eq!(happened("> {image/jpeg}"), "> {image/jpeg}");
    assert_eq!(happened("@ field first_name=\"Sam\""), "@ field first_name=\"Sam\"");
    assert_eq!(happened("~ 25h"), "~ 25h");
    assert_eq!(happened("/clock +25h"), "~ 1d1h");
    assert_eq!(happened("/event order-shipped {\"n\":1}"), "@ external order-shipped {\"n\":1}");
    for (line, input) in [
        ("/state", Input::State),
        ("/clock", Input::Clock),
        ("/agent", Input::Agent),
        ("/save a b.chat", Input::Save("a b.chat".into())),
        ("/quit", Input::Quit),
    ] {
        assert_eq!(read(line), Ok(input), "{line}");
    }
}

#[test]
fn a_mistake_says_how_to_write_it() {
    for (line, told) in [
        ("/clock later", "`later` is no time; write e.g. /clock +25h"),
        ("/clok", "there is no /clok; /help"),
        ("/event", "name the event: /event"),
        ("/save", "name the file: /save"),
        ("/event paid {n}", "    @ external paid {n}\n                    ^^^\n"),
        ("@ handof accepted", "    @ handof accepted\n      ^^^^^^\n    write handoff"),
    ] {
        let mistake = read(line).expect_err(line);
        assert!(mistake.contains(told), "{line}: {mistake}");
    }
}
