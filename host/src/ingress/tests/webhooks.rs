//! What a webhook is answered, and what reaches storage.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::client::{Answered, Client, HELLO, INBOUND, OLD_TOKEN, Running, TOKEN, bearer};
use crate::conversation::{ConversationId, UserAlias};
use crate::storage::StorageError;

/// Delivers without the usual header.
async fn deliver_with(server: &Running, path: &str, headers: &[&str]) -> Answered {
    let mut client = server.connect().await;
    client.post(path, headers, HELLO.as_bytes()).await;
    client.answer().await
}

#[tokio::test]
async fn an_accepted_webhook_is_answered_with_its_ids() {
    let server = Running::start().await;
    let answer = server.deliver(HELLO).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.text("event_id"), "e_a0");
    assert_eq!(answer.text("conversation"), ConversationId::of("whatsapp", "ada").to_string());
    assert_eq!(answer.text("trace_id").len(), 32);
    assert_eq!(answer.json().as_object().expect("an object").len(), 3);
    assert_eq!(server.storage.only().text, "hello");
    server.stop().await;
}

#[tokio::test]
async fn any_content_type_will_do() {
    let server = Running::start().await;
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let content_type = format!("Content-Type: {content_type}");
        let answer = deliver_with(&server, INBOUND, &[&bearer(TOKEN), &content_type]).await;
        assert!(matches!(answer.status, 200 | 202), "{content_type}");
    }
    server.stop().await;
}

#[tokio::test]
async fn f1_of_a_hundred_copies_at_once_one_is_new() {
    let server = Running::start().await;
    let mut deliveries = JoinSet::new();
    for _ in 0..100 {
        let mut client = server.connect().await;
        deliveries.spawn(async move {
            client.post(INBOUND, &[&bearer(TOKEN)], HELLO.as_bytes()).await;
            client.answer().await
        });
    }
    let answers = deliveries.join_all().await;
    let (new, duplicates): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
    assert_eq!((new.len(), duplicates.len()), (1, 99));
    for duplicate in duplicates {
        assert_eq!((duplicate.status, duplicate.json()["duplicate"].as_bool()), (200, Some(true)));
        for key in ["event_id", "conversation", "trace_id"] {
            assert_eq!(duplicate.text(key), new[0].text(key));
        }
    }
    assert_eq!(server.storage.only().text, "hello");
    server.stop().await;
}

#[tokio::test]
async fn f5_the_documented_body_is_accepted_with_quotes_and_line_breaks() {
    let server = Running::start().await;
    let body = "{\"user_id\":\"ada\",\"phone_number\":\"+491701234567\",\"message\":\"say \"hi\"\nC:\\new\"}";
    assert_eq!(server.deliver(body).await.status, 202);
    let inbound = server.storage.only();
    assert_eq!((inbound.text.as_str(), inbound.mended), ("say \"hi\"\nC:\\new", true));
    server.stop().await;
}

#[tokio::test]
async fn f5_unreadable_bodies_are_kept_raw_and_answered_202() {
    let server = Running::start().await;
    let utf16: Vec<u8> = HELLO.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"[]".to_vec(),
        b"\xff\xfe\0".to_vec(),
        utf16,
        br#"{"user_id":"ada","message":"\ud83d"}"#.to_vec(),
        b"{\"user_id\":\"ada\",\"message\":\"a\0b\"}".to_vec(),
        br#"{"user_id":"ada","n":1e400,"message":"hi"}"#.to_vec(),
        br#"{"user_id":"ada","user_id":"bob","message":"hi"}"#.to_vec(),
        format!(r#"{{"user_id":"ada","x":{}"#, "[".repeat(10_000)).into_bytes(),
        br#"{"message":"hi"}"#.to_vec(),
    ];
    for (number, body) in bodies.iter().enumerate() {
        let answer = server.deliver(body).await;
        let id = format!("q_{:x}", number + 1);
        assert_eq!((answer.status, answer.json()["quarantined"].as_bool()), (202, Some(true)), "{id}");
        assert_eq!(answer.text("event_id"), id);
    }
    let quarantined = server.storage.quarantined.lock().unwrap().clone();
    assert_eq!(quarantined.iter().map(|quarantined| quarantined.body.clone()).collect::<Vec<_>>(), bodies);
    assert!(quarantined.iter().all(|quarantined| quarantined.source == "whatsapp" && !quarantined.reason.is_empty()));
    assert!(server.storage.accepted.lock().unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn f5_a_body_of_64_kib_is_accepted_and_a_byte_more_is_not() {
    let server = Running::start().await;
    let body_of = |bytes: usize| HELLO.replace("hello", &"x".repeat(bytes - (HELLO.len() - "hello".len())));
    assert_eq!(server.deliver(body_of(64 * 1024)).await.status, 202);
    let refused = server.deliver(body_of(64 * 1024 + 1)).await;
    assert_eq!((refused.status, refused.text("error").as_str()), (413, "body_too_large"));
    assert_eq!(refused.headers["connection"], "close");
    assert_eq!(server.storage.accepted.lock().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn f6_both_live_tokens_are_accepted() {
    let server = Running::start().await;
    for header in [bearer(TOKEN), bearer(OLD_TOKEN), format!("authorization: bEARER {TOKEN}")] {
        let answer = deliver_with(&server, INBOUND, &[&header]).await;
        assert!(matches!(answer.status, 200 | 202), "{header}");
    }
    assert_eq!(deliver_with(&server, "/v1/inbound/sms", &[&bearer("turnwise_sms")]).await.status, 202);
    server.stop().await;
}

#[tokio::test]
async fn f6_whatever_is_wrong_with_the_credential_the_answer_is_the_same() {
    let server = Running::start().await;
    let good = bearer(TOKEN);
    let cases: Vec<(&str, Vec<String>)> = vec![
        (INBOUND, vec![]),
        (INBOUND, vec![bearer("turnwise_wrong")]),
        (INBOUND, vec![bearer("")]),
        (INBOUND, vec![bearer("turnwise_ne")]),
        (INBOUND, vec![bearer("turnwise_neww")]),
        (INBOUND, vec!["Authorization: Bearer".into()]),
        (INBOUND, vec![format!("Authorization: {TOKEN}")]),
        (INBOUND, vec![format!("Authorization: Basic {TOKEN}")]),
        (INBOUND, vec![format!("Authorization: Bearer  {TOKEN}")]),
        (INBOUND, vec![format!("Authorization: Bearer\t{TOKEN}")]),
        (INBOUND, vec![format!("Authorization: Bearer {TOKEN}\u{a0}")]),
        (INBOUND, vec![format!("Authorization: Bearer {TOKEN}, Bearer {TOKEN}")]),
        (INBOUND, vec![good.clone(), good.clone()]),
        (INBOUND, vec![good.clone(), bearer("turnwise_wrong")]),
        (INBOUND, vec![format!("X-Authorization: Bearer {TOKEN}")]),
        ("/v1/inbound/sms", vec![good.clone()]),
        ("/v1/inbound/unknown", vec![good.clone()]),
        ("/v1/inbound/%ff", vec![good.clone()]),
        ("/v1/inbound/whatsapp%00", vec![good]),
    ];
    let mut seen = BTreeSet::new();
    for (path, headers) in &cases {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let mut answer = deliver_with(&server, path, &headers).await;
        assert_eq!(answer.status, 401, "{path} {headers:?}");
        answer.headers.remove("date");
        seen.insert(format!("{answer:?}"));
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!(server.storage.accepted.lock().unwrap().len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn f6_a_head_of_one_megabyte_is_refused() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    let padding = format!("X-Padding: {}", "x".repeat(1024 * 1024));
    client.post(INBOUND, &[&bearer(TOKEN), &padding], HELLO.as_bytes()).await;
    assert_eq!(client.answer_or_end().await.map(|answer| answer.status), Some(431));
    assert!(client.answer_or_end().await.is_none(), "the connection is closed");
    server.stop().await;
}

#[tokio::test]
async fn f9_without_a_user_id_the_number_names_the_conversation() {
    let server = Running::start().await;
    let answer = server.deliver(r#"{"user_id":"","phone_number":"49 170 1234567","message":"hi"}"#).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.text("conversation"), ConversationId::of("whatsapp", "+491701234567").to_string());
    let user = server.storage.only().user;
    assert_eq!((user.external_id, user.phone.as_deref()), (None, Some("+491701234567")));
    assert_eq!(user.alias, Some(UserAlias { name: "49 170 1234567".into(), label: "phone".into() }));
    server.stop().await;
}

#[tokio::test]
async fn f11_messages_without_text_are_accepted_as_what_they_are() {
    let server = Running::start().await;
    let media = r#"{"user_id":"ada","media":"[\"https://a/1.webp\"]","message":""}"#;
    let flow = r#"{"user_id":"ada","flow_response":{"size":"L"},"message":""}"#;
    let empty = r#"{"user_id":"ada","phone_number":"","message":""}"#;
    for body in [media, flow, empty] {
        assert_eq!(server.deliver(body).await.status, 202, "{body}");
    }
    let accepted = server.storage.accepted.lock().unwrap().clone();
    assert_eq!(accepted[0].media[0].url, "https://a/1.webp");
    assert_eq!(accepted[1].flow_response.as_deref(), Some(r#"{"size":"L"}"#));
    assert!(accepted.iter().all(|inbound| inbound.text.is_empty() && !inbound.mended));
    server.stop().await;
}

#[tokio::test]
async fn storage_that_cannot_answers_503_and_when_to_come_back() {
    let server = Running::start().await;
    let troubles = [
        (StorageError::Busy { waiting: 4096 }, "busy"),
        (StorageError::Failed("the disk is full".into()), "unavailable"),
    ];
    for (trouble, code) in troubles {
        *server.storage.trouble.lock().unwrap() = Some(trouble);
        for body in [HELLO, "unreadable"] {
            let answer = server.deliver(body).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (503, code));
            let seconds: u32 = answer.headers["retry-after"].parse().expect("seconds");
            assert!((1..=10).contains(&seconds), "{seconds}");
            assert!(!answer.body.contains("disk"), "causes are for the log");
        }
    }
    *server.storage.trouble.lock().unwrap() = None;
    assert_eq!(server.deliver(HELLO).await.status, 202);
    server.stop().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_named_as_such() {
    let server = Running::start().await;
    assert_eq!(server.ask("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").await.status, 200);
    for path in ["/", "/v1/inbound", "/v1/inbound/whatsapp/x", "/metrics", "/console/"] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1\r\nHost: t\r\n\r\n")).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (404, "not_found"), "{path}");
    }
    let answer = server.ask(&format!("GET {INBOUND} HTTP/1.1\r\nHost: t\r\n\r\n")).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (405, "method_not_allowed"));
    server.stop().await;
}

#[tokio::test]
async fn one_connection_carries_many_webhooks() {
    let server = Running::start().await;
    let mut client: Client = server.connect().await;
    for round in 0..50 {
        let body = HELLO.replace("hello", &format!("hello {round}"));
        client.post(INBOUND, &[&bearer(TOKEN)], body.as_bytes()).await;
        assert_eq!(client.answer().await.status, 202);
    }
    assert_eq!(server.storage.accepted.lock().unwrap().len(), 50);
    server.stop().await;
}

#[tokio::test]
async fn the_log_has_a_line_for_each_webhook_and_nothing_of_who_wrote_what() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());

    let server = Running::start().await;
    let body = r#"{"user_id":"","phone_number":"+491701234567","message":"a "secret" word"}"#;
    let conversation = server.deliver(body).await.text("conversation");
    server.deliver(body).await;
    server.deliver(r#"{"user_id":"","secret"#).await;
    deliver_with(&server, "/v1/inbound/secret", &[&bearer("secret")]).await;
    server.stop().await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).expect("the log is UTF-8");
    for private in ["secret", "1701234567", TOKEN] {
        assert!(!log.contains(private), "{private}: {log}");
    }
    let lines: Vec<_> = log.lines().filter(|line| line.contains("webhook")).collect();
    assert_eq!(lines.len(), 4, "{log}");
    assert!(lines[0].contains("status=202") && lines[0].contains("mended=true"), "{}", lines[0]);
    assert!(lines[0].contains("user=u_") && !log.contains(&conversation), "{}", lines[0]);
    assert!(lines[0].contains(r#"source="whatsapp""#), "{}", lines[0]);
    assert!(lines[1].contains("status=200") && lines[1].contains("duplicate=true"), "{}", lines[1]);
    assert!(lines[2].contains("quarantined") && lines[2].contains("q_1"), "{}", lines[2]);
    assert!(lines[3].contains("status=401") && lines[3].contains("(unknown)"), "{}", lines[3]);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
