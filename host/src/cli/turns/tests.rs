use super::*;

#[test]
fn a_day_is_from_its_first_moment_to_the_next_days() {
    let span = Span { day: Some("2026-11-25".into()), ..Span::default() };
    let (from, to) = span.times().expect("a day");
    assert_eq!(to.since(from).as_secs(), 86_400);
    let wrong = Span { day: Some("yesterday".into()), ..Span::default() };
    assert_eq!(wrong.times().expect_err("no day"), "--day: a day is written 2026-11-25, not \"yesterday\"");
    let wrong = Span { from: Some("noon".into()), ..Span::default() }.times().expect_err("no time");
    assert!(wrong.starts_with("--from: a time is written"), "{wrong}");
    assert_eq!(Span::default().times(), Ok((Timestamp(0), Timestamp(u64::MAX))));
}

#[test]
fn lines_come_whole_whatever_portions_they_come_in() {
    let mut lines = lines::Lines::of("f".into());
    let line = format!("{}\n", "x".repeat(50_000));
    let mut pieces = Vec::new();
    for portion in line.repeat(7).as_bytes().chunks(33_333) {
        pieces.extend(lines.push(portion).expect("lines"));
    }
    pieces.extend(lines.finish());
    let mut next = 1;
    for piece in pieces {
        let Piece::Lines { first, text, .. } = piece else { panic!("lines") };
        assert_eq!(first, next);
        assert_eq!(text.len() % line.len(), 0);
        next += text.len() / line.len();
    }
    assert_eq!(next, 8);
    let endless = vec![b'x'; crate::limits::JOURNAL_LINE_BYTES_MAX + 1];
    assert!(lines.push(&endless).is_err(), "a line without an end is not kept for ever");
}

#[test]
fn what_cannot_be_read_is_a_line_each_and_the_rest_goes_on() {
    let text = b"{}\n\n{\"unreadable\":{\"conversation\":\"c_00000000000000000000000000000001\",\"turn\":7,\"reason\":\"the row is damaged\"}}\nno";
    let read = Piece::Lines { name: "turns.jsonl".into(), first: 10, text: text.to_vec() }.read();
    let lost: Vec<String> = read.into_iter().map(|one| one.expect_err("none is a turn")).collect();
    assert!(lost[0].starts_with("turns.jsonl:10: this is no turn: missing field"), "{lost:?}");
    assert_eq!(lost[1], "c_00000000000000000000000000000001 turn 7: the row is damaged");
    assert!(lost[2].starts_with("turns.jsonl:13: "), "{lost:?}");
}
