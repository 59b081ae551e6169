use super::*;

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"];

#[test]
fn safe_repeats_what_does_no_harm_twice() {
    for method in METHODS {
        let harmless = !matches!(method, "POST" | "PATCH");
        assert!(again(RetryRule::Safe, method, Ended::Unsent), "{method} never arrived");
        assert_eq!(again(RetryRule::Safe, method, Ended::Broken), harmless, "{method}");
        assert_eq!(again(RetryRule::Safe, method, Ended::Answered(503)), harmless, "{method}");
        assert_eq!(may_be_done_twice(RetryRule::Safe, method), harmless, "{method}");
    }
    assert!(!again(RetryRule::Safe, "get", Ended::Broken), "methods are told apart by case");
}

#[test]
fn always_and_never_go_by_no_method() {
    for method in METHODS {
        for ended in [Ended::Unsent, Ended::Broken, Ended::Answered(429)] {
            assert!(again(RetryRule::Always, method, ended), "{method} {ended:?}");
            assert!(!again(RetryRule::Never, method, ended), "{method} {ended:?}");
        }
        assert!(may_be_done_twice(RetryRule::Always, method) && !may_be_done_twice(RetryRule::Never, method));
    }
}

#[test]
fn an_answer_is_an_answer() {
    for status in [100, 200, 201, 301, 302, 304, 400, 401, 403, 404, 409, 422, 500, 501, 999] {
        assert!(!again(RetryRule::Always, "GET", Ended::Answered(status)), "{status}");
    }
    for status in [408, 425, 429, 502, 503, 504] {
        assert!(again(RetryRule::Always, "GET", Ended::Answered(status)), "{status}");
    }
    assert!(!again(RetryRule::Always, "GET", Ended::Settled));
}

#[test]
fn waits_are_spread_over_a_bound_that_doubles() {
    for (tries, bound) in [(1, 500), (2, 1000), (3, 2000), (5, 8000), (6, 10_000), (u32::MAX, 10_000)] {
        let bound = Duration::from_millis(bound);
        assert_eq!(wait(tries, None, 0), Duration::ZERO);
        assert_eq!(wait(tries, None, u32::MAX), bound);
        let half = wait(tries, None, u32::MAX / 2);
        assert!(half.abs_diff(bound / 2) < Duration::from_millis(1), "{half:?}");
    }
    let asked = Duration::from_secs(7);
    assert_eq!(wait(1, Some(asked), u32::MAX), asked, "no less than was asked for");
    assert_eq!(wait(6, Some(asked), u32::MAX), Duration::from_secs(10), "but our own wait if it is longer");
}

#[test]
fn what_the_other_side_asks_for_is_seconds_or_a_date() {
    let now = Timestamp(784_111_777_000);
    assert_eq!(asked("3", now), Some(Duration::from_secs(3)));
    assert_eq!(asked(" 120 ", now), Some(Duration::from_secs(120)));
    assert_eq!(asked("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
    assert_eq!(asked("Sun, 06 Nov 1994 08:49:27 GMT", now), Some(Duration::ZERO), "already over");
    for nonsense in ["", "soon", "-1", "1.5", "99999999999999999999999", "Sun, 99 Nov 1994 08:49:47 GMT"] {
        assert_eq!(asked(nonsense, now), None, "{nonsense:?}");
    }
    assert!(asked("18446744073709551615", now).is_some());
}
