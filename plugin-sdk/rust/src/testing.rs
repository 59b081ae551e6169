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
//! The format is described in [`transcript`].

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Plugin;

mod compare;
mod player;
mod render;
#[cfg(test)]
mod tests;
pub mod transcript;
pub mod world;

use player::Player;
use transcript::Entry;

/// Runs every `*.chat` file of a folder, named relative to the plugin's Cargo.toml.
///
/// # Panics
/// A transcript fails, or there is none. Says where, and how what the bot did differs from what is written.
#[track_caller]
pub fn run_folder<P: Plugin>(folder: &str) {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "chat"));
    paths.sort();
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
    if let Err(failure) = check::<P>("transcript", text) {
        panic!("{failure}");
    }
}

fn run_path<P: Plugin>(path: &Path) -> Result<(), String> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    check::<P>(&name, &text)
}

/// Plays the transcript to its first difference: what comes after it follows from it.
fn check<P: Plugin>(name: &str, text: &str) -> Result<(), String> {
    let lines = transcript::parse(text).map_err(|mistake| format!("{name}:{mistake}"))?;
    let mut player = Player::<P>::new();
    let happens = |entry: &Entry| matches!(entry, Entry::User(_) | Entry::Passes(_) | Entry::World(_));
    for block in lines.chunk_by(|_, next| !happens(&next.entry)) {
        let [happening, written @ ..] = block else { continue };
        let done =
            player.play(&happening.entry).map_err(|message| format!("{name}:{}: {message}", happening.number))?;
        if let Some(difference) = compare::difference(written, &done) {
            let number = difference.line.unwrap_or(happening.number);
            let mut report = format!("{name}:{number}: the bot did not do what is written (- written, + done)\n\n");
            let _ = writeln!(report, "{:5}   {}", happening.number, happening.source);
            report.push_str(&difference.diff);
            return Err(report);
        }
    }
    Ok(())
}
