use super::*;

const FIGURES: Figures = Figures {
    calls_min: 20,
    window: Duration::from_secs(30),
    probe_wait: Duration::from_secs(10),
    probe_wait_max: Duration::from_mins(5),
};
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

fn observe(breaker: &mut Breaker, at: Timestamp, verdicts: &[(usize, Verdict)]) -> Option<Change> {
    let calls = verdicts.iter().flat_map(|&(times, verdict)| std::iter::repeat_n(verdict, times));
    calls.filter_map(|verdict| breaker.observe(at, Pass::Ordinary, verdict)).next()
}

#[test]
fn it_opens_when_more_than_half_of_twenty_calls_fail() {
    let cases: [(&[(usize, Verdict)], bool); 4] = [
        (&[(19, Verdict::Failing)], false),
        (&[(20, Verdict::Failing)], true),
        (&[(10, Verdict::Working), (10, Verdict::Failing)], false),
        (&[(10, Verdict::Working), (11, Verdict::Failing)], true),
    ];
    for (verdicts, opens) in cases {
        let mut breaker = Breaker::new(FIGURES);
        let change = observe(&mut breaker, NOW, verdicts);
        let expected = opens.then_some(Change::Opened { verdict: Verdict::Failing, until: later(10) });
        assert_eq!(change, expected, "{verdicts:?}");
        assert_eq!(breaker.admit(NOW).is_err(), opens);
    }
}

#[test]
fn failures_older_than_thirty_seconds_do_not_count() {
    let mut breaker = Breaker::new(FIGURES);
    assert_eq!(observe(&mut breaker, NOW, &[(19, Verdict::Failing)]), None);
    assert_eq!(observe(&mut breaker, later(31), &[(19, Verdict::Failing)]), None);
    assert!(observe(&mut breaker, later(32), &[(1, Verdict::Failing)]).is_some());
}

#[test]
fn one_probe_at_a_time_decides_and_waits_grow_to_five_minutes() {
    let mut breaker = Breaker::new(FIGURES);
    observe(&mut breaker, NOW, &[(20, Verdict::Failing)]);
    let mut at = NOW;
    for seconds in [10, 20, 40, 80, 160, 300, 300] {
        assert!(breaker.admit(at.after(Duration::from_millis(seconds * 1000 - 1))).is_err());
        at = at.after(Duration::from_secs(seconds));
        assert_eq!(breaker.admit(at), Ok(Pass::Probe));
        assert!(breaker.admit(at).is_err(), "a probe is under way");
        assert_eq!(breaker.observe(at, Pass::Ordinary, Verdict::Working), None, "a late answer decides nothing");
        assert!(breaker.observe(at, Pass::Probe, Verdict::Failing).is_some());
    }
    at = at.after(FIGURES.probe_wait_max);
    assert_eq!(breaker.admit(at), Ok(Pass::Probe));
    breaker.release(Pass::Probe);
    assert_eq!(breaker.admit(at), Ok(Pass::Probe), "a probe that was not made is made by another");
    assert_eq!(breaker.observe(at, Pass::Probe, Verdict::Working), Some(Change::Closed));
    assert_eq!(breaker.admit(at), Ok(Pass::Ordinary));
}

#[test]
fn a_refused_key_stops_at_once_and_resumes_when_it_works() {
    let mut breaker = Breaker::new(FIGURES);
    let opened = breaker.observe(NOW, Pass::Ordinary, Verdict::Refusing);
    assert_eq!(opened, Some(Change::Opened { verdict: Verdict::Refusing, until: later(10) }));
    assert_eq!(breaker.observe(NOW, Pass::Ordinary, Verdict::Refusing), None, "already stopped");
    assert_eq!(breaker.admit(later(10)), Ok(Pass::Probe));
    assert_eq!(breaker.observe(later(10), Pass::Probe, Verdict::Working), Some(Change::Closed));
}

#[test]
fn the_first_probe_leaves_after_the_configured_wait_also_the_second_time() {
    let mut breaker = Breaker::new(Figures { probe_wait: Duration::from_secs(3), ..FIGURES });
    for start in [0, 100] {
        let opened = breaker.observe(later(start), Pass::Ordinary, Verdict::Refusing);
        assert_eq!(opened, Some(Change::Opened { verdict: Verdict::Refusing, until: later(start + 3) }));
        assert_eq!(breaker.admit(later(start + 3)), Ok(Pass::Probe));
        assert_eq!(breaker.observe(later(start + 3), Pass::Probe, Verdict::Working), Some(Change::Closed));
    }
}
