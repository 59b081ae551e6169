//! What the configuration reads besides its own text, behind one trait, so that reading it stays a pure function.

use std::io::{self, Read};
use std::path::Path;

/// More than any configuration or secret may have; a device file has no end.
const READ_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The process environment and the file system, as far as a configuration refers to them.
pub trait Environment {
    /// An environment variable; none if it is unset or not UTF-8.
    fn var(&self, name: &str) -> Option<String>;

    /// A file's text.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8 (`InvalidData`), or is of no sensible size (`FileTooLarge`).
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The names of the files in a folder, in no order; none if there is no such folder.
    fn files(&self, folder: &Path) -> Vec<String>;
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    #[allow(clippy::disallowed_methods, reason = "the one place that may")]
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(READ_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > READ_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
    }

    fn files(&self, folder: &Path) -> Vec<String> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }
}
