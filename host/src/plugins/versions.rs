//! The files of a bot's versions, and which of them has the bot's name. A running host follows the files, so a release is a rename.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::look::Digest;
use super::{LoadError, Plugin, Plugins, WITHDRAWN, Wanted, hex};
use crate::config::{self, PluginLimits};
use crate::conversation::{NamedJson, Version};

/// Where the versions of one bot are.
#[derive(Clone, Debug)]
pub struct Versions {
    pub name: String,
    pub stable: PathBuf,
    pub candidate: PathBuf,
    pub previous: PathBuf,
    /// What was taken back, and no host loads.
    pub withdrawn: PathBuf,
    /// The only content that the configuration allows.
    pinned: Option<Digest>,
    settings: Vec<NamedJson>,
    limits: PluginLimits,
}

/// What a rollback did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolledBack {
    /// The candidate no longer is one.
    CandidateWithdrawn,
    /// The version before is the stable one again.
    PreviousIsBack,
}

/// Why nothing was released. Nothing was changed then, but for a copy beside the files.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("{name} has no candidate: put it into {}", candidate.display())]
    NoCandidate { name: String, candidate: PathBuf },
    #[error("the candidate is not promoted: {0}")]
    Unusable(#[from] LoadError),
    #[error(
        "plugins.{name}.sha256 allows {} only: write sha256 = \"{}\" there, restart the host, and promote then",
        hex(pinned),
        hex(candidate)
    )]
    Pinned { name: String, pinned: Digest, candidate: Digest },
    #[error("{name} has neither a candidate ({}) nor a previous version ({})", candidate.display(), previous.display())]
    NothingBefore { name: String, candidate: PathBuf, previous: PathBuf },
    #[error("cannot {what} {} to {}: {why}", from.display(), to.display())]
    Files { what: &'static str, from: PathBuf, to: PathBuf, why: io::Error },
}

impl Versions {
    /// Of a bot, by its name as [`config::is_name`] allows it: else its files could be anywhere.
    #[must_use]
    pub fn of(plugins: &config::Plugins, name: &str) -> Option<Self> {
        if !config::is_name(name) {
            return None;
        }
        let beside = |plugin: String| plugins.dir.join(format!("{plugin}.wasm"));
        let configured = plugins.named.get(name);
        Some(Self {
            stable: plugins.file(name),
            candidate: beside(Version::Candidate.plugin(name)),
            previous: beside(Version::Previous.plugin(name)),
            withdrawn: beside(format!("{name}{WITHDRAWN}")),
            pinned: configured.and_then(|plugin| plugin.sha256),
            settings: configured.map_or_else(Vec::new, |plugin| plugin.settings.clone()),
            limits: configured.map_or_else(PluginLimits::default, |plugin| plugin.limits),
            name: name.to_owned(),
        })
    }

    /// The candidate, the way a host loads it, if it may have the bot's name.
    ///
    /// # Errors
    /// There is none, no host could load it, or the configuration allows another content only.
    pub async fn load_candidate(&self, plugins: &Plugins) -> Result<Arc<Plugin>, ReleaseError> {
        let Self { name, candidate, settings, limits, .. } = self.clone();
        if !candidate.is_file() {
            return Err(ReleaseError::NoCandidate { name, candidate });
        }
        let plugin = plugins.compile(Wanted { name, file: candidate, settings, limits }).await?;
        match self.pinned.filter(|pinned| *pinned != plugin.digest) {
            Some(pinned) => Err(ReleaseError::Pinned { name: self.name.clone(), pinned, candidate: plugin.digest }),
            None => Ok(plugin),
        }
    }

    /// Gives the candidate's file the bot's name, and keeps the one before it as the previous version.
    ///
    /// # Errors
    /// The files cannot be moved.
    pub fn promote(&self) -> Result<(), ReleaseError> {
        if self.stable.is_file() {
            keep(&self.stable, &self.previous)?;
        }
        rename(&self.candidate, &self.stable)
    }

    /// Withdraws the candidate where there is one, else puts the previous version back.
    ///
    /// # Errors
    /// There is neither, or the files cannot be moved.
    pub fn roll_back(&self) -> Result<RolledBack, ReleaseError> {
        let Self { name, stable, candidate, previous, withdrawn, .. } = self;
        if candidate.is_file() {
            rename(candidate, withdrawn)?;
            return Ok(RolledBack::CandidateWithdrawn);
        }
        if !previous.is_file() {
            let (name, candidate, previous) = (name.clone(), candidate.clone(), previous.clone());
            return Err(ReleaseError::NothingBefore { name, candidate, previous });
        }
        if stable.is_file() {
            keep(stable, withdrawn)?;
        }
        rename(previous, stable)?;
        Ok(RolledBack::PreviousIsBack)
    }
}

/// Keeps a file under a second name; there is no moment in which either name leads to half a file.
fn keep(file: &Path, kept: &Path) -> Result<(), ReleaseError> {
    let unfinished = kept.with_extension("wasm.unfinished");
    fs::copy(file, &unfinished).map_err(|why| cannot("copy", file, &unfinished, why))?;
    rename(&unfinished, kept)
}

fn rename(from: &Path, to: &Path) -> Result<(), ReleaseError> {
    fs::rename(from, to).map_err(|why| cannot("rename", from, to, why))
}

fn cannot(what: &'static str, from: &Path, to: &Path, why: io::Error) -> ReleaseError {
    ReleaseError::Files { what, from: from.to_owned(), to: to.to_owned(), why }
}
