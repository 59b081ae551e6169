//! Compiled plugins kept for the next start: one file each, named by what it was compiled from and by what proves it ours.
//!
//! A name is `SHA256-ENGINE-MAC.code`: of the plugin, of the engine's settings and version, and of both with the code under a key that
//! is kept in the folder. So nothing is ever overwritten, an entry that is damaged, renamed or brought from elsewhere does not match
//! its name, and whatever does not match is compiled again.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tempfile::NamedTempFile;

use super::engine_id::EngineId;
use crate::limits;
use crate::plugins::inspect::hex;
use crate::plugins::look::Digest;

/// A folder of compiled plugins that only we can read or write.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    engine: EngineId,
}

/// An entry whose bytes were seen to be ours, for as long as nobody but us writes to the folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry(pub(super) PathBuf);

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it belongs to another user")]
    NotOurs,
    #[error("others can read or write it (mode {mode:o}); `chmod 700` it")]
    Open { mode: u32 },
    #[error("it is a file")]
    NoFolder,
}

const KEY_BYTES: usize = 32;
const KEY_FILE: &str = "key";
const ENDING: &str = ".code";
/// Half of the MAC says as much as anybody can guess, and file names have an end.
const MAC_BYTES: usize = 16;
/// Pieces in which code is read to be checked.
const PIECE_BYTES: usize = 256 * 1024;

impl Cache {
    /// Uses the folder, which is made where there is none.
    pub(super) fn open(dir: &Path, engine: EngineId) -> Result<Self, CacheError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let metadata = fs::metadata(dir)?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_dir() {
            return Err(CacheError::NoFolder);
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(CacheError::NotOurs);
        }
        if mode & 0o077 != 0 {
            return Err(CacheError::Open { mode });
        }
        Ok(Self { key: key(dir)?, dir: dir.to_owned(), engine })
    }

    /// The code of the plugin with this SHA-256, if it is here and as it was written. What is not is removed.
    pub(super) fn find(&self, plugin: &Digest) -> Option<Entry> {
        let prefix = self.prefix(plugin);
        for name in self.names() {
            if !name.starts_with(&prefix) {
                continue;
            }
            let path = self.dir.join(&name);
            match File::open(&path).and_then(|mut file| self.mac(plugin, &mut file)) {
                Ok(mac) if name == self.name(plugin, &mac) => return Some(Entry(path)),
                Ok(_) => {
                    tracing::warn!(file = %path.display(), "a compiled plugin is damaged or not ours; it is compiled again");
                    let _ = fs::remove_file(&path);
                }
                Err(error) => tracing::warn!(file = %path.display(), %error, "a compiled plugin cannot be read"),
            }
        }
        None
    }

    /// A file for code that is being written.
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix("draft-").permissions(fs::Permissions::from_mode(0o600)).tempfile_in(&self.dir)
    }

    /// Makes the draft the code of this plugin, durably and in one step.
    pub(super) fn keep(&self, plugin: &Digest, mut draft: NamedTempFile) -> io::Result<Entry> {
        let file = draft.as_file_mut();
        io::Seek::rewind(file)?;
        let mac = self.mac(plugin, file)?;
        file.set_permissions(fs::Permissions::from_mode(0o400))?;
        file.sync_all()?;
        let path = self.dir.join(self.name(plugin, &mac));
        // Of the same name is the same content, so it does not matter who was first.
        draft.persist(&path).map_err(|error| error.error)?;
        File::open(&self.dir)?.sync_all()?;
        self.shrink(limits::PLUGIN_CACHE_BYTES_MAX);
        Ok(Entry(path))
    }

    /// Removes the code of every plugin but these, and whatever an earlier process left unfinished.
    pub(super) fn keep_only(&self, plugins: &BTreeSet<Digest>) {
        let prefixes: Vec<String> = plugins.iter().map(|plugin| self.prefix(plugin)).collect();
        for name in self.names() {
            if name != KEY_FILE && !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                let _ = fs::remove_file(self.dir.join(name));
            }
        }
    }

    /// Removes what was written first until no more is left than this. Code in use stays in memory when its file is gone.
    fn shrink(&self, bytes_max: u64) {
        let entry = |name: String| {
            let path = self.dir.join(name);
            let metadata = fs::metadata(&path).ok()?;
            Some((metadata.modified().ok()?, metadata.len(), path))
        };
        let mut entries: Vec<_> =
            self.names().into_iter().filter(|name| name.ends_with(ENDING)).filter_map(entry).collect();
        entries.sort();
        let mut bytes: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        // The newest is the one that was just written.
        entries.pop();
        for (_, size, path) in entries {
            if bytes <= bytes_max {
                return;
            }
            bytes -= size;
            let _ = fs::remove_file(path);
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn prefix(&self, plugin: &Digest) -> String {
        format!("{}-{}-", hex(plugin), self.engine)
    }

    fn name(&self, plugin: &Digest, mac: &[u8; MAC_BYTES]) -> String {
        format!("{}{}{ENDING}", self.prefix(plugin), hex(mac))
    }

    fn mac(&self, plugin: &Digest, code: &mut File) -> io::Result<[u8; MAC_BYTES]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(b"turnwise compiled plugin 1");
        mac.update(plugin);
        mac.update(self.engine.to_string().as_bytes());
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match code.read(&mut piece)? {
                0 => break,
                read => mac.update(&piece[..read]),
            }
        }
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&mac.finalize().into_bytes()[..MAC_BYTES]);
        Ok(short)
    }
}

/// The folder's key; a new one, which nothing that is there matches, where there is none of the right length.
fn key(dir: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = dir.join(KEY_FILE);
    for _ in 0..2 {
        match fs::read(&path) {
            Ok(bytes) => match bytes.try_into() {
                Ok(key) => return Ok(key),
                Err(_) => fs::remove_file(&path)?,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        let mut file = NamedTempFile::with_prefix_in("draft-", dir)?;
        file.write_all(&key)?;
        file.as_file().sync_all()?;
        // Another process may have been first: its key is read in the second round.
        if file.persist_noclobber(&path).is_ok() {
            return Ok(key);
        }
    }
    Err(io::Error::other("its key changes while it is read"))
}

#[cfg(test)]
mod tests;
