//! One conversation: what was typed, what came of it, and how to write it down.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::input::{self, HELP, Input};
use super::show::{self, Style};
use crate::clock::Timestamp;
use crate::transcript::traced::{Traced, TurnTrace};
use crate::transcript::{Done, Entry, Line, Player, parse_line, span};

pub(super) struct Conversation<'a> {
    bot: String,
    plugin: Traced<'a>,
    player: Player,
    /// Everything that happened, and what the bot did about it.
    history: Vec<(String, Vec<Done>)>,
    /// The turns of the last line that happened.
    turns: Vec<TurnTrace>,
}

/// What comes of a typed line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Say(String),
    End,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(bot: &str, plugin: Traced<'a>) -> Self {
        Self { bot: bot.to_owned(), plugin, player: Player::default(), history: Vec::new(), turns: Vec::new() }
    }

    pub(super) fn typed(&mut self, line: &str, style: Style) -> Next {
        let input = match input::read(line) {
            Ok(input) => input,
            Err(mistake) => return Next::Say(show::aside(&mistake, style)),
        };
        Next::Say(match input {
            Input::Nothing => String::new(),
            Input::Quit => return Next::End,
            Input::Happens(line) => self.happens(&line, style),
            Input::Agent => self.agent(style),
            Input::State => show::aside(&self.facts(), style),
            Input::Trace => show::trace(&self.turns, style),
            Input::Clock => show::aside(&self.time(), style),
            Input::Reset => {
                self.turns.clear();
                self.history.clear();
                self.player = Player::default();
                show::aside("The conversation begins anew.", style)
            }
            Input::Save(file) => show::aside(&self.save(&file), style),
            Input::Help => show::aside(HELP, style),
        })
    }

    fn happens(&mut self, line: &Line, style: Style) -> String {
        let done = self.player.play(&mut self.plugin, &line.entry, &[]);
        self.turns = self.plugin.take();
        let mut shown = show::done(&done, style);
        for turn in &self.turns {
            shown += &turn.log.iter().map(|line| show::aside(&format!("  log {line}"), style)).collect::<String>();
        }
        if let Some(aside) = self.aside(line, &done) {
            shown += &show::aside(&aside, style);
        }
        self.history.push((line.source.clone(), done));
        shown
    }

    /// What cannot be seen otherwise.
    fn aside(&self, line: &Line, done: &[Done]) -> Option<String> {
        let is_message = matches!(line.entry, Entry::User(_));
        let requests = self.player.requests();
        if is_message && self.player.is_with_agent() {
            return Some("  (the agent reads it; /agent gives the conversation back)".to_owned());
        }
        if !requests.is_empty() && !matches!(line.entry, Entry::Passes(_)) {
            let waits = requests.iter().map(|request| {
                let id = request.split(' ').next().unwrap_or_default();
                format!("  (waits for {request}; answer it, e.g. `@ response {id} 200 {{}}`)")
            });
            return Some(waits.collect::<Vec<_>>().join("\n"));
        }
        match line.entry {
            Entry::User(_) if done.is_empty() => Some("  (nothing)".to_owned()),
            Entry::Passes(_) => Some(format!("  ({})", self.time())),
            _ => None,
        }
    }

    fn agent(&mut self, style: Style) -> String {
        let (line, said) = if self.player.is_with_agent() {
            ("@ handoff returned", "The agent gives the conversation back.")
        } else {
            ("@ handoff accepted", "An agent has the conversation: the bot hears nothing until /agent gives it back.")
        };
        match parse_line(1, line) {
            Ok(Some(line)) => show::aside(said, style) + &self.happens(&line, style),
            // Both lines can be read.
            Ok(None) | Err(_) => String::new(),
        }
    }

    fn time(&self) -> String {
        show::time(Timestamp(self.player.now()))
    }

    fn facts(&self) -> String {
        let player = &self.player;
        let state = match player.state() {
            None => "none".to_owned(),
            Some(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(state) => format!("{state:#}").replace('\n', "\n           "),
                Err(_) => text.to_owned(),
            },
        };
        let or_none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join("\n           ") };
        let mut steps =
            self.history.iter().flat_map(|(_, done)| done).filter_map(|done| done.line.strip_prefix("= step "));
        let timers = player.timers().into_iter().map(|(name, due)| format!("{name} in {}", span(due)));
        format!(
            "  state    {state}\n  step     {}\n  timers   {}\n  requests {}\n  session  {}\n  time     {}",
            steps.next_back().unwrap_or("none"),
            or_none(timers.collect()),
            or_none(player.requests()),
            player.session(),
            self.time(),
        )
    }

    /// Writes a transcript that the same plugin passes, and says so.
    fn save(&self, file: &Path) -> String {
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|mut opened| opened.write_all(self.transcript().as_bytes()));
        match written {
            Err(error) => format!("{} is not written: {error}", file.display()),
            Ok(()) if self.player.requests().is_empty() => {
                format!("{} is written; turnwise test plays it.", file.display())
            }
            Ok(()) => format!("{} is written, but it does not pass: a request has no answer in it.", file.display()),
        }
    }

    fn transcript(&self) -> String {
        let mut text = format!("# A conversation with {}.\n", self.bot);
        for (happened, done) in &self.history {
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{}{happened}", if happened.starts_with('@') && done.is_empty() { "" } else { "\n" });
            for done in done {
                let _ = writeln!(text, "{}", done.line);
            }
        }
        text
    }
}
