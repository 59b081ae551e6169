//! `turnwise chat PLUGIN`: a conversation in the terminal, played as transcripts are, with a clock that the user turns.

mod conversation;
mod find;
mod input;
mod show;
mod terminal;

use std::io::Write as _;
use std::path::PathBuf;

use super::output::{FINE, WRONG_USE};
use crate::transcript::component::Components;
use crate::transcript::traced::Traced;
use conversation::{Conversation, Next};
use show::Style;
use terminal::{Read, Terminal};

/// The plugin is none, or could not be built.
const FAILED: u8 = 1;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What you type is said to the bot; /help lists what else there is. Where stdin is no terminal, every line of it is taken as typed.
Exit code 0: the conversation ended; 1: the plugin is none or cannot be built; 2: wrong use.")]
pub struct Options {
    /// A built plugin (a .wasm file), a project's folder, which is built first, or the name of a bot in plugins/.
    #[arg(value_name = "PLUGIN")]
    plugin: String,
    /// The folder of plugins for a bot's name.
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    plugins: PathBuf,
}

/// Talks until the user has had enough; returns the exit code.
#[must_use]
pub fn run(options: &Options) -> u8 {
    let file = match find::component(&options.plugin, &options.plugins) {
        Ok(file) => file,
        Err((code, message)) => return fail(code, &message),
    };
    let components = match Components::start() {
        Ok(components) => components,
        Err(error) => return fail(WRONG_USE, &error.to_string()),
    };
    let plugin = match components.load(&file) {
        Ok(plugin) => plugin,
        Err(error) => return fail(FAILED, &format!("{}: {}", file.display(), error.problem)),
    };
    let style = Style::of_stdout();
    let mut terminal = match Terminal::open() {
        Ok(terminal) => terminal,
        Err(error) => return fail(WRONG_USE, &format!("the terminal cannot be used: {error}")),
    };
    let name = plugin.name.clone();
    let mut conversation = Conversation::new(&name, Traced::new(components.answering(&plugin)));
    print(&show::welcome(&name, style));
    loop {
        let line = match terminal.read() {
            Read::Line(line) => line,
            Read::End => return FINE,
        };
        match conversation.typed(&line, style) {
            Next::Say(text) => print(&text),
            Next::End => return FINE,
        }
    }
}

fn fail(code: u8, message: &str) -> u8 {
    eprintln!("error: {message}");
    code
}

/// A reader that has gone away (`| head`) is no failure.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}
