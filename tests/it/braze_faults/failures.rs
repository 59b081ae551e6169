//! E2: Braze fails. E3: there is no Braze.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use turnwise_tests::{Host, HostOptions, TestSandbox};

use super::{Case, TRIGGER, all_say, calls, calls_answered, play, quick, user};

#[tokio::test]
async fn e2_a_failure_is_tried_again_and_an_edge_that_fails_for_braze_is_in_doubt() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let case = |name, status: u16, ambiguous| Case {
        name,
        fault: json!({ "status": status }),
        copies: 1,
        attempts: 2,
        ambiguous,
        dead: None,
    };
    let cases = [
        case("500", 500, 0),
        case("503", 503, 0),
        case("599", 599, 0),
        case("502 of an edge", 502, 1),
        case("504 of an edge", 504, 1),
    ];
    play(&sandbox, quick("resend_unknown = true"), &cases).await;
}

#[tokio::test]
async fn e2_replies_in_doubt_are_not_repeated_where_the_configuration_says_so() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let case = |name, status: u16, attempts, ambiguous, dead| {
        let copies = if dead { 0 } else { 1 };
        let dead = dead.then_some("the configuration says not to send again");
        Case { name, fault: json!({ "status": status }), copies, attempts, ambiguous, dead }
    };
    let cases = [
        case("500", 500, 2, 0, false),
        case("502", 502, 1, 1, true),
        case("504", 504, 1, 1, true),
        case("503", 503, 2, 0, false),
    ];
    play(&sandbox, quick(""), &cases).await;
}

#[tokio::test]
async fn e2_a_braze_that_often_fails_gets_every_reply_once_and_in_order() {
    const USERS: usize = 6;
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, quick("")).await;
    sandbox.chaos(json!({"path": TRIGGER, "status": 503, "rate": 0.3, "seed": 7})).await;

    for _ in 0..3 {
        all_say(&sandbox, (0..USERS).map(user)).await;
    }
    for index in 0..USERS {
        assert_eq!(sandbox.texts_once(&user(index), 3).await, ["1: hello", "2: hello", "3: hello"]);
    }
    assert!(!calls_answered(&sandbox, 503).await.is_empty(), "the fault was there");
    let stored = host.stop().await;
    assert!(stored.unsent.is_empty());
    assert!(stored.fates.iter().all(|fate| fate.ambiguous == 0), "a 503 of Braze leaves no doubt: {:?}", stored.fates);
}

#[tokio::test]
async fn e2_an_outage_stops_the_calls_and_ends_with_every_reply_sent_once() {
    const IN_THE_OUTAGE: usize = 25;
    const AFTERWARDS: usize = 60;
    /// Twenty calls are enough to see an outage; no more than these are under way by then.
    const IN_FLIGHT_MAX: usize = 4;
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, quick(&format!("requests_in_flight_max = {IN_FLIGHT_MAX}"))).await;
    sandbox.chaos(json!({"path": TRIGGER, "status": 500})).await;

    all_say(&sandbox, (0..IN_THE_OUTAGE).map(user)).await;
    // The first time it opens for the failures, the second time for a probe that failed too.
    host.logged("Braze mostly fails", 2).await;
    let failed = calls_answered(&sandbox, 500).await;
    assert!(failed.len() <= 20 + IN_FLIGHT_MAX + 3, "calls stop once it is clear that they fail: {}", failed.len());
    sandbox.calm().await;
    host.logged("Braze works again", 1).await;

    let everybody = IN_THE_OUTAGE + AFTERWARDS;
    all_say(&sandbox, (IN_THE_OUTAGE..everybody).map(user)).await;
    for index in 0..everybody {
        assert_eq!(sandbox.texts_once(&user(index), 1).await, ["1: hello"], "user {index}");
    }
    let stored = host.stop().await;
    let repeats: u32 = stored.fates.iter().map(|fate| fate.attempts - 1).sum();
    assert!(repeats as usize <= 10 + everybody / 5 + 30, "repeats are bounded: {repeats}");
    assert_eq!(stored.fates.len(), everybody);
    assert!(stored.unsent.is_empty());
}

#[tokio::test]
async fn e3_a_refused_connection_burns_nothing_and_the_reply_leaves_when_braze_is_there() {
    let sandbox = TestSandbox::start(|_| {}).await;
    // Bound but not listening: connections are refused, and nobody else takes the port.
    let place = TcpSocket::new_v4().expect("a socket");
    place.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let addr = place.local_addr().expect("it is bound");
    let options = HostOptions { endpoint: Some(format!("http://{addr}")), ..quick("") };
    let host = Host::start(&sandbox, options).await;

    sandbox.say("ada", "a").await;
    sandbox.say("ada", "b").await;
    host.logged("no connection to Braze", 2).await;
    drop(place);
    let _road = Road::open(addr, &sandbox).await;
    assert_eq!(sandbox.texts_once("ada", 2).await, ["1: a", "2: b"]);
    assert_eq!(calls(&sandbox).await.len(), 2);
    let stored = host.stop().await;
    for fate in stored.fates_of("ada") {
        assert_eq!((fate.attempts, fate.ambiguous), (1, 0), "no byte left before: {fate:?}");
    }
}

#[tokio::test]
async fn e3_a_braze_that_goes_away_and_comes_back_misses_nothing() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let road = Road::open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), &sandbox).await;
    let addr = road.addr;
    // A call that meets the closing connection is in doubt.
    let options = HostOptions { endpoint: Some(format!("http://{addr}")), ..quick("resend_unknown = true") };
    let host = Host::start(&sandbox, options).await;

    sandbox.say("ada", "before").await;
    sandbox.texts_once("ada", 1).await;
    road.close().await;
    sandbox.say("ada", "during").await;
    sandbox.say("ada", "after").await;
    host.logged("no connection to Braze", 1).await;
    let _road = Road::open(addr, &sandbox).await;
    assert_eq!(sandbox.texts_once("ada", 3).await, ["1: before", "2: during", "3: after"]);
    let stored = host.stop().await;
    assert_eq!(stored.fates_of("ada").len(), 3);
    assert!(stored.unsent.is_empty());
}

#[tokio::test]
async fn e3_a_tls_failure_is_no_attempt_and_comes_with_a_hint() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let options = HostOptions { endpoint: Some(sandbox.url.replace("http://", "https://")), ..quick("") };
    let host = Host::start(&sandbox, options).await;

    sandbox.say("ada", "hello").await;
    host.logged("Check braze.endpoint, this machine's clock, and its trusted certificates", 1).await;
    let stored = host.stop().await;
    let [row] = stored.unsent.as_slice() else { panic!("the reply waits: {:?}", stored.unsent) };
    assert_eq!((row.attempts, row.ambiguous), (0, 0), "{row:?}");
    assert!(sandbox.texts("ada").await.is_empty());
}

/// A way to the sandbox that can be closed and opened again, while the sandbox remembers.
struct Road {
    addr: SocketAddr,
    travellers: JoinSet<()>,
}

impl Road {
    async fn open(addr: SocketAddr, sandbox: &TestSandbox) -> Self {
        let listener = TcpListener::bind(addr).await.expect("nobody else is there");
        let addr = listener.local_addr().expect("it is bound");
        let sandbox: Arc<str> = sandbox.url.trim_start_matches("http://").into();
        let mut travellers = JoinSet::new();
        travellers.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut here, _)) = listener.accept().await {
                let sandbox = Arc::clone(&sandbox);
                connections.spawn(async move {
                    let mut there = TcpStream::connect(&*sandbox).await.expect("the sandbox is there");
                    // Either side may go away.
                    let _ = copy_bidirectional(&mut here, &mut there).await;
                });
            }
        });
        Self { addr, travellers }
    }

    async fn close(mut self) {
        self.travellers.shutdown().await;
    }
}
