use super::*;

const START_MS: i64 = 1_800_000_000_000;
const HOUR_MS: i64 = 3_600_000;

/// Readings every `step_ms` for `span_ms`, with the wall clock off by what `off_ms` says at each moment. Returns the time at the end
/// and what was said; time never goes back, and never runs at more than a twentieth beside its pace.
fn run(span_ms: i64, step_ms: i64, off_ms: impl Fn(i64) -> i64) -> (i64, Vec<Change>) {
    let mut steady = Steady::at(5_000, START_MS);
    let (mut last, mut said) = (START_MS, Vec::new());
    let mut passed = 0;
    while passed < span_ms {
        passed += step_ms;
        let (now, change) = steady.read(5_000 + passed, START_MS + passed + off_ms(passed));
        let now = i64::try_from(now.0).expect("a time of our days");
        let advanced = now - last;
        assert!(advanced >= 0 && (advanced - step_ms).abs() <= step_ms / 20 + 2, "{advanced} ms in {step_ms} ms");
        last = now;
        said.extend(change);
    }
    (last - START_MS, said)
}

#[test]
fn a_right_clock_is_followed_exactly() {
    for step_ms in [1, 7, 19, 20, 1_000, 60_000] {
        assert_eq!(run(600_000 / step_ms * step_ms, step_ms, |_| 0), (600_000 / step_ms * step_ms, vec![]));
    }
}

#[test]
fn d1_a_jump_is_not_followed_and_told_once() {
    for jump_ms in [HOUR_MS, -HOUR_MS, 10 * 365 * 24 * HOUR_MS, -10 * 365 * 24 * HOUR_MS] {
        let (passed, said) = run(HOUR_MS, 1_000, |at| if at > 60_000 { jump_ms } else { 0 });
        assert_eq!(passed, HOUR_MS, "the clock goes on as if nothing had been");
        let [Change::Jumped(jump)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(jump.ahead_ms, jump_ms);
    }
}

#[test]
fn d1_a_jump_that_is_taken_back_is_over() {
    let (passed, said) = run(HOUR_MS, 1_000, |at| if (60_000..120_000).contains(&at) { 2 * HOUR_MS } else { 0 });
    assert_eq!(passed, HOUR_MS);
    assert!(matches!(said.as_slice(), [Change::Jumped(_), Change::Back]), "{said:?}");
}

#[test]
fn d1_a_clock_that_is_stepped_every_five_seconds_is_followed_slowly() {
    let (passed, said) = run(HOUR_MS, 500, |at| if at / 5_000 % 2 == 0 { 0 } else { 30_000 });
    assert!(said.is_empty() && (0..=30_000).contains(&(passed - HOUR_MS)), "{passed} {said:?}");
}

#[test]
fn drift_is_made_good() {
    for drift_ms in [-40_000, -300, 300, 40_000] {
        for step_ms in [3, 1_000] {
            let (passed, said) = run(HOUR_MS, step_ms, |_| drift_ms);
            assert!((passed - HOUR_MS - drift_ms).abs() <= 2 && said.is_empty(), "{passed} for {drift_ms}");
        }
    }
}

#[test]
fn d4_a_pause_of_any_length_is_counted() {
    let mut steady = Steady::at(0, START_MS);
    let paused_ms = 5 * 60 * 1000;
    assert_eq!(steady.read(paused_ms, START_MS + paused_ms).0, timestamp(START_MS + paused_ms));
    let asleep_ms = 3 * 24 * HOUR_MS;
    assert_eq!(steady.read(asleep_ms, START_MS + asleep_ms), (timestamp(START_MS + asleep_ms), None));
}

#[test]
fn what_is_said_names_the_side_and_the_way_out() {
    let text = Jump { ahead_ms: -2 * HOUR_MS }.to_string();
    assert!(text.contains("7200 s behind") && text.contains("restart the host"), "{text}");
}
