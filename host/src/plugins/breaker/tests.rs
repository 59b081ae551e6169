use std::time::Duration;

use super::*;
use crate::conversation::{BadOutput, NextState};
use crate::plugins::CallStack;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

fn user(nth: usize) -> ConversationId {
    ConversationId::of("whatsapp", &format!("u{nth}"))
}

fn trapped() -> TurnFailure {
    TurnFailure::Trapped { what: "unreachable".into(), calls: CallStack::default() }
}

fn decided() -> Result<Decision, TurnFailure> {
    Ok(Decision { state: NextState::Keep, effects: vec![], step: None })
}

/// A turn of each of these users that ends like this; how many were let run.
fn turns(
    breaker: &PluginBreaker,
    at: Timestamp,
    users: impl IntoIterator<Item = usize>,
    outcome: &Result<Decision, TurnFailure>,
) -> usize {
    let run = |nth| breaker.admit(at).map(|admitted| admitted.learn(at, user(nth), outcome)).is_ok();
    users.into_iter().filter(|nth| run(*nth)).count()
}

fn stopped() -> PluginBreaker {
    let breaker = PluginBreaker::new("menu");
    let run = turns(&breaker, NOW, 0..100, &Err(trapped()));
    assert_eq!(run, 22, "two that are not counted, and twenty that are");
    assert_eq!(breaker.opened(), Some(Opened { since: NOW, until: later(10), kind: "trapped" }));
    breaker
}

#[test]
fn g12_a_plugin_that_mostly_fails_is_stopped() {
    let failure = stopped().admit(later(3)).expect_err("stopped");
    assert_eq!(failure, TurnFailure::Stopped { probe_in: Duration::from_secs(7) });
    assert_eq!(failure.kind(), "stopped");
    assert!(failure.to_string().contains("in 7 s one turn tries it again"), "{failure}");

    let half = PluginBreaker::new("menu");
    for nth in 0..100 {
        turns(&half, NOW, [2 * nth], &decided());
        turns(&half, NOW, [2 * nth + 1], &Err(trapped()));
    }
    assert_eq!(half.opened(), None, "half of the turns is not more than half");
}

#[test]
fn g12_one_turn_tries_it_again_and_success_closes_it() {
    let breaker = stopped();
    assert_eq!(turns(&breaker, later(10), 0..5, &Err(trapped())), 1, "one probe");
    assert_eq!(breaker.opened(), Some(Opened { since: NOW, until: later(30), kind: "trapped" }));
    let probe = breaker.admit(later(30)).expect("a probe");
    assert!(breaker.admit(later(30)).is_err(), "one at a time");
    probe.learn(later(31), user(1), &decided());
    assert_eq!(breaker.opened(), None);
    assert_eq!(turns(&breaker, later(31), 0..19, &Err(trapped())), 19, "it begins anew");
}

#[test]
fn g12_a_probe_that_says_nothing_is_made_again() {
    let breaker = stopped();
    drop(breaker.admit(later(10)).expect("a probe whose turn was given up"));
    turns(&breaker, later(10), [1], &Err(TurnFailure::Stalled { limit: Duration::from_secs(1) }));
    assert_eq!(turns(&breaker, later(10), [2], &decided()), 1);
    assert_eq!(breaker.opened(), None);
}

#[test]
fn g12_one_user_cannot_take_the_plugin_from_everybody() {
    let breaker = PluginBreaker::new("menu");
    for _ in 0..1000 {
        assert_eq!(turns(&breaker, NOW, [1, 2], &Err(trapped())), 2);
    }
    turns(&breaker, later(61), (0..30).map(|_| 3), &Err(trapped()));
    assert_eq!(breaker.opened(), None, "the others failed long ago");
}

#[test]
fn g12_what_counts_is_what_the_plugin_does() {
    let calls = CallStack::default;
    let other = || TurnFailure::Refused(PluginError::Other("TypeError".into()));
    let bad_state = || TurnFailure::Refused(PluginError::BadState("v9".into()));
    let migration = |failure| TurnFailure::Migration { from: 1, to: 2, failure: Box::new(failure) };
    let counts = [
        TurnFailure::DeadlineExceeded { limit: Duration::ZERO, calls: calls() },
        TurnFailure::OutOfMemory { limit: 1, calls: calls() },
        TurnFailure::StackOverflow { calls: calls() },
        TurnFailure::HostcallFuel { limit: 1 },
        TurnFailure::BadOutput(BadOutput::StateTooLong { bytes: 1 }.to_string()),
        other(),
        migration(trapped()),
    ];
    let counts_not = [
        TurnFailure::Stalled { limit: Duration::ZERO },
        TurnFailure::StateTooNew { stored: 2, known: 1 },
        bad_state(),
        migration(bad_state()),
    ];
    for (failures, opens) in [(counts.to_vec(), true), (counts_not.to_vec(), false)] {
        for failure in failures {
            let breaker = PluginBreaker::new("menu");
            turns(&breaker, NOW, 0..100, &Err(failure.clone()));
            assert_eq!(breaker.opened().is_some(), opens, "{failure}");
        }
    }
}
