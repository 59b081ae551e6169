//! What the journal says of a bot's steps, read within a bound.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::console::{Console, Trouble};
use crate::graph::{Graph, Learning};
use crate::limits::{CONSOLE_TURNS_READ_MAX, JOURNAL_PIECE_TURNS};

/// A graph with what it was learned from.
pub(super) struct Learned {
    pub(super) graph: Graph,
    /// Turns of this bot.
    pub(super) turns: usize,
    /// Turns of all bots that were read for them.
    pub(super) looked_at: usize,
    /// Turns that cannot be read.
    pub(super) damaged: usize,
    pub(super) from: Timestamp,
    /// Where the bound ended the reading: what came after it is not in the graph.
    pub(super) cut_at: Option<Timestamp>,
}

/// Of the last `hours`.
pub(super) async fn learn(console: &Console, bot: &str, hours: u64) -> Result<Learned, Trouble> {
    let now = console.clock.now();
    let from = Timestamp(now.0.saturating_sub(millis(Duration::from_hours(hours))));
    let mut learned = Learned { graph: Graph::default(), turns: 0, looked_at: 0, damaged: 0, from, cut_at: None };
    let (mut learning, mut after) = (Learning::default(), None);
    loop {
        let piece = console.storage.turns(from, Timestamp(u64::MAX), after, JOURNAL_PIECE_TURNS).await?;
        let Some((last, _)) = piece.last() else { break };
        after = Some(*last);
        learned.looked_at += piece.len();
        let is_last = piece.len() < JOURNAL_PIECE_TURNS;
        for (_, recorded) in piece {
            match recorded {
                Ok(entry) if entry.bot == bot => {
                    learned.turns += 1;
                    learning.learn(&entry);
                }
                Ok(_) => {}
                Err(_) => learned.damaged += 1,
            }
        }
        if is_last {
            break;
        }
        if learned.looked_at >= CONSOLE_TURNS_READ_MAX {
            learned.cut_at = after.map(|last| last.at);
            break;
        }
        // Turns come first on this worker.
        tokio::task::yield_now().await;
    }
    learned.graph = learning.finish().remove(bot).unwrap_or_default();
    Ok(learned)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
