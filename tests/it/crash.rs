//! `kill -9` at any moment.
//!
//! `TURNWISE_CRASH_ROUNDS` asks for more than the ten kills of an ordinary run, `TURNWISE_CRASH_SEED` for other moments.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use turnwise_tests::{Host, HostOptions, TestSandbox, signal};

use crate::traffic::Traffic;

const USERS: usize = 40;
/// Of each user, in each round.
const MESSAGES: usize = 2;
/// From the start of a round to its kill, at most. A host works off a round in about this time.
const MOMENT_MS_MAX: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_again_and_again_loses_nothing_and_doubles_only_what_it_doubted() {
    let rounds = number("TURNWISE_CRASH_ROUNDS", 10);
    let seed = number("TURNWISE_CRASH_SEED", 1);
    // Retries of webhooks go on for nine seconds, which is longer than a start takes.
    let sandbox = Arc::new(TestSandbox::start(|config| config.time_scale = 0.01).await);
    // So that kills find calls under way.
    sandbox.chaos(json!({"path": "/campaigns", "latency_ms": 20})).await;
    let options = HostOptions {
        bot: "echo".into(),
        braze: "resend_unknown = true\nresend_wait = \"100ms\"".into(),
        ..HostOptions::default()
    };
    let mut host = Host::start(&sandbox, options).await;
    let mut traffic = Traffic::default();
    for round in 0..rounds {
        let talking = traffic.talk(&sandbox, USERS, MESSAGES, round);
        let killing = async {
            // The moment of the kill is the fault; nothing is waited for.
            tokio::time::sleep(Duration::from_millis(mixed(seed, round) % MOMENT_MS_MAX)).await;
            host.restart(&sandbox).await
        };
        host = tokio::join!(talking, killing).1;
    }
    traffic.end(&sandbox).await;
    let stored = host.stop().await;
    let audit = traffic.audit(&sandbox, &stored).await;
    println!("{rounds} kills, seed {seed}: {audit:?}");
    assert!(audit.messages > USERS, "{audit:?}");
    assert!(audit.in_doubt > 0, "some kill found a call under way: {audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_sent_twice_a_crash_doubles_nothing() {
    let sandbox = Arc::new(TestSandbox::start(|config| config.time_scale = 0.01).await);
    sandbox.chaos(json!({"path": "/campaigns", "latency_ms": 20})).await;
    let options = HostOptions { bot: "echo".into(), ..HostOptions::default() };
    let mut host = Host::start(&sandbox, options).await;
    let mut traffic = Traffic::default();
    for round in 0..3 {
        let talking = traffic.talk(&sandbox, USERS, MESSAGES, round);
        let killing = async {
            tokio::time::sleep(Duration::from_millis(mixed(2, round) % MOMENT_MS_MAX)).await;
            host.restart(&sandbox).await
        };
        host = tokio::join!(talking, killing).1;
    }
    traffic.end(&sandbox).await;
    let stored = host.stop().await;
    let audit = traffic.audit(&sandbox, &stored).await;
    assert_eq!((audit.doubled, audit.given_up), (0, audit.in_doubt), "{audit:?}");
}

/// As a machine does that sleeps, or a debugger, for longer than a call may take.
#[tokio::test(flavor = "multi_thread")]
async fn d4_a_host_that_is_paused_goes_on_and_doubles_nothing() {
    let sandbox = Arc::new(TestSandbox::start(|config| config.time_scale = 0.01).await);
    sandbox.chaos(json!({"path": "/campaigns", "latency_ms": 20})).await;
    let options =
        HostOptions { bot: "echo".into(), braze: "request_timeout = \"1s\"".into(), ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;
    let mut traffic = Traffic::default();
    for round in 0..3 {
        let pausing = async {
            tokio::time::sleep(Duration::from_millis(mixed(3, round) % MOMENT_MS_MAX)).await;
            signal(host.pid(), "STOP").await;
            // The length of the pause is the fault; nothing is waited for.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            signal(host.pid(), "CONT").await;
        };
        tokio::join!(traffic.talk(&sandbox, USERS, MESSAGES, round), pausing);
    }
    traffic.end(&sandbox).await;
    let stored = host.stop().await;
    let audit = traffic.audit(&sandbox, &stored).await;
    assert_eq!((audit.doubled, audit.given_up), (0, audit.in_doubt), "{audit:?}");
}

fn number(variable: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}"))
}

/// A number that looks random, the same for each seed and round.
fn mixed(seed: u64, round: u64) -> u64 {
    let mixed = (seed << 32 ^ round).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}
