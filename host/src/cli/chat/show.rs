//! How a conversation looks in a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::{Duration, UNIX_EPOCH};

use crate::clock::Timestamp;
use crate::config::{Environment as _, SystemEnvironment};
use crate::transcript::Done;
use crate::transcript::traced::TurnTrace;

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    coloured: bool,
}

impl Style {
    /// Only on a terminal, and not where NO_COLOR asks for none.
    pub(super) fn of_stdout() -> Self {
        let wanted = SystemEnvironment.var("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { coloured: std::io::stdout().is_terminal() && wanted }
    }

    fn dim(self, text: &str) -> String {
        self.styled("2", text)
    }

    fn choice(self, text: &str) -> String {
        self.styled("36", text)
    }

    fn failure(self, text: &str) -> String {
        self.styled("31", text)
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

pub(super) fn welcome(name: &str, style: Style) -> String {
    style.dim(&format!("You are talking to {}. /help lists what else there is.", printable(name))) + "\n"
}

/// Something said by this command, not by the bot.
pub(super) fn aside(text: &str, style: Style) -> String {
    let lines: Vec<String> = printable(text).lines().map(|line| style.dim(line)).collect();
    lines.join("\n") + "\n"
}

/// What the bot did.
pub(super) fn done(done: &[Done], style: Style) -> String {
    let mut shown = String::new();
    for Done { line, said } in done {
        let Some(said) = said else {
            let line = format!("  {}", printable(line).replace("\\n", "\n      "));
            let failed = line.starts_with("  ! error") || line.starts_with("  ! refused");
            shown += &if failed { style.failure(&line) } else { style.dim(&line) };
            shown.push('\n');
            continue;
        };
        for (place, line) in printable(&said.text).lines().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(shown, "{} {line}", if place == 0 { "<" } else { " " });
        }
        for (kind, url) in &said.media {
            let _ = writeln!(
                shown,
                "  {}",
                style.dim(&printable(&format!("{kind} {}", url.as_deref().unwrap_or_default())))
            );
        }
        if !said.choices.is_empty() {
            let choices: Vec<String> =
                said.choices.iter().map(|title| style.choice(&format!("[{}]", printable(title)))).collect();
            let _ = writeln!(shown, "  {}", choices.join(" "));
        }
    }
    shown
}

/// Turns as they were, for the plugin's author.
pub(super) fn trace(turns: &[TurnTrace], style: Style) -> String {
    let mut shown = String::new();
    for TurnTrace { turn, event, states: (before, after), done, log, took } in turns {
        let kind = event.get("tag").and_then(|tag| tag.as_str()).unwrap_or_default();
        let micros = took.as_micros();
        let _ = writeln!(shown, "turn {turn}: {kind}, {}.{:03} ms", micros / 1_000, micros % 1_000);
        let state = |state: &Option<String>| state.clone().unwrap_or_else(|| "none".to_owned());
        let _ = writeln!(shown, "  event  {}", event.get("val").unwrap_or(event));
        let _ = writeln!(shown, "  before {}\n  after  {}", state(before), state(after));
        for line in done {
            let _ = writeln!(shown, "  did    {}", line.line);
        }
        for line in log {
            let _ = writeln!(shown, "  log    {line}");
        }
    }
    if shown.is_empty() { aside("There was no turn.", style) } else { aside(&shown, style) }
}

/// The conversation's time, which is nobody's else.
pub(super) fn time(now: Timestamp) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now.0))
}

/// A plugin may say anything; a terminal is not to be driven by it.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
