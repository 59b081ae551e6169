//! One conversation by hand: what happened, what came of it, and how to write it down. In the terminal and in the console alike.

use std::fmt::Write as _;

use super::traced::{Traced, TurnTrace};
use super::{Done, Line, Mistake, Player, Said, parse_line};

/// What a transcript says where an agent takes a conversation, and where it is given back.
pub const AGENT_ACCEPTS: &str = "@ handoff accepted";
pub const AGENT_RETURNS: &str = "@ handoff returned";

/// A conversation; the plugin is handed to each step.
#[derive(Default)]
pub struct Talk {
    bot: String,
    player: Player,
    history: Vec<Happened>,
    /// The turns of the last line that happened.
    turns: Vec<TurnTrace>,
}

/// One line with what the bot did about it.
#[derive(Clone, Debug)]
pub struct Happened {
    /// As a transcript has it; of a burst one for each message.
    pub lines: Vec<String>,
    pub done: Vec<Done>,
}

impl Talk {
    #[must_use]
    pub fn with(bot: &str) -> Self {
        Self { bot: bot.to_owned(), ..Self::default() }
    }

    /// Lets a line happen, with the messages that go on with it in the same turn, and returns what the bot did about it.
    pub fn happens(&mut self, plugin: &mut Traced<'_>, line: &Line, more: &[Said]) -> &[Done] {
        let done = self.player.play(plugin, &line.entry, more);
        self.turns = plugin.take();
        let goes_on = more.iter().map(|said| format!(">> {said}"));
        let lines = std::iter::once(line.source.clone()).chain(goes_on).collect();
        self.history.push(Happened { lines, done });
        self.history.last().map_or(&[], |happened| &happened.done)
    }

    /// As if nothing had been said.
    pub fn begin_anew(&mut self) {
        *self = Self::with(&self.bot);
    }

    #[must_use]
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// Everything so far, oldest first.
    #[must_use]
    pub fn history(&self) -> &[Happened] {
        &self.history
    }

    /// The turns of the last line that happened.
    #[must_use]
    pub fn turns(&self) -> &[TurnTrace] {
        &self.turns
    }

    /// What the bot remembers, JSON laid out for people; none where it remembers nothing.
    #[must_use]
    pub fn state(&self) -> Option<String> {
        self.player.state().map(pretty)
    }

    /// Where the bot last said it stands.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        let done = self.history.iter().flat_map(|happened| &happened.done);
        done.filter_map(|done| done.line.strip_prefix("= step ")).next_back()
    }

    /// A transcript that the same plugin passes, but for requests that nothing in it answers.
    #[must_use]
    pub fn transcript(&self) -> String {
        let mut text = format!("# A conversation with {}.\n", self.bot);
        for Happened { lines, done } in &self.history {
            let first = lines.first().map(String::as_str).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", if first.starts_with('@') && done.is_empty() { "" } else { "\n" });
            for line in lines.iter().map(String::as_str).chain(done.iter().map(|done| done.line.as_str())) {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

/// JSON laid out for people; what is none as it is.
#[must_use]
pub fn pretty(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => format!("{value:#}"),
        Err(_) => text.to_owned(),
    }
}

/// What somebody typed: a line that begins with `> `, `~ ` or `@ ` is read as in a transcript, everything else is said to the bot. None
/// where nothing was typed.
///
/// # Errors
/// What is wrong with the line, and where in it.
pub fn read(line: &str) -> Result<Option<Line>, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    if ["> ", "~ ", "@ "].iter().any(|mark| line.starts_with(mark)) || line == ">" {
        return marked(line);
    }
    // What somebody types is what they say, whatever is in it.
    marked(&format!("> {}", said(line)))
}

/// Somebody says just this.
#[must_use]
pub fn said(text: &str) -> Said {
    Said { text: text.to_owned(), ..Said::default() }
}

fn marked(line: &str) -> Result<Option<Line>, String> {
    parse_line(1, line).map_err(|Mistake { source, span, message, fix, .. }| {
        let indent = source[..span.start].chars().count();
        let carets = source[span].chars().count().max(1);
        format!("{message}\n    {source}\n    {:indent$}{}\n    {fix}", "", "^".repeat(carets))
    })
}
