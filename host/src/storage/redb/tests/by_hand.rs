//! Records, the audit log, and what operators do by hand.

use super::*;
use crate::limits::{AUDIT_RETENTION, REPLY_WINDOW};
use crate::storage::{
    AuditEntry, AuditSeq, Erased, OutboxRow, QuarantineId, RecordChange, Records, Redriven, Released, Upkeep,
};

fn change(key: &str, expected: Option<&str>, value: Option<&str>) -> RecordChange {
    let bytes = |text: &str| text.as_bytes().to_vec();
    RecordChange { kind: "person", key: key.into(), expected: expected.map(bytes), value: value.map(bytes) }
}

fn entry(at: Timestamp, action: &str) -> AuditEntry {
    AuditEntry {
        at,
        caller: "p_1".into(),
        name: "ada".into(),
        action: action.into(),
        subject: None,
        from: "127.0.0.1".into(),
        count: 1,
    }
}

#[tokio::test]
async fn records_change_together_or_not_at_all() {
    let folder = Folder::new();
    let storage = folder.open();
    let both = vec![change("a", None, Some("1")), change("b", None, Some("2"))];
    assert!(storage.write_records(both).await.expect("written"));
    let stale = vec![change("a", Some("1"), Some("3")), change("b", Some("9"), None)];
    assert!(!storage.write_records(stale).await.expect("looked at"), "one is not as expected");
    let other = RecordChange { kind: "personal", ..change("a", None, Some("another kind")) };
    assert!(storage.write_records(vec![other]).await.expect("written"));
    storage.close().await.expect("closed");
    drop(storage);

    let storage = folder.open();
    let rows = storage.records("person").await.expect("readable");
    assert_eq!(rows, [("a".into(), b"1".to_vec()), ("b".into(), b"2".to_vec())]);
    assert!(storage.write_records(vec![change("a", Some("1"), None)]).await.expect("written"));
    assert_eq!(storage.record("person", "a").await.expect("readable"), None);
}

#[tokio::test]
async fn the_audit_log_is_read_backwards_and_forgets_after_its_retention() {
    let folder = Folder::new();
    let storage = folder.open();
    for (minute, action) in (0..).zip(["one", "two", "three"]) {
        storage.audit(vec![entry(NOW.after(Duration::from_mins(minute)), action)]).await.expect("written");
    }
    let newest = storage.audited(AuditSeq(u64::MAX), 2).await.expect("readable");
    assert_eq!(newest.iter().map(|(_, entry)| entry.action.as_str()).collect::<Vec<_>>(), ["three", "two"]);
    let rest = storage.audited(newest[1].0, 9).await.expect("readable");
    assert_eq!(rest.iter().map(|(_, entry)| entry.action.as_str()).collect::<Vec<_>>(), ["one"]);

    storage.sweep(NOW.after(AUDIT_RETENTION)).await.expect("swept");
    assert_eq!(storage.audited(AuditSeq(u64::MAX), 9).await.expect("readable").len(), 2);
}

async fn dead_row(storage: &Redb) -> outbox::Row {
    converse(storage, "u1", "d1").await;
    let row = storage.due(OutboxSeq(0), 1).await.expect("readable").remove(0);
    let status = Status::Dead { at: NOW, reason: "refused".into() };
    let dead = Settlement { seq: row.seq, status, attempts: 1, ambiguous: 0, follow_up: None };
    storage.settle(vec![dead]).await.expect("settled");
    row
}

#[tokio::test]
async fn a_dead_row_is_sent_again_once_or_let_go() {
    let folder = Folder::new();
    let storage = folder.open();
    let row = dead_row(&storage).await;
    let Redriven::Ready(fresh) = storage.redrive(NOW, row.seq).await.expect("done") else { panic!("it was dead") };
    let due = storage.due(OutboxSeq(0), 9).await.expect("readable");
    assert_eq!((due.len(), due[0].seq, &due[0].entry), (1, fresh, &row.entry));
    assert_eq!(storage.redrive(NOW, row.seq).await.expect("done"), Redriven::Absent, "it is the new one now");
    assert_eq!(storage.redrive(NOW, fresh).await.expect("done"), Redriven::NotDead, "it waits");

    let status = Status::Dead { at: NOW, reason: "refused".into() };
    let dead = Settlement { seq: fresh, status, attempts: 1, ambiguous: 0, follow_up: None };
    storage.settle(vec![dead]).await.expect("settled");
    let late = NOW.after(REPLY_WINDOW * 2);
    assert_eq!(storage.redrive(late, fresh).await.expect("done"), Redriven::Expired);
    assert!(storage.let_go(fresh).await.expect("done"));
    assert!(!storage.let_go(fresh).await.expect("done"), "it was let go");
    let Some(OutboxRow::Settled(fate)) = storage.outbox_row(fresh).await.expect("readable") else { panic!("settled") };
    assert_eq!(fate.entry, None);
    assert_eq!(storage.redrive(NOW, fresh).await.expect("done"), Redriven::NotDead);
}

#[tokio::test]
async fn a_quarantined_body_is_accepted_once_it_is_mended() {
    let folder = Folder::new();
    let storage = folder.open();
    let body = Quarantined { source: "whatsapp".into(), received: NOW, reason: "odd".into(), body: b"{".to_vec() };
    let ids = storage.quarantine(vec![body.clone(), body.clone(), body]).await.expect("kept");
    let ids: Vec<_> = ids.into_iter().map(QuarantineId).collect();
    let first = storage.release(NOW, ids[0], inbound("u1", "d1", "hi")).await.expect("done");
    assert!(matches!(first, Released::Accepted(_)), "{first:?}");
    assert_eq!(storage.release(NOW, ids[0], inbound("u1", "d2", "hi")).await.expect("done"), Released::Absent);
    let again = storage.release(NOW, ids[1], inbound("u1", "d1", "hi")).await.expect("done");
    assert!(matches!(again, Released::Duplicate(_)), "{again:?}");
    assert_eq!(storage.discard(ids.clone()).await.expect("done"), 1);
    assert_eq!(storage.quarantined_row(ids[2]).await.expect("readable"), None);
    assert_eq!(storage.take(InboxSeq(0), 9).await.expect("readable").len(), 1);
}

#[tokio::test]
async fn x6_a_late_delivery_does_not_bring_an_erased_user_back() {
    let folder = Folder::new();
    let storage = folder.open();
    converse(&storage, "u1", "d1").await;
    accept_one(&storage, NOW, inbound("u1", "d2", "waits")).await;
    let id = ConversationId::of("whatsapp", "u1");
    let erased = storage.forget(NOW, vec![id]).await.expect("erased");
    assert_eq!(erased, Erased { conversations: 1, turns: 1, inbox: 1, outbox: 1 });
    let late = NOW.after(Duration::from_hours(24));
    for dispatch in ["d1", "d2"] {
        let text = if dispatch == "d2" { "waits" } else { "hi" };
        let again = accept_one(&storage, late, inbound("u1", dispatch, text)).await;
        assert!(matches!(again, Accepted::Duplicate(_)), "{dispatch}: {again:?}");
    }
    storage.close().await.expect("closed");
    drop(storage);

    let storage = folder.open();
    let again = accept_one(&storage, late, inbound("u1", "d2", "waits")).await;
    assert!(matches!(again, Accepted::Duplicate(_)), "also after a restart: {again:?}");
    let pushed = storage.push(vec![(id, InboxItem::EndSession { outcome: "late".into() })]).await.expect("done");
    assert_eq!(pushed, [Pushed::Unknown], "there is nobody to tell");
    let fresh = accept_one(&storage, late, inbound("u1", "d3", "I am back")).await;
    assert!(matches!(fresh, Accepted::New(_)), "a new message is a new message");
    let long_after = NOW.after(DEDUPE_WINDOW);
    storage.sweep(long_after).await.expect("swept");
    let later = accept_one(&storage, long_after, inbound("u1", "d2", "waits")).await;
    assert!(matches!(later, Accepted::New(_)), "by then nobody delivers again: {later:?}");
}
