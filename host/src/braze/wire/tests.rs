use serde_json::json;

use super::*;
use crate::conversation::{Author, ConversationId};

fn named(name: &str, value: &str) -> NamedJson {
    NamedJson { name: name.into(), value: value.into() }
}

fn choices() -> Vec<Choice> {
    vec![
        Choice { id: "orders".into(), title: "Orders".into(), description: Some("Where is it?".into()) },
        Choice { id: "agent".into(), title: "Agent".into(), description: None },
    ]
}

fn reply(text: &str) -> Action {
    Action::Reply {
        campaign: "reply".into(),
        text: text.into(),
        choices: Vec::new(),
        media: None,
        properties: Vec::new(),
        attributes: Vec::new(),
    }
}

fn alias() -> Recipient {
    Recipient::Alias { name: "+4915112345678".into(), label: "phone".into() }
}

fn entry(recipient: Recipient, action: Action) -> Entry {
    Entry {
        conversation: ConversationId([0; 16]),
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient,
        action,
        created: Timestamp(1_767_225_599_007),
        expires: Timestamp(u64::MAX),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    }
}

fn asked(entry: &Entry) -> Result<(Endpoint, Value), String> {
    let campaign = |id: &str, buttons| config::Campaign {
        id: id.into(),
        text_property: "external_system_msg_body".into(),
        buttons,
    };
    let campaigns =
        [("reply".into(), campaign("campaign_id", false)), ("menu".into(), campaign("menu_id", true))].into();
    let canvases = [("welcome".into(), "canvas_id".into())].into();
    let (endpoint, body) = request(entry, Names { campaigns: &campaigns, canvases: &canvases })?;
    Ok((endpoint, serde_json::from_slice(&body).expect("a body is JSON")))
}

fn check(recipient: Recipient, action: Action, endpoint: Endpoint, body: Value) {
    assert_eq!(asked(&entry(recipient, action)), Ok((endpoint, body)));
}

fn known() -> Recipient {
    Recipient::ExternalId("external_id".into())
}

fn refused(action: Action) -> String {
    asked(&entry(known(), action)).expect_err("it cannot be asked for")
}

#[test]
fn a_plain_reply_is_the_documented_curl() {
    let documented = r#"{
        "campaign_id": "campaign_id",
        "recipients": [
          {
            "external_user_id": "external_id",
            "trigger_properties": {
              "external_system_msg_body": "your external system message"
            }
          }
        ]
      }"#;
    let body = serde_json::from_str(documented).expect("the documentation is JSON");
    check(known(), reply("your external system message"), Endpoint::CampaignsTriggerSend, body);
    assert_eq!(Endpoint::CampaignsTriggerSend.path(), "/campaigns/trigger/send");
}

#[test]
fn a_user_unknown_to_braze_is_reached_by_the_phone_alias() {
    let body = json!({
        "campaign_id": "campaign_id",
        "recipients": [{
            "user_alias": { "alias_name": "+4915112345678", "alias_label": "phone" },
            "trigger_properties": { "external_system_msg_body": "Hi" },
        }],
    });
    check(alias(), reply("Hi"), Endpoint::CampaignsTriggerSend, body);
}

fn full(campaign: &str) -> Action {
    Action::Reply {
        campaign: campaign.into(),
        text: "{{Choose}}\0".into(),
        choices: choices(),
        media: Some(Media { url: "https://example.com/a.jpg".into(), mime_type: None }),
        properties: vec![
            named("footer", "\"{%x%}\""),
            named("empty", "\"\""),
            named("nothing", "null"),
            named("external_system_msg_body", "\"other\""),
        ],
        attributes: vec![
            AttributeChange::Set(named("plan", "\"gold\"")),
            AttributeChange::Increment("orders".into(), 1),
            AttributeChange::Unset("draft".into()),
        ],
    }
}

#[test]
fn a_full_reply_carries_choices_media_properties_and_attributes() {
    let body = json!({
        "campaign_id": "menu_id",
        "recipients": [{
            "external_user_id": "external_id",
            "trigger_properties": {
                "external_system_msg_body": "{ {Choose}}",
                "choices": [
                    { "id": "orders", "title": "Orders", "description": "Where is it?" },
                    { "id": "agent", "title": "Agent" },
                ],
                "choice_1": "Orders",
                "choice_2": "Agent",
                "media_url": "https://example.com/a.jpg",
                "footer": "{ %x%}",
            },
            "attributes": { "plan": "gold", "orders": { "inc": 1 }, "draft": null },
        }],
    });
    check(known(), full("menu"), Endpoint::CampaignsTriggerSend, body);

    let (_, body) = asked(&entry(known(), full("reply"))).expect("it can be asked for");
    let properties = &body["recipients"][0]["trigger_properties"];
    assert_eq!(properties["external_system_msg_body"], "{ {Choose}}\n\n1. Orders — Where is it?\n2. Agent");
    assert_eq!(properties.get("choices").or(properties.get("choice_1")), None);
}

#[test]
fn campaigns_and_canvases_carry_their_properties_only() {
    let properties = vec![named("order", "{\"id\": 7}")];
    let campaign = Action::Campaign { campaign: "menu".into(), properties: properties.clone(), attributes: Vec::new() };
    let body = json!({
        "campaign_id": "menu_id",
        "recipients": [{ "external_user_id": "external_id", "trigger_properties": { "order": { "id": 7 } } }],
    });
    check(known(), campaign, Endpoint::CampaignsTriggerSend, body);

    let attributes = vec![AttributeChange::Add("tags".into(), "new".into())];
    let canvas = Action::Canvas { canvas: "welcome".into(), properties, attributes };
    let body = json!({
        "canvas_id": "canvas_id",
        "recipients": [{
            "external_user_id": "external_id",
            "context": { "order": { "id": 7 } },
            "attributes": { "tags": { "add": ["new"] } },
        }],
    });
    check(known(), canvas, Endpoint::CanvasTriggerSend, body);
    assert_eq!(Endpoint::CanvasTriggerSend.path(), "/canvas/trigger/send");

    let bare = Action::Campaign { campaign: "reply".into(), properties: Vec::new(), attributes: Vec::new() };
    let body = json!({ "campaign_id": "campaign_id", "recipients": [{ "external_user_id": "external_id" }] });
    check(known(), bare, Endpoint::CampaignsTriggerSend, body);
}

fn track() -> Action {
    Action::Track {
        attributes: vec![AttributeChange::Set(named("plan", "\"gold\""))],
        events: vec![named("ordered", "{\"id\": 7}"), named("seen", ""), named("left", "{}")],
    }
}

#[test]
fn profile_changes_and_events_go_to_users_track() {
    let time = "2025-12-31T23:59:59.007Z";
    let body = json!({
        "attributes": [{ "external_id": "external_id", "plan": "gold" }],
        "events": [
            { "external_id": "external_id", "name": "ordered", "time": time, "properties": { "id": 7 } },
            { "external_id": "external_id", "name": "seen", "time": time },
            { "external_id": "external_id", "name": "left", "time": time },
        ],
    });
    check(known(), track(), Endpoint::UsersTrack, body);
    assert_eq!(Endpoint::UsersTrack.path(), "/users/track");

    let body = json!({
        "attributes": [{
            "user_alias": { "alias_name": "+4915112345678", "alias_label": "phone" },
            "_update_existing_only": false,
            "plan": null,
        }],
    });
    let unset = Action::Track { attributes: vec![AttributeChange::Unset("plan".into())], events: Vec::new() };
    check(alias(), unset, Endpoint::UsersTrack, body);
}

#[test]
fn nothing_can_be_sent_to_everyone() {
    let actions = [
        reply("Hi"),
        full("menu"),
        full("reply"),
        Action::Campaign { campaign: "menu".into(), properties: Vec::new(), attributes: Vec::new() },
        Action::Canvas { canvas: "welcome".into(), properties: Vec::new(), attributes: Vec::new() },
        track(),
    ];
    for action in actions {
        for recipient in [known(), alias()] {
            let (_, body) = asked(&entry(recipient, action.clone())).expect("it can be asked for");
            let text = body.to_string();
            assert!(!text.contains("broadcast") && !text.contains("audience") && !text.contains("segment"), "{text}");
            let everyone =
                body.get("recipients").is_some_and(|list| list.as_array().is_none_or(|list| list.len() != 1));
            assert!(!everyone, "exactly one recipient: {text}");
        }
    }
    let sly = named("broadcast", "true");
    let sly = Action::Campaign { campaign: "menu".into(), properties: vec![sly], attributes: Vec::new() };
    let (_, body) = asked(&entry(known(), sly)).expect("it is a property like any other");
    assert_eq!(body.as_object().map(Map::len), Some(2), "a property stays a property: {body}");
}

#[test]
fn what_cannot_be_asked_for_says_why() {
    assert!(refused(reply("")).contains("no text"));
    assert!(refused(reply("\0 \n")).contains("no text"));
    let Action::Reply { text, choices, media, attributes, .. } = reply("Hi") else { unreachable!("a reply") };
    let unknown = Action::Reply { campaign: "other".into(), text, choices, media, properties: Vec::new(), attributes };
    assert!(refused(unknown).contains("[braze.campaigns.other]"));
    let properties = vec![named("order", "{id: 7}")];
    let broken = Action::Campaign { campaign: "menu".into(), properties, attributes: Vec::new() };
    assert!(refused(broken).contains("property `order` is not JSON"));
    let event = Action::Track { attributes: Vec::new(), events: vec![named("ordered", "7")] };
    assert!(refused(event).contains("not a JSON object"));
}

#[test]
fn times_are_iso_8601() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ];
    for (at, expected) in cases {
        assert_eq!(iso_8601(Timestamp(at)), expected);
    }
}
