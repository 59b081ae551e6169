//! E8: Braze refuses the key. E9: Braze refuses the request.

use serde_json::json;
use turnwise_tests::{Host, TestSandbox, until};

use super::{Case, TRIGGER, all_say, calls, calls_answered, play, quick, user};

/// As [`quick`] sets it.
const PROBE_WAIT_MS: u64 = 200;

async fn refused_and_then_not(status: u64) {
    const USERS: usize = 6;
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, quick("")).await;
    sandbox.say("early", "hello").await;
    sandbox.texts_once("early", 1).await;

    sandbox.chaos(json!({"path": TRIGGER, "status": status})).await;
    all_say(&sandbox, (0..1).map(user)).await;
    host.logged("sending is stopped until the API key works", 1).await;
    all_say(&sandbox, (1..USERS).map(user)).await;
    let refused = until("three probes", || async {
        Some(calls_answered(&sandbox, status).await).filter(|refused| refused.len() >= 4)
    })
    .await;
    for (index, pair) in refused[..4].windows(2).enumerate() {
        let (waited_ms, least_ms) = (pair[1] - pair[0], PROBE_WAIT_MS << index);
        assert!(waited_ms + 10 >= least_ms, "{status}: probe {index} came after {waited_ms} ms, not {least_ms}");
    }
    let stopped = host.log().lines().filter(|line| line.contains("sending is stopped")).count();
    assert!(stopped <= calls_answered(&sandbox, status).await.len(), "a line for each probe, none for each reply");

    sandbox.calm().await;
    for index in 0..USERS {
        assert_eq!(sandbox.texts_once(&user(index), 1).await, ["1: hello"]);
    }
    host.logged("Braze works again", 1).await;
    let stored = host.stop().await;
    assert_eq!(stored.fates.len(), USERS + 1);
    for fate in &stored.fates {
        assert_eq!((fate.attempts, fate.ambiguous), (1, 0), "a refused key burns no attempt: {fate:?}");
    }
}

#[tokio::test]
async fn e8_a_key_revoked_while_running_stops_sending_until_it_works() {
    refused_and_then_not(401).await;
}

#[tokio::test]
async fn e8_a_permission_taken_away_while_running_stops_sending_until_it_is_back() {
    refused_and_then_not(403).await;
}

#[tokio::test]
async fn e9_a_campaign_that_braze_does_not_know_is_given_up_at_once() {
    let sandbox = TestSandbox::start(|config| config.campaigns = vec!["another-campaign".into()]).await;
    let dead = Some("Check the campaign's `id`: it must be that of an API-triggered campaign of this workspace");
    let fault = json!({"latency_ms": 0});
    let case = Case { name: "unknown campaign", fault, copies: 0, attempts: 1, ambiguous: 0, dead };
    play(&sandbox, quick("resend_unknown = true"), &[case]).await;
    assert_eq!(calls(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn e9_pain21_each_documented_refusal_is_given_up_at_once_with_what_to_do() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let case = |name: &'static str, hint| {
        let fault = json!({"status": 400, "body": {"message": name}});
        Case { name, fault, copies: 0, attempts: 1, ambiguous: 0, dead: Some(hint) }
    };
    let cases = [
        case("No Recipients: There are no external IDs in the request", "The user's identifier is missing"),
        case("The max number of external_ids and aliases per request was exceeded", "more users than Braze allows"),
        case("Invalid Campaign ID: No Messaging API campaign was found", "Check the campaign's `id`"),
        case("Message Variant Unspecified: No message variant provided", "no variant that can be sent"),
        case("Mismatched Message Type", "The campaign's channel is not the one asked for"),
        case("No message to send", "publish its variant"),
        case("Cannot send to blacklisted user", "dummy user"),
        case("Something Braze has not documented", "Braze refused the request (400)"),
    ];
    play(&sandbox, quick("resend_unknown = true"), &cases).await;
    assert_eq!(calls(&sandbox).await.len(), cases.len(), "none was tried again");
}

#[tokio::test]
async fn e9_a_refused_reply_does_not_hold_up_the_next_one() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, quick("")).await;
    sandbox.chaos(json!({"path": TRIGGER, "times": 1, "status": 400, "body": {"message": "No"}})).await;
    for text in ["a", "b", "c"] {
        sandbox.say("ada", text).await;
    }
    assert_eq!(sandbox.texts_once("ada", 2).await, ["2: b", "3: c"]);
    let stored = host.stop().await;
    assert!(stored.unsent.is_empty());
}
