//! One look at a plugin's file: is it another than last time, and if so, all of its bytes as they were at one moment.
//!
//! What decides is the content. File times only spare reading what certainly did not change, and are asked for nothing else: they
//! may be of the past, of the future, or of another machine.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::inspect::Problem;
use crate::clock::Timestamp;
use crate::limits;

/// SHA-256 of a file.
pub type Digest = [u8; 32];

/// A whole file.
#[derive(Debug)]
pub(super) struct Content {
    pub bytes: Arc<[u8]>,
    /// Of these very bytes.
    pub digest: Digest,
}

impl Content {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes).into();
        Self { bytes: bytes.into(), digest }
    }
}

/// What a look found.
#[derive(Debug)]
pub(super) enum Look {
    /// What was there when it was last read; that was this.
    Same(Digest),
    Read(Content),
    /// There is no such file.
    Missing,
    Faulty(Problem),
}

/// What an earlier look leaves for the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    digest: Digest,
    print: Fingerprint,
    /// When this fingerprint was first seen.
    since: Instant,
    /// Whether the file was read long enough after that: whoever writes to it from then on changes the fingerprint.
    certain: bool,
}

/// What the file system says of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    /// No program can set this one.
    changed: (i64, i64),
}

impl Fingerprint {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether nobody seems to have written to the file for a while.
    fn is_quiet(&self, now: Timestamp) -> bool {
        let quiet_ms = i128::try_from(limits::PLUGIN_FILE_QUIET.as_millis()).unwrap_or(i128::MAX);
        [self.modified, self.changed]
            .iter()
            .all(|(seconds, _)| i128::from(*seconds) * 1000 + quiet_ms <= i128::from(now.0))
    }
}

/// Looks at a file, and takes part of a second over it where it may still be written to. Blocks.
pub(super) fn look(file: &Path, before: Option<Seen>, now: Timestamp) -> (Look, Option<Seen>) {
    match try_look(file, before, now) {
        Ok((look, seen)) => (look, Some(seen)),
        Err(Problem::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            let leads_nowhere = file.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
            (if leads_nowhere { Look::Faulty(Problem::LeadsNowhere) } else { Look::Missing }, None)
        }
        Err(problem) => (Look::Faulty(problem), None),
    }
}

/// A file that nobody is writing to.
pub(super) fn read_once(file: &Path) -> Result<Content, Problem> {
    match try_look(file, None, Timestamp(u64::MAX))?.0 {
        Look::Read(content) => Ok(content),
        _ => Err(Problem::Unsettled),
    }
}

fn try_look(file: &Path, before: Option<Seen>, now: Timestamp) -> Result<(Look, Seen), Problem> {
    let metadata = file.metadata().map_err(Problem::Unreadable)?;
    // Opening a pipe would wait for whoever writes into it.
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    let print = Fingerprint::of(&metadata);
    if let Some(seen) = before.filter(|seen| seen.certain && seen.print == print) {
        return Ok((Look::Same(seen.digest), seen));
    }
    let started = Instant::now();
    let mut open = File::open(file).map_err(Problem::Unreadable)?;
    let print = Fingerprint::of(&open.metadata().map_err(Problem::Unreadable)?);
    let content = Content::of(read(&mut open)?);
    if !print.is_quiet(now) {
        settle(&mut open, &content.digest, limits::PLUGIN_FILE_SETTLE)?;
    }
    let since = before.filter(|seen| seen.print == print).map_or(started, |seen| seen.since);
    let certain = started.duration_since(since) >= limits::PLUGIN_FILE_TIMES_APART;
    let seen = Seen { digest: content.digest, print, since, certain };
    Ok((Look::Read(content), seen))
}

/// One byte more than allowed is enough to know that there is too much.
fn read(open: &mut File) -> Result<Vec<u8>, Problem> {
    let bytes_max = limits::PLUGIN_FILE_BYTES_MAX;
    let mut bytes = Vec::new();
    open.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(Problem::Unreadable)?;
    if bytes.len() > bytes_max { Err(Problem::TooLarge { bytes_max }) } else { Ok(bytes) }
}

/// Reads the same open file once more after a while: what is renamed into its place meanwhile does not count, what is written into
/// it does.
fn settle(open: &mut File, digest: &Digest, wait: Duration) -> Result<(), Problem> {
    std::thread::sleep(wait);
    let mut again = Sha256::new();
    open.rewind().and_then(|()| io::copy(open, &mut again)).map_err(Problem::Unreadable)?;
    if Digest::from(again.finalize()) == *digest { Ok(()) } else { Err(Problem::Unsettled) }
}

#[cfg(test)]
mod tests;
