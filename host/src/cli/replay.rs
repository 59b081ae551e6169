//! `turnwise replay`: recorded turns run again, against the plugins that ran them or against another version.

mod library;
mod runner;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::output::{FINE, FOUND, Output, WRONG_USE};
use super::turns::{Place, Source, Span, Turns, TurnsError, Wanted};
use crate::conversation::ConversationId;
use crate::replay::{self, Tally, Version};
use library::{Library, LibraryError};
use runner::{Asked, Ran, Runner};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each turn is given what it was given then: context, state, event, time and seed. Without --against it has to come out byte for byte as
recorded, of the very plugin that ran it, found by its digest in the folder of plugins and among --plugin. With --against another
version answers, and what users and later turns would notice is compared. Nothing is sent, and no conversation changes.
Exit code 0: the same; 1: something differs, or cannot be read or replayed; 2: wrong use.")]
pub struct Options {
    /// Only this conversation, e.g. c_000102030405060708090a0b0c0d0e0f.
    #[arg(value_name = "CONVERSATION")]
    conversation: Option<ConversationId>,
    /// Only this turn of it, counted from 1.
    #[arg(long, value_name = "N", requires = "conversation")]
    turn: Option<u32>,
    #[command(flatten)]
    span: Span,
    /// Only turns of this bot.
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
    /// The version to compare with; of the bot that is named like the file where --bot names none.
    #[arg(long, value_name = "FILE.wasm")]
    against: Option<PathBuf>,
    /// More files to look for the recorded plugins in; can be given several times.
    #[arg(long, value_name = "FILE.wasm", conflicts_with = "against")]
    plugin: Vec<PathBuf>,
    /// Only name the turns that differ.
    #[arg(long)]
    brief: bool,
    /// Print a line of JSON for each turn that differs, and one that counts them all.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

/// Replays and prints; the exit code.
pub async fn run(options: &Options) -> u8 {
    match replay(options).await {
        Ok(code) => code,
        Err(output) => {
            eprint!("{}", output.stderr);
            output.code
        }
    }
}

async fn replay(options: &Options) -> Result<u8, Output> {
    let (from, to) = options.span.times().map_err(|mistake| Output::wrong_use(&mistake))?;
    let wanted = Wanted { conversation: options.conversation, from, to };
    let place = Place::of(&options.source)?;
    let library = Library::open(&place.plugins, &options.plugin).map_err(unusable)?;
    let version = if options.against.is_some() { Version::Other } else { Version::Recorded };
    let mut bot = options.bot.clone();
    let other = match &options.against {
        Some(file) => {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let bot = bot.get_or_insert(stem);
            Some(library.load(file, bot).await.map_err(unusable)?)
        }
        None => None,
    };
    let asked = Asked { wanted, turn: options.turn, bot, other };
    let runner = Arc::new(Runner { library, asked });
    let mut turns = Turns::open(&place, wanted).await?;
    let origin = turns.origin();
    let began = Instant::now();
    let mut said = Said { options, version, tally: Tally::default(), differing: Vec::new(), missing: BTreeMap::new() };
    let others = all(&runner, &mut turns, &mut said).await;
    turns.close().await;
    let others = others?;
    // Where all that was asked for is damaged, it is there all the same.
    let is_there = said.tally.lost > 0 && others.is_empty();
    if said.tally.replayed() == 0 && !is_there {
        return Err(Output::wrong_use(&nothing(&origin, &runner.asked, &others)));
    }
    said.finish(began);
    let Said { tally, missing, .. } = said;
    for ((bot, digest), count) in &missing {
        let times = if *count == 1 { "1 turn".to_owned() } else { format!("{count} turns") };
        eprintln!(
            "error: {times} of {bot} ran on the plugin {digest}, which is not among {}: name its file with --plugin, or another \
             version with --against",
            runner.library.places()
        );
    }
    Ok(if tally.is_fine() { FINE } else { FOUND })
}

/// Runs everything, several pieces at once, and says what came of each in order. Returns the bots that were passed over.
async fn all(runner: &Arc<Runner>, turns: &mut Turns, said: &mut Said<'_>) -> Result<BTreeSet<String>, TurnsError> {
    let tasks = TaskTracker::new();
    // Reading must not run ahead of those who have room for what is read.
    let at_once = 2 * std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let pieces = stream::unfold((turns, false), |(turns, ended)| async move {
        if ended {
            return None;
        }
        let piece = turns.next().await.transpose()?;
        let ended = piece.is_err();
        Some((piece, (turns, ended)))
    });
    let running = pieces.map(|piece| {
        let (runner, tasks) = (Arc::clone(runner), tasks.clone());
        async move {
            let ran = tasks.spawn(async move { runner.run(piece?).await }).await;
            ran.unwrap_or_else(|panic| Err(TurnsError::Broken(format!("a replay panicked: {panic}"))))
        }
    });
    let mut running = std::pin::pin!(running.buffered(at_once));
    let mut others = BTreeSet::new();
    while let Some(ran) = running.next().await {
        others.append(&mut said.take(ran?));
    }
    Ok(others)
}

/// What is said while it goes on, and kept for the end.
struct Said<'a> {
    options: &'a Options,
    version: Version,
    tally: Tally,
    differing: Vec<(ConversationId, u32)>,
    missing: BTreeMap<(String, String), u64>,
}

impl Said<'_> {
    fn take(&mut self, ran: Ran) -> BTreeSet<String> {
        self.tally.add(&ran.tally);
        for line in ran.lost {
            eprintln!("{line}");
        }
        for differing in ran.differing {
            self.differing.push((differing.conversation, differing.turn));
            if self.options.json {
                print(&format!("{}\n", replay::as_json(&differing)));
            } else if !self.options.brief {
                print(&format!("{}\n", replay::as_text(&differing)));
            }
        }
        for (missing, count) in ran.missing {
            *self.missing.entry(missing).or_default() += count;
        }
        ran.others
    }

    fn finish(&self, began: Instant) {
        let Self { options, version, tally, differing, .. } = self;
        if options.json {
            print(&format!("{}\n", json!({ "summary": tally.json() })));
            return;
        }
        print(&replay::names(differing));
        eprint!("{}{}", tally.text(*version), pace(tally.compared(), began));
    }
}

/// Why nothing was replayed.
fn nothing(origin: &str, asked: &Asked, others: &BTreeSet<String>) -> String {
    let turn = asked.turn.map(|turn| format!(" with the number {turn}")).unwrap_or_default();
    match (&asked.bot, others.is_empty()) {
        (Some(bot), false) => {
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            format!(
                "{origin} has no such turn of the bot {bot}; there are some of {}: name one with --bot",
                others.join(", ")
            )
        }
        _ => format!("{origin} has no such turn{turn}: look at the times, which are in UTC, and at the conversation"),
    }
}

fn pace(turns: u64, began: Instant) -> String {
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "nobody counts that many turns")]
    let per_second = turns as f64 / seconds.max(0.001);
    format!("in {seconds:.2} s ({per_second:.0} turns/s)\n")
}

fn unusable(error: LibraryError) -> Output {
    let code = if error.is_wrong_use() { WRONG_USE } else { FOUND };
    Output { stderr: format!("error: {error}\n"), code, ..Output::default() }
}

/// A reader that has gone away (`| head`) is no failure.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
