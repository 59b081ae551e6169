//! The transcript format: a conversation as text, read the same way by the SDK, by the host and by people.
//!
//! ```text
//! # A comment. Blank lines mean nothing.
//! > hi                                  the user writes
//! > Order status                        …or taps the choice with this title
//! > Look at this {image/jpeg}           …with an attachment, `{TYPE}` or `{TYPE URL}`; `>` alone is an empty message
//! >> and this                           …and goes on so soon that both are one turn, a burst
//! < Hello! [Order status] [Hours]       the bot replies, with choices; an attachment as above
//! < Order {number} is {here|there}.     …with something in it that may differ; see [`pattern`](super::pattern)
//! < Anything else? [...]                …with whatever choices
//! = step awaiting-order                 what is so afterwards; see [`claim`](super::claim)
//! ! attribute plan="gold"               an effect, named as in the contract; see below
//! ~ 25h                                 time passes: `d`, `h`, `m`, `s`, `ms`, or `1h30m`; what is due happens
//! @ handoff failed nobody is there      something else happens; see [`world`](super::world)
//! ```
//!
//! In what is said, `\n` is a line break, and `\[`, `\{`, `\\` are the characters themselves. Space at the end is
//! ignored.
//!
//! Lines that begin with `>`, `~` or `@` happen; the `<`, `=` and `!` lines after each say what the bot does about it.
//!
//! What the user or an agent notices must all be written, in order: replies (a handoff's notice is one), `! campaign
//! NAME`, `! canvas NAME`, `! handoff REASON`, `! switch-bot BOT`, `! end-session OUTCOME`, and of a turn that fails
//! `! error other WHY`, `! error bad-state WHY`, or `! refused WHY` where the host would not carry the decision out.
//!
//! The rest is checked where it is written, in any order: what is so (`=`), `! attribute NAME=JSON`,
//! `! attribute NAME+=1`, `! attribute NAME add|remove TEXT`, `! attribute NAME unset`, `! event NAME JSON`,
//! `! timer NAME 2h JSON`, `! cancel-timer NAME`, `! request ID GET CONNECTION/PATH`, `! note TEXT`, `! summary TEXT`,
//! `! team NAME`, `! priority high`, `! via CAMPAIGN`, `! property NAME=JSON`, `! custom NAME JSON`.
//!
//! The end of a `!` line may be left out from any space or line break (`\n`) on. The wildcards of a `<` line work in it
//! too, also in texts of its JSON.

use std::time::Duration;

use super::claim::{self, Claim};
use super::mistake::{Mistake, Wrong};
use super::said::{self, Expected, Said};
use super::world::{self, Happening};

/// One line that means something.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// As written, without the space around it.
    pub source: String,
    pub entry: Entry,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// `>`
    User(Said),
    /// `>>`
    More(Said),
    /// `<`
    Bot(Expected),
    /// `=`
    Claim(Claim),
    /// `!`, without the mark.
    Effect(String),
    /// `~`
    Passes(Duration),
    /// `@`
    World(Happening),
}

impl Entry {
    /// Whether it says what the bot does, rather than what happens.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        matches!(self, Self::Bot(_) | Self::Claim(_) | Self::Effect(_))
    }
}

/// What a `!` line can begin with.
const EFFECTS: [&str; 19] = [
    "attribute",
    "event",
    "timer",
    "cancel-timer",
    "request",
    "handoff",
    "summary",
    "team",
    "priority",
    "note",
    "via",
    "property",
    "campaign",
    "canvas",
    "switch-bot",
    "end-session",
    "custom",
    "error",
    "refused",
];

/// Reads a transcript.
///
/// # Errors
/// Every line that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Line>, Vec<Mistake>> {
    let (mut lines, mut mistakes): (Vec<Line>, Vec<Mistake>) = (Vec::new(), Vec::new());
    // After a line that cannot be read nobody knows what the next one follows.
    let mut follows_mistake = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, source) in (1..).zip(text.lines()) {
        let source = source.trim();
        if source.is_empty() || source.starts_with('#') {
            continue;
        }
        let placed = entry(source).and_then(|entry| match follows_mistake {
            false => in_place(&entry, lines.last(), source).map(|()| entry),
            true => Ok(entry),
        });
        follows_mistake = placed.is_err();
        match placed {
            Ok(entry) => lines.push(Line { number, source: source.to_owned(), entry }),
            Err(wrong) => mistakes.push(wrong.on_line(number, source)),
        }
    }
    if mistakes.is_empty() { Ok(lines) } else { Err(mistakes) }
}

/// Reads one line; none where it means nothing.
///
/// # Errors
/// What is wrong with it.
pub fn parse_line(number: usize, source: &str) -> Result<Option<Line>, Mistake> {
    let source = source.trim();
    if source.is_empty() || source.starts_with('#') {
        return Ok(None);
    }
    let entry = entry(source).map_err(|wrong| wrong.on_line(number, source))?;
    Ok(Some(Line { number, source: source.to_owned(), entry }))
}

fn in_place<'a>(entry: &Entry, before: Option<&Line>, source: &'a str) -> Result<(), Wrong<'a>> {
    if entry.is_expected() && before.is_none() {
        let message = "nothing has happened yet that the bot could answer";
        return Err(Wrong::new(source, message, "begin with a `>`, `~` or `@` line"));
    }
    let user_spoke = before.is_some_and(|line| matches!(line.entry, Entry::User(_) | Entry::More(_)));
    if matches!(entry, Entry::More(_)) && !user_spoke {
        let message = "`>>` goes on with the message right before it, and there is none";
        return Err(Wrong::new(&source[..2], message, "write `>` for a message of its own"));
    }
    Ok(())
}

fn entry(line: &str) -> Result<Entry, Wrong<'_>> {
    const MARKS: &str =
        "`>` user, `>>` the same turn, `<` bot, `=` state, `!` effect, `~` time, `@` what else happens, `#` comment";
    let mark = if line.starts_with(">>") { ">>" } else { &line[..line.chars().next().map_or(0, char::len_utf8)] };
    let spaced = &line[mark.len()..];
    if ![">", ">>", "<", "=", "!", "@", "~"].contains(&mark) {
        let fix = format!("begin the line with its mark and a space: {MARKS}");
        return Err(Wrong::new(line, "the line has no mark that says who speaks", fix));
    }
    let rest = spaced.trim_start();
    if !spaced.is_empty() && spaced.len() == rest.len() {
        return Err(Wrong::new(line, format!("a space belongs after `{mark}`"), format!("write `{mark} {rest}`")));
    }
    match mark {
        ">" => user(rest).map(Entry::User),
        ">>" => user(rest).map(Entry::More),
        "<" => said::expected(rest).map(Entry::Bot),
        "=" => claim::read(rest).map(Entry::Claim),
        "!" if rest.is_empty() => {
            Err(Wrong::new(line, "an effect is missing after `!`", "name one, e.g. `! attribute plan=\"gold\"`"))
        }
        "!" => effect(rest),
        "@" if rest.is_empty() => {
            Err(Wrong::new(line, "what happens is missing after `@`", "write e.g. `@ handoff accepted Ana`"))
        }
        "@" => world::read(rest).map(Entry::World),
        _ => duration(rest).map(Entry::Passes).ok_or_else(|| {
            Wrong::new(rest, format!("`{rest}` is no time"), "write e.g. `~ 25h`, `~ 90s` or `~ 1h30m`")
        }),
    }
}

fn user(line: &str) -> Result<Said, Wrong<'_>> {
    let said = said::said(line)?;
    if let Some(title) = said.choices.first() {
        let at = &line[line.find('[').unwrap_or_default()..];
        let fix = format!("write `> {title}`, or `\\[` where a bracket was typed");
        return Err(Wrong::new(at, "a user taps a choice by its title alone", fix));
    }
    if said.media.iter().any(|(kind, _)| kind == "...") {
        let at = &line[line.find('{').unwrap_or_default()..];
        return Err(Wrong::new(at, "a user says just one thing", "write what they say; a brace is written `\\{`"));
    }
    Ok(said)
}

/// A name that is none of them can never come true, so it is not left to the comparison.
fn effect(line: &str) -> Result<Entry, Wrong<'_>> {
    let name = line.split(' ').next().unwrap_or_default();
    if EFFECTS.contains(&name) {
        return Ok(Entry::Effect(line.to_owned()));
    }
    Err(Wrong::new(name, format!("`{name}` is no effect"), format!("write one of {}", EFFECTS.join(", "))))
}

/// `25h`, `90s`, `1h30m`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let unit = rest[digits..].find(|char: char| char.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let count: u64 = rest[..digits].parse().ok()?;
        let milliseconds = match &rest[digits..unit] {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(count.checked_mul(milliseconds)?))?;
        rest = &rest[unit..];
    }
    (!text.trim().is_empty()).then_some(total)
}

/// As [`duration`] reads it: `20h`, `19h59m58s`.
#[must_use]
pub fn span(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut text = String::new();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")] {
        if rest >= unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
