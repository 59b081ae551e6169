//! The fake Chatwoot: its shapes, its webhooks, and what agents do there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use super::world::World;

const API: &str = "/chatwoot/api/v1/accounts/1";
/// A webhook's headers and body.
type Hooks = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A host that takes every webhook.
async fn listen(world: &World) -> Hooks {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.handle.deliver_desk_to(&format!("http://{}/v1/desk/chatwoot", listener.local_addr().unwrap()));
    let hooks = Hooks::default();
    let taken = Arc::clone(&hooks);
    let app = Router::new().route(
        "/v1/desk/chatwoot",
        post(async move |headers: HeaderMap, body: Bytes| taken.lock().unwrap().push((headers, body))),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    hooks
}

async fn ask(world: &World, path: &str, body: Value) -> (u16, Value) {
    let request = world.client.post(world.url(&format!("{API}{path}"))).header("api_access_token", "rest-key");
    let answer = request.body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

/// A conversation of Ada's.
async fn open(world: &World) -> u64 {
    let ada = json!({"inbox_id": 1, "name": "Ada", "identifier": "ada", "phone_number": "+15550001"});
    let (status, contact) = ask(world, "/contacts", ada).await;
    assert_eq!(status, 200, "{contact}");
    let source_id = contact["payload"]["contact_inbox"]["source_id"].clone();
    let conversation = json!({"source_id": source_id, "inbox_id": 1, "status": "open", "custom_attributes": {"a": 1}});
    ask(world, "/conversations", conversation).await.1["id"].as_u64().unwrap()
}

async fn told(hooks: &Hooks, count: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let bodies: Vec<Value> =
            hooks.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
        if bodies.len() >= count {
            return bodies;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{count} webhooks did not come: {:?}", hooks.lock().unwrap());
}

#[tokio::test]
async fn conversations_and_messages_have_the_documented_shapes() {
    let world = World::start().await;
    let hooks = listen(&world).await;
    let id = open(&world).await;
    let path = format!("/conversations/{id}/messages");
    let marked = json!({"content": "Hi", "message_type": "incoming", "content_attributes": {"mark": "m"}});
    let (_, message) = ask(&world, &path, marked).await;
    assert_eq!((&message["message_type"], &message["sender"]["type"]), (&json!(0), &json!("contact")));
    assert!(message["created_at"].is_u64());
    let webhooks = told(&hooks, 2).await;
    assert_eq!(webhooks[0]["event"], "conversation_created");
    let created = &webhooks[1];
    assert_eq!((&created["message_type"], &created["event"]), (&json!("incoming"), &json!("message_created")));
    assert!(created["created_at"].is_string(), "{created}");
    assert_eq!(created["content_attributes"]["mark"], "m");
    assert_eq!(created["conversation"]["messages"][0]["message_type"], 0);
    assert_eq!(created["conversation"]["custom_attributes"]["a"], 1);
    assert_eq!(created["conversation"]["meta"]["sender"]["identifier"], "ada");

    let (headers, body) = hooks.lock().unwrap()[0].clone();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"webhook-token").unwrap();
    mac.update(format!("{}.", text("x-chatwoot-timestamp")).as_bytes());
    mac.update(&body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text("x-chatwoot-signature"), format!("sha256={hex}"));

    let listed =
        world.client.get(world.url(&format!("{API}/contacts/search?q=ad"))).header("api_access_token", "rest-key");
    let listed: Value = serde_json::from_slice(&listed.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(listed["payload"][0]["contact_inboxes"][0]["inbox"]["id"], 1);
    let (status, refused) = ask(&world, "/contacts", json!({"identifier": "ada"})).await;
    assert_eq!((status, &refused["attributes"][0]), (422, &json!("identifier")));
    let no_token = world.client.post(world.url(&format!("{API}/contacts"))).body("{}").send().await.unwrap();
    assert_eq!(no_token.status(), 401);
    world.end().await;
}

#[tokio::test]
async fn agents_do_what_they_are_told() {
    let world = World::start().await;
    let id = open(&world).await;
    let hooks = listen(&world).await;
    let act = async |what: &str, body: Value| {
        let got = world.post(&format!("/sandbox/chatwoot/conversations/{id}/{what}"), body).await;
        assert_eq!(got.status, 200, "{:?}", got.body);
    };
    act("assign", json!({"agent": "Bia"})).await;
    act("reply", json!({"agent": "Bia", "text": "Hello"})).await;
    act("resolve", json!({"quietly": true})).await;
    ask(&world, &format!("/conversations/{id}/messages"), json!({"content": "Hi", "message_type": "incoming"})).await;
    let webhooks = told(&hooks, 7).await;
    let events: Vec<_> = webhooks.iter().map(|webhook| webhook["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "conversation_updated",
            "message_created",
            "conversation_updated",
            "conversation_updated",
            "message_created",
            "conversation_status_changed",
            "conversation_updated",
        ]
    );
    assert_eq!(webhooks[0]["changed_attributes"][0]["assignee_id"]["current_value"], 2);
    assert_eq!(webhooks[1]["sender"]["name"], "Bia");
    assert_eq!(webhooks[3]["status"], "resolved");
    assert_eq!(webhooks[5]["status"], "open", "a customer's message opens it again");
    world.end().await;
}

#[tokio::test]
async fn webhooks_are_doubled_dropped_and_overtaken_on_order() {
    let world = World::start().await;
    let id = open(&world).await;
    let hooks = listen(&world).await;
    let path = "/chatwoot/webhooks/message_created";
    world
        .chaos(json!([{"path": path, "times": 1, "duplicate_delivery": true}, {"path": path, "times": 1, "drop_delivery": true},
            {"path": path, "times": 1, "reorder": true}]))
        .await;
    for n in 0..4 {
        let said = json!({"content": n.to_string(), "message_type": "incoming"});
        ask(&world, &format!("/conversations/{id}/messages"), said).await;
    }
    let webhooks = told(&hooks, 4).await;
    let contents: Vec<_> = webhooks.iter().map(|webhook| webhook["content"].as_str().unwrap()).collect();
    assert_eq!(contents, ["0", "0", "3", "2"]);
    world.end().await;
}
