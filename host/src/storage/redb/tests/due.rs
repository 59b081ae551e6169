//! What is due by itself or was asked of others: alarms, pushed items, calls, outcomes, and the journal by time and size.

use super::*;
use crate::conversation::count::{Count, Measure};
use crate::conversation::{Request, RequestError, Response, WhileWaiting};
use crate::outbox::{Call, CallSeq};
use crate::storage::{OutcomeCount, TurnKey};

fn id(user: &str) -> ConversationId {
    ConversationId::of("whatsapp", user)
}

/// Writes the conversation with this alarm.
async fn alarm(storage: &Redb, user: &str, at: Option<Timestamp>) {
    let before = storage.read(id(user)).await.expect("readable");
    let version = before.as_ref().map_or(0, |before| before.version) + 1;
    let after = Conversation { version, alarm: at, ..before.clone().unwrap_or_default() };
    let committed = storage.commit(vec![TurnCommit::of(id(user), before.as_ref(), after)]).await.expect("committed");
    assert_eq!(committed, [Committed::Done]);
}

#[tokio::test]
async fn alarms_are_in_order_move_with_the_conversation_and_go_with_it() {
    let folder = Folder::new();
    let storage = folder.open();
    let at = |seconds| NOW.after(Duration::from_secs(seconds));
    for (user, seconds) in [("u1", 30), ("u2", 10), ("u3", 20)] {
        alarm(&storage, user, Some(at(seconds))).await;
    }
    let all = [(at(10), id("u2")), (at(20), id("u3")), (at(30), id("u1"))];
    assert_eq!(storage.alarms(None, 10).await.expect("readable"), all);
    assert_eq!(storage.alarms(None, 2).await.expect("readable"), all[..2]);
    assert_eq!(storage.alarms(Some(all[0]), 10).await.expect("readable"), all[1..]);

    alarm(&storage, "u2", Some(at(40))).await;
    alarm(&storage, "u3", None).await;
    assert_eq!(storage.alarms(None, 10).await.expect("readable"), [(at(30), id("u1")), (at(40), id("u2"))]);
    storage.erase(id("u1")).await.expect("erased");
    assert_eq!(storage.alarms(None, 10).await.expect("readable"), [(at(40), id("u2"))]);
}

#[tokio::test]
async fn something_is_pushed_to_conversations_that_exist_and_to_no_other() {
    let folder = Folder::new();
    let storage = folder.open();
    converse(&storage, "u1", "d1").await;
    let item = InboxItem::Event(Event::External(NamedJson::from(("paid", "true"))));
    let items = ["u1", "nobody"].map(|user| (id(user), item.clone())).to_vec();
    let pushed = storage.push(items).await.expect("pushed");
    assert!(matches!(pushed[..], [Pushed::Queued(_), Pushed::Unknown]), "{pushed:?}");
    let rows = storage.take(InboxSeq(0), 10).await.expect("rows");
    assert_eq!(rows.iter().map(|row| (row.conversation, row.item.clone())).collect::<Vec<_>>(), [(id("u1"), item)]);
}

fn call(user: &str) -> Call {
    let request = Request {
        id: "r1".into(),
        connection: "shop".into(),
        method: "GET".into(),
        path: "/orders/1".into(),
        headers: Vec::new(),
        body: None,
        timeout_seconds: 5,
        while_waiting: WhileWaiting::Deliver,
    };
    Call { conversation: id(user), turn: 1, index: 2, bot: "menu".into(), request, created: NOW }
}

/// Commits a conversation with a call; the call's number.
async fn calling(storage: &Redb, user: &str) -> CallSeq {
    let mut commit = TurnCommit::of(id(user), None, Conversation { version: 1, ..Conversation::default() });
    commit.calls = vec![call(user)];
    storage.commit(vec![commit]).await.expect("committed");
    storage.calls(CallSeq(0), 10).await.expect("rows").last().expect("a call").seq
}

#[tokio::test]
async fn a_call_is_marked_before_it_is_made_and_answered_once() {
    let folder = Folder::new();
    let storage = folder.open();
    let seq = calling(&storage, "u1").await;
    let rows = storage.calls(CallSeq(0), 10).await.expect("rows");
    assert_eq!((rows.len(), &rows[0].call, rows[0].started), (1, &call("u1"), false));
    storage.call_started(seq).await.expect("marked");
    storage.close().await.expect("closes");
    drop(storage);

    let storage = folder.open();
    assert!(storage.calls(CallSeq(0), 10).await.expect("rows")[0].started, "known after a restart");
    let response = Response { id: "r1".into(), outcome: Err(RequestError::Timeout) };
    for _ in 0..2 {
        storage.call_answered(seq, Some(response.clone())).await.expect("answered");
    }
    assert_eq!(storage.calls(CallSeq(0), 10).await.expect("rows"), []);
    let items: Vec<_> = storage
        .take(InboxSeq(0), 10)
        .await
        .expect("rows")
        .into_iter()
        .map(|row| (row.conversation, row.item))
        .collect();
    assert_eq!(items, [(id("u1"), InboxItem::Answer { turn: 1, index: 2, response })]);
}

#[tokio::test]
async fn an_erased_conversation_is_told_no_answer() {
    let folder = Folder::new();
    let storage = folder.open();
    let seq = calling(&storage, "u1").await;
    storage.erase(id("u1")).await.expect("erased");
    assert_eq!(storage.calls(CallSeq(0), 10).await.expect("rows"), [], "the call goes as well");
    let response = Response { id: "r1".into(), outcome: Err(RequestError::Timeout) };
    storage.call_answered(seq, Some(response)).await.expect("nobody is told");
    assert_eq!(storage.take(InboxSeq(0), 10).await.expect("rows"), []);
}

#[tokio::test]
async fn outcomes_are_counted_by_day_bot_and_outcome() {
    let folder = Folder::new();
    let storage = folder.open();
    let day = u32::try_from(NOW.0 / 86_400_000).expect("a day");
    let ends = [
        (0, "menu", "solved"),
        (0, "menu", "solved"),
        (0, "menu", "expired"),
        (0, "echo", "solved"),
        (1, "menu", "solved"),
    ];
    for (nth, (days, bot, outcome)) in ends.into_iter().enumerate() {
        let last_turn = NOW.after(Duration::from_hours(24 * days));
        let conversation = Conversation { version: 1, last_turn, ..Conversation::default() };
        let mut commit = TurnCommit::of(id(&format!("u{nth}")), None, conversation);
        let version = [u8::try_from(nth).expect("few"); 8];
        commit.counts = vec![Count { bot: bot.into(), version, measure: Measure::Ended, label: outcome.into() }];
        storage.commit(vec![commit]).await.expect("committed");
    }
    let outcomes = async |first, last| OutcomeCount::of(&storage.counts(first, last).await.expect("readable"));
    let all = outcomes(day, day + 1).await;
    let of = |day: u32, bot: &str, outcome: &str, sessions| OutcomeCount {
        day,
        bot: bot.into(),
        outcome: outcome.into(),
        sessions,
    };
    let today = [of(day, "echo", "solved", 1), of(day, "menu", "expired", 1), of(day, "menu", "solved", 2)];
    assert_eq!(all[..3], today);
    assert_eq!(all[3..], [of(day + 1, "menu", "solved", 1)]);
    assert_eq!(outcomes(day, day).await, today);
}

/// A turn each second, of two users by turns; each of them goes on where it was.
async fn turns(storage: &Redb, count: u64) {
    for nth in 0..count {
        let user = format!("u{}", nth % 2);
        accept_one(storage, NOW.after(Duration::from_secs(nth)), inbound(&user, &format!("d{nth}"), "hi")).await;
        let row = storage.take(InboxSeq(0), 1).await.expect("rows")[0].clone();
        let before = storage.read(row.conversation).await.expect("readable");
        storage.commit(vec![turn_on(&row, before.as_ref())]).await.expect("committed");
    }
}

async fn keys(storage: &Redb, from: u64, to: u64, after: Option<TurnKey>, max: usize) -> Vec<TurnKey> {
    let at = |seconds| NOW.after(Duration::from_secs(seconds));
    let turns = storage.turns(at(from), at(to), after, max).await.expect("readable");
    turns.into_iter().map(|(key, entry)| (entry.expect("readable"), key).1).collect()
}

#[tokio::test]
async fn turns_are_read_by_time_and_in_pieces() {
    let folder = Folder::new();
    let storage = folder.open();
    turns(&storage, 6).await;
    let all = keys(&storage, 0, 100, None, 10).await;
    let seconds: Vec<_> = all.iter().map(|key| key.at.since(NOW).as_secs()).collect();
    assert_eq!(seconds, [0, 1, 2, 3, 4, 5]);
    assert_eq!(keys(&storage, 2, 5, None, 10).await, all[2..5], "the end is not included");
    assert_eq!(keys(&storage, 0, 100, None, 2).await, all[..2]);
    assert_eq!(keys(&storage, 0, 100, Some(all[1]), 2).await, all[2..4]);
    storage.erase(all[0].conversation).await.expect("erased");
    assert_eq!(keys(&storage, 0, 100, None, 10).await, [all[1], all[3], all[5]]);
}

#[tokio::test]
async fn the_sweep_removes_the_oldest_turns_until_the_rest_is_small_enough() {
    let folder = Folder::new();
    let storage = folder.open();
    turns(&storage, 6).await;
    let all = keys(&storage, 0, 100, None, 10).await;
    let later = NOW.after(Duration::from_secs(100));
    storage.sweep(later).await.expect("swept");
    assert_eq!(keys(&storage, 0, 100, None, 10).await, all, "there is room for all");
    storage.close().await.expect("closes");
    drop(storage);

    // Room for about half of them.
    let bytes_max = 3 * 200;
    let tight = Settings { journal: JournalKeep { bytes_max, ..SETTINGS.journal }, ..SETTINGS };
    let storage = Redb::open(&folder.file(), tight, NOW).expect("opens");
    storage.sweep(later).await.expect("swept");
    let left = keys(&storage, 0, 100, None, 10).await;
    assert!(!left.is_empty() && left.len() < all.len(), "{} are left", left.len());
    assert_eq!(left, all[all.len() - left.len()..], "the newest stay");
}
