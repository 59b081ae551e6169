//! Why a project was not built: what, where, and how to mend it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Language;

/// Its text is for the author of the project: the first line says what is wrong, further lines what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Tools that are not there, or too old.
    #[error("{}", lines(.0))]
    Missing(Vec<Missing>),
    /// A tool ended with an error. What it said, as it said it, is in `said`.
    #[error("{command} failed{}", if said.is_empty() { ", and says nothing".to_owned() } else { format!(":\n{}", said.trim_end()) })]
    Failed { command: String, said: String },
    /// Something about the project that no tool says well.
    #[error("{problem}\n{fix}")]
    Project { problem: String, fix: String },
    /// The core module cannot become a component of the contract.
    #[error("what was compiled is no plugin: {0}")]
    Component(String),
    /// A file or folder of the build.
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    /// A tool that is there and does not start.
    #[error("{command} does not start: {error}")]
    Start { command: String, error: io::Error },
    #[error("{0} cannot be built by this version; build it yourself, and put the .wasm beside the others")]
    NoRecipe(Language),
}

impl BuildError {
    /// One word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing-tool",
            Self::Failed { .. } => "tool-failed",
            Self::Project { .. } => "bad-project",
            Self::Component(_) => "not-a-plugin",
            Self::File { .. } | Self::Start { .. } => "system",
            Self::NoRecipe(_) => "no-recipe",
        }
    }
}

/// A tool that is not there, or too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name on the command line.
    pub tool: String,
    /// Where an unfit one was found and what is wrong with it, e.g. "/usr/bin/go is 1.19, and 1.24 is needed".
    pub unfit: Option<String>,
    /// What it is needed for, as the end of a sentence.
    pub purpose: String,
    /// The one command that installs it.
    pub install: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unfit {
            Some(unfit) => write!(f, "{unfit} ({})", self.purpose)?,
            None => write!(f, "`{}` is not installed, and it {}", self.tool, self.purpose)?,
        }
        write!(f, "\nto install it: {}", self.install)
    }
}

fn lines(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
