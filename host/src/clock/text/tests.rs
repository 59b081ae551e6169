use super::*;

#[test]
fn times_are_read_as_they_are_written() {
    for (text, ms) in [
        ("1764063000123", 1_764_063_000_123),
        ("0", 0),
        ("2026-11-25T09:30:00Z", 1_795_599_000_000),
        ("2026-11-25T10:30:00+01:00", 1_795_599_000_000),
        ("2026-11-25T09:30:00.25Z", 1_795_599_000_250),
        ("2026-11-25", 1_795_564_800_000),
    ] {
        assert_eq!(timestamp(text), Some(Timestamp(ms)), "{text}");
    }
    for text in
        ["", "-1", "yesterday", "2026-11-25T09:30:00", "2026-13-01", "1969-12-31T23:59:59Z", "99999999999999999999"]
    {
        assert_eq!(timestamp(text), None, "{text}");
    }
    assert_eq!(rfc3339(Timestamp(1_795_599_000_000)), "2026-11-25T09:30:00Z");
    assert_eq!(rfc3339(Timestamp(1_795_599_000_250)), "2026-11-25T09:30:00.25Z");
    assert_eq!(rfc3339(Timestamp(u64::MAX)), u64::MAX.to_string());
}

#[test]
fn a_day_is_from_midnight_to_midnight() {
    assert_eq!(day("2026-11-25"), Some((Timestamp(1_795_564_800_000), Timestamp(1_795_651_200_000))));
    assert_eq!(day("2026-11-25T09:30:00Z"), None);
    assert_eq!(day("20261125"), None);
}
