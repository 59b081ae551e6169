use axum::http::StatusCode;

use crate::clock::Clock as _;
use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::people::Role;
use crate::storage::{InboxItem, InboxSeq, Quarantined};

const GOOD: &str = r#"{"user_id": "u1", "message": "hi"}"#;

async fn quarantine(site: &Site, body: &[u8]) -> u64 {
    let row = Quarantined {
        source: "whatsapp".into(),
        received: site.clock.now(),
        reason: "the body is no object".into(),
        body: body.to_owned(),
    };
    site.console.storage.quarantine(vec![row]).await.expect("storage works")[0]
}

#[tokio::test]
async fn nothing_waits_and_every_shelf_says_what_would_be_on_it() {
    let site = Site::open();
    for (shelf, says) in [
        ("", "Nothing waits"),
        ("?show=unknown", "No open question"),
        ("?show=dead", "Everything was sent"),
        ("?show=quarantine", "Every webhook was understood"),
    ] {
        let page = site.get(&format!("/console/outbox{shelf}")).await.page();
        assert!(page.contains(says), "{shelf}: {page}");
    }
}

#[tokio::test]
async fn what_users_and_bots_write_is_text_on_every_shelf() {
    let site = Site::open();
    for hostile in HOSTILE {
        site.turn(hostile, hostile, hostile).await;
        quarantine(&site, hostile.as_bytes()).await;
    }
    is_inert(&site.get("/console/outbox").await.page());
    is_inert(&site.get("/console/outbox?show=quarantine").await.page());
    site.give_up(HOSTILE[1], 0).await;
    let page = site.get("/console/outbox?show=dead").await.page();
    assert_eq!(page.matches("data-row").count(), HOSTILE.len());
    is_inert(&page);
    let id = quarantine(&site, HOSTILE.join("").as_bytes()).await;
    is_inert(&site.get(&format!("/console/outbox/quarantine/{id}")).await.page());
}

#[tokio::test]
async fn what_was_given_up_goes_out_again_or_is_dropped_once() {
    let site = Site::open();
    site.turn("u1", "first", "menu").await;
    let first = site.waiting().await[0].0.to_string();
    site.give_up("refused", 0).await;
    let page = site.get("/console/outbox?show=dead").await.page();
    assert!(page.contains("refused") && page.contains("first"), "{page}");
    assert!(site.get("/console/outbox?show=unknown").await.page().contains("No open question"));

    let (to, said) = site.post("/console/outbox/send-again", &[("show", "dead"), ("row", &first)]).await.done();
    assert_eq!((to.as_str(), said.as_str()), ("/console/outbox?show=dead", "1 row goes out again."));
    let again = site.waiting().await;
    assert_eq!(again.len(), 1);
    let refused = site.post("/console/outbox/send-again", &[("row", &first)]).await;
    assert!(refused.refused(StatusCode::CONFLICT).contains("Nothing was changed"));

    // Of what may have arrived, one row is chosen by its own button, whatever else is ticked.
    site.give_up("the answer was lost", 1).await;
    assert!(site.get("/console/outbox?show=unknown").await.page().contains("the answer was lost"));
    let only = again[0].0.to_string();
    let (_, said) = site.post("/console/outbox/drop", &[("row", "1"), ("only", &only)]).await.done();
    assert_eq!(said, "1 row dropped.");
    assert!(site.get("/console/outbox?show=unknown").await.page().contains("No open question"));
    let done: Vec<String> = site.audited().await.into_iter().map(|(action, _)| action).collect();
    assert!(done.contains(&"outbox.redriven".to_owned()) && done.contains(&"outbox.dropped".to_owned()), "{done:?}");
}

#[tokio::test]
async fn nothing_is_done_for_those_who_may_only_look_or_name_nothing() {
    let mut site = Site::open();
    site.turn("u1", "first", "menu").await;
    let row = site.waiting().await[0].0.to_string();
    site.give_up("refused", 0).await;
    for fields in [vec![], vec![("row", "one")], vec![("row", "-1")], vec![("row", "99999999999999999999999")]] {
        site.post("/console/outbox/drop", &fields).await.refused(StatusCode::BAD_REQUEST);
    }
    let id = quarantine(&site, b"{").await;
    site.as_a(Role::Agent);
    for path in ["send-again", "drop"] {
        site.post(&format!("/console/outbox/{path}"), &[("row", &row)]).await.refused(StatusCode::FORBIDDEN);
    }
    let path = format!("/console/outbox/quarantine/{id}");
    site.post(&format!("{path}/release"), &[("body", GOOD)]).await.refused(StatusCode::FORBIDDEN);
    site.post(&format!("{path}/drop"), &[]).await.refused(StatusCode::FORBIDDEN);
    let page = site.get("/console/outbox?show=dead").await.page();
    assert!(page.contains("first") && !page.contains("Send again"), "{page}");
    assert!(!site.get(&path).await.page().contains("<textarea"));
}

#[tokio::test]
async fn a_body_is_mended_let_in_and_gone() {
    let site = Site::open();
    let id = quarantine(&site, br#"{"user_id": "u1", "message": "#).await;
    let path = format!("/console/outbox/quarantine/{id}");
    assert!(site.get(&path).await.page().contains("&#34;user_id&#34;"));
    let still = site.post(&format!("{path}/release"), &[("body", "no object")]).await;
    assert!(still.refused(StatusCode::BAD_REQUEST).contains("still cannot be read"));

    let (to, said) = site.post(&format!("{path}/release"), &[("body", GOOD)]).await.done();
    assert!(to.ends_with("show=quarantine") && said.contains("in the inbox"), "{to}: {said}");
    let rows = site.console.storage.take(InboxSeq::default(), 10).await.expect("storage works");
    let [row] = rows.as_slice() else { panic!("one message: {rows:?}") };
    assert!(matches!(&row.item, InboxItem::Inbound { inbound, .. } if inbound.text == "hi"), "{row:?}");
    assert_eq!(site.get(&path).await.status, StatusCode::NOT_FOUND);
    site.post(&format!("{path}/release"), &[("body", GOOD)]).await.refused(StatusCode::NOT_FOUND);

    let id = quarantine(&site, b"\xff\xfe").await;
    assert!(site.get(&format!("/console/outbox/quarantine/{id}")).await.page().contains("not UTF-8"));
    site.post(&format!("/console/outbox/quarantine/{id}/drop"), &[]).await.done();
    assert!(site.get("/console/outbox?show=quarantine").await.page().contains("Every webhook was understood"));
}
