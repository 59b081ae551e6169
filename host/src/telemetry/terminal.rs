//! Log lines for people: `18:33:02.123  turn  bot=menu step=greeting`, with what matters less dimmed.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Shorter messages are filled up to this many characters, so that the fields of most lines begin in one column.
const MESSAGE_COLUMNS: usize = 14;

/// What is looked up by programs, and would break the line on a terminal. The JSON lines have it.
const ONLY_FOR_MACHINES: [&str; 1] = ["braze_dispatch_id"];

const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// The format: time of day (UTC), the level unless it is `info`, the message, the fields.
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let coloured = out.has_ansi_escapes();
        let colour = |code: &'static str| if coloured { code } else { "" };
        let mut said = Said::default();
        event.record(&mut said);

        write!(out, "{}{}{}  ", colour(DIM), time_of_day()?, colour(PLAIN))?;
        match *event.metadata().level() {
            Level::ERROR => write!(out, "{}error{}  ", colour(RED), colour(PLAIN))?,
            Level::WARN => write!(out, "{}warn{}  ", colour(YELLOW), colour(PLAIN))?,
            Level::INFO => {}
            Level::DEBUG | Level::TRACE => write!(out, "{}debug{}  ", colour(DIM), colour(PLAIN))?,
        }
        if said.fields.is_empty() {
            return writeln!(out, "{}", said.message);
        }
        writeln!(out, "{:<MESSAGE_COLUMNS$} {}{}{}", said.message, colour(DIM), said.fields.join(" "), colour(PLAIN))
    }
}

/// Hours to milliseconds out of `2026-11-23T18:33:02.123456Z`.
fn time_of_day() -> Result<String, fmt::Error> {
    let mut stamp = String::new();
    SystemTime.format_time(&mut Writer::new(&mut stamp))?;
    Ok(stamp.get(11..23).unwrap_or(&stamp).to_owned())
}

/// An event's message and, apart from it, its fields. What is false goes without saying.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        if field.name() == "message" {
            self.message = on_one_line(&value);
            return;
        }
        if ONLY_FOR_MACHINES.contains(&field.name()) || value == "false" {
            return;
        }
        let value = if is_word(&value) { value } else { format!("{value:?}") };
        let shown = format!("{}={value}", field.name());
        // Who comes first, so that one conversation can be followed down the lines.
        let at = if field.name() == "user" { 0 } else { self.fields.len() };
        self.fields.insert(at, shown);
    }
}

fn is_word(value: &str) -> bool {
    !value.is_empty() && !value.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"')
}

/// What a plugin or Braze says cannot move the cursor or fake another line.
fn on_one_line(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
