//! A million timers pending, ten thousand of them due within one second: how late they fire, and what they take of memory.

use std::path::PathBuf;
use std::time::Duration;

use turnwise::clock::{Clock, SystemClock, Timestamp};
use turnwise::conversation::kept::PendingTimer;
use turnwise::conversation::{Conversation, Event, User};
use turnwise::limits::SESSION_IDLE_TIMEOUT;
use turnwise::storage::redb::JournalKeep;
use turnwise::storage::{Storage, TurnCommit};

use super::driven::{Driven, on_threads};
use super::figure::Figure;
use super::stats::Durations;
use super::{machine, rows, webhook};

const PENDING: usize = 1_000_000;
const DUE: usize = 10_000;
/// Conversations written at once.
const BATCH: usize = 5_000;
/// From starting the last timers to the first of them: they are all written by then.
const LEAD: Duration = Duration::from_secs(5);
/// All are late beyond hope after this.
const PATIENCE: Duration = Duration::from_mins(2);

/// On a database of its own.
pub(super) async fn measure(folder: PathBuf) -> Vec<Figure> {
    on_threads(async move { fire(folder).await }).await
}

async fn fire(folder: PathBuf) -> Vec<Figure> {
    let driven = Driven::new(&folder, JournalKeep::default()).await;
    // What so many turns take by themselves, whatever they are about, is not the timers'.
    let running = driven.start();
    for first in (PENDING..PENDING + DUE).step_by(BATCH) {
        driven.accept(first..first + BATCH, 0).await;
    }
    driven.until_idle().await;
    running.stop().await;
    let resident_before = resident();
    let (now, users) = (SystemClock.now(), DUE..PENDING);
    for first in users.step_by(BATCH) {
        // An hour and more away, in an order that has nothing to do with the conversations' own.
        let due = |user: usize| now.after(Duration::from_secs(3_600 + (user as u64 * 7_919) % 80_000));
        start(&driven, (first..(first + BATCH).min(PENDING)).map(|user| (user, due(user))), now).await;
    }
    let resident_pending = resident();
    let running = driven.start();
    let first_due = SystemClock.now().after(LEAD);
    for first in (0..DUE).step_by(BATCH) {
        let due = |user: usize| first_due.after(Duration::from_millis((user * 1_000 / DUE) as u64));
        start(&driven, (first..first + BATCH).map(|user| (user, due(user))), now).await;
    }
    let in_time = SystemClock.now() < first_due;
    assert!(in_time, "the machine wrote {DUE} timers in more than {LEAD:?}: nothing can be said of how late they fire");

    let give_up = first_due.after(PATIENCE);
    let mut resident_most = resident();
    while driven
        .storage
        .alarms(None, 1)
        .await
        .expect("readable")
        .first()
        .is_some_and(|(at, _)| at.0 < now.0 + 3_600_000)
    {
        assert!(SystemClock.now() < give_up, "timers that were due have not fired after {PATIENCE:?}");
        resident_most = resident_most.max(resident());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.stop().await;
    let skew = skews(&driven, first_due).await;
    assert_eq!(skew.len(), DUE, "each timer fires once");
    let skew = skew.percentiles();
    vec![
        Figure::new("timers: 10,000 due in one second of 1,000,000 pending, late p50", skew.p50_ms, "ms", None),
        Figure::new(
            "timers: 10,000 due in one second of 1,000,000 pending, late p99",
            skew.p99_ms,
            "ms",
            Some(1_000.0),
        ),
        Figure::new("timers: memory grown by 1,000,000 pending", resident_pending - resident_before, "MiB", Some(95.0)),
        Figure::new(
            "timers: memory grown at most until all had fired",
            resident_most - resident_before,
            "MiB",
            Some(95.0),
        ),
    ]
}

async fn start(driven: &Driven, timers: impl Iterator<Item = (usize, Timestamp)>, now: Timestamp) {
    let commits = timers.map(|(user, due)| {
        let timer = PendingTimer { name: "remind".into(), due, payload: "{}".into(), cancel_on_message: false };
        let mut conversation = Conversation {
            version: 1,
            turns: 1,
            source: "whatsapp".into(),
            user: User { external_id: Some(webhook::user(user)), ..User::default() },
            bot: "menu".into(),
            session: 1,
            state: Some("\"menu\"".into()),
            last_inbound: now,
            last_turn: now,
            timers: vec![timer],
            ..Conversation::default()
        };
        conversation.set_alarm(now, SESSION_IDLE_TIMEOUT);
        TurnCommit::of(rows::conversation(user), None, conversation)
    });
    driven.storage.commit(commits.collect()).await.expect("committed");
}

/// From due until its turn began, of every timer that fired.
async fn skews(driven: &Driven, from: Timestamp) -> Durations {
    let (mut skews, mut after) = (Durations::default(), None);
    loop {
        let turns = driven.storage.turns(from, Timestamp(u64::MAX), after, 512).await.expect("readable");
        let Some((last, _)) = turns.last() else { return skews };
        after = Some(*last);
        for (_, entry) in turns {
            let entry = entry.expect("readable");
            if let Event::Timer(fired) = &entry.event {
                skews.add(entry.context.now.since(fired.due));
            }
        }
    }
}

fn resident() -> f64 {
    machine::resident_mib(std::process::id())
}
