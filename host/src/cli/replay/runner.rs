//! Some turns of a piece, run again one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::library::Library;
use crate::cli::turns::{Piece, TurnsError, Wanted};
use crate::conversation::release::ShortDigest;
use crate::conversation::{JournalEntry, Outcome};
use crate::plugins::{Plugin, StoredState};
use crate::replay::{Differing, Tally, Untold, Verdict, Version, verdict};

/// Which turns are run, and on what.
pub(super) struct Asked {
    pub wanted: Wanted,
    pub turn: Option<u32>,
    pub bot: Option<String>,
    /// Another version; the recorded plugins where there is none.
    pub other: Option<Arc<Plugin>>,
}

pub(super) struct Runner {
    pub library: Library,
    pub asked: Asked,
}

/// What came of a piece.
#[derive(Default)]
pub(super) struct Ran {
    pub tally: Tally,
    pub differing: Vec<Differing>,
    /// A line for each entry that cannot be read.
    pub lost: Vec<String>,
    /// Plugins that are not here, by bot and digest, and how many turns would have needed them.
    pub missing: BTreeMap<(String, String), u64>,
    /// Bots that were not asked for.
    pub others: BTreeSet<String>,
}

impl Runner {
    /// # Errors
    /// A plugin that is there cannot be loaded.
    pub(super) async fn run(&self, piece: Piece) -> Result<Ran, TurnsError> {
        let mut ran = Ran::default();
        // Neighbours mostly ran on one plugin.
        let mut last: Option<(ShortDigest, Option<Arc<Plugin>>)> = None;
        for read in piece.read() {
            let entry = match read {
                Ok(entry) => entry,
                Err(line) => {
                    ran.tally.lost += 1;
                    ran.lost.push(line);
                    continue;
                }
            };
            if !self.asked.wanted.has(&entry) || self.asked.turn.is_some_and(|turn| turn != entry.context.turn) {
                continue;
            }
            if self.asked.bot.as_ref().is_some_and(|bot| *bot != entry.bot) {
                ran.others.insert(entry.bot);
                continue;
            }
            if entry.plugin_digest == ShortDigest::default() {
                ran.tally.count(&Verdict::Untold(Untold::Host));
                continue;
            }
            let plugin = match (&self.asked.other, &last) {
                (Some(other), _) => Some(Arc::clone(other)),
                (None, Some((digest, plugin))) if *digest == entry.plugin_digest => plugin.clone(),
                (None, _) => {
                    let found = self.library.find(entry.plugin_digest, &entry.bot).await;
                    let plugin = found.map_err(|error| TurnsError::Broken(error.to_string()))?;
                    last = Some((entry.plugin_digest, plugin.clone()));
                    plugin
                }
            };
            match plugin {
                Some(plugin) => self.again(&entry, &plugin, &mut ran).await,
                None => {
                    ran.tally.count(&Verdict::Untold(Untold::NoPlugin));
                    *ran.missing.entry((entry.bot.clone(), hex(entry.plugin_digest))).or_default() += 1;
                }
            }
        }
        Ok(ran)
    }

    async fn again(&self, entry: &JournalEntry, plugin: &Plugin, ran: &mut Ran) {
        let state = entry.state.as_deref().map(|state| StoredState { state, version: entry.state_version });
        let result = self.library.decide(plugin, &entry.context, state, &entry.event).await;
        let now = Outcome::from(result.outcome);
        let version = if self.asked.other.is_some() { Version::Other } else { Version::Recorded };
        let verdict = verdict(entry, &now, version);
        ran.tally.count(&verdict);
        if let Verdict::Differs(difference) = verdict {
            ran.differing.push(Differing::of(entry, *difference));
        }
    }
}

fn hex(digest: ShortDigest) -> String {
    format!("{:016x}", u64::from_be_bytes(digest))
}
