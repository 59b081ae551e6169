//! When a call is made again.

use super::*;

fn patient(base_url: &str, rule: RetryRule, retries: u32) -> Connections {
    connections(Connection {
        retry: rule,
        retries_max: retries,
        methods: ["GET", "POST", "PUT"].map(str::to_owned).into(),
        ..connection(base_url)
    })
}

/// Fails at first in this way, then answers.
async fn recovering(failures: usize, failure: Behaviour) -> Server {
    Server::start(move |number, _| if number < failures { failure.clone() } else { Behaviour::json(200, "{}") }).await
}

#[tokio::test]
async fn what_can_be_done_twice_is_tried_until_it_is_answered() {
    for failure in [Behaviour::json(503, "{}"), Behaviour::json(429, "{}"), raw(""), Behaviour::Reset(Vec::new())] {
        let server = recovering(2, failure.clone()).await;
        let connections = patient(&server.endpoint, RetryRule::Safe, 2);
        let outcome = connections.call(&request("PUT", "/"), false).await;
        assert_eq!(outcome.map(|answer| answer.status), Ok(200), "{failure:?}");
        assert_eq!(server.received().len(), 3, "{failure:?}");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_twice() {
    for (failure, rule, tries) in [
        (Behaviour::json(503, "{}"), RetryRule::Safe, 1),
        (raw(""), RetryRule::Safe, 1),
        (Behaviour::json(503, "{}"), RetryRule::Never, 1),
        (Behaviour::json(503, "{}"), RetryRule::Always, 2),
        (raw(""), RetryRule::Always, 2),
        (Behaviour::json(500, "{}"), RetryRule::Always, 1),
        (raw("HTTP/9 what\r\n\r\n"), RetryRule::Always, 1),
    ] {
        let server = recovering(1, failure.clone()).await;
        let _ = patient(&server.endpoint, rule, 5).call(&request("POST", "/"), false).await;
        assert_eq!(server.received().len(), tries, "{rule:?} {failure:?}");
    }
}

#[tokio::test]
async fn what_never_arrived_is_tried_again_whatever_it_is() {
    let server = Server::start(|_, _| Behaviour::json(200, "{}")).await;
    // Nobody listens at the second address of this machine.
    let names = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let allowed = vec!["127.0.0.0/8".parse().expect("a network")];
    let base_url = server.endpoint.replace("127.0.0.1", "late.example");
    for (rule, answered) in [(RetryRule::Never, false), (RetryRule::Safe, true)] {
        let connection =
            Connection { retry: rule, retries_max: 1, allow_private: allowed.clone(), ..connection(&base_url) };
        let names = if answered { &names } else { &Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]) };
        let outcome = with_names(connection, names).call(&request("POST", "/"), false).await;
        assert_eq!(outcome.is_ok(), answered, "{rule:?} {outcome:?}");
    }
    assert_eq!((names.asked(), server.received().len()), (2, 1));
}

#[tokio::test]
async fn when_all_tries_fail_the_last_answer_is_the_answer() {
    let server = Server::start(|number, _| Behaviour::json(503, &number.to_string())).await;
    let outcome = patient(&server.endpoint, RetryRule::Safe, 2).call(&request("GET", "/"), false).await;
    let answer = outcome.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (503, "2"));
    let none = patient(&server.endpoint, RetryRule::Safe, 0).call(&request("GET", "/"), false).await;
    assert_eq!(none.map(|answer| answer.body), Ok("3".to_owned()));
}

#[tokio::test]
async fn the_other_side_says_how_long_to_wait_and_nobody_waits_in_vain() {
    let busy = |seconds: &str| Behaviour::Answer {
        status: 429,
        headers: vec![("retry-after", seconds.to_owned())],
        body: Vec::new(),
    };
    let server = recovering(1, busy("1")).await;
    let begin = tokio::time::Instant::now();
    let outcome = patient(&server.endpoint, RetryRule::Safe, 1).call(&request("GET", "/"), false).await;
    assert_eq!(outcome.map(|answer| answer.status), Ok(200));
    assert!(begin.elapsed() >= Duration::from_secs(1));

    // Longer than the call may take in all: its answer is handed on at once.
    let server = recovering(1, busy("3600")).await;
    let begin = tokio::time::Instant::now();
    let outcome = patient(&server.endpoint, RetryRule::Safe, 1).call(&request("GET", "/"), false).await;
    assert_eq!(outcome.map(|answer| answer.status), Ok(429));
    assert!(begin.elapsed() < PATIENCE);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_call_that_may_have_been_made_before_a_restart_is_made_again_by_the_same_rule() {
    let server = Server::start(|_, _| Behaviour::json(200, "{}")).await;
    for (rule, method, made) in [
        (RetryRule::Safe, "GET", true),
        (RetryRule::Safe, "PUT", true),
        (RetryRule::Safe, "POST", false),
        (RetryRule::Always, "POST", true),
        (RetryRule::Never, "GET", false),
        (RetryRule::Never, "POST", false),
    ] {
        let before = server.received().len();
        let outcome = patient(&server.endpoint, rule, 0).call(&request(method, "/"), true).await;
        assert_eq!(server.received().len() - before, usize::from(made), "{rule:?} {method}");
        match outcome {
            Ok(_) => assert!(made),
            Err(RequestError::Unreachable(reason)) => assert!(!made && reason.contains("made twice"), "{reason}"),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_waits_for_its_turn_anew_with_every_try() {
    let server =
        recovering(1, Behaviour::Answer { status: 503, headers: vec![("retry-after", "1".into())], body: Vec::new() })
            .await;
    let connection = Connection { calls_in_flight_max: 1, retries_max: 1, ..connection(&server.endpoint) };
    let connections = connections(connection);
    let (first, second) = (request("GET", "/first"), request("GET", "/second"));
    let (first, second) = tokio::join!(connections.call(&first, false), connections.call(&second, false));
    assert_eq!((first.map(|answer| answer.status), second.map(|answer| answer.status)), (Ok(200), Ok(200)));
    let order: Vec<String> =
        server.received().iter().map(|request| request.head.split(' ').nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(order, ["/first", "/second", "/first"], "nobody waits behind a call that waits");
}
