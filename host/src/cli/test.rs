//! `turnwise test`: plays transcripts against a built plugin, or against the process that started it.

pub(super) mod find;
mod junit;
mod report;
mod session;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

use super::output::{FINE, WRONG_USE};
use crate::plugins::{Plugin, Problem as LoadProblem};
use crate::transcript::component::Components;
use crate::transcript::{Decide, play, update};
use find::Transcript;
use report::{Came, Played, Trouble};

/// A transcript failed, or the plugin is none.
const FAILED: u8 = 1;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --plugin and --stdio the plugin is the one built beside the transcripts: plugins/NAME.wasm for plugins/NAME/tests,
NAME/NAME.wasm for NAME/tests. Exit code 0: all passed; 1: some failed; 2: wrong use.")]
pub struct Options {
    /// Transcripts (*.chat) and folders of them.
    #[arg(value_name = "PATH", default_value = "tests")]
    paths: Vec<PathBuf>,
    /// The built plugin that answers.
    #[arg(long, value_name = "FILE.wasm")]
    plugin: Option<PathBuf>,
    /// The process that started this one answers: one JSON object a line, turns on stdout, answers on stdin. For test helpers of SDKs.
    #[arg(long, conflicts_with_all = ["plugin", "json"])]
    stdio: bool,
    /// Write into the transcripts what the plugin does where something else is expected; look at the changes before you keep them.
    #[arg(long, conflicts_with = "stdio")]
    update: bool,
    /// Write what came of each transcript into this file too, for continuous integration.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print what came of each transcript as a JSON object.
    #[arg(long)]
    json: bool,
}

/// Plays and prints; returns the exit code.
#[must_use]
pub fn run(options: &Options) -> u8 {
    let transcripts = match find::transcripts(&options.paths) {
        Ok(transcripts) => transcripts,
        Err(mistake) => return wrong_use(&mistake),
    };
    let played = if options.stdio { session::run(&transcripts) } else { against_components(options, &transcripts) };
    let played = match played {
        Ok(played) => played,
        Err(code) => return code,
    };
    if let Some(file) = &options.junit
        && let Err(error) = fs::write(file, junit::xml(&played))
    {
        return wrong_use(&format!("{} (--junit): {error}", file.display()));
    }
    if played.iter().all(Played::passed) { FINE } else { FAILED }
}

/// What came of each, all said; or the exit code.
fn against_components(options: &Options, transcripts: &[Transcript]) -> Result<Vec<Played>, u8> {
    let components = Components::start().map_err(|error| wrong_use(&error.to_string()))?;
    let plugins = load(&components, options.plugin.as_deref(), transcripts)?;
    let started = Instant::now();
    let mut all = Vec::new();
    for (transcript, plugin) in transcripts.iter().zip(&plugins) {
        let mut bot = components.answering(plugin);
        let began = Instant::now();
        let mut came = play_one(transcript, &mut bot, options.update);
        if let Came::Failed(trouble) = &mut came {
            trouble.report += &report::log(bot.log());
        }
        let played = Played { name: transcript.name.clone(), turns: bot.turns(), took: began.elapsed(), came };
        if !options.json {
            print(&report::as_text(&played));
        }
        all.push(played);
    }
    let took = started.elapsed();
    if options.json {
        print(&format!("{:#}\n", report::as_json(&all, &plugins, took)));
    } else {
        let turns = all.iter().map(|played| played.turns).sum();
        eprintln!("{}, {}", report::summary(&all), report::pace(turns, took));
    }
    Ok(all)
}

/// The plugin of each transcript, each file loaded once; or the exit code, all said.
fn load(components: &Components, given: Option<&Path>, transcripts: &[Transcript]) -> Result<Vec<Arc<Plugin>>, u8> {
    let mut loaded: BTreeMap<PathBuf, Arc<Plugin>> = BTreeMap::new();
    let mut plugins = Vec::new();
    for transcript in transcripts {
        let file = match given {
            Some(file) => file.to_owned(),
            None => find::component(transcript).map_err(|mistake| wrong_use(&mistake))?,
        };
        if let Some(plugin) = loaded.get(&file) {
            plugins.push(plugin.clone());
            continue;
        }
        let plugin = components.load(&file).map_err(|error| {
            eprintln!("error: {}: {}", file.display(), error.problem);
            if matches!(error.problem, LoadProblem::Unreadable(_)) { WRONG_USE } else { FAILED }
        })?;
        loaded.insert(file, plugin.clone());
        plugins.push(plugin);
    }
    Ok(plugins)
}

/// Plays one, or has it say what the bot does.
fn play_one(transcript: &Transcript, bot: &mut dyn Decide, updates: bool) -> Came {
    let Transcript { file, name } = transcript;
    let io = |error: std::io::Error| Came::Failed(Trouble { line: None, report: format!("{name}: {error}\n") });
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return io(error),
    };
    let played = if updates { update(&text, bot) } else { play(&text, bot).map(|()| None) };
    match played {
        Ok(None) => Came::Passed,
        Ok(Some(text)) => fs::write(file, text).map_or_else(io, |()| Came::Updated),
        Err(problem) => {
            Came::Failed(Trouble { line: Some(problem.line()), report: report::printable(&problem.report(name)) })
        }
    }
}

fn wrong_use(mistake: &str) -> u8 {
    eprintln!("error: {mistake}");
    WRONG_USE
}

/// A reader that has gone away (`| head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
