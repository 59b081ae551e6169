//! Which files a C project is made of: its own, and the SDK's.

use std::path::{Path, PathBuf};

use crate::build::project::is_ignored;
use crate::build::{BuildError, Project};

const FLAGS: &str = "compile_flags.txt";
const HEADER: &str = "turnwise.h";
/// Where `turnwise plugin new` puts the SDK.
const SDK: &str = "sdk";
/// Holds transcripts, and whatever else is not to be part of the plugin.
const TESTS: &str = "tests";
/// Deeper folders are not looked into: a link to a folder above would have no end.
const DEPTH_MAX: usize = 8;

/// In the order of their names, so that the same sources give the same module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sources {
    /// Of the project, one argument each.
    pub flags: Vec<String>,
    /// Relative to the project, since that is how compilers name them in messages.
    pub files: Vec<PathBuf>,
    /// Absolute.
    pub sdk_files: Vec<PathBuf>,
    /// Absolute.
    pub sdk_headers: Vec<PathBuf>,
}

impl Sources {
    /// # Errors
    /// When a folder cannot be read, or there is no SDK.
    pub(super) fn of(project: &Project) -> Result<Self, BuildError> {
        let mut flags = flags(&project.dir);
        let sdk = match sdk(&project.dir, &flags) {
            Some(sdk) => sdk,
            None => {
                // The flags are the author's to write; a folder where `plugin new` puts it is found all the same.
                flags.push(format!("-I{SDK}"));
                sdk(&project.dir, &flags).ok_or_else(no_sdk)?
            }
        };
        let mut files = Vec::new();
        find(&project.dir, Path::new(""), &sdk, 0, &mut files)?;
        files.sort();
        Ok(Self { flags, files, sdk_files: of_kind(&sdk, "c")?, sdk_headers: of_kind(&sdk, "h")? })
    }
}

fn no_sdk() -> BuildError {
    BuildError::Project {
        problem: format!("there is no {HEADER}: the SDK is not where this project looks for it"),
        fix: format!("{FLAGS} needs a line `-I` with the SDK's folder, such as `-I{SDK}`"),
    }
}

/// One argument a line, as clang's own tools read this file.
fn flags(dir: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join(FLAGS)).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// The first folder of headers that holds the SDK's.
fn sdk(dir: &Path, flags: &[String]) -> Option<PathBuf> {
    let folders = flags.iter().filter_map(|flag| flag.strip_prefix("-I")).map(|folder| dir.join(folder));
    folders.filter_map(|folder| folder.canonicalize().ok()).find(|folder| folder.join(HEADER).is_file())
}

/// Every C file of a folder and those below it.
fn find(dir: &Path, below: &Path, sdk: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let folder = dir.join(below);
    if depth > DEPTH_MAX || folder.canonicalize().is_ok_and(|folder| folder == sdk) {
        return Ok(());
    }
    for (name, is_folder) in entries(&folder)? {
        let path = below.join(&name);
        if is_folder && name != TESTS && name != SDK && !is_ignored(&name) {
            find(dir, &path, sdk, depth + 1, files)?;
        } else if !is_folder && !is_ignored(&name) && path.extension().is_some_and(|extension| extension == "c") {
            files.push(path);
        }
    }
    Ok(())
}

fn of_kind(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, BuildError> {
    let files = entries(folder)?.into_iter().filter(|(_, is_folder)| !is_folder).map(|(name, _)| folder.join(name));
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    Ok(files)
}

/// Names, and whether each is a folder. A name that is no UTF-8 is none of a source.
fn entries(folder: &Path) -> Result<Vec<(String, bool)>, BuildError> {
    let file_error = |error| BuildError::File { path: folder.to_owned(), error };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file_error)? {
        let entry = entry.map_err(file_error)?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.path().is_dir()));
        }
    }
    Ok(entries)
}
