//! `turnwise test`: plays transcripts against a built plugin, or against the process that started it.

mod find;
mod session;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::output::{FINE, WRONG_USE};
use crate::plugins::{LogLine, Plugin, Problem as LoadProblem};
use crate::transcript::component::Components;
use crate::transcript::{Decide, Problem, play};
use find::Transcript;

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
    if options.stdio { session::run(&transcripts) } else { against_components(options, &transcripts) }
}

/// What came of one transcript.
struct Played {
    name: String,
    turns: usize,
    problem: Option<Trouble>,
}

/// Why it did not pass.
struct Trouble {
    /// None where the file cannot be read.
    line: Option<usize>,
    /// For people; begins with the file's name.
    report: String,
}

fn against_components(options: &Options, transcripts: &[Transcript]) -> u8 {
    let components = match Components::start() {
        Ok(components) => components,
        Err(error) => return wrong_use(&error.to_string()),
    };
    let plugins = match load(&components, options.plugin.as_deref(), transcripts) {
        Ok(plugins) => plugins,
        Err(code) => return code,
    };
    let started = Instant::now();
    let mut all = Vec::new();
    for (transcript, plugin) in transcripts.iter().zip(&plugins) {
        let mut bot = components.answering(plugin);
        let problem = problem_of(transcript, &mut bot).map(|mut trouble| {
            trouble.report += &log(bot.log());
            trouble
        });
        let played = Played { name: transcript.name.clone(), turns: bot.turns(), problem };
        if !options.json {
            print(&as_text(&played));
        }
        all.push(played);
    }
    let took = started.elapsed();
    if options.json {
        print(&format!("{:#}\n", as_json(&all, &plugins, took)));
    } else {
        let turns = all.iter().map(|played| played.turns).sum();
        eprintln!("{}, {}", summary(&all), pace(turns, took));
    }
    if all.iter().all(|played| played.problem.is_none()) { FINE } else { FAILED }
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

/// Plays one; none where it passed.
fn problem_of(transcript: &Transcript, bot: &mut dyn Decide) -> Option<Trouble> {
    let Transcript { file, name } = transcript;
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return Some(Trouble { line: None, report: format!("{name}: {error}\n") }),
    };
    let problem: Problem = play(&text, bot).err()?;
    Some(Trouble { line: Some(problem.line()), report: printable(&problem.report(name)) })
}

/// What the plugin said meanwhile, behind the report.
fn log(lines: &[LogLine]) -> String {
    lines.iter().map(|line| format!("  log   {}\n", printable(&line.to_string()))).collect()
}

fn as_text(played: &Played) -> String {
    match &played.problem {
        None => format!("ok      {}\n", played.name),
        Some(trouble) => format!("FAILED  {}\n\n{}\n", played.name, trouble.report),
    }
}

fn as_json(all: &[Played], plugins: &[Arc<Plugin>], took: Duration) -> Value {
    let transcripts = all.iter().zip(plugins).map(|(played, plugin)| {
        json!({
            "file": played.name,
            "plugin": plugin.file,
            "turns": played.turns,
            "passed": played.problem.is_none(),
            "line": played.problem.as_ref().and_then(|trouble| trouble.line),
            "report": played.problem.as_ref().map(|trouble| &trouble.report),
        })
    });
    let (passed, failed) = counts(all);
    json!({
        "passed": passed,
        "failed": failed,
        "turns": all.iter().map(|played| played.turns).sum::<usize>(),
        "seconds": took.as_secs_f64(),
        "transcripts": transcripts.collect::<Vec<_>>(),
    })
}

fn summary(all: &[Played]) -> String {
    let (passed, failed) = counts(all);
    format!("{passed} passed, {failed} failed")
}

fn counts(all: &[Played]) -> (usize, usize) {
    let failed = all.iter().filter(|played| played.problem.is_some()).count();
    (all.len() - failed, failed)
}

fn pace(turns: usize, took: Duration) -> String {
    let per_second = turns as f64 / took.as_secs_f64().max(f64::EPSILON);
    format!("{turns} turns in {} ms ({per_second:.0} turns/s)", took.as_millis())
}

/// A plugin may say anything; a terminal is not to be driven by it.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn wrong_use(mistake: &str) -> u8 {
    eprintln!("error: {mistake}");
    WRONG_USE
}

/// A reader that has gone away (`| head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
