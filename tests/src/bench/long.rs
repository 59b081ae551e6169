//! A conversation of ten thousand turns, beside new ones: the past must not slow an answer down.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use turnwise::outbox::OutboxSeq;
use turnwise::storage::Storage;
use turnwise::storage::redb::JournalKeep;

use super::driven::{Driven, on_threads};
use super::figure::Figure;
use super::rows;
use super::stats::Durations;

const TURNS: usize = 10_000;
/// Its messages that wait at once.
const PIECE: usize = 500;
/// Turns of one kind before it is the other's turn; a new conversation is as many turns old at most.
const BLOCK: usize = 4;
const LONG_USER: usize = 0;

/// Answers by turns for this long, once the long conversation is there.
pub(super) async fn measure(folder: PathBuf, span: Duration) -> Vec<Figure> {
    on_threads(async move { compare(folder, span).await }).await
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
async fn compare(folder: PathBuf, span: Duration) -> Vec<Figure> {
    let driven = Driven::new(&folder, JournalKeep::default()).await;
    let running = driven.start();
    for first in (0..TURNS).step_by(PIECE) {
        for visit in first..first + PIECE {
            driven.accept([LONG_USER].into_iter(), visit).await;
        }
        driven.until_idle().await;
        driven.settle().await;
    }
    let long = driven.storage.read(rows::conversation(LONG_USER)).await.expect("readable").expect("it is there");
    assert!(long.turns as usize >= TURNS, "it has {} turns", long.turns);

    let (mut old, mut new, mut visit) = (Durations::default(), Durations::default(), TURNS);
    let started = Instant::now();
    for newcomer in 1.. {
        if started.elapsed() >= span {
            break;
        }
        for nth in 0..BLOCK {
            old.add(answered(&driven, LONG_USER, visit).await);
            visit += 1;
            // Both say the same at the same time.
            new.add(answered(&driven, BLOCK * newcomer, nth).await);
        }
    }
    running.stop().await;
    let (old, new) = (old.percentiles(), new.percentiles());
    vec![
        Figure::new("long: a new conversation's answer, p50", new.p50_ms, "ms", None),
        Figure::new("long: an answer after 10,000 turns, p50", old.p50_ms, "ms", None),
        Figure::new("long: after 10,000 turns, of a new conversation's", old.p50_ms / new.p50_ms, "times", Some(1.1)),
    ]
}

/// From accepting a message until its answer is durable.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
async fn answered(driven: &Driven, user: usize, visit: usize) -> Duration {
    let changed = driven.storage.outbox_changed();
    let begun = Instant::now();
    driven.accept([user].into_iter(), visit).await;
    while driven.storage.due(OutboxSeq::default(), 1).await.expect("readable").is_empty() {
        changed.notified().await;
    }
    let took = begun.elapsed();
    driven.until_idle().await;
    driven.settle().await;
    took
}
