//! `turnwise graph`: a bot's steps as conversations walked them, drawn.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::in_runtime;
use super::output::{FINE, FOUND, Output};
use super::test::find;
use super::turns::{Place, Source, Span, Turns, Wanted};
use crate::conversation::ConversationId;
use crate::graph::{Graph, Learning, mermaid, svg};
use crate::transcript::component::Components;
use crate::transcript::journaled::Journaled;
use crate::transcript::play;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Learned from recorded turns, or from transcripts where some are named. Without --svg and --json it is Mermaid, which GitHub, GitLab and
many editors draw. Exit code 0: drawn; 1: drawn, but some turns could not be read; 2: wrong use.")]
pub struct Options {
    /// Transcripts (*.chat) and folders of them, played against the plugin beside them.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The plugin to play the transcripts against.
    #[arg(long, value_name = "FILE.wasm", requires = "paths")]
    plugin: Option<PathBuf>,
    /// Only this conversation.
    #[arg(long, value_name = "CONVERSATION", conflicts_with = "paths")]
    conversation: Option<ConversationId>,
    #[command(flatten)]
    span: Span,
    /// The bot, where there are several.
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
    /// Write a picture into this file.
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// Print it as a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

/// What was learned, and from what.
struct Learned {
    graphs: BTreeMap<String, Graph>,
    origin: String,
    /// A line for each that could not be read.
    lost: Vec<String>,
}

/// Learns, draws and prints.
pub fn run(options: Options) -> ExitCode {
    if options.paths.is_empty() {
        in_runtime(async move {
            let learned = of_turns(&options).await;
            learned.and_then(|learned| draw(&options, learned)).unwrap_or_else(|output| output).emit()
        })
    } else {
        of_transcripts(&options).and_then(|learned| draw(&options, learned)).unwrap_or_else(|output| output).emit()
    }
}

async fn of_turns(options: &Options) -> Result<Learned, Output> {
    let (from, to) = options.span.times().map_err(|mistake| Output::wrong_use(&mistake))?;
    let wanted = Wanted { conversation: options.conversation, from, to };
    let mut turns = Turns::open(&Place::of(&options.source)?, wanted).await?;
    let origin = turns.origin();
    let (mut learning, mut lost) = (Learning::default(), Vec::new());
    while let Some(piece) = turns.next().await? {
        for read in piece.read() {
            match read {
                Ok(entry) if wanted.has(&entry) => learning.learn(&entry),
                Ok(_) => {}
                Err(line) => lost.push(line),
            }
        }
    }
    turns.close().await;
    Ok(Learned { graphs: learning.finish(), origin, lost })
}

/// Every transcript up to where it does not come true any more: what comes after that nobody wrote.
fn of_transcripts(options: &Options) -> Result<Learned, Output> {
    let transcripts = find::transcripts(&options.paths).map_err(|mistake| Output::wrong_use(&mistake))?;
    let components = Components::start().map_err(|error| Output::wrong_use(&error.to_string()))?;
    let mut plugins = BTreeMap::new();
    let (mut learning, mut lost) = (Learning::default(), Vec::new());
    for transcript in &transcripts {
        let file = match &options.plugin {
            Some(file) => file.clone(),
            None => find::component(transcript).map_err(|mistake| Output::wrong_use(&mistake))?,
        };
        if !plugins.contains_key(&file) {
            let loaded = components.load(&file);
            let loaded =
                loaded.map_err(|error| Output::wrong_use(&format!("{}: {}", file.display(), error.problem)))?;
            plugins.insert(file.clone(), loaded);
        }
        let text = fs::read_to_string(&transcript.file);
        let text = text.map_err(|error| Output::wrong_use(&format!("{}: {error}", transcript.name)))?;
        let mut bot = Journaled::new(components.answering(&plugins[&file]));
        if let Err(problem) = play(&text, &mut bot) {
            lost.push(format!(
                "{}:{}: it does not pass from here on: see `turnwise test`",
                transcript.name,
                problem.line()
            ));
        }
        for entry in bot.into_entries() {
            learning.learn(&entry);
        }
        learning.pause();
    }
    let origin = options.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    Ok(Learned { graphs: learning.finish(), origin, lost })
}

fn draw(options: &Options, learned: Learned) -> Result<Output, Output> {
    let Learned { graphs, origin, lost } = learned;
    let graph = choose(options.bot.as_deref(), &graphs, &origin).map_err(|mistake| Output::wrong_use(&mistake))?;
    let mut stderr: String = lost.iter().map(|line| format!("{line}\n")).collect();
    let (bot, sessions) = (&graph.bot, graph.sessions());
    stderr += &format!("{bot}: {sessions} {}, from {origin}\n", if sessions == 1 { "session" } else { "sessions" });
    if let Some(file) = &options.svg {
        write(file, &svg(graph))?;
    }
    let stdout = match (options.json, &options.svg) {
        (true, _) => format!("{:#}\n", graph.json()),
        (false, Some(_)) => String::new(),
        (false, None) => mermaid(graph),
    };
    Ok(Output { stdout, stderr, code: if lost.is_empty() { FINE } else { FOUND } })
}

fn choose<'a>(bot: Option<&str>, graphs: &'a BTreeMap<String, Graph>, origin: &str) -> Result<&'a Graph, String> {
    let all = || graphs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    match (bot, graphs.len()) {
        (_, 0) => Err(format!("{origin} has no such turn: look at the times, which are in UTC")),
        (Some(bot), _) => {
            graphs.get(bot).ok_or_else(|| format!("{origin} has no turn of {bot}; there are some of {}", all()))
        }
        (None, 1) => graphs.values().next().ok_or_else(String::new),
        (None, _) => Err(format!("{origin} has turns of several bots: name one with --bot: {}", all())),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Output> {
    fs::write(file, text).map_err(|error| Output::wrong_use(&format!("{} (--svg): {error}", file.display())))
}
