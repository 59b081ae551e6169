//! Braze's documented recipe, byte for byte: the webhook body as its guide has it, and the call as its cURL has it.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use turnwise_tests::{API_KEY, Host, HostOptions, TOKEN, TestSandbox};

use crate::support::{Recorded, Recorder, documented, introduce, post};

fn echo() -> HostOptions {
    HostOptions { bot: "echo".into(), reply: String::new(), ..HostOptions::default() }
}

/// What `curl -H "Authorization: Bearer TOKEN" -d BODY` sends.
async fn curl(public: &str, body: &str) -> String {
    let address = public.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("the host listens");
    let request = format!(
        "POST /v1/inbound/whatsapp HTTP/1.1\r\nHost: {address}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Length: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("the host reads");
    stream.shutdown().await.expect("nothing more is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the host answers and closes");
    answer
}

fn text(request: &Recorded) -> String {
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    body["recipients"][0]["trigger_properties"]["external_system_msg_body"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn the_documented_body_is_answered_by_the_documented_call() {
    let (sandbox, braze) = (TestSandbox::start(|_| {}).await, Recorder::start().await);
    let host = Host::start(&sandbox, HostOptions { endpoint: Some(braze.url.clone()), ..echo() }).await;

    let answer = curl(&host.public, &documented("user-1", "+4915112345678", "hello")).await;
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    let keys: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["event_id", "conversation", "trace_id"]);

    let request = &braze.requests(1).await[0];
    assert_eq!(request.line, "POST /campaigns/trigger/send HTTP/1.1");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {API_KEY}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "content-length", "content-type", "host"], "and no other header");
    let expected = concat!(
        r#"{"campaign_id":"reply-campaign","recipients":[{"external_user_id":"user-1","#,
        r#""trigger_properties":{"external_system_msg_body":"1: hello\n\n1. Forget"}}]}"#
    );
    assert_eq!(request.body, expected);

    let (status, log) = host.terminate().await;
    assert!(status.success(), "{log}");
    assert_eq!(braze.requests(1).await.len(), 1, "one message is answered by one call");
}

#[tokio::test]
async fn what_the_user_typed_comes_back_although_nothing_escaped_it() {
    let (sandbox, braze) = (TestSandbox::start(|_| {}).await, Recorder::start().await);
    let host = Host::start(&sandbox, HostOptions { endpoint: Some(braze.url.clone()), ..echo() }).await;
    let typed = [
        "He said \"hi\"\nand left",
        "\"",
        "C:\\Users\\ada",
        "\"}",
        "\", \"user_id\": \"someone-else\", \"x\": \"",
        "tab\there, \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}, \u{645}\u{631}\u{62d}\u{628}\u{627}",
    ];
    for (message, count) in typed.into_iter().zip(1..) {
        let (status, answer) = post(&host.public, "whatsapp", documented("user-1", "", message)).await;
        assert_eq!(status, 202, "{answer}");
        assert_eq!(answer["quarantined"], Value::Null, "{message:?}: {answer}");
        let requests = braze.requests(count).await;
        assert_eq!(text(&requests[count - 1]), format!("{count}: {message}\n\n1. Forget"));
        assert!(requests[count - 1].body.contains(r#""external_user_id":"user-1""#), "typing changes no recipient");
    }
}

#[tokio::test]
async fn who_has_no_user_id_is_answered_by_the_phone_alias() {
    let (sandbox, braze) = (TestSandbox::start(|_| {}).await, Recorder::start().await);
    let host = Host::start(&sandbox, HostOptions { endpoint: Some(braze.url.clone()), ..echo() }).await;
    let (status, answer) = post(&host.public, "whatsapp", documented("", "+4915112345678", "hello")).await;
    assert_eq!(status, 202, "{answer}");

    let request = &braze.requests(1).await[0];
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    let alias = json!({ "alias_name": "+4915112345678", "alias_label": "phone" });
    let properties = json!({ "external_system_msg_body": "1: hello\n\n1. Forget" });
    let recipient = json!({ "user_alias": alias, "trigger_properties": properties });
    assert_eq!(body, json!({ "campaign_id": "reply-campaign", "recipients": [recipient] }));
}

#[tokio::test]
async fn the_sandbox_takes_the_same_calls_and_shows_no_key() {
    let sandbox = TestSandbox::start(|config| config.campaigns = vec!["reply-campaign".into()]).await;
    introduce(&sandbox, &["ada"]).await;
    let host = Host::start(&sandbox, echo()).await;
    post(&host.public, "whatsapp", documented("ada", "", "She said \"hello\"\nand left")).await;
    let texts = sandbox.texts_once("ada", 1).await;
    assert_eq!(texts, ["1: She said \"hello\"\nand left\n\n1. Forget"]);
    let requests = sandbox.requests().await;
    let calls: Vec<&Value> = requests.iter().filter(|call| call["path"] == "/campaigns/trigger/send").collect();
    assert_eq!(calls.len(), 1);
    assert!(!calls[0].to_string().contains(API_KEY), "{}", calls[0]);
}
