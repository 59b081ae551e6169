//! The scripted language model and the shop, as a bot's connections meet them.

use serde_json::{Value, json};

use super::world::World;

const PATH: &str = "/llm/v1/chat/completions";

fn asking(text: &str) -> Value {
    json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn a_completion_is_in_the_documented_shape() {
    let world = World::start().await;
    let got = world.api(PATH, asking("hello")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert_eq!(got.body["object"], "chat.completion");
    assert_eq!(got.body["model"], "gpt-4o-mini");
    assert_eq!(got.body["created"], super::world::START / 1_000);
    let choice = &got.body["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["role"]), (&json!("stop"), &json!("assistant")));
    let usage = &got.body["usage"];
    let tokens = |name: &str| usage[name].as_u64().unwrap();
    assert!(tokens("prompt_tokens") > 0 && tokens("completion_tokens") > 0, "{usage}");
    assert_eq!(tokens("total_tokens"), tokens("prompt_tokens") + tokens("completion_tokens"));
    assert_eq!(got.headers.get("x-ratelimit-limit"), None, "the limits are Braze's");
    world.end().await;
}

#[tokio::test]
async fn calls_have_ids_and_answers_end_at_their_limit() {
    let world = World::start().await;
    let mut body = asking("where are A-12345 and A-23456?");
    body["tools"] = json!([{"type": "function", "function": {"name": "lookup_order", "parameters": {}}}]);
    let got = world.api(PATH, body).await;
    let choice = &got.body["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("tool_calls"), &Value::Null));
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    let mut body = asking("a long story");
    body["max_tokens"] = 10.into();
    let got = world.api(PATH, body).await;
    assert_eq!(got.body["choices"][0]["finish_reason"], "length");
    assert_eq!(got.body["usage"]["completion_tokens"], 10);
    assert_eq!(got.body["choices"][0]["message"]["content"].as_str().unwrap().len(), 40);
    world.end().await;
}

#[tokio::test]
async fn who_has_no_key_or_no_json_is_told_so_in_the_apis_form() {
    let world = World::start().await;
    let got = world.post(PATH, asking("hi")).await;
    assert_eq!((got.status, &got.body["error"]["code"]), (401, &json!("invalid_api_key")));
    let response = world.api_raw(PATH, "{").await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("invalid_request_error"));
    let got = world.api(PATH, json!({"model": "no-such-model", "messages": [{"role": "user", "content": "hi"}]})).await;
    assert_eq!((got.status, &got.body["error"]["code"]), (404, &json!("model_not_found")));
    world.end().await;
}

#[tokio::test]
async fn faults_can_be_asked_for_in_the_conversation() {
    let world = World::start().await;
    let got = world.api(PATH, asking("chaos 429")).await;
    assert_eq!((got.status, got.headers.get("retry-after").unwrap().to_str().unwrap()), (429, "8"));
    assert_eq!(got.body["error"]["code"], "rate_limit_exceeded");
    assert_eq!(world.api(PATH, asking("Chaos: 500!")).await.status, 500);
    assert!(
        world.api_raw(PATH, asking("chaos huge").to_string()).await.unwrap().bytes().await.unwrap().len() > 32 << 20
    );
    for (text, expected) in [("chaos cut", "{"), ("chaos nonsense", "<!DOCTYPE html>")] {
        let body = world.api_raw(PATH, asking(text).to_string()).await.unwrap().text().await.unwrap();
        assert!(serde_json::from_str::<Value>(&body).is_err() && body.starts_with(expected), "{text}: {body}");
    }
    let again = |text| {
        let world = &world;
        async move { (world.api(PATH, asking(text)).await.status, world.api(PATH, asking(text)).await.status) }
    };
    assert_eq!(again("chaos 500 once").await, (500, 200), "the same request again gets through");
    assert_eq!(again("chaos 500").await, (500, 500));
    world.end().await;
}

#[tokio::test]
async fn rules_of_chaos_hit_it_by_its_path_and_its_requests_are_remembered() {
    let world = World::start().await;
    world.chaos(json!([{"path": "/llm", "times": 1, "status": 503}])).await;
    assert_eq!(world.api("/users/track", json!({"attributes": []})).await.status, 400, "Braze is not hit");
    assert_eq!(world.api(PATH, asking("hi")).await.status, 503);
    assert_eq!(world.api(PATH, asking("hi")).await.status, 200);
    let requests = world.get("/sandbox/requests?path=/llm").await;
    assert_eq!(requests.as_array().unwrap().len(), 2);
    assert_eq!(requests[1]["body"]["messages"][0]["content"], "hi");
    assert_eq!(requests[1]["headers"]["authorization"], "Bearer ***");
    world.end().await;
}

#[tokio::test]
async fn the_shop_knows_a_few_orders() {
    let world = World::start().await;
    let order = world.get("/shop/orders/a-12345").await;
    let expected = json!({"number": "A-12345", "status": "on its way", "expected": "2026-11-24", "carrier": "DHL"});
    assert_eq!(order, expected, "tomorrow is the day after the clock's");
    let response = world.client.get(world.url("/shop/orders/A-99999")).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("there is no order with this number"));
    world.end().await;
}
