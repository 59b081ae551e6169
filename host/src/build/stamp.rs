//! What a component was built of, kept beside it, so that another start need not build it again.
//!
//! Only for languages whose tools begin anew each time and take many seconds. The others know best what is up to date.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::sources::LOCK_FILES;
use super::{Language, Project, template};

/// What a build of a project would be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    /// `sources` is their digest; `None` where the language's own tools are to be asked.
    pub(super) fn of(project: &Project, sources: &[u8; 32]) -> Option<Self> {
        if !matches!(project.language, Language::TypeScript | Language::JavaScript | Language::Python) {
            return None;
        }
        let mut digest = Sha256::new();
        digest.update(env!("CARGO_PKG_VERSION"));
        digest.update(sources);
        // An SDK outside the project is that of this repository, which is the one this host was built with.
        digest.update(template::sdk_digest(project.language));
        for name in LOCK_FILES {
            digest.update(fs::read(project.dir.join(name)).unwrap_or_default());
        }
        Some(Self(hex(&digest.finalize())))
    }

    /// Whether this file was built of the same.
    pub(super) fn is_on(&self, project: &Project, file: &Path) -> bool {
        let Ok(component) = fs::read(file) else { return false };
        fs::read_to_string(place(project)).is_ok_and(|kept| kept == self.with(&component))
    }

    /// Remembers what this component was built of. One that cannot be remembered is built again.
    pub(super) fn put(&self, project: &Project, component: &[u8]) {
        if let Err(error) = fs::write(place(project), self.with(component)) {
            tracing::debug!("{}: {error}", place(project).display());
        }
    }

    fn with(&self, component: &[u8]) -> String {
        format!("{} {}\n", self.0, hex(&Sha256::digest(component)))
    }
}

fn place(project: &Project) -> PathBuf {
    project.scratch().join("built-of")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
