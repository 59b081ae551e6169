//! `turnwise record CONVERSATION`: a conversation as it was, as a transcript to test with.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::output::{FINE, FOUND, Output};
use super::turns::{Place, Source, Turns, Wanted};
use crate::clock::Timestamp;
use crate::conversation::{ConversationId, JournalEntry};
use crate::transcript::recorded::{Cut, Recording, record};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the user wrote and whatever else happened becomes `>`, `~` and `@` lines, what the bot did about it the lines below each; play it
with `turnwise test`. Numbers and ids of the user are left out unless the bot said them.
Exit code 0: all of it; 1: a part, and why; 2: wrong use.")]
pub struct Options {
    /// The conversation, as a webhook's answer and `turnwise replay` name it.
    #[arg(value_name = "CONVERSATION")]
    conversation: ConversationId,
    /// Only this session, counted from 1.
    #[arg(long, value_name = "N")]
    session: Option<u32>,
    /// The bot, where several had a part in it; the first of them where none is named.
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
    /// Write it into this file.
    #[arg(long, short, value_name = "FILE.chat")]
    output: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// Records; what to print.
pub async fn run(options: &Options) -> Output {
    make(options).await.unwrap_or_else(|output| output)
}

async fn make(options: &Options) -> Result<Output, Output> {
    let Options { conversation, session, bot, output, source } = options;
    let wanted = Wanted { conversation: Some(*conversation), from: Timestamp(0), to: Timestamp(u64::MAX) };
    let turns = Turns::open(&Place::of(source)?, wanted).await?;
    let origin = turns.origin();
    let (mut entries, lost) = turns.all(wanted).await?;
    entries.retain(|entry| session.is_none_or(|session| session == entry.context.session));
    let bot = bot.clone().or_else(|| first_bot(&entries));
    let Some(bot) = bot.filter(|bot| entries.iter().any(|entry| entry.bot == *bot)) else {
        let bots: BTreeSet<&str> = entries.iter().map(|entry| entry.bot.as_str()).collect();
        let there = if bots.is_empty() {
            "look at the id and the session".to_owned()
        } else {
            format!("its bots are {}", bots.into_iter().collect::<Vec<_>>().join(", "))
        };
        return Err(Output::wrong_use(&format!("{origin} has no such turn of {conversation}: {there}")));
    };
    let Recording { text, turns, cut } = record(&entries, &bot);
    let mut stderr: String = lost.iter().map(|line| format!("{line}\n")).collect();
    if let Some(cut) = &cut {
        stderr += &cut_text(cut, *session);
    }
    let noun = if turns == 1 { "turn" } else { "turns" };
    let shown = output.as_ref().map_or_else(|| "FILE.chat".into(), |file| file.display().to_string());
    stderr += &format!("{turns} {noun}; play them with `turnwise test --plugin {bot}.wasm {shown}`\n");
    let code = if cut.is_some() || !lost.is_empty() { FOUND } else { FINE };
    match output {
        Some(file) => match fs::write(file, text) {
            Ok(()) => Ok(Output { stdout: String::new(), stderr, code }),
            Err(error) => Err(Output::wrong_use(&format!("{} (--output): {error}", file.display()))),
        },
        None => Ok(Output { stdout: text, stderr, code }),
    }
}

fn first_bot(entries: &[JournalEntry]) -> Option<String> {
    entries.first().map(|entry| entry.bot.clone())
}

fn cut_text(cut: &Cut, session: Option<u32>) -> String {
    let Cut { turn, session: of, why } = cut;
    let fix = match session {
        None => format!("; make another of what follows with --session {of}"),
        Some(_) => "; record the whole conversation, without --session, where earlier turns are needed".to_owned(),
    };
    format!("it ends before turn {turn}: {why}{fix}\n")
}
