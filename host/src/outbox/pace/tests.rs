use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn headers(limit: u64, remaining: u64, reset: u64) -> Option<RateHeaders> {
    Some(RateHeaders { limit: Some(limit), remaining: Some(remaining), reset: Some(reset) })
}

fn later(ms: u64) -> Timestamp {
    NOW.after(Duration::from_millis(ms))
}

/// How many calls leave within a span when asked every millisecond.
fn calls_within(pace: &mut Pace, from: Timestamp, span: Duration) -> usize {
    (0..span.as_millis() as u64).filter(|&ms| pace.admit(from.after(Duration::from_millis(ms))).is_ok()).count()
}

#[test]
fn d3_headers_are_read_by_their_lower_case_names_and_garbage_is_ignored() {
    let read = |pairs: &[(&str, &'static str)]| {
        RateHeaders::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    };
    let all = [("x-ratelimit-limit", "250000"), ("x-ratelimit-remaining", " 7 "), ("x-ratelimit-reset", "1700003600")];
    assert_eq!(read(&all), headers(250_000, 7, 1_700_003_600));
    let garbage = [("x-ratelimit-limit", "many"), ("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "soon")];
    assert_eq!(read(&garbage), None);
    assert_eq!(read(&[("retry-after", "30")]).and_then(|headers| headers.reset), Some(30));
    assert_eq!(read(&[]), None);
}

#[test]
fn a_reset_is_between_now_and_an_hour_from_now() {
    let reset = |value| RateHeaders { reset: Some(value), ..RateHeaders::default() }.reset_at(NOW);
    let cases = [
        (1_700_000_060, Some(later(60_000))),
        (1_699_000_000, Some(NOW)),
        (1_800_000_000, Some(later(3_600_000))),
        (5, Some(later(5_000))),
        (0, Some(NOW)),
        (999_999_999, Some(later(3_600_000))),
        (1_700_000_000_000, None),
        (u64::MAX, None),
    ];
    for (value, expected) in cases {
        assert_eq!(reset(value), expected, "reset {value}");
    }
}

#[test]
fn without_headers_nothing_is_held_back() {
    let mut pace = Pace::default();
    assert!((0..100_000).all(|_| pace.admit(NOW).is_ok()));
    pace.observe(NOW, 0, None, false);
    assert!(pace.admit(NOW).is_ok());
}

#[test]
fn plenty_is_spent_freely_and_the_last_fifth_is_spread() {
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(1000, 900, 60), false);
    assert!((0..700).all(|_| pace.admit(NOW).is_ok()));

    // 150 left of which 50 are reserved: 100 calls in 50 seconds are one every half second.
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(1000, 150, 50), false);
    let calls = calls_within(&mut pace, NOW, Duration::from_secs(10));
    assert!((18..=22).contains(&calls), "{calls}");
}

#[test]
fn an_empty_window_is_waited_out_with_jitter() {
    let mut pace = Pace::default();
    pace.observe(NOW, 1500, headers(10, 0, 30), false);
    assert_eq!(pace.admit(NOW), Err(later(31_500)));
    assert_eq!(pace.admit(later(31_499)), Err(later(31_500)));
    assert_eq!(pace.admit(later(31_500)), Ok(()));
}

#[test]
fn calls_under_way_count_before_their_answers_come() {
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(3, 3, 30), false);
    let left = (0..10).filter(|_| pace.admit(NOW).is_ok()).count();
    assert_eq!(left, 3);
}

#[test]
fn answers_that_overtake_each_other_count_the_least_that_is_left() {
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(10, 3, 30), false);
    pace.observe(NOW, 0, headers(10, 9, 30), false);
    let left = (0..10).filter(|_| pace.admit(NOW).is_ok()).count();
    assert!(left <= 3, "{left}");
}

#[test]
fn an_old_answer_does_not_refill_a_window() {
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(10, 0, 30), true);
    pace.observe(NOW, 0, headers(10, 9, 30), false);
    pace.observe(NOW, 0, headers(10, 9, 0), false);
    assert!(pace.admit(later(29_000)).is_err());
    pace.observe(later(33_000), 0, headers(10, 10, 3600), false);
    assert!(pace.admit(later(33_000)).is_ok());
}

#[test]
fn a_429_with_headers_pauses_until_the_reset() {
    let mut pace = Pace::default();
    pace.observe(NOW, 0, headers(250_000, 5, 1_700_000_060), true);
    assert_eq!(pace.admit(NOW), Err(later(60_000)));
    assert!(pace.admit(later(60_000)).is_ok());
    let mut past = Pace::default();
    past.observe(NOW, 0, headers(10, 0, 1_600_000_000), true);
    assert_eq!(past.admit(NOW), Err(later(1000)), "a reset in the past is waited for a second all the same");
}

#[test]
fn d3_no_reset_pauses_for_more_than_an_hour() {
    for reset in [u64::MAX, 9_999_999_999, 1_700_000_000 + 86_400] {
        let mut far = Pace::default();
        far.observe(NOW, 0, headers(10, 0, reset), true);
        let wait = far.admit(NOW).expect_err("it is waited");
        assert!(wait <= later(3_600_000), "{reset}: {wait}");
    }
}

#[test]
fn a_429_without_headers_is_probed_once_a_second_and_recovers_by_steps() {
    let mut pace = Pace::default();
    assert!((0..100).all(|_| pace.admit(NOW).is_ok()));
    for _ in 0..20 {
        pace.observe(NOW, 0, None, true);
    }
    let mut at = NOW;
    for _ in 0..60 {
        at = pace.admit(at).expect_err("paused");
        assert!(pace.admit(at).is_ok());
        assert!(pace.admit(at).is_err(), "one probe at a time");
        pace.observe(at, 0, None, true);
    }
    assert_eq!(at, later(60_000), "one probe a second");

    let at = later(61_000);
    assert!(pace.admit(at).is_ok());
    pace.observe(at, 0, None, false);
    let slow = calls_within(&mut pace, at.after(PROBE_EVERY), Duration::from_secs(10));
    assert!((10..=12).contains(&slow), "the floor is one a second: {slow}");
    for second in 12..=40 {
        pace.observe(at.after(Duration::from_secs(second)), 0, None, false);
    }
    assert!((0..100).all(|_| pace.admit(at.after(Duration::from_secs(40))).is_ok()), "back to where it was");
}

#[test]
fn one_429_halves_the_rate() {
    let mut pace = Pace::default();
    assert!((0..100).all(|_| pace.admit(NOW).is_ok()));
    pace.observe(NOW, 0, None, true);
    pace.observe(later(10), 0, None, true);
    let at = later(1010);
    assert!(pace.admit(at).is_ok());
    pace.observe(at, 0, None, false);
    let calls = calls_within(&mut pace, at.after(PROBE_EVERY), PROBE_EVERY);
    assert!((48..=53).contains(&calls), "{calls}");
}
