//! New projects from the templates in `plugin-sdk/templates/{rust,ts,js,python,go,c}`, which are embedded in the host.
//!
//! **How a template is written.** A template is a small complete project, written for an SDK in `./sdk`; every file of it becomes a
//! file of the project, under the same path, but:
//!
//! - In contents and paths, `{{name}}` becomes the bot's name ("order-bot"), `{{snake_name}}` the same as an identifier
//!   ("order_bot") and `{{PascalName}}` as a type ("OrderBot"). Nothing else in braces is touched.
//! - `_gitignore` becomes `.gitignore`; hidden files are not embedded.
//! - A name that ends in `.template` loses the ending: `Cargo.toml.template` is not taken for a crate of this repository's.
//! - `_next`, if there is one, is not written: its lines are the commands to print when the project is there, beginning after
//!   `cd NAME`. Without it they are [`NEXT`].
//!
//! The SDK's folder, `plugin-sdk/{rust,typescript,python,go,c}`, is copied to `sdk/` without its `tests/`; the `wit` in it is a
//! link here and a folder there. Nothing that tools make is embedded: see `host/build.rs`.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Language;

/// Every file of `plugin-sdk/` by its path in there.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/plugin_sdk.rs"));

/// What to do with a new project whose template does not say.
const NEXT: &str = "turnwise plugin build\nturnwise dev --plugins . --bot {{name}}\n";

/// Longer ones are no names of bots.
const NAME_CHARS_MAX: usize = 64;

/// A project that is not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    /// Paths below the project's folder, and contents.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// What to type next, in the project's folder.
    pub next: Vec<String>,
}

/// Whether a bot can have this name, as its section in the configuration, its file and its crate or module.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(allowed) {
        return Err(format!(
            "`{name}` cannot be a bot's name: use up to {NAME_CHARS_MAX} letters, digits, `-` and `_`"
        ));
    }
    // Compilers take it for an option, a number or something private.
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.ends_with(['-', '_']) {
        return Err(format!(
            "`{name}` cannot be a project's name: begin with a letter, and end with a letter or digit"
        ));
    }
    Ok(())
}

/// The project of this language under this name; `None` where the host has no template for it.
#[must_use]
pub fn new_project(language: Language, name: &str) -> Option<NewProject> {
    from_files(FILES, language, name)
}

/// Of the language's SDK as this host knows it.
pub(super) fn sdk_digest(language: Language) -> [u8; 32] {
    let sdk = format!("{}/", language.sdk_folder());
    let mut digest = Sha256::new();
    for (path, contents) in FILES.iter().filter(|(path, _)| path.starts_with(&sdk)) {
        digest.update(path);
        digest.update(Sha256::digest(contents));
    }
    digest.finalize().into()
}

fn from_files(all: &[(&str, &[u8])], language: Language, name: &str) -> Option<NewProject> {
    let template = format!("templates/{}/", language.short_name());
    let sdk = format!("{}/", language.sdk_folder());
    let mut files = Vec::new();
    let mut next = None;
    for (path, contents) in all {
        if let Some(path) = path.strip_prefix(&template) {
            let contents = match std::str::from_utf8(contents) {
                Ok(text) => substitute(text, name).into_bytes(),
                Err(_) => contents.to_vec(),
            };
            match path {
                "_next" => next = Some(String::from_utf8_lossy(&contents).into_owned()),
                path => {
                    files.push((Path::new(&substitute(path, name)).with_file_name(file_name(path, name)), contents))
                }
            }
        } else if let Some(path) = path.strip_prefix(&sdk).filter(|path| !path.starts_with("tests/")) {
            files.push((Path::new("sdk").join(path), contents.to_vec()));
        }
    }
    let complete = files.iter().any(|(path, _)| !path.starts_with("sdk"));
    let next = next.unwrap_or_else(|| substitute(NEXT, name));
    complete.then(|| NewProject { files, next: next.lines().map(str::to_owned).collect() })
}

fn file_name(path: &str, name: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file {
        "_gitignore" => ".gitignore".into(),
        file => substitute(file.strip_suffix(".template").unwrap_or(file), name),
    }
}

fn substitute(text: &str, name: &str) -> String {
    let words = || name.split(['-', '_']).filter(|word| !word.is_empty());
    let pascal = words().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect::<String>();
    let snake = words().map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_");
    text.replace("{{name}}", name).replace("{{snake_name}}", &snake).replace("{{PascalName}}", &pascal)
}

impl NewProject {
    /// Writes the project into a folder that is not there yet. If that fails there is none afterwards.
    ///
    /// # Errors
    /// `AlreadyExists` for a folder or file of that name; else what the system says.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        if let Some(parent) = dir.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::create_dir(dir)?;
        let written = self.files.iter().try_for_each(|(path, contents)| {
            let file = dir.join(path);
            file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(file, contents)
        });
        if written.is_err() {
            let _ = std::fs::remove_dir_all(dir);
        }
        written
    }
}

#[cfg(test)]
mod tests;
