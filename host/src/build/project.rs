//! What a folder of source is: its language, its name, and where what is built of it goes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the folder that holds several projects with what is built of them beside them.
const FOLDER_OF_PLUGINS: &str = "plugins";
/// Where builds keep what they need between runs; ignored by git and by whoever watches sources.
const SCRATCH: &str = ".turnwise";

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Language {
    Rust,
    #[value(name = "ts", alias = "typescript")]
    TypeScript,
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    Python,
    Go,
    C,
}

impl Language {
    /// Each with the file that a project of it has. A project that has two of them is of the first.
    const MARKERS: [(&'static str, Self); 5] = [
        ("Cargo.toml", Self::Rust),
        ("package.json", Self::JavaScript),
        ("go.mod", Self::Go),
        ("pyproject.toml", Self::Python),
        ("plugin.c", Self::C),
    ];

    /// What it is called on the command line, and its template's folder.
    #[must_use]
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::TypeScript => "ts",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::Go => "go",
            Self::C => "c",
        }
    }

    /// The folder of its SDK in `plugin-sdk/`.
    #[must_use]
    pub fn sdk_folder(self) -> &'static str {
        match self {
            Self::TypeScript | Self::JavaScript => "typescript",
            other => other.short_name(),
        }
    }

    /// The files that a project is recognised by, for messages.
    pub fn markers() -> impl Iterator<Item = &'static str> {
        Self::MARKERS.iter().map(|(file, _)| *file)
    }

    /// The language of a folder; `None` where it holds no project.
    #[must_use]
    pub fn of(dir: &Path) -> Option<Self> {
        let marked = Self::MARKERS.iter().find(|(file, _)| dir.join(file).is_file());
        match marked?.1 {
            Self::JavaScript if dir.join("tsconfig.json").is_file() => Some(Self::TypeScript),
            language => Some(language),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::TypeScript => "TypeScript",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::C => "C",
        })
    }
}

/// A folder of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Absolute.
    pub dir: PathBuf,
    /// The folder's name, which is the bot's.
    pub name: String,
    pub language: Language,
    /// The folder of plugins it belongs to, if it does: what is built of it goes there, and caches are shared there.
    pub folder: Option<PathBuf>,
}

impl Project {
    /// The project that a folder is; `None` where it holds none.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn at(dir: &Path) -> io::Result<Option<Self>> {
        let dir = dir.canonicalize()?;
        let parent = dir.parent().filter(|parent| parent.ends_with(FOLDER_OF_PLUGINS));
        let folder = parent.map(Path::to_owned);
        Ok(Self::in_folder(dir, folder))
    }

    /// Every project directly below a folder, in the order of their names.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn below(folder: &Path) -> io::Result<Vec<Self>> {
        let folder = folder.canonicalize()?;
        let mut projects = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if !is_ignored(&entry.file_name().to_string_lossy()) {
                projects.extend(Self::in_folder(entry.path(), Some(folder.clone())));
            }
        }
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(projects)
    }

    fn in_folder(dir: PathBuf, folder: Option<PathBuf>) -> Option<Self> {
        let language = Language::of(&dir)?;
        let name = dir.file_name()?.to_str()?.to_owned();
        Some(Self { dir, name, language, folder })
    }

    /// Where the component goes unless told otherwise: beside the project in a folder of plugins, else into the project.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.folder.as_ref().unwrap_or(&self.dir).join(format!("{}.wasm", self.name))
    }

    /// Where its own intermediate files may be.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.dir.join(SCRATCH)
    }

    /// Where caches are that all projects of its folder share.
    #[must_use]
    pub fn shared_scratch(&self) -> PathBuf {
        self.folder.as_ref().unwrap_or(&self.dir).join(SCRATCH)
    }
}

/// Whether a file or folder of this name is no source: hidden, made by a build or an installation, or of an editor's keeping.
#[must_use]
pub(super) fn is_ignored(name: &str) -> bool {
    let by_name = matches!(name, "target" | "node_modules" | "__pycache__" | "4913");
    let by_ending = [".wasm", ".pyc", ".part", ".tmp", ".swp", ".swx", "~"].iter().any(|ending| name.ends_with(ending));
    by_name || by_ending || name.starts_with(['.', '#'])
}

#[cfg(test)]
mod tests;
