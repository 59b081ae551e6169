//! Webhooks: their bodies, Braze's retry rules, and deliveries doubled or overtaken on order.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{FakeHost, World};
use crate::clock::Timestamp;
use crate::sandbox::retry::{Health, Schedule};

async fn world_with_host() -> (World, FakeHost) {
    let (world, host) = (World::start().await, FakeHost::default());
    world.handle.deliver_to(&host.serve().await);
    (world, host)
}

fn hello() -> Value {
    json!({"user_id": "ada", "phone_number": "+4915112345678", "message": "hello"})
}

#[tokio::test]
async fn a_message_arrives_with_its_token_and_every_field_escaped() {
    let (world, host) = world_with_host().await;
    let said = json!({
        "user_id": "ada", "phone_number": "+49", "message": "say \"hi\"\n\\", "first_name": "Ada", "language": "de",
        "media": ["https://example.org/cat.jpg"], "flow_response": {"size": "M"},
    });
    let got = world.post("/sandbox/inbound?wait=true", said).await;
    assert_eq!(got.body["outcome"], "delivered");
    assert_eq!((&got.body["status"], &got.body["attempts"]), (&json!(202), &json!(1)));
    assert_eq!(got.body["answer"]["event_id"], 1);
    assert_eq!(host.received.lock().unwrap()[0].0, "Bearer webhook-token");
    let expected = json!({
        "user_id": "ada", "phone_number": "+49", "dispatch_id": got.body["dispatch_id"], "first_name": "Ada", "language": "de",
        "media": ["https://example.org/cat.jpg"], "flow_response": "{\"size\":\"M\"}", "message": "say \"hi\"\n\\",
    });
    assert_eq!(host.bodies()[0], expected);
    let raw = String::from_utf8(host.received.lock().unwrap()[0].1.clone()).unwrap();
    assert!(raw.find("\"message\"") > raw.find("\"flow_response\""), "the message comes last: {raw}");
    assert_eq!(world.get("/sandbox/profiles/+49").await["first_name"], "Ada");
    world.end().await;
}

#[tokio::test]
async fn the_documented_template_escapes_nothing_and_raw_bytes_go_out_as_they_are() {
    let (world, host) = world_with_host().await;
    let said = json!({"user_id": "ada", "phone_number": "+49", "message": "a \"b\"\nc", "template": "documented"});
    world.post("/sandbox/inbound?wait=true", said).await;
    world.post("/sandbox/inbound?wait=true", json!({"user_id": "ada", "body": "not json"})).await;
    world.post("/sandbox/inbound?wait=true", json!({"user_id": "ada", "body_base64": "//4A"})).await;
    let received: Vec<_> = host.received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(received[0], b"{\"user_id\":\"ada\",\"phone_number\":\"+49\",\"message\":\"a \"b\"\nc\"}");
    assert_eq!(received[1], b"not json");
    assert_eq!(received[2], [0xff, 0xfe, 0]);
    world.end().await;
}

#[tokio::test]
async fn someone_unknown_gets_an_anonymous_profile_that_can_be_answered() {
    let (world, host) = world_with_host().await;
    world.post("/sandbox/inbound?wait=true", json!({"user_id": "", "phone_number": "+49", "message": "hi"})).await;
    assert_eq!(host.bodies()[0]["user_id"], "");
    let alias = json!({"alias_name": "+49", "alias_label": "phone"});
    let body = json!({"campaign_id": "c", "recipients": [{"user_alias": alias}], "trigger_properties": {"external_system_msg_body": "hi"}});
    world.api("/campaigns/trigger/send", body).await;
    assert_eq!(world.texts("%2B49").await, ["hi"]);
    let refused = world.post("/sandbox/inbound", json!({"message": "hi"})).await;
    assert_eq!(refused.status, 400);
    world.end().await;
}

#[tokio::test]
async fn server_errors_are_retried_with_the_same_bytes_and_client_errors_are_not() {
    let (world, host) = world_with_host().await;
    for status in [500, 429, 408, 599] {
        host.then(status);
    }
    let got = world.post("/sandbox/inbound?wait=true", hello()).await;
    assert_eq!((&got.body["outcome"], &got.body["attempts"]), (&json!("delivered"), &json!(5)));
    let bodies = host.bodies();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    for status in [400, 401, 404, 302] {
        host.then(status);
        let got = world.post("/sandbox/inbound?wait=true", hello()).await;
        assert_eq!((&got.body["outcome"], &got.body["status"]), (&json!("failed"), &json!(status)));
        assert_eq!(got.body["attempts"], 1);
    }
    for _ in 0..6 {
        host.then(503);
    }
    let got = world.post("/sandbox/inbound?wait=true", hello()).await;
    assert_eq!((&got.body["outcome"], &got.body["attempts"]), (&json!("failed"), &json!(6)));
    let deliveries = world.get("/sandbox/deliveries?user=ada&last=1").await;
    assert_eq!(deliveries[0]["attempts"].as_array().unwrap().len(), 6);
    assert_eq!(deliveries[0]["attempts"][5]["status"], 503);
    world.end().await;
}

#[tokio::test]
async fn a_host_that_is_not_there_yet_is_reached_by_a_retry() {
    let (world, host) = (World::start().await, FakeHost::default());
    let got = world.post("/sandbox/inbound", hello()).await;
    assert_eq!(got.status, 202);
    world.handle.deliver_to(&host.serve().await);
    loop {
        let deliveries = world.get("/sandbox/deliveries").await;
        match deliveries[0]["outcome"].as_str().unwrap() {
            "delivered" => break,
            outcome => assert_ne!(outcome, "failed"),
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(host.bodies()[0]["dispatch_id"], got.body["dispatch_id"]);
    world.end().await;
}

#[tokio::test]
async fn a_retry_after_beyond_thirty_minutes_ends_the_retries() {
    let (world, host) = world_with_host().await;
    host.script.lock().unwrap().push_back((503, Some("3600")));
    let got = world.post("/sandbox/inbound?wait=true", hello()).await;
    assert_eq!((&got.body["outcome"], &got.body["attempts"]), (&json!("failed"), &json!(1)));
    world.end().await;
}

#[tokio::test]
async fn one_users_messages_arrive_in_order_unless_chaos_says_otherwise() {
    let (world, host) = world_with_host().await;
    for n in 0..50 {
        world.post("/sandbox/inbound", json!({"user_id": "ada", "message": n.to_string()})).await;
    }
    world.post("/sandbox/inbound?wait=true", json!({"user_id": "ada", "message": "50"})).await;
    let order = |host: &FakeHost| {
        host.bodies().iter().map(|body| body["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order(&host), (0..=50).map(|n| n.to_string()).collect::<Vec<_>>());

    world.chaos(json!([{"times": 1, "reorder": true}])).await;
    host.received.lock().unwrap().clear();
    let first = world.post("/sandbox/inbound?wait=true", json!({"user_id": "ada", "message": "first"}));
    let second = async {
        while world.get("/sandbox/chaos").await["rules"][0]["left"] != 0 {}
        world.post("/sandbox/inbound?wait=true", json!({"user_id": "ada", "message": "second"})).await
    };
    tokio::join!(first, second);
    assert_eq!(order(&host), ["second", "first"]);

    world.chaos(json!({"duplicate_delivery": true, "times": 1})).await;
    host.received.lock().unwrap().clear();
    world.post("/sandbox/inbound?wait=true", hello()).await;
    while host.bodies().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.bodies()[0], host.bodies()[1]);
    world.end().await;
}

#[test]
fn retries_double_and_end_after_five() {
    let mut schedule = Schedule::default();
    let waits: Vec<_> = std::iter::from_fn(|| schedule.next(None)).map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [30, 60, 120, 240, 480]);
    let mut schedule = Schedule::default();
    assert_eq!(schedule.next(Some(Duration::from_secs(5))), Some(Duration::from_secs(30)));
    assert_eq!(schedule.next(Some(Duration::from_secs(600))), Some(Duration::from_secs(600)));
}

#[test]
fn a_host_that_fails_too_often_is_left_alone_for_a_minute() {
    let mut health = Health::new(1.0);
    let second = |second: u64| Timestamp(second * 1000);
    for _ in 0..3000 {
        health.record(Some(503), second(0));
    }
    health.record(Some(500), second(1));
    assert!(!health.halted(second(1)), "a 500 is no sign of an unhealthy host, and 3,000 are not too many");
    health.record(None, second(61));
    assert!(!health.halted(second(61)), "the old failures are out of the minute");
    for _ in 0..3001 {
        health.record(Some(429), second(62));
    }
    assert!(health.halted(second(62)) && health.halted(second(121)));
    assert!(!health.halted(second(122)));
}
