//! The token of commands on this machine: a file that only the host's own user can read, as long as the host runs.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Key;

/// Where a host with this database leaves its token, e.g. data/turnwise.token.
#[must_use]
pub fn token_file(database: &Path) -> PathBuf {
    database.with_extension("token")
}

/// Written when it is made, removed when it is dropped.
#[derive(Debug)]
pub struct LocalToken {
    file: PathBuf,
    key: Key,
}

impl LocalToken {
    /// # Errors
    /// The file cannot be written.
    pub fn write(database: &Path) -> io::Result<Self> {
        let (file, key) = (token_file(database), Key::random());
        // One of a host that was killed may be there, or something that was put there to be written through.
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut written = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        writeln!(written, "{}", key.text())?;
        Ok(Self { file, key })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for LocalToken {
    fn drop(&mut self) {
        // A token that no host knows opens nothing.
        let _ = std::fs::remove_file(&self.file);
    }
}
