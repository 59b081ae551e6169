//! What the sandbox remembers and how it is read.

use serde_json::json;
use std::time::Duration;

use super::world::{START, World, reply};

#[tokio::test]
async fn requests_are_kept_with_the_key_masked() {
    let world = World::start().await;
    world.user("ada").await;
    world.api("/campaigns/trigger/send", reply("ada", "hi")).await;
    world.api_raw("/users/track", "{broken").await.unwrap();
    let requests = world.get("/sandbox/requests").await;
    assert_eq!(requests.as_array().unwrap().len(), 3);
    assert_eq!(requests[1]["headers"]["authorization"], "Bearer ***");
    assert_eq!(requests[1]["body"], reply("ada", "hi"));
    assert_eq!((&requests[1]["status"], &requests[1]["at"]), (&json!(201), &json!(START)));
    assert_eq!(requests[2]["body"], "{broken");
    assert_eq!(world.get("/sandbox/requests?path=/users").await.as_array().unwrap().len(), 2);
    assert!(!requests.to_string().contains("rest-key"));
    world.end().await;
}

#[tokio::test]
async fn a_reader_waits_for_a_message_that_is_not_there_yet() {
    let world = World::start().await;
    let none = world.get("/sandbox/messages?user=ada&wait_ms=1").await;
    assert_eq!(none, json!([]));
    let reader = world.get("/sandbox/messages?user=ada&after=1&wait_ms=10000");
    let writer = async {
        world.user("ada").await;
        world.api("/campaigns/trigger/send", reply("ada", "one")).await;
        world.api("/campaigns/trigger/send", reply("ada", "two")).await;
    };
    let (messages, ()) = tokio::join!(reader, writer);
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!((&messages[0]["n"], &messages[0]["text"]), (&json!(2), &json!("two")));
    world.end().await;
}

#[tokio::test]
async fn the_oldest_records_are_forgotten_first() {
    let world = World::start_with(|config| config.records_max = 3).await;
    world.user("ada").await;
    world.user("bob").await;
    for n in 0..5 {
        world.api("/campaigns/trigger/send", reply(if n == 1 { "bob" } else { "ada" }, &n.to_string())).await;
    }
    assert_eq!(world.texts("ada").await, ["2", "3", "4"]);
    assert_eq!(world.texts("bob").await, Vec::<String>::new());
    assert_eq!(world.get("/sandbox/requests").await.as_array().unwrap().len(), 3);
    let last = world.get("/sandbox/messages?user=ada&after=3").await;
    assert_eq!((last.as_array().unwrap().len(), &last[0]["n"]), (1, &json!(4)));
    world.post("/sandbox/reset", json!({})).await;
    assert_eq!(world.get("/sandbox/profiles").await, json!([]));
    world.user("ada").await;
    world.api("/campaigns/trigger/send", reply("ada", "new")).await;
    assert_eq!(world.texts("ada").await, ["new"]);
    world.end().await;
}

#[tokio::test]
async fn open_pages_hear_what_happens_and_end_with_the_sandbox() {
    let world = World::start().await;
    let mut events = world.client.get(world.url("/sandbox/events")).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    world.user("ada").await;
    world.api("/campaigns/trigger/send", reply("ada", "hi")).await;
    let mut heard = String::new();
    while heard.matches("event: request").count() < 2 {
        let chunk = tokio::time::timeout(Duration::from_secs(5), events.chunk()).await.expect("an event");
        heard.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
    }
    assert!(heard.contains("event: profile\ndata: {\"user\":\"ada\""), "{heard}");
    assert!(heard.contains("event: message\ndata: {\"n\":1"), "{heard}");
    world.end().await;
    assert!(events.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn the_page_is_served_whole_and_closed_to_other_sites() {
    let world = World::start().await;
    for (path, content_type) in
        [("/", "text/html"), ("/sandbox/page.css", "text/css"), ("/sandbox/page.js", "text/javascript")]
    {
        let response = world.client.get(world.url(path)).send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(content_type));
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert!(!response.text().await.unwrap().contains("innerHTML"));
    }
    let foreign =
        world.client.post(world.url("/sandbox/reset")).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    world.end().await;
}
