//! How connections begin, stall and end.

use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::client::{Client, HELLO, INBOUND, Running, TOKEN, bearer, ingress, server_config, within};
use crate::ingress::{listener, webhook};

/// Short enough to be waited for, long enough for a busy machine to send a head in.
const SHORT: Duration = Duration::from_millis(300);

fn head_of(body_bytes: usize) -> String {
    format!("POST {INBOUND} HTTP/1.1\r\nHost: t\r\n{}\r\nContent-Length: {body_bytes}\r\n\r\n", bearer(TOKEN))
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    let server = Running::with(config_with(|server| server.header_timeout = SHORT)).await;
    for begun in ["", "P", "POST /v1/inbound/whatsapp HTTP/1.1\r\nHost: t\r\nX-Slow: "] {
        let mut client = server.connect().await;
        client.send(begun.as_bytes()).await;
        assert!(client.answer_or_end().await.is_none(), "{begun:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_off_too() {
    let server = Running::with(config_with(|server| server.header_timeout = SHORT)).await;
    let mut client = server.connect().await;
    client.send(b"POST / HTTP/1.1\r\nX-Slow: ").await;
    let trickle = async {
        while client.tcp.try_write(b"x").is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    within(trickle).await;
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_a_head_may_take() {
    let server = Running::with(config_with(|server| server.header_timeout = SHORT)).await;
    let mut idle = server.connect().await;
    idle.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    assert_eq!(idle.answer().await.status, 202);

    // Its end says that the time has passed for whoever began before.
    assert!(server.connect().await.answer_or_end().await.is_none());

    idle.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    assert_eq!(idle.answer().await.status, 200);
    idle.send(b"POST").await;
    assert!(idle.answer_or_end().await.is_none(), "a later request's head has no more time than the first");
    server.stop().await;
}

#[tokio::test]
async fn a_body_may_take_longer_than_a_head() {
    let server = Running::with(config_with(|server| server.header_timeout = SHORT)).await;
    let mut client = server.connect().await;
    client.send(head_of(HELLO.len()).replace("Host: t", "Host: t\r\nExpect: 100-continue").as_bytes()).await;
    assert_eq!(client.answer().await.status, 100, "the body is awaited");
    let (begin, end) = HELLO.as_bytes().split_at(10);
    client.send(begin).await;
    assert!(server.connect().await.answer_or_end().await.is_none(), "a head's time has passed");
    client.send(end).await;
    assert_eq!(client.answer().await.status, 202);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered_408() {
    let server = Running::with(config_with(|server| server.body_timeout = SHORT)).await;
    let mut client = server.connect().await;
    client.send(head_of(100).as_bytes()).await;
    let trickle = async {
        // Steady progress does not extend the deadline: it is over the whole body.
        loop {
            let _ = client.tcp.try_write(b"{");
            tokio::select! {
                readable = client.tcp.readable() => break readable.expect("the answer arrives"),
                () = tokio::time::sleep(SHORT / 20) => {}
            }
        }
    };
    within(trickle).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text("error").as_str()), (408, "body_too_slow"));
    assert_eq!(answer.headers["connection"], "close");
    assert!(client.answer_or_end().await.is_none());
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_accepted() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    client.send(format!("{}{HELLO}", head_of(HELLO.len() + 1)).as_bytes()).await;
    within(client.tcp.shutdown()).await.expect("our side is open");
    assert_eq!(client.answer_or_end().await.map(|answer| answer.status), Some(400));
    assert!(server.storage.accepted.lock().unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    client.send(head_of(10_000_000_000).as_bytes()).await;
    assert_eq!(client.answer().await.status, 413);
    server.stop().await;
}

#[tokio::test]
async fn a_client_still_sending_is_heard_out_and_gets_its_answer() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    let body = vec![b'x'; 512 * 1024];
    let request = [head_of(body.len()).as_bytes(), &body].concat();
    within(client.tcp.write_all(&request)).await.expect("the connection is not reset");
    assert_eq!(client.answer().await.status, 413);
    let end = within(client.tcp.read(&mut [0])).await;
    assert_eq!(end.expect("the connection ends in order"), 0);
    server.stop().await;
}

#[tokio::test]
async fn an_endless_body_is_not_read_to_its_end() {
    let server = Running::start().await;
    let client = server.connect().await;
    let head = head_of(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let (mut reading, mut writing) = client.tcp.into_split();
    let endless = async {
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        writing.write_all(head.as_bytes()).await.expect("the server listens");
        while writing.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let answer = async {
        let mut status = [0; 12];
        reading.read_exact(&mut status).await.expect("there is an answer");
        String::from_utf8_lossy(&status).into_owned()
    };
    let (answer, ()) = within(async { tokio::join!(answer, endless) }).await;
    assert_eq!(answer, "HTTP/1.1 413");
    server.stop().await;
}

#[tokio::test]
async fn connections_over_the_cap_wait_for_their_turn() {
    let server = Running::with(config_with(|server| server.connections_max = 1)).await;
    let mut first = server.connect().await;
    first.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    assert_eq!(first.answer().await.status, 202);

    let mut second = server.connect().await;
    second.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    first.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    assert_eq!(first.answer().await.status, 200);
    let mut byte = [0];
    assert!(second.tcp.try_read(&mut byte).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));

    drop(first);
    assert_eq!(second.answer().await.status, 200);
    drop(second);
    server.stop().await;
}

#[tokio::test]
async fn shutdown_finishes_the_request_in_flight_and_takes_no_other() {
    let server = Running::start().await;
    let gate = server.storage.hold();
    let mut idle = server.connect().await;
    idle.send(b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    let mut client = server.connect().await;
    client.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    within(server.storage.until_begun(1)).await;

    drop(server.shutdown);
    assert!(idle.answer_or_end().await.is_none(), "idle connections are let go");
    assert!(TcpStream::connect(server.addr).await.is_err(), "nobody listens");
    gate.add_permits(1);
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.headers["connection"].as_str()), (202, "close"));
    assert!(client.answer_or_end().await.is_none());
    drop((idle, client));
    within(server.serving).await.expect("the server does not panic");
}

#[tokio::test]
async fn shutdown_waits_no_longer_than_the_drain_timeout() {
    let server = Running::with(config_with(|server| server.drain_timeout = SHORT)).await;
    let _closed = server.storage.hold();
    let mut client = server.connect().await;
    client.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
    within(server.storage.until_begun(1)).await;
    server.stop().await;
    assert!(client.answer_or_end().await.is_none());
}

#[tokio::test]
async fn a_shortage_of_files_passes() {
    const EMFILE: i32 = 24;
    let server = server_config();
    let socket = TcpListener::bind(server.listen).await.expect("a port is free");
    let addr = socket.local_addr().expect("a bound listener has an address");
    let mut failures = vec![io::Error::from(io::ErrorKind::ConnectionAborted), io::Error::from_raw_os_error(EMFILE)];
    let accept = move |cx: &mut std::task::Context<'_>| match failures.pop() {
        Some(error) => Poll::Ready(Err(error)),
        None => socket.poll_accept(cx).map_ok(|(tcp, _)| tcp),
    };
    let router = webhook::router(ingress(&server, std::sync::Arc::default()));
    let (shutdown, asked) = oneshot::channel::<()>();
    let serving = listener::accept_until(accept, router, listener::Limits::of(&server), async { drop(asked.await) });
    let visit = async {
        let mut client = Client::connect(addr).await;
        client.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
        assert_eq!(client.answer().await.status, 202);
        drop((client, shutdown));
    };
    within(async { tokio::join!(serving, visit) }).await;
}

fn config_with(change: impl FnOnce(&mut crate::config::Server)) -> crate::config::Server {
    let mut server = server_config();
    change(&mut server);
    server
}
