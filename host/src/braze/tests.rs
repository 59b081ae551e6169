use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::scripted::{Behaviour, Server};
use super::*;
use crate::clock::{SystemClock, Timestamp};
use crate::config::{Campaign, Secret};
use crate::conversation::{Author, ConversationId};
use crate::outbox::{Action, Recipient};

const REQUEST_TIMEOUT: Duration = Duration::from_millis(400);

fn config(endpoint: &str) -> config::Braze {
    let campaign =
        Campaign { id: "campaign_id".into(), text_property: "external_system_msg_body".into(), buttons: false };
    config::Braze {
        endpoint: endpoint.into(),
        api_key: Secret::new("key-1"),
        campaigns: [("reply".to_owned(), campaign)].into(),
        canvases: BTreeMap::new(),
        connect_timeout: Duration::from_millis(200),
        request_timeout: REQUEST_TIMEOUT,
        requests_in_flight_max: 4,
        resend_unknown: true,
        resend_wait: Duration::from_secs(5),
        probe_wait: Duration::from_secs(10),
    }
}

fn client(endpoint: &str) -> Braze {
    Braze::new(&config(endpoint), Arc::new(SystemClock)).expect("the endpoint is fine")
}

fn entry(campaign: &str) -> Entry {
    Entry {
        conversation: ConversationId([1; 16]),
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId("external_id".into()),
        action: Action::Reply {
            campaign: campaign.into(),
            text: "your external system message".into(),
            choices: Vec::new(),
            media: None,
            properties: Vec::new(),
            attributes: Vec::new(),
        },
        created: Timestamp(0),
        expires: Timestamp(u64::MAX),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    }
}

async fn outcome(endpoint: &str) -> SendOutcome {
    client(endpoint).send(&entry("reply")).await.0
}

async fn outcome_of(behaviour: Behaviour) -> SendOutcome {
    let server = Server::start(move |_, _| behaviour.clone()).await;
    outcome(&server.endpoint).await
}

fn ok(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn a_call_carries_the_key_and_the_documented_body() {
    let server = Server::start(|_, _| Behaviour::success().with_rate(250_000, 249_999, 1_700_000_000)).await;
    let (outcome, headers) = client(&server.endpoint).send(&entry("reply")).await;
    let accepted = SendOutcome::Accepted { braze_dispatch_id: Some("d1".into()), notice: None, partial: None };
    assert_eq!(outcome, accepted);
    assert_eq!(headers.and_then(|headers| headers.remaining), Some(249_999));

    let [request] = server.received().try_into().expect("one request");
    let head = request.head.to_ascii_lowercase();
    assert!(head.starts_with("post /campaigns/trigger/send http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nauthorization: bearer key-1") && head.contains("\r\ncontent-type: application/json"));
    assert_eq!(
        request.body["recipients"][0]["trigger_properties"]["external_system_msg_body"],
        "your external system message"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_rejected_without_a_call() {
    let server = Server::start(|_, _| Behaviour::success()).await;
    let (outcome, _) = client(&server.endpoint).send(&entry("other")).await;
    assert!(matches!(outcome, SendOutcome::Rejected(reason) if reason.contains("[braze.campaigns.other]")));
    assert!(server.received().is_empty());
}

#[test]
fn an_endpoint_is_https_unless_it_is_this_machine() {
    let new = |endpoint| Braze::new(&config(endpoint), Arc::new(SystemClock)).map(|_| ());
    for fine in ["https://rest.fra-01.braze.eu", "http://127.0.0.1:8082", "http://[::1]:8082", "http://localhost:8082"]
    {
        assert!(new(fine).is_ok(), "{fine}");
    }
    for plain in ["http://rest.fra-01.braze.eu", "http://127.0.0.1.example.com", "ftp://127.0.0.1"] {
        assert!(matches!(new(plain), Err(BrazeError::Plain(_))), "{plain}");
    }
    assert!(matches!(new("rest.fra-01.braze.eu"), Err(BrazeError::Endpoint { .. })));
    let line_break = config::Braze { api_key: Secret::new("key\n1"), ..config("https://rest.fra-01.braze.eu") };
    assert!(matches!(Braze::new(&line_break, Arc::new(SystemClock)), Err(BrazeError::ApiKey)));
}

#[tokio::test]
async fn e3_what_never_connected_was_not_sent() {
    let refused = outcome(&scripted::closed_endpoint()).await;
    assert!(matches!(&refused, SendOutcome::NotSent(reason) if reason.contains("no connection")), "{refused:?}");

    let no_such_host = outcome(&format!("https://{}.invalid", "a".repeat(64))).await;
    assert!(matches!(no_such_host, SendOutcome::NotSent(_)), "{no_such_host:?}");

    let server = Server::start(|_, _| Behaviour::success()).await;
    let connected_in_vain = outcome(&server.endpoint.replace("http://", "https://")).await;
    assert!(matches!(connected_in_vain, SendOutcome::NotSent(_)), "{connected_in_vain:?}");
    assert!(server.received().is_empty());

    let plain = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = plain.local_addr().expect("a bound listener has an address");
    let answer_at_once = async {
        let (mut stream, _) = plain.accept().await.expect("a connection comes");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it can be written to");
        stream
    };
    let endpoint = format!("https://{address}");
    let (not_tls, _stream) = tokio::join!(outcome(&endpoint), answer_at_once);
    assert!(matches!(&not_tls, SendOutcome::NotSent(reason) if reason.contains("braze.endpoint")), "{not_tls:?}");
}

#[tokio::test]
async fn e4_slow_and_endless_answers_end_in_time_and_are_unknown() {
    let slow = [
        Behaviour::Hang(Vec::new()),
        Behaviour::Hang(ok("content-length: 40\r\n")),
        Behaviour::Drip(ok("content-length: 100000\r\n"), Duration::from_millis(20)),
        Behaviour::Drip(b"HTTP/1.1 200 OK\r\nx-slow: ".to_vec(), Duration::from_millis(20)),
        Behaviour::Flood(ok("content-length: 104857600\r\n")),
        Behaviour::Flood(ok("")),
    ];
    for behaviour in slow {
        let started = Instant::now();
        let outcome = outcome_of(behaviour.clone()).await;
        assert!(matches!(outcome, SendOutcome::Unknown(_)), "{behaviour:.40?}: {outcome:?}");
        assert!(started.elapsed() < REQUEST_TIMEOUT * 10, "{behaviour:.40?}");
        if let (Behaviour::Flood(_), SendOutcome::Unknown(reason)) = (&behaviour, &outcome) {
            assert!(reason.contains("more than 1 MiB"), "{reason}");
        }
    }
}

#[tokio::test]
async fn e5_a_connection_that_breaks_after_the_request_left_is_unknown() {
    let breaks = [
        Behaviour::Reset(Vec::new()),
        Behaviour::Raw(Vec::new()),
        Behaviour::Reset(ok("content-length: 40\r\n")),
        Behaviour::Raw([ok("content-length: 40\r\n"), b"{\"message\":".to_vec()].concat()),
    ];
    for behaviour in breaks {
        let server = Server::start({
            let behaviour = behaviour.clone();
            move |_, _| behaviour.clone()
        })
        .await;
        let outcome = outcome(&server.endpoint).await;
        assert!(matches!(outcome, SendOutcome::Unknown(_)), "{behaviour:?}: {outcome:?}");
        assert_eq!(server.received().len(), 1, "the client does not try again by itself");
    }
}

#[tokio::test]
async fn e6_strange_answers_have_their_class_and_redirects_are_not_followed() {
    let elsewhere = Server::start(|_, _| Behaviour::success()).await;
    let location = elsewhere.endpoint.clone();
    let redirect = Behaviour::Answer { status: 307, headers: vec![("location", location)], body: Vec::new() };
    let redirected = outcome_of(redirect).await;
    assert!(
        matches!(&redirected, SendOutcome::Rejected(reason) if reason.contains("wrong endpoint")),
        "{redirected:?}"
    );
    assert!(elsewhere.received().is_empty(), "the key was not sent elsewhere");

    let garbled = [
        Behaviour::json(200, "<html>It works</html>"),
        Behaviour::json(200, "{\"message\":\"succ"),
        Behaviour::json(200, "{}"),
        Behaviour::Answer { status: 200, headers: Vec::new(), body: b"{\"message\":\"\xff\"}".to_vec() },
        Behaviour::Answer {
            status: 200,
            headers: vec![("content-encoding", "gzip".into())],
            body: vec![0x1f, 0x8b, 8, 0],
        },
        Behaviour::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        Behaviour::Raw([ok("content-length: 400\r\n"), b"{\"message\":\"success\"}".to_vec()].concat()),
        Behaviour::Raw(b"not HTTP at all\r\n\r\n".to_vec()),
    ];
    for behaviour in garbled {
        let outcome = outcome_of(behaviour.clone()).await;
        assert!(matches!(outcome, SendOutcome::Unknown(_)), "{behaviour:?}: {outcome:?}");
    }
    let queued = outcome_of(Behaviour::json(202, r#"{"message":"queued"}"#)).await;
    assert!(matches!(queued, SendOutcome::Accepted { .. }), "{queued:?}");
}

#[tokio::test]
async fn a_429_says_when_the_limit_is_reset() {
    let before = SystemClock.now();
    let throttled = outcome_of(Behaviour::json(429, "{}").with_rate(10, 0, 60)).await;
    let SendOutcome::Throttled { until: Some(until) } = throttled else { panic!("{throttled:?}") };
    let wait = until.since(before);
    assert!((60..120).contains(&wait.as_secs()), "{wait:?}");
}
