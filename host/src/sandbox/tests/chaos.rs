//! Faults on order, as a client meets them.

use serde_json::{Value, json};
use std::time::Duration;

use super::world::{World, reply};

async fn world_with_ada(rules: Value) -> World {
    let world = World::start().await;
    world.user("ada").await;
    world.chaos(rules).await;
    world
}

#[tokio::test]
async fn rules_hit_their_path_as_often_as_they_say() {
    let rules = json!([{"path": "/campaigns", "times": 2, "status": 500, "body": {"message": "boom"}, "headers": {"x-a": "b"}}]);
    let world = world_with_ada(rules).await;
    for expected in [500, 500, 201] {
        let got = world.api("/campaigns/trigger/send", reply("ada", &expected.to_string())).await;
        assert_eq!(got.status, expected);
        assert_eq!(got.headers.contains_key("x-a"), expected == 500);
        assert!(got.headers.contains_key("x-ratelimit-limit"));
    }
    assert_eq!(world.texts("ada").await, ["201"]);
    assert_eq!(world.get("/sandbox/chaos").await["rules"][0]["hits"], 2);
    world.chaos(json!({"status": 429, "without_ratelimit_headers": true, "times": 1})).await;
    let got = world.api("/campaigns/trigger/send", reply("ada", "")).await;
    assert_eq!((got.status, got.headers.contains_key("x-ratelimit-limit")), (429, false));
    let cleared = world.client.delete(world.url("/sandbox/chaos")).send().await.unwrap();
    assert_eq!(cleared.status(), 200);
    assert_eq!(world.get("/sandbox/chaos").await["rules"], json!([]));
    world.end().await;
}

#[tokio::test]
async fn a_rate_is_the_same_for_the_same_seed() {
    let world = world_with_ada(json!([])).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        world.chaos(json!([{"rate": 0.5, "seed": 7, "status": 503}])).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(world.api("/campaigns/trigger/send", reply("ada", "x")).await.status);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert!((5..35).contains(&runs[0].iter().filter(|status| **status == 503).count()));
    world.end().await;
}

#[tokio::test]
async fn resets_are_resets_and_say_whether_the_work_was_done() {
    let world = world_with_ada(json!([{"times": 1, "reset_after_processing": true}])).await;
    let error = world.api_raw("/campaigns/trigger/send", reply("ada", "done").to_string()).await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(world.texts("ada").await, ["done"]);
    world.chaos(json!([{"times": 1, "reset_before_body": true}])).await;
    let response = world.api_raw("/campaigns/trigger/send", reply("ada", "lost").to_string()).await.unwrap();
    assert_eq!(response.status(), 201);
    let error = response.text().await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(world.texts("ada").await, ["done"]);
    assert_eq!(world.get("/sandbox/requests?path=/campaigns&last=2").await[0]["status"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn silence_and_dripping_last_until_the_client_gives_up() {
    let world =
        world_with_ada(json!([{"times": 1, "hang": true}, {"times": 1, "slow_drip_bytes_per_second": 20}])).await;
    for n in 0..2 {
        let mut response = world.api_raw("/campaigns/trigger/send", reply("ada", "x").to_string()).await.unwrap();
        assert_eq!(response.status(), 201, "the headers come at once");
        let first = tokio::time::timeout(Duration::from_millis(50), response.chunk()).await;
        match n {
            0 => assert!(first.is_err(), "nothing comes after the headers"),
            _ => assert_eq!(first.unwrap().unwrap().unwrap().len(), 1),
        }
    }
    world.end().await;
}

#[tokio::test]
async fn bodies_are_as_long_as_ordered_and_lengths_can_lie() {
    let world =
        world_with_ada(json!([{"times": 1, "body_bytes": 3_000_000}, {"times": 1, "wrong_content_length": true},
        {"times": 1, "endless_body": true}]))
        .await;
    let send = || world.api_raw("/campaigns/trigger/send", reply("ada", "x").to_string());
    assert!(send().await.unwrap().bytes().await.unwrap().len() > 3_000_000);
    assert!(send().await.unwrap().bytes().await.is_err(), "the connection ends before the announced length");
    let mut endless = send().await.unwrap();
    let mut length = 0;
    while length < 5_000_000 {
        length += endless.chunk().await.unwrap().expect("it never ends").len();
    }
    drop(endless);
    assert_eq!(world.texts("ada").await.len(), 3);
    world.end().await;
}

#[tokio::test]
async fn answers_can_be_every_kind_of_wrong() {
    let world = world_with_ada(json!([
        {"times": 1, "garbage": true}, {"times": 1, "truncated_json": true}, {"times": 1, "invalid_utf8": true},
        {"times": 1, "empty_object": true}, {"times": 1, "no_content": true}, {"times": 1, "queued": true},
        {"times": 1, "redirect_to": "http://127.0.0.1:9/"}, {"times": 1, "notice": "The campaign is paused."},
        {"times": 1, "partial_errors": true}, {"times": 1, "latency_ms": 1},
    ]))
    .await;
    let mut seen = Vec::new();
    for n in 0..10 {
        let response =
            world.api_raw("/campaigns/trigger/send", reply("ada", &n.to_string()).to_string()).await.unwrap();
        let (status, location) = (response.status().as_u16(), response.headers().get("location").cloned());
        let body = response.bytes().await.unwrap();
        seen.push((status, location, body));
    }
    let statuses: Vec<_> = seen.iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [200, 201, 201, 201, 204, 202, 301, 201, 201, 201]);
    assert!(seen[0].2.starts_with(b"<!DOCTYPE html>"));
    assert!(serde_json::from_slice::<Value>(&seen[1].2).is_err());
    assert!(std::str::from_utf8(&seen[2].2).is_err());
    assert_eq!(seen[3].2, "{}");
    assert_eq!(seen[5].2, r#"{"message":"queued"}"#);
    assert_eq!(seen[6].1.as_ref().unwrap(), "http://127.0.0.1:9/");
    let json = |n: usize| serde_json::from_slice::<Value>(&seen[n].2).unwrap();
    assert_eq!(json(7)["notice"], "The campaign is paused.");
    assert_eq!(json(8)["errors"][0]["index"], 0);
    assert_eq!(json(9)["message"], "success");
    // Garbage and redirects come from in front of Braze; a paused campaign and a recipient in error get nothing sent.
    assert_eq!(world.texts("ada").await, ["1", "2", "3", "4", "5", "9"]);
    world.end().await;
}

#[tokio::test]
async fn mistakes_in_rules_are_refused_by_name() {
    let world = World::start().await;
    for (rules, expected) in [
        (json!([{"status": 500}, {"stauts": 500}]), "rule 1: unknown field `stauts`"),
        (json!([{"status": 500, "hang": true}]), "more than one fault"),
        (json!([{"times": 3}]), "no fault"),
        (json!([{"rate": 2, "hang": true}]), "from 0 to 1"),
        (json!(7), "list of rules"),
    ] {
        let put = world.client.put(world.url("/sandbox/chaos")).body(rules.to_string()).send().await.unwrap();
        assert_eq!(put.status(), 400);
        let text = put.text().await.unwrap();
        assert!(text.contains(expected), "{text} instead of {expected}");
    }
    world.end().await;
}
