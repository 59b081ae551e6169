//! SIGTERM, once and twice, early and under load.

use std::sync::Arc;

use serde_json::json;
use tokio::io::AsyncReadExt;
use turnwise_tests::{Host, HostOptions, Stored, TestSandbox, command, signal, until, write_config};

use crate::traffic::{Audit, Traffic};

fn echo() -> HostOptions {
    HostOptions { bot: "echo".into(), ..HostOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_stopped_under_load_loses_nothing_and_leaves_nothing_in_doubt() {
    let sandbox = Arc::new(TestSandbox::start(|config| config.time_scale = 0.01).await);
    sandbox.chaos(json!({"path": "/campaigns", "latency_ms": 50})).await;
    let mut host = Host::start(&sandbox, echo()).await;
    let mut traffic = Traffic::default();
    for round in 0..3 {
        let talking = traffic.talk(&sandbox, 20, 3, round);
        let stopping = async {
            let seen = sandbox.requests().await.len();
            until("calls under way", || async { (sandbox.requests().await.len() > seen + 5).then_some(()) }).await;
            let folder = Arc::clone(&host.folder);
            let (status, log) = host.terminate().await;
            assert_eq!(status.code(), Some(0), "{log}");
            let stored = Stored::read(folder.path()).await;
            assert!(stored.unsent.iter().all(|row| row.ambiguous == 0), "{:?}", stored.unsent);
            stored.close().await;
            Host::start_in(folder, &sandbox, echo()).await
        };
        host = tokio::join!(talking, stopping).1;
    }
    traffic.end(&sandbox).await;
    let audit = traffic.audit(&sandbox, &host.stop().await).await;
    assert_eq!(audit, Audit { messages: 20 * (3 * 3 + 1), ..Audit::default() });
}

#[tokio::test]
async fn a_draining_host_is_not_ready_finishes_its_calls_and_takes_nothing_new() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let mut host = Host::start(&sandbox, echo()).await;
    assert_eq!(ready(&host).await, Some(200));
    // The drain waits for this call.
    sandbox.chaos(json!({"path": "/campaigns", "latency_ms": 2_000})).await;
    sandbox.say("ada", "a").await;
    host.logged(r#""event":"message""#, 1).await;
    sandbox.say("ada", "b").await;
    host.logged(r#""event":"message""#, 2).await;
    signal(host.pid(), "TERM").await;
    until("503 from /readyz", || async { ready(&host).await.filter(|status| *status == 503) }).await;
    until("no listener for webhooks", || async { sandbox.http.get(&host.public).send().await.err() }).await;
    assert_eq!(host.ended().await.code(), Some(0));

    assert_eq!(sandbox.texts("ada").await, ["1: a"], "the call under way was finished, none was begun");
    let stored = Stored::read(host.folder.path()).await;
    let [waiting] = stored.unsent.as_slice() else { panic!("one reply waits: {:?}", stored.unsent) };
    assert_eq!((waiting.entry.turn, waiting.attempts, waiting.ambiguous), (2, 0, 0));
}

#[tokio::test]
async fn a_second_sigterm_ends_the_host_at_once() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let mut host = Host::start(&sandbox, HostOptions { braze: "request_timeout = \"5m\"".into(), ..echo() }).await;
    sandbox.chaos(json!({"path": "/campaigns", "hang": true})).await;
    sandbox.say("ada", "hello").await;
    sandbox.texts_once("ada", 1).await;
    signal(host.pid(), "TERM").await;
    host.logged("draining", 1).await;
    signal(host.pid(), "TERM").await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), host.ended());
    assert_eq!(ended.await.expect("long before the drain's 20 s").code(), Some(130));

    let stored = Stored::read(host.folder.path()).await;
    assert!(matches!(stored.unsent.as_slice(), [row] if row.ambiguous == 1), "{:?}", stored.unsent);
}

#[tokio::test]
async fn a_sigterm_during_the_start_is_clean() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
    let config = write_config(folder.path(), &sandbox.url, &echo());
    let mut child = command(&config, &echo()).spawn().expect("the binary starts");
    // It is written once the database is open, before the plugins are compiled.
    let owner = folder.path().join("data/turnwise.pid");
    until("the database's owner", || std::future::ready(std::fs::read_to_string(&owner).ok())).await;
    signal(child.id().expect("it runs"), "TERM").await;
    let status = child.wait().await.expect("it can be waited for");
    let mut log = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut log).await.expect("a log");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped") && !owner.exists(), "the database was closed: {log}");

    let host = Host::start_in(folder, &sandbox, echo()).await;
    sandbox.say("ada", "hello").await;
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);
    host.stop().await;
}

/// The status of `/readyz`; none where nobody answers.
async fn ready(host: &Host) -> Option<u16> {
    let answer = reqwest::get(format!("{}/readyz", host.admin)).await.ok()?;
    Some(answer.status().as_u16())
}
