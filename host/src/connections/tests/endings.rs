//! Every way in which the other side can fail to answer, each by a real one.

use super::*;

async fn outcome_of(behaviour: Behaviour) -> Result<HttpResponse, RequestError> {
    let server = Server::start(move |_, _| behaviour.clone()).await;
    get(connection(&server.endpoint)).await
}

/// The same, where only the timeout ends it.
async fn outcome_in_a_moment(behaviour: Behaviour) -> Result<HttpResponse, RequestError> {
    let server = Server::start(move |_, _| behaviour.clone()).await;
    let outcome = get(Connection { timeout: Duration::from_millis(250), ..connection(&server.endpoint) }).await;
    assert_eq!(server.received().len(), 1, "it was called");
    outcome
}

fn ok(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn whatever_never_ends_ends_at_the_timeout() {
    let millisecond = Duration::from_millis(1);
    for behaviour in [
        Behaviour::Hang(Vec::new()),
        Behaviour::Hang(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Behaviour::Hang(ok("content-length: 10\r\n")),
        Behaviour::Hang(ok("transfer-encoding: chunked\r\n")),
        Behaviour::Drip(Vec::new(), Duration::from_secs(1)),
        Behaviour::Drip(b"HTTP/1.1 200 OK\r\nx-slow: ".to_vec(), millisecond),
        Behaviour::Drip(ok("content-length: 100000\r\n"), millisecond),
        Behaviour::Drip(ok(""), millisecond),
    ] {
        let shown = format!("{behaviour:?}");
        assert_eq!(outcome_in_a_moment(behaviour).await, Err(RequestError::Timeout), "{shown}");
    }
}

#[tokio::test]
async fn the_shorter_of_both_timeouts_counts() {
    let server = Server::start(|_, _| Behaviour::Hang(Vec::new())).await;
    let connections = connections(connection(&server.endpoint));
    let asked = Request { timeout_seconds: 1, ..request("GET", "/") };
    let begin = tokio::time::Instant::now();
    assert_eq!(connections.call(&asked, false).await, Err(RequestError::Timeout));
    assert!(begin.elapsed() < PATIENCE);
}

#[tokio::test]
async fn whatever_is_too_large_is_cut_off_as_it_comes() {
    let flood = |head: &[u8]| Behaviour::Flood(head.to_vec());
    let long = "x".repeat(300 << 10);
    for (what, behaviour) in [
        ("endless", flood(&ok(""))),
        ("endless chunks", flood(&[&ok("transfer-encoding: chunked\r\n"), b"ffffffff\r\n".as_slice()].concat())),
        ("said to be huge", flood(&ok("content-length: 999999999999\r\n"))),
        ("endless header", flood(b"HTTP/1.1 200 OK\r\nx-long: ")),
        ("huge headers", Behaviour::Raw(ok(&format!("x-long: {long}\r\ncontent-length: 0\r\n")))),
        ("many headers", Behaviour::Raw(ok(&"x-many: 1\r\n".repeat(5000)))),
        ("one byte over", Behaviour::json(200, &"x".repeat(256 << 10))),
    ] {
        assert_eq!(outcome_of(behaviour).await, Err(RequestError::TooLarge), "{what}");
    }
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_the_connection_allows() {
    let server = Server::start(|_, _| raw(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000)))).await;
    let of = |bytes| get(Connection { response_bytes_max: bytes, ..connection(&server.endpoint) });
    assert_eq!(of(2000).await.map(|answer| answer.body.len()), Ok(2000));
    assert_eq!(of(1999).await, Err(RequestError::TooLarge));
}

#[tokio::test]
async fn a_connection_that_breaks_is_unreachable() {
    for (what, behaviour) in [
        ("closed", raw("")),
        ("closed in the head", raw("HTTP/1.1 200 OK\r\ncontent-le")),
        ("shorter than said", raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345")),
        ("chunks without an end", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n")),
        ("reset", Behaviour::Reset(Vec::new())),
        ("reset in the body", Behaviour::Reset(ok("content-length: 10\r\n"))),
    ] {
        let outcome = outcome_of(behaviour).await;
        assert!(matches!(outcome, Err(RequestError::Unreachable(_))), "{what}: {outcome:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_is_unreachable() {
    let Err(RequestError::Unreachable(reason)) = get(connection(&crate::braze::scripted::closed_endpoint())).await
    else {
        panic!("nobody listens");
    };
    assert!(reason.starts_with("no connection: "), "{reason}");

    let names = Scripted::new(&[&[]]);
    let outcome = with_names(connection("https://none.example"), &names).call(&request("GET", "/"), false).await;
    assert!(matches!(outcome, Err(RequestError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for (what, behaviour) in [
        ("another protocol", raw("220 mail.example ESMTP\r\n")),
        ("bytes", Behaviour::Raw(vec![0xff, 0x15, 0x03, 0x01, 0x00, 0x02, 0x0d, 0x0a])),
        ("a status that is none", raw("HTTP/1.1 9 OK\r\n\r\n")),
        ("an older version", raw("<html>hello</html>\r\n\r\n")),
        ("two lengths", raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")),
        ("a length that is none", raw("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nab")),
        ("a header that is none", raw("HTTP/1.1 200 OK\r\nno header\r\n\r\nab")),
    ] {
        let outcome = outcome_of(behaviour).await;
        let Err(RequestError::Other(reason)) = outcome else { panic!("{what}: {outcome:?}") };
        assert!(reason.starts_with("the answer is not HTTP: "), "{what}: {reason}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_unreachable() {
    let server = Server::start(|_, _| Behaviour::json(200, "{}")).await;
    let base_url = server.endpoint.replace("http:", "https:");
    let outcome = get(Connection { timeout: Duration::from_millis(500), ..connection(&base_url) }).await;
    // The server waits for the end of a head that never comes; on a busy machine the whole call ends with the handshake.
    assert!(matches!(outcome, Err(RequestError::Unreachable(_) | RequestError::Timeout)), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_text_is_no_answer() {
    let server = Server::start(|_, _| Behaviour::Answer {
        status: 200,
        headers: vec![("content-type", "image/png".into()), ("content-encoding", "gzip".into())],
        body: vec![0x1f, 0x8b, 0xff],
    })
    .await;
    let outcome = get(connection(&server.endpoint)).await;
    let Err(RequestError::Other(reason)) = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("image/png") && reason.contains("gzip"), "{reason}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let inside = Server::start(|_, _| Behaviour::json(200, "inside")).await;
    let to = inside.endpoint.clone();
    let server = Server::start(move |_, _| Behaviour::Answer {
        status: 302,
        headers: vec![("location", to.clone())],
        body: Vec::new(),
    })
    .await;
    let answer = get(connection(&server.endpoint)).await.expect("an answer");
    assert_eq!(answer.status, 302);
    assert!(answer.headers.contains(&("location".to_owned(), inside.endpoint.clone())));
    assert!(inside.received().is_empty());
}

#[tokio::test]
async fn an_answer_longer_than_said_ends_where_it_said() {
    let answer = outcome_of(raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhithere")).await.expect("an answer");
    assert_eq!(answer.body, "hi");
}

#[tokio::test]
async fn a_head_has_no_body_and_nothing_is_an_answer_too() {
    let server = Server::start(|_, _| raw("HTTP/1.1 204 No Content\r\nx-left: 3\r\n\r\n")).await;
    let connections =
        connections(Connection { methods: vec!["HEAD".into(), "GET".into()], ..connection(&server.endpoint) });
    for method in ["GET", "HEAD"] {
        let answer = connections.call(&request(method, "/"), false).await.expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{method}");
    }
}

#[tokio::test]
async fn no_error_holds_the_secret() {
    let server = Server::start(|_, request| raw(&format!("{}\r\n\r\n", request.head))).await;
    let outcome = get(connection(&server.endpoint)).await;
    assert!(outcome.is_err());
    assert!(!format!("{outcome:?}").contains("hunter2"), "{outcome:?}");

    let server = Server::start(|_, _| Behaviour::Answer {
        status: 200,
        headers: vec![("content-type", format!("echo/{SECRET}"))],
        body: vec![0xff],
    })
    .await;
    let Err(RequestError::Other(reason)) = get(connection(&server.endpoint)).await else { panic!("no text") };
    assert!(reason.contains("echo/***"), "{reason}");
}
