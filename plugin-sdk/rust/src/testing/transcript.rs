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
//! NAME`, `! canvas NAME`, `! handoff REASON`, `! switch-bot BOT`, `! end-session OUTCOME`, and `! error` for a turn
//! that fails.
//!
//! The rest is checked where it is written, in any order: the step, `! attribute NAME=JSON`, `! attribute NAME+=1`,
//! `! attribute NAME add|remove TEXT`, `! attribute NAME unset`, `! event NAME JSON`, `! timer NAME 2h`,
//! `! cancel-timer NAME`, `! request ID GET CONNECTION/PATH`, `! note TEXT`, `! summary TEXT`, `! team NAME`,
//! `! priority high`, `! via CAMPAIGN`, `! property NAME=JSON`, `! custom NAME JSON`.
//!
//! The end of a `!` line may be left out from any space on.
//!
//! What an `@` line can say depends on who plays the transcript: natively it is what [`world`](super::world) lists, and
//! the whole host adds faults, such as `@ braze 429 x2`.
//!
//! This file knows nothing but the standard library, so that the host can share it.

use std::fmt;
use std::time::Duration;

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

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

/// Reads a transcript.
///
/// # Errors
/// The first line that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Line>, Mistake> {
    let mut lines: Vec<Line> = Vec::new();
    for (number, source) in (1..).zip(text.lines()) {
        let source = source.trim();
        if source.is_empty() || source.starts_with('#') {
            continue;
        }
        let entry = entry(source).map_err(|message| Mistake { line: number, message })?;
        let expects = matches!(entry, Entry::Bot(_) | Entry::Step(_) | Entry::Effect(_));
        if expects && lines.is_empty() {
            let message =
                "nothing has happened yet that the bot could answer: begin with a `>`, `~` or `@` line".into();
            return Err(Mistake { line: number, message });
        }
        lines.push(Line { number, source: source.to_owned(), entry });
    }
    Ok(lines)
}

fn entry(line: &str) -> Result<Entry, String> {
    let mut chars = line.chars();
    let mark = chars.next().unwrap_or_default();
    let rest = chars.as_str();
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(format!("a space belongs after `{mark}`"));
    }
    let rest = rest.trim_start();
    match mark {
        '>' => match said(rest)? {
            said if said.choices.is_empty() => Ok(Entry::User(said)),
            _ => Err("a user taps a choice by its title alone: write `> Title`, or `\\[` for a bracket".into()),
        },
        '<' => said(rest).map(Entry::Bot),
        '=' => match rest.strip_prefix("step ") {
            Some(step) => Ok(Entry::Step(step.trim_start().to_owned())),
            None => Err("write `= step NAME`".into()),
        },
        '!' if !rest.is_empty() => Ok(Entry::Effect(rest.to_owned())),
        '@' if !rest.is_empty() => Ok(Entry::World(rest.to_owned())),
        '~' => duration(rest).map(Entry::Passes).ok_or_else(|| format!("`{rest}` is no time: write e.g. `~ 25h`")),
        _ => Err("a line begins with `>`, `<`, `=`, `!`, `~`, `@` or `#`, and says something".into()),
    }
}

fn said(line: &str) -> Result<Said, String> {
    let mut said = Said::default();
    let mut chars = line.chars();
    let mut bracketed = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => said.text.push(escaped(chars.next())?),
            '[' => {
                said.choices.push(until(']', &mut chars)?);
                bracketed = true;
            }
            '{' => {
                let inside = until('}', &mut chars)?;
                said.media.push(match inside.split_once(' ') {
                    Some((kind, url)) => (kind.to_owned(), Some(url.trim().to_owned())),
                    None => (inside, None),
                });
                bracketed = true;
            }
            _ if bracketed && !char.is_whitespace() => {
                return Err("text comes before choices and attachments: write `\\[` or `\\{` for the character".into());
            }
            _ => said.text.push(char),
        }
    }
    said.text.truncate(said.text.trim_end().len());
    Ok(said)
}

fn until(end: char, chars: &mut std::str::Chars<'_>) -> Result<String, String> {
    let mut inside = String::new();
    loop {
        match chars.next() {
            Some('\\') => inside.push(escaped(chars.next())?),
            Some(char) if char == end => return Ok(inside.trim().to_owned()),
            Some(char) => inside.push(char),
            None => {
                return Err(format!(
                    "`{end}` is missing; a bracket that is part of the text is written `\\[` or `\\{{`"
                ));
            }
        }
    }
}

fn escaped(char: Option<char>) -> Result<char, String> {
    match char {
        Some('n') => Ok('\n'),
        Some(char @ ('\\' | '[' | ']' | '{' | '}')) => Ok(char),
        _ => Err("after `\\` comes `n`, `\\` or a bracket".into()),
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

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}
