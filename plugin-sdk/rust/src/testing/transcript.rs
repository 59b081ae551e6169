//! The transcript format: a conversation as text, read the same way by the SDK, by the host and by people.
//!
//! ```text
//! # A comment. Blank lines mean nothing.
//! > hi                                  the user writes
//! > Order status                        …or taps the choice with this title
//! > Look at this {image/jpeg}           …with an attachment, `{TYPE}` or `{TYPE URL}`; `>` alone is an empty message
//! < Hello! [Order status] [Hours]       the bot replies, with choices; an attachment as above
//! = step awaiting-order                 the step the turn ends in
//! ! attribute plan="gold"               an effect, named as in the contract; see below
//! ~ 25h                                 time passes: `d`, `h`, `m`, `s`, `ms`, or `1h30m`; due timers fire
//! @ handoff failed nobody is there      something else happens; see below
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
//! The rest is checked where it is written, in any order: the step, `! attribute NAME=JSON`, `! attribute NAME+=1`,
//! `! attribute NAME add|remove TEXT`, `! attribute NAME unset`, `! event NAME JSON`, `! timer NAME 2h`,
//! `! cancel-timer NAME`, `! request ID GET CONNECTION/PATH`, `! note TEXT`, `! summary TEXT`, `! team NAME`,
//! `! priority high`, `! via CAMPAIGN`, `! property NAME=JSON`, `! custom NAME JSON`.
//!
//! The end of a `!` line may be left out from any space or line break (`\n`) on.
//!
//! What an `@` line can say is listed in [`world`](super::world).

use std::fmt;
use std::time::Duration;

use super::mistake::{Mistake, Wrong};

/// One line that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// As written, without the space around it.
    pub source: String,
    pub entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `>`
    User(Said),
    /// `<`
    Bot(Said),
    /// `= step`
    Step(String),
    /// `!`, without the mark.
    Effect(String),
    /// `~`
    Passes(Duration),
    /// `@`, without the mark.
    World(String),
}

/// What somebody says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// Type and, where written, address.
    pub media: Vec<(String, Option<String>)>,
    /// Titles.
    pub choices: Vec<String>,
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
/// The first line that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Line>, Mistake> {
    let mut lines: Vec<Line> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, source) in (1..).zip(text.lines()) {
        let source = source.trim();
        if source.is_empty() || source.starts_with('#') {
            continue;
        }
        let entry = entry(source).and_then(|entry| {
            let expects = matches!(entry, Entry::Bot(_) | Entry::Step(_) | Entry::Effect(_));
            if expects && lines.is_empty() {
                let message = "nothing has happened yet that the bot could answer";
                return Err(Wrong::new(source, message, "begin with a `>`, `~` or `@` line"));
            }
            Ok(entry)
        });
        let entry = entry.map_err(|wrong| wrong.on_line(number, source, source))?;
        lines.push(Line { number, source: source.to_owned(), entry });
    }
    Ok(lines)
}

fn entry(line: &str) -> Result<Entry, Wrong<'_>> {
    const MARKS: &str = "`>` user, `<` bot, `=` step, `!` effect, `~` time, `@` what else happens, `#` comment";
    let mut chars = line.chars();
    let mark = chars.next().unwrap_or_default();
    let spaced = chars.as_str();
    if !"><=!@~".contains(mark) {
        let fix = format!("begin the line with its mark and a space: {MARKS}");
        return Err(Wrong::new(line, "the line has no mark that says who speaks", fix));
    }
    let rest = spaced.trim_start();
    if !spaced.is_empty() && spaced.len() == rest.len() {
        return Err(Wrong::new(line, format!("a space belongs after `{mark}`"), format!("write `{mark} {rest}`")));
    }
    match mark {
        '>' => match said(rest)? {
            said if said.choices.is_empty() => Ok(Entry::User(said)),
            said => {
                let at = &rest[rest.find('[').unwrap_or_default()..];
                let fix = format!("write `> {}`, or `\\[` where a bracket was typed", said.choices[0]);
                Err(Wrong::new(at, "a user taps a choice by its title alone", fix))
            }
        },
        '<' => said(rest).map(Entry::Bot),
        '=' => match rest.strip_prefix("step ") {
            Some(step) => Ok(Entry::Step(step.trim_start().to_owned())),
            None => {
                let name = rest.split(' ').next().filter(|name| !name.is_empty() && *name != "step").unwrap_or("NAME");
                Err(Wrong::new(rest, "only a step is written after `=`", format!("write `= step {name}`")))
            }
        },
        '!' if rest.is_empty() => {
            Err(Wrong::new(line, "an effect is missing after `!`", "name one, e.g. `! attribute plan=\"gold\"`"))
        }
        '!' => effect(rest),
        '@' if rest.is_empty() => {
            Err(Wrong::new(line, "what happens is missing after `@`", "write e.g. `@ handoff accepted Ana`"))
        }
        '@' => Ok(Entry::World(rest.to_owned())),
        _ => duration(rest).map(Entry::Passes).ok_or_else(|| {
            Wrong::new(rest, format!("`{rest}` is no time"), "write e.g. `~ 25h`, `~ 90s` or `~ 1h30m`")
        }),
    }
}

/// A name that is none of them can never come true, so it is not left to the comparison.
fn effect(line: &str) -> Result<Entry, Wrong<'_>> {
    let name = line.split(' ').next().unwrap_or_default();
    if EFFECTS.contains(&name) {
        return Ok(Entry::Effect(line.to_owned()));
    }
    Err(Wrong::new(name, format!("`{name}` is no effect"), format!("write one of {}", EFFECTS.join(", "))))
}

fn said(line: &str) -> Result<Said, Wrong<'_>> {
    let mut said = Said::default();
    let mut chars = line.chars();
    let mut bracketed = false;
    loop {
        let here = chars.as_str();
        let Some(char) = chars.next() else { break };
        match char {
            '\\' => said.text.push(escaped(here, chars.next())?),
            '[' => {
                said.choices.push(until(']', here, &mut chars)?);
                bracketed = true;
            }
            '{' => {
                let inside = until('}', here, &mut chars)?;
                said.media.push(match inside.split_once(' ') {
                    Some((kind, url)) => (kind.to_owned(), Some(url.trim().to_owned())),
                    None => (inside, None),
                });
                bracketed = true;
            }
            _ if bracketed && !char.is_whitespace() => {
                let fix = "move it to the front; a bracket that is part of the text is written `\\[` or `\\{`";
                return Err(Wrong::new(here, "text comes before choices and attachments", fix));
            }
            _ => said.text.push(char),
        }
    }
    said.text.truncate(said.text.trim_end().len());
    Ok(said)
}

/// `bracket` is the text from the opening bracket on.
fn until<'a>(end: char, bracket: &'a str, chars: &mut std::str::Chars<'a>) -> Result<String, Wrong<'a>> {
    let mut inside = String::new();
    loop {
        let here = chars.as_str();
        match chars.next() {
            Some('\\') => inside.push(escaped(here, chars.next())?),
            Some(char) if char == end => return Ok(inside.trim().to_owned()),
            Some(char) => inside.push(char),
            None => {
                let fix = format!("add `{end}`; a bracket that is part of the text is written `\\[` or `\\{{`");
                return Err(Wrong::new(bracket, format!("`{end}` is missing"), fix));
            }
        }
    }
}

fn escaped(backslash: &str, char: Option<char>) -> Result<char, Wrong<'_>> {
    match char {
        Some('n') => Ok('\n'),
        Some(char @ ('\\' | '[' | ']' | '{' | '}')) => Ok(char),
        other => {
            let at = &backslash[..1 + other.map_or(0, char::len_utf8)];
            Err(Wrong::new(at, "after `\\` comes `n`, `\\` or a bracket", "a backslash itself is written `\\\\`"))
        }
    }
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

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(self.text.trim_end()))?;
        for (kind, url) in &self.media {
            match url {
                Some(url) => write!(f, " {{{} {}}}", escape(kind), escape(url))?,
                None => write!(f, " {{{}}}", escape(kind))?,
            }
        }
        self.choices.iter().try_for_each(|title| write!(f, " [{}]", escape(title)))
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => escaped.push_str("\\n"),
            '\\' | '[' | ']' | '{' | '}' => escaped.extend(['\\', char]),
            _ => escaped.push(char),
        }
    }
    escaped
}
