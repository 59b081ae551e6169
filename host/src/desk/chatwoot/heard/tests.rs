//! Every trap in what Chatwoot sends.

use serde_json::{Value, json};

use super::super::{CONVERSATION, HANDOFF, MARK};
use super::*;
use crate::limits::REPLY_CHARS_MAX;

fn id() -> ConversationId {
    ConversationId::of("whatsapp", "ada")
}

/// The documented body of `message_created`, as an agent's first answer.
fn message() -> Value {
    json!({
        "event": "message_created",
        "id": 9001,
        "content": "Hi, this is Bia",
        "content_type": "text",
        "content_attributes": {},
        "additional_attributes": {},
        "message_type": "outgoing",
        "private": false,
        "created_at": "2026-09-01T12:00:00.000Z",
        "source_id": null,
        "sender": {"id": 3, "name": "Bia", "email": "bia@x.test", "type": "user"},
        "inbox": {"id": 1, "name": "WhatsApp via Braze"},
        "account": {"id": 1, "name": "Acme"},
        "conversation": conversation("open", Value::Null),
    })
}

fn conversation(status: &str, assignee: Value) -> Value {
    json!({
        "id": 42, "inbox_id": 1, "status": status, "channel": "Channel::Api", "can_reply": true,
        "contact_inbox": {"id": 8, "contact_id": 7, "inbox_id": 1, "source_id": "b5c0.."},
        "messages": [{
            "id": 9001, "content": "Hi, this is Bia", "message_type": 1, "created_at": 1_788_264_000, "private": false,
            "sender_type": "User", "sender_id": 3, "conversation_id": 42,
        }],
        "meta": {
            "sender": {"id": 7, "name": "Ana", "phone_number": "+55..", "identifier": "ext-1", "type": "contact"},
            "assignee": assignee, "assignee_type": "User", "team": null, "hmac_verified": false,
        },
        "labels": [], "custom_attributes": {CONVERSATION: id().to_string(), HANDOFF: 2}, "additional_attributes": {},
        "snoozed_until": null, "priority": null, "waiting_since": 0, "last_activity_at": 1_788_264_000,
        "created_at": 1_788_263_000, "updated_at": 1_788_264_000.12,
    })
}

fn bia() -> Value {
    json!({"id": 3, "name": "Bia", "type": "user"})
}

/// A webhook about a conversation: the conversation itself, with the event beside it.
fn about(event: &str, conversation: Value, changed: Value) -> Value {
    let mut body = conversation;
    body["event"] = event.into();
    body["changed_attributes"] = changed;
    body
}

fn change(name: &str) -> Value {
    json!([{ name: {"previous_value": "before", "current_value": "after"} }])
}

fn heard(body: &Value) -> Vec<Heard> {
    webhook(body, &BTreeMap::from([("billing".to_owned(), 5)]))
}

/// What was done, beside that the desk has the conversation, which comes first each time.
fn acts(body: &Value) -> Vec<Act> {
    let mut heard = heard(body).into_iter();
    let first = heard.next().map(|heard| heard.act.act);
    assert!(matches!(first, Some(Act::Opened { handoff: 2 }) | None), "{first:?}");
    heard
        .map(|heard| {
            assert_eq!((heard.conversation, heard.act.remote_id.as_deref()), (id(), Some("42")));
            heard.act.act
        })
        .collect()
}

fn with(mut body: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("the parent is there")[name] = value.clone();
    }
    body
}

fn reply(text: &str) -> Act {
    Act::Reply { text: text.into(), media: None, takes: true }
}

fn assigned() -> Act {
    let agent = Agent { id: "chatwoot:3".into(), name: Some("Bia".into()) };
    Act::Assign { agent: Some(agent), team: None }
}

#[test]
fn an_agents_message_is_a_reply_whichever_form_its_type_has() {
    for kind in [json!("outgoing"), json!(1)] {
        let heard = heard(&with(message(), &[("/message_type", kind)]));
        assert_eq!(heard[1].act.by, Agent { id: "chatwoot:3".into(), name: Some("Bia".into()) });
        assert_eq!(heard[1].act.act, reply("Hi, this is Bia"));
    }
    for kind in [json!("incoming"), json!(0), json!("activity"), json!(2), json!("template"), json!(3), Value::Null] {
        assert_eq!(acts(&with(message(), &[("/message_type", kind.clone())])), [], "{kind}");
    }
}

#[test]
fn times_may_have_any_shape() {
    for time in
        [json!("2026-09-01T12:00:00.000Z"), json!(1_788_264_000), json!(1_788_264_000.5), Value::Null, json!([])]
    {
        let body = with(message(), &[("/created_at", time.clone()), ("/conversation/updated_at", time)]);
        assert_eq!(acts(&body), [reply("Hi, this is Bia")]);
    }
}

#[test]
fn the_conversation_is_known_by_its_display_id_and_by_our_attributes() {
    assert!(acts(&with(message(), &[("/conversation/custom_attributes", json!({}))])).is_empty());
    assert!(acts(&with(message(), &[("/conversation/custom_attributes", Value::Null)])).is_empty());
    for wrong in [json!("c_0"), json!(7), json!("nonsense")] {
        assert!(
            heard(&with(message(), &[(&format!("/conversation/custom_attributes/{CONVERSATION}"), wrong)])).is_empty()
        );
    }
    assert!(heard(&with(message(), &[("/conversation/id", Value::Null)])).is_empty());
}

#[test]
fn what_is_ours_or_a_machines_is_not_said_again() {
    let marked = json!({MARK: "7.0"});
    for (what, changes) in [
        ("our own line", vec![("/content_attributes", marked.clone())]),
        ("our mark as text", vec![("/content_attributes", json!(marked.to_string()))]),
        ("our own note", vec![("/content_attributes", marked), ("/private", json!(true))]),
        ("an agent bot's", vec![("/sender", json!({"id": 1, "type": "agent_bot"}))]),
        ("an automation's", vec![("/content_attributes", json!({"automation_rule_id": 4}))]),
        ("a campaign's", vec![("/additional_attributes", json!({"campaign_id": 4}))]),
        ("a survey", vec![("/content_type", json!("input_csat"))]),
        ("a deleted one", vec![("/content_attributes", json!({"deleted": true}))]),
        ("an empty one", vec![("/content", Value::Null)]),
        ("one without a number", vec![("/id", Value::Null)]),
    ] {
        assert_eq!(acts(&with(message(), &changes)), [], "{what}");
    }
}

#[test]
fn a_private_message_is_a_note() {
    let body = with(message(), &[("/private", json!(true)), ("/content", json!("x".repeat(NOTE_CHARS_MAX + 1)))]);
    assert_eq!(acts(&body), [Act::Note { text: "x".repeat(NOTE_CHARS_MAX) }]);
}

#[test]
fn who_has_no_name_is_a_person_all_the_same() {
    let body =
        with(message(), &[("/sender", Value::Null), ("/content_attributes", json!({"external_sender_name": "Rui"}))]);
    assert_eq!(heard(&body)[1].act.by, Agent { id: "chatwoot".into(), name: Some("Rui".into()) });
    let body = with(message(), &[("/sender", Value::Null), ("/conversation/meta/assignee", bia())]);
    assert_eq!(heard(&body)[1].act.by.id, "chatwoot:3", "whose conversation it is");
    assert_eq!(heard(&body)[1].act.act, reply("Hi, this is Bia"));
}

#[test]
fn duplicates_have_the_same_key_and_others_have_another() {
    let key = |body: &Value| heard(body)[1].dedupe_key;
    let later = with(message(), &[("/conversation/updated_at", json!(1_788_264_009.5)), ("/content", json!("edited"))]);
    assert_eq!(key(&message()), key(&later));
    assert_ne!(key(&message()), key(&with(message(), &[("/id", json!(9002))])));
    assert_ne!(key(&message()), key(&with(message(), &[("/conversation/id", json!(43))])));

    let resolved = conversation("resolved", bia());
    let pair = ["conversation_status_changed", "conversation_updated"];
    let [first, second] = pair.map(|event| key(&about(event, resolved.clone(), change("status"))));
    assert_eq!(first, second, "two events of one change");
    let again = about(pair[0], with(resolved, &[("/updated_at", json!(1_788_264_100.0))]), change("status"));
    assert_ne!(first, key(&again), "resolved again, later");
}

#[test]
fn an_edited_message_is_not_sent_again() {
    assert_eq!(acts(&with(message(), &[("/event", json!("message_updated")), ("/content", json!("Hello"))])), []);
}

#[test]
fn whoever_has_an_open_conversation_has_it_here_whichever_event_says_so() {
    let open = || conversation("open", bia());
    for body in [
        about("conversation_status_changed", open(), change("status")),
        about("conversation_updated", open(), change("assignee_id")),
        about("conversation_updated", open(), Value::Null),
        about("conversation_updated", open(), change("first_reply_created_at")),
        about("conversation_updated", open(), json!({"assignee_id": [null, 3]})),
        about("conversation_created", open(), Value::Null),
        with(message(), &[("/conversation", open()), ("/message_type", json!("incoming"))]),
        with(message(), &[("/conversation", open()), ("/event", json!("message_updated"))]),
    ] {
        assert_eq!(acts(&body), [assigned()], "{body}");
    }
    let mentioned = |kind: &str| {
        heard(&with(message(), &[("/conversation", open()), ("/message_type", json!(kind))]))[1].dedupe_key
    };
    assert_eq!(mentioned("incoming"), mentioned("activity"), "in passing it is believed once");
    let by_bot = with(open(), &[("/meta/assignee_type", json!("AgentBot"))]);
    assert_eq!(
        acts(&about("conversation_updated", by_bot, change("assignee_id"))),
        [Act::Assign { agent: None, team: None }]
    );
}

#[test]
fn a_conversation_that_begins_says_nothing_of_its_messages() {
    let created = about("conversation_created", conversation("open", Value::Null), Value::Null);
    assert_eq!(acts(&created), [], "the message in it may be any of the first few");
}

#[test]
fn what_is_taken_away_is_offered_again_and_teams_go_by_their_names() {
    let open = conversation("open", Value::Null);
    let taken = about("conversation_updated", open.clone(), change("assignee_id"));
    assert_eq!(acts(&taken), [Act::Assign { agent: None, team: None }]);
    let team =
        about("conversation_updated", with(open.clone(), &[("/meta/team", json!({"id": 5}))]), change("team_id"));
    assert_eq!(acts(&team), [Act::Assign { agent: None, team: Some("billing".into()) }]);
    let unknown = about("conversation_updated", with(open, &[("/meta/team", json!({"id": 6}))]), change("team_id"));
    assert_eq!(acts(&unknown), []);
}

#[test]
fn every_status_says_whose_it_is() {
    let status = |status: &str, until: Value| {
        let conversation = with(conversation(status, bia()), &[("/snoozed_until", until)]);
        acts(&about("conversation_status_changed", conversation, Value::Null))
    };
    assert_eq!(status("resolved", Value::Null), [Act::Resolve { note: None }]);
    assert_eq!(status("pending", Value::Null), [Act::Return { note: None }]);
    assert_eq!(status("snoozed", Value::Null), [Act::Park { until: None }]);
    let until = Some(Timestamp(1_788_264_000_000));
    assert_eq!(status("snoozed", json!(1_788_264_000)), [Act::Park { until }]);
    assert_eq!(status("snoozed", json!("2026-09-01T12:00:00.000Z")), [Act::Park { until }]);
    assert_eq!(status("snoozed", json!("tomorrow")), [Act::Park { until: None }]);
    assert_eq!(status("dreaming", Value::Null), []);
}

#[test]
fn who_answers_in_a_resolved_conversation_says_it_and_leaves_it_resolved() {
    let late = with(message(), &[("/conversation", conversation("resolved", bia()))]);
    assert_eq!(acts(&late), [reply("Hi, this is Bia"), Act::Resolve { note: None }]);
    let other = with(late.clone(), &[("/id", json!(9002))]);
    assert_ne!(heard(&late)[2].dedupe_key, heard(&other)[2].dedupe_key, "each of them");
    let echo = with(late, &[("/content_attributes", json!({MARK: "7.0"}))]);
    assert_eq!(acts(&echo), [], "ours opens it again, whatever this says");
}

#[test]
fn attachments_are_media_one_to_a_message() {
    let attached = |url: &str| json!({"id": 5, "file_type": "image", "data_url": url});
    let urls = ["https://x.test/a.png", "https://x.test/b.png", "javascript:alert(1)", "/rails/c.png"];
    let body = with(message(), &[("/attachments", urls.map(attached).to_vec().into())]);
    let media = |url: &str| Some(Media { url: url.into(), mime_type: None });
    let said = |text: &str, url: &str| Act::Reply { text: text.into(), media: media(url), takes: true };
    assert_eq!(acts(&body), [said("Hi, this is Bia", urls[0]), said("", urls[1])]);
    assert_eq!(acts(&with(body, &[("/content", Value::Null)])), [said("", urls[0]), said("", urls[1])]);
}

#[test]
fn a_long_message_is_cut_into_what_whatsapp_takes() {
    let long = format!("{} {} {}", "a".repeat(4_000), "b".repeat(4_000), "ü".repeat(5_000));
    let pieces = pieces(&long);
    assert_eq!(pieces.len(), 4);
    assert!(pieces.iter().all(|piece| piece.chars().count() <= REPLY_CHARS_MAX));
    assert_eq!(pieces.concat().chars().count(), 13_000, "nothing but the spaces is lost");
}

#[test]
fn whatever_else_comes_is_nothing() {
    for body in [
        json!(null),
        json!([]),
        json!("message_created"),
        json!({}),
        json!({"event": "message_created"}),
        json!({"event": 7, "conversation": []}),
        json!({"event": "contact_updated", "id": 7}),
        about("conversation_typing_on", conversation("open", bia()), Value::Null),
        about("webwidget_triggered", conversation("open", bia()), Value::Null),
    ] {
        assert_eq!(heard(&body), [], "{body}");
    }
    // Each field in turn is something that it should not be.
    let whole = message();
    for wrong in [json!(null), json!(7), json!("x"), json!([[]]), json!({"a": {}})] {
        for name in whole.as_object().expect("an object").keys() {
            let _ = heard(&with(message(), &[(&format!("/{name}"), wrong.clone())]));
        }
        for name in whole["conversation"].as_object().expect("an object").keys() {
            let _ = heard(&with(message(), &[(&format!("/conversation/{name}"), wrong.clone())]));
        }
    }
}

#[test]
fn what_is_listed_says_what_the_webhooks_would_have_said() {
    let listed_message = json!({
        "id": 9001, "content": "Hi, this is Bia", "message_type": 1, "created_at": 1_788_264_000, "private": false,
        "content_attributes": {}, "sender": {"id": 3, "name": "Bia", "type": "user"},
    });
    let teams = BTreeMap::new();
    let all = listed(&conversation("open", bia()), &[listed_message], &teams);
    let told = heard(&message());
    assert_eq!(all[..2], told[..2], "with the same key");
    assert_eq!(all[2].act.act, assigned());
    let changed = about("conversation_status_changed", conversation("open", bia()), change("status"));
    assert_eq!(all[2].dedupe_key, heard(&changed)[1].dedupe_key);
}
