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
pub mod claim;
mod compare;
mod mistake;
mod native;
pub mod pattern;
mod player;
mod render;
mod said;
pub mod script;
#[cfg(test)]
mod tests;
pub mod transcript;
mod update;
mod waiting;
pub mod world;

#[doc(inline)]
pub use crate::bindings::turnwise::bot::types as contract;
pub use check::check;
pub use compare::Difference;
pub use mistake::Mistake;
pub use player::Player;
pub use render::{Done, failure, lines};
pub use said::{Expected, Said};

use compare::Block;
use contract::{Context, Decision, Event};
use native::Native;
use transcript::{Entry, Line};
use update::Edits;

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
    /// It cannot be read: all that is wrong with it, at least one thing.
    Mistakes(Vec<Mistake>),
    /// The bot did something else.
    Difference(Difference),
}

impl Problem {
    /// Where it shows, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Mistakes(mistakes) => mistakes.first().map_or(1, |mistake| mistake.line),
            Self::Difference(difference) => difference.line,
        }
    }

    /// For people, every part beginning with `NAME:LINE:`; `name` is the transcript's.
    #[must_use]
    pub fn report(&self, name: &str) -> String {
        match self {
            Self::Mistakes(mistakes) => {
                let reports: Vec<String> = mistakes.iter().map(|mistake| format!("{name}:{mistake}")).collect();
                reports.join("\n")
            }
            Self::Difference(difference) => format!("{name}:{difference}"),
        }
    }
}

/// Plays a transcript to its first difference: what comes after it follows from it.
///
/// # Errors
/// All lines that are no lines of a transcript, or the first about which the bot did something else.
pub fn play(text: &str, plugin: &mut dyn Decide) -> Result<(), Problem> {
    let lines = transcript::parse(text).map_err(Problem::Mistakes)?;
    let mut player = Player::of(&lines);
    for (happening, more, written) in blocks(&lines) {
        let block = step(&mut player, plugin, happening, more, written)?;
        if let Some(difference) = block.difference() {
            return Err(Problem::Difference(difference));
        }
    }
    Ok(())
}

/// Plays a transcript to its end, and writes down what the bot did where something else is expected. None where nothing is.
///
/// # Errors
/// What is no matter of expectations: lines that are no lines of a transcript, or a request that nothing answers.
pub fn update(text: &str, plugin: &mut dyn Decide) -> Result<Option<String>, Problem> {
    let lines = transcript::parse(text).map_err(Problem::Mistakes)?;
    let mut player = Player::of(&lines);
    let mut edits = Edits::default();
    for (happening, more, written) in blocks(&lines) {
        let block = step(&mut player, plugin, happening, more, written)?;
        edits.note(&block, &player.facts());
    }
    Ok((!edits.is_empty()).then(|| edits.apply(text)))
}

/// What happens, the messages that go on with it, and what is written about it.
fn blocks(lines: &[Line]) -> impl Iterator<Item = (&Line, &[Line], &[Line])> {
    let goes_on = |line: &Line| matches!(line.entry, Entry::More(_));
    lines.chunk_by(move |_, next| next.entry.is_expected() || goes_on(next)).filter_map(move |block| {
        let (happening, rest) = block.split_first()?;
        let (more, written) = rest.split_at(rest.iter().take_while(|line| goes_on(line)).count());
        Some((happening, more, written))
    })
}

fn step<'a>(
    player: &mut Player,
    plugin: &mut dyn Decide,
    happening: &'a Line,
    more: &'a [Line],
    written: &'a [Line],
) -> Result<Block<'a>, Problem> {
    let said =
        more.iter().filter_map(|line| if let Entry::More(said) = &line.entry { Some(said.clone()) } else { None });
    let done = player.play(plugin, &happening.entry, &said.collect::<Vec<_>>());
    let unanswered = player.unanswered();
    let block = Block::new(happening, more, written, done, &player.facts());
    match block.unanswered(&unanswered) {
        Some(difference) => Err(Problem::Difference(difference)),
        None => Ok(block),
    }
}
