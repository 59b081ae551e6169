//! E1: Braze says "too many".

use serde_json::json;
use turnwise_tests::{Host, Stored, TestSandbox};

use super::{TRIGGER, all_say, calls, calls_answered, quick, user};

/// Nothing was done, so nothing counts as tried.
fn no_attempt_was_burnt(stored: &Stored, replies: usize) {
    assert_eq!(stored.fates.len(), replies);
    for fate in &stored.fates {
        assert_eq!((fate.attempts, fate.ambiguous), (1, 0), "{fate:?}");
    }
}

#[tokio::test]
async fn e1_a_429_with_headers_is_waited_out_to_the_reset() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let headers = json!({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"});
    let rule =
        json!({"path": TRIGGER, "times": 1, "status": 429, "headers": headers, "without_ratelimit_headers": true});
    sandbox.chaos(rule).await;
    let host = Host::start(&sandbox, quick("")).await;

    for text in ["a", "b", "c"] {
        sandbox.say("ada", text).await;
    }
    assert_eq!(sandbox.texts_once("ada", 3).await, ["1: a", "2: b", "3: c"]);
    let calls = calls(&sandbox).await;
    assert_eq!(calls.len(), 4, "one is refused, three are sent: {calls:?}");
    let waited_ms = calls[1].0 - calls[0].0;
    assert!(waited_ms >= 1_990, "the reset is two seconds away, not {waited_ms} ms");
    no_attempt_was_burnt(&host.stop().await, 3);
}

#[tokio::test]
async fn e1_a_429_without_headers_is_probed_at_most_once_a_second() {
    let sandbox = TestSandbox::start(|_| {}).await;
    sandbox.chaos(json!({"path": TRIGGER, "times": 3, "status": 429, "without_ratelimit_headers": true})).await;
    let host = Host::start(&sandbox, quick("requests_in_flight_max = 1")).await;

    sandbox.say("ada", "a").await;
    sandbox.say("ada", "b").await;
    assert_eq!(sandbox.texts_once("ada", 2).await, ["1: a", "2: b"]);
    let calls = calls(&sandbox).await;
    assert_eq!(calls.len(), 5, "{calls:?}");
    for pair in calls[..4].windows(2) {
        let waited_ms = pair[1].0 - pair[0].0;
        assert!(waited_ms >= 990, "after a 429 the next call comes a second later, not {waited_ms} ms");
    }
    no_attempt_was_burnt(&host.stop().await, 2);
}

#[tokio::test]
async fn e1_a_pool_that_runs_out_is_not_hammered_and_loses_nothing() {
    const WINDOW_MS: u64 = 2_000;
    const IN_FLIGHT_MAX: usize = 4;
    const USERS: usize = 12;
    let sandbox = TestSandbox::start(|config| {
        config.messaging_requests_per_hour_max = 5;
        config.messaging_window = std::time::Duration::from_millis(WINDOW_MS);
    })
    .await;
    let host = Host::start(&sandbox, quick(&format!("requests_in_flight_max = {IN_FLIGHT_MAX}"))).await;

    all_say(&sandbox, (0..USERS).map(user)).await;
    all_say(&sandbox, (0..1).map(user)).await;
    for index in 1..USERS {
        assert_eq!(sandbox.texts_once(&user(index), 1).await, ["1: hello"]);
    }
    assert_eq!(sandbox.texts_once(&user(0), 2).await, ["1: hello", "2: hello"]);
    let refused = calls_answered(&sandbox, 429).await;
    for call in &refused {
        let window = refused.iter().filter(|other| *other / WINDOW_MS == call / WINDOW_MS);
        assert!(window.count() <= IN_FLIGHT_MAX, "only calls under way meet the empty pool: {refused:?}");
    }
    no_attempt_was_burnt(&host.stop().await, USERS + 1);
}
