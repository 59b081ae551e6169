//! Runs a plugin natively on a transcript: no WebAssembly, no host, milliseconds.
//!
//! ```no_run
//! # use turnwise_plugin::{Message, Plugin, Result, Turn};
//! # struct Menu;
//! # impl Plugin for Menu {
//! #     type State = ();
//! #     fn on_message(_: &mut Turn<()>, _: &Message) -> Result { Ok(()) }
//! # }
//! #[test]
//! fn transcripts() {
//!     turnwise_plugin::testing::run_folder::<Menu>("tests");
//! }
//! ```
//!
//! The format is described in [`transcript`]. [`play`] is the same for whoever [decides](Decide): the host's command
//! `turnwise test` plays components with it, and plugins in other languages.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Plugin;

mod check;
mod compare;
mod mistake;
mod native;
mod player;
mod render;
#[cfg(test)]
mod tests;
pub mod transcript;
pub mod world;

#[doc(inline)]
pub use crate::bindings::turnwise::bot::types as contract;
pub use check::check;
pub use compare::Difference;
pub use mistake::Mistake;

use contract::{Context, Decision, Event};
use native::Native;
use player::Player;
use transcript::Entry;

/// Runs every `*.chat` file of a folder, named relative to the plugin's Cargo.toml.
///
/// # Panics
/// A transcript fails, or there is none. Says where, and how what the bot did differs from what is written.
#[track_caller]
pub fn run_folder<P: Plugin>(folder: &str) {
    let paths = transcripts_in(Path::new(folder)).unwrap_or_default();
    assert!(!paths.is_empty(), "{folder} holds no transcript (*.chat)");
    let failures: Vec<String> = paths.iter().filter_map(|path| run_path::<P>(path).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} transcripts failed\n\n{}",
        failures.len(),
        paths.len(),
        failures.join("\n\n")
    );
}

/// Runs one transcript file.
///
/// # Panics
/// As [`run_folder`].
#[track_caller]
pub fn run_file<P: Plugin>(path: &str) {
    if let Err(failure) = run_path::<P>(Path::new(path)) {
        panic!("{failure}");
    }
}

/// Runs a transcript written in a test.
///
/// # Panics
/// As [`run_folder`].
#[track_caller]
pub fn run<P: Plugin>(text: &str) {
    if let Err(failure) = run_text::<P>("transcript", text) {
        panic!("{failure}");
    }
}

fn run_path<P: Plugin>(path: &Path) -> Result<(), String> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    run_text::<P>(&name, &text)
}

fn run_text<P: Plugin>(name: &str, text: &str) -> Result<(), String> {
    play(text, &mut Native::<P>::default()).map_err(|problem| problem.report(name))
}

/// The transcripts of a folder (`*.chat`), sorted by name.
///
/// # Errors
/// The folder cannot be read.
pub fn transcripts_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "chat") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Who answers in a transcript: a plugin, wherever it runs.
pub trait Decide {
    /// One turn, as the contract's `handle`. The same arguments give the same answer.
    ///
    /// # Errors
    /// The turn failed: the state stays as it was, no effect is done, and the transcript has one line about it.
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure>;
}

/// Why a turn has no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `! error bad-state WHY`: the plugin cannot read the state.
    BadState(String),
    /// `! error other WHY`: the plugin said so, or it was ended: a trap, a limit.
    Other(String),
    /// `! refused WHY`: there is one, but the host would not carry it out.
    Refused(String),
}

/// Why a transcript did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be read or played.
    Mistake(Mistake),
    /// The bot did something else.
    Difference(Difference),
}

impl Problem {
    /// Where it shows, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Mistake(mistake) => mistake.line,
            Self::Difference(difference) => difference.line,
        }
    }

    /// For people, beginning with `NAME:LINE:`; `name` is the transcript's.
    #[must_use]
    pub fn report(&self, name: &str) -> String {
        match self {
            Self::Mistake(mistake) => format!("{name}:{mistake}"),
            Self::Difference(difference) => format!("{name}:{difference}"),
        }
    }
}

/// Plays a transcript to its first difference: what comes after it follows from it.
///
/// # Errors
/// The first line that is no line of a transcript, or where the bot did something else.
pub fn play(text: &str, plugin: &mut dyn Decide) -> Result<(), Problem> {
    let lines = transcript::parse(text).map_err(Problem::Mistake)?;
    let mut player = Player::new(plugin);
    let happens = |entry: &Entry| matches!(entry, Entry::User(_) | Entry::Passes(_) | Entry::World(_));
    for block in lines.chunk_by(|_, next| !happens(&next.entry)) {
        let [happening, written @ ..] = block else { continue };
        let done = player.play(happening).map_err(Problem::Mistake)?;
        if let Some(difference) = compare::difference(happening, written, &done) {
            return Err(Problem::Difference(difference));
        }
    }
    Ok(())
}
