use super::*;

fn texts(log: &TurnLog) -> Vec<String> {
    log.take().iter().map(LogLine::to_string).collect()
}

#[test]
fn lines_are_kept_in_order_with_their_level() {
    let log = TurnLog::new(1024);
    log.write(LogLevel::Info, "one");
    log.write(LogLevel::Error, "");
    assert_eq!(texts(&log), ["info: one", "error: "]);
}

#[test]
fn g5_a_flood_leaves_one_notice() {
    let log = TurnLog::new(100);
    for _ in 0..1_000_000 {
        log.write(LogLevel::Info, "é é é é é é");
    }
    let lines = texts(&log);
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[3], "warn: the log's 100 bytes a turn are used up; what follows is dropped");
}

#[test]
fn g5_empty_lines_are_a_flood_too() {
    let log = TurnLog::new(16 * 1024);
    for _ in 0..100_000 {
        log.write(LogLevel::Debug, "");
    }
    assert_eq!(texts(&log).len(), 1024 + 1);
}

#[test]
fn g5_one_long_line_is_cut_between_characters() {
    let log = TurnLog::new(19);
    log.write(LogLevel::Info, "ééé");
    assert_eq!(texts(&log), ["info: é", "warn: the log's 19 bytes a turn are used up; what follows is dropped"]);
}

#[test]
fn a_stream_becomes_lines_whatever_its_pieces() {
    let log = TurnLog::new(1024);
    let mut lines = Lines::new(log.clone(), LogLevel::Info);
    lines.write(b"Trace");
    lines.write(b"back\r\n  at \xff\nla");
    lines.write(b"st");
    drop(lines);
    assert_eq!(texts(&log), ["info: Traceback", "info:   at \u{fffd}", "info: last"]);
}
