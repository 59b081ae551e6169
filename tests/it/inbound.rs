//! What arrives, however it arrives: section F of the fault matrix.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use turnwise::conversation::{ConversationId, Event};
use turnwise::storage::Storage;
use turnwise_tests::{Host, HostOptions, TOKEN, TestSandbox};

use crate::support::{database, documented, escaped, introduce, plugins, post};

const NEW_TOKEN: &str = "turnwise_new_token_0123456789";

fn echo() -> HostOptions {
    HostOptions { bot: "echo".into(), ..HostOptions::default() }
}

#[tokio::test]
async fn f1_pain5_one_payload_a_hundred_times_at_once_is_one_turn() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada"]).await;
    let host = Host::start(&sandbox, echo()).await;
    let mut posts = JoinSet::new();
    for _ in 0..100 {
        let public = host.public.clone();
        posts.spawn(async move { post(&public, "whatsapp", escaped("d-1", "ada", "hello")).await });
    }
    let answers = posts.join_all().await;
    let of = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((of(202), of(200)), (1, 99), "{answers:?}");
    assert!(answers.iter().all(|(_, answer)| answer["event_id"] == answers[0].1["event_id"]), "{answers:?}");
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);

    let folder = host.folder.clone();
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{log}");
    assert_eq!(sandbox.texts("ada").await, ["1: hello"]);
    let id = ConversationId::of("whatsapp", "ada");
    assert_eq!(database(folder.path()).journal(id, u32::MAX, 100).await.expect("a journal").len(), 1);
}

#[tokio::test]
async fn f3_neither_a_shared_dispatch_id_nor_a_repeated_text_is_a_duplicate() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada", "bob"]).await;
    let host = Host::start(&sandbox, echo()).await;
    for (dispatch_id, user) in [("d-1", "ada"), ("d-1", "bob"), ("d-2", "ada")] {
        let (status, answer) = post(&host.public, "whatsapp", escaped(dispatch_id, user, "yes")).await;
        assert_eq!(status, 202, "{answer}");
    }
    assert_eq!(sandbox.texts_once("ada", 2).await, ["1: yes", "2: yes"]);
    assert_eq!(sandbox.texts_once("bob", 1).await, ["1: yes"]);
}

#[tokio::test]
async fn f4_every_user_is_answered_in_the_order_of_arrival() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let users = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"];
    introduce(&sandbox, &users).await;
    let folder = plugins(&["hostile"]);
    let more = "[plugins.hostile.limits]\ndeadline = \"30s\"".into();
    let options = HostOptions { bot: "hostile".into(), plugins: folder.path().into(), more, ..HostOptions::default() };
    let host = Host::start(&sandbox, options).await;
    // One writes fifty messages in a row while the others interleave. The first turn of each takes so long that the others queue.
    let count = |user: &str| if user == "u0" { 50 } else { 12 };
    let mut writing = JoinSet::new();
    for user in users {
        let public = host.public.clone();
        writing.spawn(async move {
            for n in 0..=count(user) {
                let slowness = if user == "u0" { 500 } else { 50 };
                let text = if n == 0 { format!("slow {slowness}") } else { format!("message {n}") };
                let (status, answer) = post(&public, "whatsapp", escaped(&format!("{user}-{n}"), user, &text)).await;
                assert_eq!(status, 202, "{answer}");
            }
        });
    }
    writing.join_all().await;
    for user in users {
        let texts = sandbox.texts_once(user, count(user) + 1).await;
        assert!(texts[0].starts_with("slow "), "{user}: {}", texts[0]);
        let expected: Vec<String> = (1..=count(user)).map(|n| format!("message {n}")).collect();
        assert_eq!(texts[1..], expected, "{user}");
    }
}

/// What becomes of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Accepted,
    Quarantined,
    TooLarge,
}

/// Bodies as broken templates, odd phones and hostile people make them.
fn corpus() -> Vec<(&'static str, Vec<u8>, Fate)> {
    use Fate::{Accepted, Quarantined, TooLarge};
    let said = |message: &str| documented("ada", "", message).into_bytes();
    let utf16: Vec<u8> = documented("ada", "", "hi").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = format!(r#"{{"user_id":"ada","x":{}{},"message":"hi"}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let long = |bytes: usize| said(&"x".repeat(bytes - said("").len()));
    vec![
        ("unescaped quotes", said("He said \"hi\""), Accepted),
        ("an unescaped line break", said("one\ntwo"), Accepted),
        ("a byte order mark", [b"\xef\xbb\xbf".as_slice(), &said("marked")].concat(), Accepted),
        ("UTF-16", utf16, Quarantined),
        ("half a surrogate pair", said("\\ud83d"), Quarantined),
        ("a NUL", said("a\0b"), Quarantined),
        ("an escaped NUL", said("a\\u0000b"), Quarantined),
        ("a joined emoji", said("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"), Accepted),
        ("right to left", said("\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}"), Accepted),
        ("not UTF-8", [said("x").as_slice(), b"\xff"].concat(), Quarantined),
        ("64 KiB", long(64 * 1024), Accepted),
        ("64 KiB and a byte", long(64 * 1024 + 1), TooLarge),
        ("10000 brackets", deep.into_bytes(), Quarantined),
        ("a key twice", br#"{"user_id":"ada","user_id":"bob","message":"hi"}"#.to_vec(), Quarantined),
        ("1e400", br#"{"user_id":"ada","price":1e400,"message":"hi"}"#.to_vec(), Quarantined),
        ("nothing", Vec::new(), Quarantined),
        ("an array", br#"[{"user_id":"ada","message":"hi"}]"#.to_vec(), Quarantined),
        ("null", b"null".to_vec(), Quarantined),
        ("an object for a message", br#"{"user_id":"ada","message":{"text":"hi"}}"#.to_vec(), Quarantined),
        ("half a body", br#"{"user_id":"ada","message":"hi"#.to_vec(), Quarantined),
        ("Liquid that nobody rendered", br#"{"user_id":{{${user_id}}},"message":"hi"}"#.to_vec(), Quarantined),
        ("nobody", documented("", "", "hi").into_bytes(), Quarantined),
    ]
}

#[tokio::test]
async fn f5_pain19_no_body_is_too_odd_to_be_kept() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada", "bob"]).await;
    let host = Host::start(&sandbox, echo()).await;
    let mut kept = Vec::new();
    for (what, body, expected) in corpus() {
        let (status, answer) = post(&host.public, "whatsapp", body.clone()).await;
        let fate = match (status, answer["quarantined"] == true) {
            (202, false) => Fate::Accepted,
            (202, true) => Fate::Quarantined,
            (413, false) => Fate::TooLarge,
            other => panic!("{what}: {other:?} {answer}"),
        };
        assert_eq!(fate, expected, "{what}: {answer}");
        if fate == Fate::Quarantined {
            assert!(answer["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{what}: {answer}");
            kept.push(body);
        }
    }
    post(&host.public, "whatsapp", escaped("d-1", "bob", "still there?")).await;
    assert_eq!(sandbox.texts_once("bob", 1).await, ["1: still there?"]);

    let folder = host.folder.clone();
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{log}");
    let stored = database(folder.path()).quarantined(100).await.expect("the quarantine");
    let stored: Vec<Vec<u8>> = stored.into_iter().rev().map(|quarantined| quarantined.body).collect();
    assert_eq!(stored, kept, "kept byte for byte, in the order they came");
}

#[tokio::test]
async fn f6_only_the_old_and_the_new_token_open_the_door() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let more = "[sources.rotating]\nbot = \"echo\"\ntokens = [\"env:NEW_TOKEN\", \"env:WEBHOOK_TOKEN\"]".into();
    let environment = [("NEW_TOKEN".to_owned(), NEW_TOKEN.to_owned())].into();
    let host = Host::start(&sandbox, HostOptions { more, environment, ..echo() }).await;
    let bearer = |token: &str| vec![format!("Bearer {token}")];
    let both = vec![format!("Bearer {NEW_TOKEN}"), format!("Bearer {TOKEN}")];
    let cases = [
        ("rotating", bearer(TOKEN), 202),
        ("rotating", bearer(NEW_TOKEN), 202),
        ("whatsapp", bearer(TOKEN), 202),
        ("whatsapp", bearer(NEW_TOKEN), 401),
        ("rotating", bearer("wrong"), 401),
        ("rotating", bearer(&TOKEN[1..]), 401),
        ("rotating", bearer(&format!("{TOKEN} {NEW_TOKEN}")), 401),
        ("rotating", bearer(&format!(" {TOKEN}")), 401),
        ("rotating", vec![TOKEN.to_owned()], 401),
        ("rotating", vec![format!("Basic {TOKEN}")], 401),
        ("rotating", vec!["Bearer ".to_owned()], 401),
        ("rotating", vec![], 401),
        ("rotating", both, 401),
        ("nowhere", bearer(TOKEN), 401),
    ];
    let mut refusals = Vec::new();
    for (n, (source, authorizations, expected)) in cases.into_iter().enumerate() {
        let mut request = sandbox.http.post(format!("{}/v1/inbound/{source}", host.public));
        for authorization in &authorizations {
            request = request.header("authorization", authorization);
        }
        let body = escaped(&format!("d-{n}"), "ada", "hello");
        let answer = request.body(body).send().await.expect("the host answers");
        assert_eq!(answer.status(), expected, "{source} {authorizations:?}");
        if expected == 401 {
            refusals.push(answer.text().await.expect("a body"));
        }
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "an answer says what was wrong: {refusals:?}");

    // The host may hang up while such a header is still being sent, which the client sees as a broken connection.
    let huge = sandbox.http.post(format!("{}/v1/inbound/whatsapp", host.public)).bearer_auth(TOKEN);
    if let Ok(answer) = huge.header("x-huge", "h".repeat(1 << 20)).body(escaped("d", "ada", "hi")).send().await {
        assert_eq!(answer.status(), 431);
    }
    let (status, answer) = post(&host.public, "whatsapp", escaped("d-after", "ada", "hello")).await;
    assert_eq!(status, 202, "{answer}");
}

#[tokio::test]
async fn f9_a_number_and_a_user_are_two_people_until_braze_says_otherwise() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, echo()).await;
    let phone = "+4915112345678";
    let number_only = json!({ "phone_number": phone, "message": "my secret is blue" });
    // The first also makes the profile that the sandbox delivers to.
    assert_eq!(sandbox.inbound(number_only).await["status"], 202);
    assert_eq!(sandbox.texts_once(phone, 1).await, ["1: my secret is blue"]);
    let without_key = format!(r#"{{"phone_number":"{phone}","message":"and green"}}"#);
    assert_eq!(post(&host.public, "whatsapp", without_key).await.0, 202);
    assert_eq!(sandbox.texts_once(phone, 2).await[1], "2: and green", "an empty user id and none are the same");

    let known = sandbox.inbound(json!({ "user_id": "ada", "phone_number": phone, "message": "who am I?" })).await;
    assert_eq!(known["status"], 202);
    assert_ne!(known["answer"]["conversation"], ConversationId::of("whatsapp", phone).to_string());
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: who am I?"], "a conversation of their own, from its beginning");
    assert_eq!(sandbox.texts(phone).await.len(), 2, "the answer went to nobody else");
}

#[tokio::test]
async fn f11_messages_without_words_reach_the_plugin_as_what_they_are() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let picture = "https://media.example/picture.jpg";
    let cases = [
        ("media", json!({ "media": [{ "url": picture, "mime_type": "image/jpeg" }] })),
        ("flow", json!({ "flow_response": { "size": "M" } })),
        ("empty", json!({ "message": "" })),
    ];
    for (user, mut inbound) in cases {
        inbound["user_id"] = user.into();
        assert_eq!(sandbox.inbound(inbound).await["status"], 202, "{user}");
        let text = sandbox.texts_once(user, 1).await.remove(0);
        assert!(text.contains("What can I do for you?"), "{user}: {text}");
    }

    let folder = host.folder.clone();
    let (status, log) = host.terminate().await;
    assert!(status.success(), "{log}");
    let storage = database(folder.path());
    let mut seen = Vec::new();
    for user in ["media", "flow", "empty"] {
        let journal = storage.journal(ConversationId::of("whatsapp", user), u32::MAX, 9).await.expect("a journal");
        let (_, Ok(newest)) = &journal[0] else { panic!("{journal:?}") };
        let Event::Message(message) = &newest.event else { panic!("{:?}", newest.event) };
        let media: Vec<_> = message.media.iter().map(|media| (media.url.clone(), media.mime_type.clone())).collect();
        let flow: Option<Value> =
            message.flow_response.as_deref().map(|json| serde_json::from_str(json).expect("JSON"));
        seen.push((message.text.clone(), media, flow));
    }
    let media = vec![(picture.to_owned(), Some("image/jpeg".to_owned()))];
    let expected = [
        (String::new(), media, None),
        (String::new(), vec![], Some(json!({ "size": "M" }))),
        (String::new(), vec![], None),
    ];
    assert_eq!(seen, expected);
}
