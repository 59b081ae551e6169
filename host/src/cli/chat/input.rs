//! What a typed line means.

use std::path::PathBuf;

use crate::transcript::talk;
use crate::transcript::{Line, duration, span};

/// What the user wants.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Nothing,
    /// Something that a transcript could hold.
    Happens(Line),
    State,
    Trace,
    /// How late it is.
    Clock,
    /// An agent takes the conversation, or gives it back.
    Agent,
    Reset,
    Save(PathBuf),
    Help,
    Quit,
}

pub(super) const HELP: &str = "\
  /state             what the bot remembers, its timers, the session, what it waits for
  /trace             the turns of your last line: event, state before and after, effects, log, time
  /clock             how late it is; /clock +25h lets time pass: timers fire, the session expires
  /agent             an agent takes the conversation, and the next time gives it back
  /event NAME JSON   another system pushes an event in
  /reset             begin anew
  /save FILE         write the conversation down as a transcript for `turnwise test`
  /quit              or Ctrl-D
Lines that begin with `> `, `~ ` or `@ ` are read as in a transcript, e.g. `> {image/jpeg}`, `@ field first_name=\"Sam\"`,
`@ http shop GET /orders/{...} 200 {\"paid\":true}`. Everything else is said to the bot.
";

/// Reads a line, or says what is wrong with it.
pub(super) fn read(line: &str) -> Result<Input, String> {
    let line = line.trim();
    if let Some(command) = line.strip_prefix('/') {
        return self::command(command);
    }
    happens(line)
}

fn command(command: &str) -> Result<Input, String> {
    let (name, rest) = command.split_once(' ').map_or((command, ""), |(name, rest)| (name, rest.trim()));
    match name {
        "state" => Ok(Input::State),
        "trace" => Ok(Input::Trace),
        "agent" => Ok(Input::Agent),
        "reset" => Ok(Input::Reset),
        "help" | "?" => Ok(Input::Help),
        "quit" | "exit" | "q" => Ok(Input::Quit),
        "clock" if rest.is_empty() => Ok(Input::Clock),
        "clock" => match duration(rest.trim_start_matches('+')) {
            Some(time) => happens(&format!("~ {}", span(time))),
            None => Err(format!("`{rest}` is no time; write e.g. /clock +25h")),
        },
        "event" if rest.is_empty() => Err("name the event: /event order-shipped {\"order\":\"A-1\"}".to_owned()),
        "event" => happens(&format!("@ external {rest}")),
        "save" if rest.is_empty() => Err("name the file: /save tests/order.chat".to_owned()),
        "save" => Ok(Input::Save(PathBuf::from(rest))),
        _ => Err(format!("there is no /{name}; /help lists what there is, and `> /{name}` says it to the bot")),
    }
}

fn happens(line: &str) -> Result<Input, String> {
    Ok(talk::read(line)?.map_or(Input::Nothing, Input::Happens))
}

#[cfg(test)]
mod tests;
