//! Braze's endpoints: what they take, what they refuse, and in which words.

use serde_json::{Value, json};

use super::world::{START, World, reply};
use std::time::Duration;

#[tokio::test]
async fn a_trigger_reaches_its_user_once_per_identifier() {
    let world = World::start().await;
    world.user("ada").await;
    let got = world
        .api(
            "/campaigns/trigger/send",
            json!({
                "campaign_id": "reply",
                "trigger_properties": {"external_system_msg_body": "all", "tone": "kind"},
                "recipients": [
                    {"external_user_id": "ada", "trigger_properties": {"external_system_msg_body": "one"},
                     "attributes": {"plan": "gold"}},
                    {"external_user_id": "ada"},
                    {"external_user_id": "nobody"},
                ],
            }),
        )
        .await;
    assert_eq!(got.status, 201, "{}", got.body);
    assert_eq!(got.body["message"], "success");
    assert_eq!(got.body["dispatch_id"].as_str().unwrap().len(), 32);
    assert!(got.body.get("errors").is_none(), "an unknown user is skipped in silence");
    let messages = world.get("/sandbox/messages?user=ada").await;
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!(messages[0]["text"], "one");
    assert_eq!(messages[0]["campaign_id"], "reply");
    assert_eq!(messages[0]["properties"]["tone"], "kind");
    assert_eq!(messages[0]["dispatch_id"], got.body["dispatch_id"]);
    assert_eq!(world.get("/sandbox/profiles/ada").await["custom_attributes"]["plan"], "gold");
    world.end().await;
}

#[tokio::test]
async fn refusals_are_brazes() {
    let world = World::start_with(|config| config.campaigns = vec!["reply".into()]).await;
    let recipient = json!({"external_user_id": "ada"});
    let many = vec![json!({"external_user_id": "a"}); 51];
    let large = "x".repeat(51 * 1024);
    for (body, expected) in [
        (json!({"campaign_id": "other", "recipients": [recipient]}), "Invalid Campaign ID"),
        (json!({"recipients": [recipient]}), "Invalid Campaign ID"),
        (json!({"campaign_id": 7, "recipients": [recipient]}), "'campaign_id' must be a String"),
        (json!({"campaign_id": "reply"}), "No Recipients"),
        (json!({"campaign_id": "reply", "recipients": []}), "No Recipients"),
        (json!({"campaign_id": "reply", "recipients": many}), "max number of external_ids"),
        (json!({"campaign_id": "reply", "broadcast": true, "recipients": [recipient]}), "'broadcast' must be false"),
        (json!({"campaign_id": "reply", "broadcast": 1}), "'broadcast' must be a Boolean"),
        (json!({"campaign_id": "reply", "audience": {"AND": []}}), "'broadcast' must be true"),
        (json!({"campaign_id": "reply", "recipients": [{}]}), "is required"),
        (json!({"campaign_id": "reply", "recipients": [{"phone": "+49"}]}), "is required"),
        (json!({"campaign_id": "reply", "recipients": [{"external_user_id": "a", "email": "a@b"}]}), "only one of"),
        (json!({"campaign_id": "reply", "recipients": [{"email": "a@b"}]}), "'prioritization' is required"),
        (
            json!({"campaign_id": "reply", "recipients": [{"user_alias": {"alias_name": "+49"}}]}),
            "'alias_label' must be",
        ),
        (
            json!({"campaign_id": "reply", "recipients": [{"external_user_id": "a", "send_to_existing_only": false}]}),
            "'attributes' is required",
        ),
        (json!({"campaign_id": "reply", "trigger_properties": {"t": large}, "recipients": [recipient]}), "50 KB"),
        (json!([]), "JSON object"),
    ] {
        let got = world.api("/campaigns/trigger/send", body.clone()).await;
        assert_eq!(got.status, 400, "{body}");
        assert!(got.body["message"].as_str().unwrap().contains(expected), "{} instead of {expected}", got.body);
        assert!(got.headers.contains_key("x-ratelimit-remaining"));
    }
    let broken = world.api_raw("/users/track", "{\"attributes\":[").await.unwrap();
    assert_eq!(broken.status(), 400);
    let large = world.api_raw("/users/track", vec![b' '; 4 * 1024 * 1024 + 1]).await.unwrap();
    assert_eq!(large.status(), 413);
    assert_eq!(world.api("/users/nothing", json!({})).await.status, 404);
    let wrong = world.client.post(world.url("/users/track")).bearer_auth("other").body("{}").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.text().await.unwrap(), r#"{"message":"Invalid API Key"}"#);
    world.end().await;
}

#[tokio::test]
async fn a_bad_recipient_among_good_ones_is_a_partial_error() {
    let world = World::start().await;
    world.user("ada").await;
    let recipients = json!([{"external_user_id": 5}, {"external_user_id": "ada"}]);
    let got = world.api("/campaigns/trigger/send", json!({"campaign_id": "c", "recipients": recipients})).await;
    assert_eq!(got.status, 201);
    let expected = json!([{"type": "'external_user_id' must be a String", "input_array": "recipients", "index": 0}]);
    assert_eq!(got.body["errors"], expected);
    assert_eq!(world.get("/sandbox/messages?user=ada").await.as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn new_users_need_permission_and_a_broadcast_reaches_all() {
    let world = World::start().await;
    let new = json!([{"external_user_id": "new", "send_to_existing_only": false, "attributes": {"n": 1}}]);
    world.api("/campaigns/trigger/send", json!({"campaign_id": "c", "recipients": new})).await;
    world.user("ada").await;
    let all = json!({"canvas_id": "v", "broadcast": true, "context": {"external_system_msg_body": "to all"}});
    assert_eq!(world.api("/canvas/trigger/send", all).await.status, 201);
    assert_eq!(world.texts("new").await, ["-", "to all"]);
    assert_eq!(world.texts("ada").await, ["to all"]);
    assert_eq!(world.get("/sandbox/messages").await[1]["canvas_id"], "v");
    world.end().await;
}

#[tokio::test]
async fn track_processes_what_is_valid_and_names_the_rest() {
    let world = World::start_with(|config| config.track_objects_per_call_max = 5).await;
    let event = |time: &str| json!({"external_id": "ada", "name": "ordered", "time": time});
    let got = world
        .api(
            "/users/track",
            json!({
                "attributes": [
                    {"external_id": "ada", "email": "ada@example.org", "plan": "gold"},
                    {"plan": "gold"},
                    {"user_alias": {"alias_name": "+49", "alias_label": "phone"}, "plan": "never: aliases are not created"},
                ],
                "events": [event("2026-11-23T10:00:00Z"), event("yesterday")],
            }),
        )
        .await;
    assert_eq!(got.status, 201);
    assert_eq!(got.body["attributes_processed"], 2);
    assert_eq!(got.body["events_processed"], 1);
    assert_eq!(
        got.body["errors"][0]["type"],
        "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
    );
    assert_eq!(got.body["errors"][0]["index"], 1);
    assert_eq!(got.body["errors"][1]["input_array"], "events");
    assert_eq!(world.get("/sandbox/profiles/ada@example.org").await["custom_events"]["ordered"]["count"], 1);
    assert_eq!(world.get("/sandbox/profiles").await.as_array().unwrap().len(), 1);

    let alias = json!({"user_alias": {"alias_name": "+49", "alias_label": "phone"}, "_update_existing_only": false});
    assert_eq!(world.api("/users/track", json!({"attributes": [alias]})).await.status, 201);
    assert_eq!(world.get("/sandbox/profiles/+49").await["user_aliases"][0]["alias_label"], "phone");

    let nothing = world.api("/users/track", json!({"attributes": [{}]})).await;
    assert_eq!(nothing.status, 400);
    assert_eq!(nothing.body["errors"][0]["index"], 0);
    let many = world.api("/users/track", json!({"events": vec![event("2026-11-23"); 6]})).await;
    assert!(many.body["message"].as_str().unwrap().starts_with("Max Input Length Exceeded"));
    world.end().await;
}

#[tokio::test]
async fn attributes_mean_what_they_mean_at_braze() {
    let world = World::start().await;
    let long = "ä".repeat(300);
    for (attributes, expected) in [
        (json!({"name": long}), json!({"name": "ä".repeat(255)})),
        (json!({"name": null, "visits": {"inc": 2}}), json!({"visits": 2})),
        (json!({"visits": {"inc": -5}}), json!({"visits": -3})),
        (json!({"visits": null, "tags": ["a", "b"]}), json!({"tags": ["a", "b"]})),
        (json!({"tags": {"add": ["c", "a"]}}), json!({"tags": ["b", "c", "a"]})),
        (json!({"tags": {"remove": ["b", "z"]}}), json!({"tags": ["c", "a"]})),
        (json!({"tags": null, "pet": {"kind": "cat", "age": 3}}), json!({"pet": {"kind": "cat", "age": 3}})),
        (json!({"_merge_objects": true, "pet": {"age": 4}}), json!({"pet": {"kind": "cat", "age": 4}})),
        (json!({"pet": {"age": null, "kind": "dog"}}), json!({"pet": {"kind": "cat", "age": 4}})),
        (json!({"pet": {"age": 1}}), json!({"pet": {"age": 1}})),
        (json!({"pet": null, "pets": [{"id": 1}]}), json!({"pets": [{"id": 1}]})),
        (json!({"pets": {"$add": [{"id": 2}]}}), json!({"pets": [{"id": 1}, {"id": 2}]})),
        (
            json!({"pets": {"$update": [{"$identifier_key": "id", "$identifier_value": 2, "$new_object": {"n": "x"}}]}}),
            json!({"pets": [{"id": 1}, {"id": 2, "n": "x"}]}),
        ),
        (
            json!({"pets": {"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}}),
            json!({"pets": [{"id": 2, "n": "x"}]}),
        ),
    ] {
        let mut body = json!({"external_id": "ada"});
        body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        world.api("/users/track", json!({"attributes": [body]})).await;
        let profile = world.get("/sandbox/profiles/ada").await;
        assert_eq!(profile["custom_attributes"], expected, "after {attributes}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_hourly_pool_runs_dry_and_fills_on_the_clock_hour() {
    let world = World::start_with(|config| config.messaging_requests_per_hour_max = 2).await;
    world.user("ada").await;
    let number = |got: &super::world::Got, name: &str| got.headers[name].to_str().unwrap().parse::<u64>().unwrap();
    let first = world.api("/campaigns/trigger/send", reply("ada", "1")).await;
    assert_eq!((number(&first, "x-ratelimit-limit"), number(&first, "x-ratelimit-remaining")), (2, 1));
    assert_eq!(number(&first, "x-ratelimit-reset"), START / 1000 + 60);
    assert_eq!(world.api("/canvas/trigger/send", json!({"canvas_id": "c"})).await.status, 400);
    let dry = world.api("/campaigns/trigger/send", reply("ada", "2")).await;
    assert_eq!((dry.status, number(&dry, "x-ratelimit-remaining")), (429, 0));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.api("/campaigns/trigger/send", reply("ada", "3")).await.status, 201);
    assert_eq!(world.texts("ada").await, ["1", "3"]);
    world.end().await;
}

#[tokio::test]
async fn choices_and_media_arrive_as_the_user_sees_them() {
    let world = World::start().await;
    world.user("ada").await;
    let mut body = reply("ada", "pick");
    body["trigger_properties"] = json!({
        "choices": [{"id": "y", "title": "Yes", "description": "please"}, {"id": "n", "title": "No"}],
        "choice_1": "Yes", "media_url": "https://example.org/cat.jpg",
    });
    world.api("/campaigns/trigger/send", body).await;
    let mut body = reply("ada", "again");
    body["trigger_properties"] = json!({"choice_1": "Yes", "choice_2": "No"});
    world.api("/campaigns/trigger/send", body).await;
    let messages = world.get("/sandbox/messages?user=ada").await;
    assert_eq!(messages[0]["choices"][0], json!({"id": "y", "title": "Yes", "description": "please"}));
    assert_eq!(messages[0]["choices"][1]["description"], Value::Null);
    assert_eq!(messages[0]["media"], "https://example.org/cat.jpg");
    assert_eq!(messages[1]["choices"][1]["title"], "No");
    world.end().await;
}
