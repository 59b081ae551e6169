//! `turnwise plugin new NAME --lang LANG`: a small complete project to begin with.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::build::Language;
use crate::build::template::{check_name, new_project};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The bot's name, and its folder's: letters, digits, `-` and `_`.
    name: String,
    /// What to write it in.
    #[arg(long, value_name = "LANG")]
    lang: Language,
    /// The folder to make the project's folder in, e.g. plugins.
    #[arg(long, value_name = "PATH", default_value = ".")]
    dir: PathBuf,
}

/// 0 with a project written, 2 where nothing was.
#[must_use]
pub fn run(options: &Options) -> Output {
    let Options { name, lang, dir } = options;
    if let Err(mistake) = check_name(name) {
        return Output::wrong_use(&mistake);
    }
    let Some(project) = new_project(*lang, name) else {
        return Output::wrong_use(&format!("this version has no template for {lang}"));
    };
    let folder = dir.join(name);
    match project.write(&folder) {
        Ok(()) => Output::fine(next(&folder, *lang, &project.next)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Output::wrong_use(&format!(
            "{} is there already; choose another name, or another folder with --dir",
            folder.display()
        )),
        Err(error) => Output::wrong_use(&format!("{} cannot be written: {error}", folder.display())),
    }
}

/// What is there now, and what to type.
fn next(folder: &Path, language: Language, commands: &[String]) -> String {
    let folder = folder.strip_prefix(".").unwrap_or(folder).display();
    let mut text =
        format!("{folder} is a bot in {language}; its README.md says what is where. Next:\n\n  cd {folder}\n");
    for command in commands {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {command}");
    }
    text
}

#[cfg(test)]
mod tests;
