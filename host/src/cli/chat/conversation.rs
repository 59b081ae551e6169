//! One conversation in the terminal: what was typed, what came of it, and where it is written down.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::input::{self, HELP, Input};
use super::show::{self, Style};
use crate::clock::Timestamp;
use crate::transcript::talk::{AGENT_ACCEPTS, AGENT_RETURNS, Talk};
use crate::transcript::traced::Traced;
use crate::transcript::{Done, Entry, Line, parse_line, span};

pub(super) struct Conversation<'a> {
    plugin: Traced<'a>,
    talk: Talk,
}

/// What comes of a typed line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Say(String),
    End,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(bot: &str, plugin: Traced<'a>) -> Self {
        Self { plugin, talk: Talk::with(bot) }
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
            Input::Trace => show::trace(self.talk.turns(), style),
            Input::Clock => show::aside(&self.time(), style),
            Input::Reset => {
                self.talk.begin_anew();
                show::aside("The conversation begins anew.", style)
            }
            Input::Save(file) => show::aside(&self.save(&file), style),
            Input::Help => show::aside(HELP, style),
        })
    }

    fn happens(&mut self, line: &Line, style: Style) -> String {
        let done = self.talk.happens(&mut self.plugin, line, &[]).to_vec();
        let mut shown = show::done(&done, style);
        for turn in self.talk.turns() {
            shown += &turn.log.iter().map(|line| show::aside(&format!("  log {line}"), style)).collect::<String>();
        }
        if let Some(aside) = self.aside(line, &done) {
            shown += &show::aside(&aside, style);
        }
        shown
    }

    /// What cannot be seen otherwise.
    fn aside(&self, line: &Line, done: &[Done]) -> Option<String> {
        let is_message = matches!(line.entry, Entry::User(_));
        let requests = self.talk.player().requests();
        if is_message && self.talk.player().is_with_agent() {
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
        let (line, said) = if self.talk.player().is_with_agent() {
            (AGENT_RETURNS, "The agent gives the conversation back.")
        } else {
            (AGENT_ACCEPTS, "An agent has the conversation: the bot hears nothing until /agent gives it back.")
        };
        match parse_line(1, line) {
            Ok(Some(line)) => show::aside(said, style) + &self.happens(&line, style),
            // Both lines can be read.
            Ok(None) | Err(_) => String::new(),
        }
    }

    fn time(&self) -> String {
        show::time(Timestamp(self.talk.player().now()))
    }

    fn facts(&self) -> String {
        let player = self.talk.player();
        let state = self.talk.state().map_or_else(|| "none".to_owned(), |state| state.replace('\n', "\n           "));
        let or_none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join("\n           ") };
        let timers = player.timers().into_iter().map(|(name, due)| format!("{name} in {}", span(due)));
        format!(
            "  state    {state}\n  step     {}\n  timers   {}\n  requests {}\n  session  {}\n  time     {}",
            self.talk.step().unwrap_or("none"),
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
            .and_then(|mut opened| opened.write_all(self.talk.transcript().as_bytes()));
        match written {
            Err(error) => format!("{} is not written: {error}", file.display()),
            Ok(()) if self.talk.player().requests().is_empty() => {
                format!("{} is written; turnwise test plays it.", file.display())
            }
            Ok(()) => format!("{} is written, but it does not pass: a request has no answer in it.", file.display()),
        }
    }
}
