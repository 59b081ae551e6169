//! E4: answers that do not end. E5: connections that break. E6: answers that are not Braze's. E7: success, but not for all.
//!
//! Each is played under both policies: sent again, so that nobody misses it, and never sent twice.

use serde_json::{Value, json};
use turnwise_tests::TestSandbox;

use super::{Case, calls, play, quick};

const AGAIN: &str = "resend_unknown = true";
const NEVER: &str = "resend_unknown = false";
/// Long enough for a busy machine, short enough to wait for.
const TIMEOUT: &str = "request_timeout = \"2s\"";
const KEPT: &str = "the configuration says not to send again";

/// A fault after which nobody knows whether Braze did its work; `done` says whether it did.
fn in_doubt(faults: &[(&'static str, Value, bool)], resend: bool) -> Vec<Case> {
    let case = |(name, fault, done): &(&'static str, Value, bool)| Case {
        name,
        fault: fault.clone(),
        copies: usize::from(*done) + usize::from(resend),
        attempts: 1 + u32::from(resend),
        ambiguous: 1,
        dead: (!resend).then_some(KEPT),
    };
    faults.iter().map(case).collect()
}

async fn play_in_doubt(braze: &str, faults: &[(&'static str, Value, bool)]) {
    let under = |policy: &'static str, resend: bool| async move {
        let sandbox = TestSandbox::start(|_| {}).await;
        play(&sandbox, quick(&format!("{policy}\n{braze}")), &in_doubt(faults, resend)).await;
    };
    tokio::join!(under(AGAIN, true), under(NEVER, false));
}

#[tokio::test]
async fn e4_answers_that_do_not_end_are_given_up_and_their_replies_in_doubt() {
    let faults = [
        ("hang after headers", json!({"hang": true}), true),
        ("slow drip", json!({"slow_drip_bytes_per_second": 1}), true),
        ("endless body", json!({"endless_body": true}), true),
        ("huge body", json!({"body_bytes": 100_000_000}), true),
        ("late", json!({"latency_ms": 600_000}), false),
    ];
    play_in_doubt(TIMEOUT, &faults).await;
}

#[tokio::test]
async fn e4_no_more_than_a_mebibyte_of_an_answer_is_read() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let dead = Some("more than 1 MiB");
    let case = |name, fault| Case { name, fault, copies: 1, attempts: 1, ambiguous: 1, dead };
    let cases =
        [case("100 MB", json!({"body_bytes": 100_000_000})), case("without end", json!({"endless_body": true}))];
    play(&sandbox, quick("request_timeout = \"1m\""), &cases).await;
}

#[tokio::test]
async fn e5_a_connection_that_breaks_leaves_the_reply_in_doubt() {
    let faults = [
        ("reset before the body", json!({"reset_before_body": true}), false),
        ("reset before the body, done", json!({"reset_before_body": true, "process": true}), true),
        ("reset in place of an answer", json!({"reset_after_processing": true}), true),
        ("reset in place of an answer, not done", json!({"reset_after_processing": true, "process": false}), false),
    ];
    play_in_doubt("", &faults).await;
}

#[tokio::test]
async fn e6_an_answer_that_is_not_brazes_leaves_the_reply_in_doubt() {
    let faults = [
        ("a web page", json!({"garbage": true}), false),
        ("half an answer", json!({"truncated_json": true}), true),
        ("a wrong length", json!({"wrong_content_length": true}), true),
        ("bytes that are no text", json!({"invalid_utf8": true}), true),
        ("an empty object", json!({"empty_object": true}), true),
        ("204", json!({"no_content": true}), true),
    ];
    play_in_doubt("", &faults).await;
}

#[tokio::test]
async fn e6_queued_during_maintenance_is_success() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let fault = json!({"queued": true});
    let case = Case { name: "queued", fault, copies: 1, attempts: 1, ambiguous: 0, dead: None };
    play(&sandbox, quick(AGAIN), &[case]).await;
    assert_eq!(calls(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn e6_a_redirect_is_not_followed_so_the_key_reaches_no_other_host() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let other = TestSandbox::start(|_| {}).await;
    let fault = json!({"redirect_to": format!("{}/campaigns/trigger/send", other.url)});
    let dead = Some("the endpoint redirects (301): wrong endpoint?");
    let case = Case { name: "redirect", fault, copies: 0, attempts: 1, ambiguous: 0, dead };
    play(&sandbox, quick(AGAIN), &[case]).await;
    assert_eq!(other.requests().await, Vec::<Value>::new(), "nobody called the other host");
    assert_eq!(calls(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn e7_partial_errors_beside_a_success_are_no_reason_to_send_again() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let elsewhere = json!([{"type": "'plan' must be a String", "input_array": "attributes", "index": 3}]);
    let case = |name, fault, copies| Case { name, fault, copies, attempts: 1, ambiguous: 0, dead: None };
    let cases = [
        case("of something beside it", json!({"partial_errors": elsewhere}), 1),
        // Braze says success, so whether the user got it cannot be told from the answer; a second call could double it.
        case("of the recipient", json!({"partial_errors": true}), 0),
        case("a paused campaign", json!({"notice": "The campaign is paused"}), 0),
    ];
    play(&sandbox, quick(AGAIN), &cases).await;
    assert_eq!(calls(&sandbox).await.len(), 3);
}
