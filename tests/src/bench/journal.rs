//! What it costs to keep the journal: the same turns with and without it, by turns.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use turnwise::storage::redb::JournalKeep;

use super::driven::{Driven, on_threads};
use super::figure::Figure;
use super::stats::median;

/// Users of each database, all of whom write at once.
const USERS: usize = 2_000;
/// The first rounds, in which conversations are new and caches cold, are not counted.
const WARM_UP_ROUNDS: usize = 2;

/// Rounds by turns, about as long as `span` on each side.
pub(super) async fn measure(folder: PathBuf, span: Duration) -> Vec<Figure> {
    on_threads(async move { compare(folder, span).await }).await
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
async fn compare(folder: PathBuf, span: Duration) -> Vec<Figure> {
    let without = JournalKeep { retention: Duration::ZERO, ..JournalKeep::default() };
    let (on, off) = (Driven::new(&folder, JournalKeep::default()).await, Driven::new(&folder, without).await);
    let (on_running, off_running) = (on.start(), off.start());
    for visit in 0..WARM_UP_ROUNDS {
        round(&on, visit).await;
        round(&off, visit).await;
    }
    let (mut kept, mut not_kept, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    let started = Instant::now();
    for visit in WARM_UP_ROUNDS.. {
        if started.elapsed() >= 2 * span && costs.len() >= 3 {
            break;
        }
        // Whoever comes second finds the machine warmer, so they change places.
        let (with, bare) = if visit % 2 == 0 {
            let with = round(&on, visit).await;
            (with, round(&off, visit).await)
        } else {
            let bare = round(&off, visit).await;
            (round(&on, visit).await, bare)
        };
        costs.push((1.0 - with / bare) * 100.0);
        kept.push(with);
        not_kept.push(bare);
    }
    on_running.stop().await;
    off_running.stop().await;
    let middle = |values: Vec<f64>| median(values).unwrap_or_default();
    vec![
        Figure::new("journal: turns a second without it", middle(not_kept), "/s", None),
        Figure::new("journal: turns a second with it", middle(kept), "/s", None),
        Figure::new("journal: what it costs of turns a second", middle(costs), "%", Some(15.0)),
    ]
}

/// A message of every user: accepted, answered, and the answer settled; turns a second.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
async fn round(driven: &Driven, visit: usize) -> f64 {
    let started = Instant::now();
    driven.accept(0..USERS, visit).await;
    driven.until_idle().await;
    driven.settle().await;
    USERS as f64 / started.elapsed().as_secs_f64()
}
