//! Turns from the data of a host that does not run.

use std::path::{Path, PathBuf};

use super::{Piece, TurnsError, Wanted};
use crate::clock::{Clock, SystemClock};
use crate::limits::JOURNAL_PIECE_TURNS;
use crate::storage::redb::{OpenError, Redb, Settings};
use crate::storage::{Storage, StorageError, TurnKey};

/// An open database, and how far it has been read.
pub struct Data {
    path: PathBuf,
    storage: Redb,
    wanted: Wanted,
    after: Option<TurnKey>,
    ended: bool,
}

impl Data {
    /// Opens it as a host would. `host` is where the one that has it open is looked for.
    pub(super) fn open(path: &Path, wanted: Wanted, host: Option<&str>) -> Result<Self, TurnsError> {
        let shown = path.display();
        if !path.is_file() {
            let asked = host.map(|host| format!("nobody listens at {host}, and ")).unwrap_or_default();
            let message = format!(
                "{asked}there is no data at {shown}: name what to read with --host URL, --data PATH or --journal FILE"
            );
            return Err(TurnsError::Wrong(message));
        }
        let storage = Redb::open(path, Settings::default(), SystemClock.now()).map_err(|error| match error {
            OpenError::InUse { .. } => {
                TurnsError::Wrong(format!("{error}: ask that host with --host URL, which is its admin address"))
            }
            error => TurnsError::Wrong(error.to_string()),
        })?;
        Ok(Self { path: path.to_owned(), storage, wanted, after: None, ended: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn next(&mut self) -> Result<Option<Piece>, TurnsError> {
        if self.ended {
            return Ok(None);
        }
        let broken = |error: StorageError| TurnsError::Broken(format!("{}: {error}", self.path.display()));
        let Wanted { conversation, from, to } = self.wanted;
        if let Some(id) = conversation {
            self.ended = true;
            let mut turns = self.storage.journal(id, u32::MAX, usize::MAX).await.map_err(broken)?;
            turns.reverse();
            let turns: Vec<_> = turns.into_iter().map(|(turn, recorded)| (id, turn, recorded)).collect();
            if turns.is_empty() {
                return Err(TurnsError::Wrong(format!("{} has no turn of {id}", self.path.display())));
            }
            return Ok(Some(Piece::Turns(turns)));
        }
        let turns = self.storage.turns(from, to, self.after, JOURNAL_PIECE_TURNS).await.map_err(broken)?;
        let Some((last, _)) = turns.last() else { return Ok(None) };
        self.after = Some(*last);
        Ok(Some(Piece::Turns(turns.into_iter().map(|(key, entry)| (key.conversation, key.turn, entry)).collect())))
    }

    pub(super) async fn close(self) {
        // Only what is read is of interest, and that is over.
        let _ = self.storage.close().await;
    }
}
