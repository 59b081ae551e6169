//! What somebody says on a line: text, attachments, choices.

use std::fmt;

use super::mistake::Wrong;
use super::pattern::Pattern;
use crate::bindings::turnwise::bot::types::Media;

/// What somebody says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// Type and, where written, address.
    pub media: Vec<(String, Option<String>)>,
    /// Titles.
    pub choices: Vec<String>,
}

impl Said {
    /// Its attachments as a plugin is given them.
    pub(super) fn files(&self) -> Vec<Media> {
        let file = |(kind, url): &(String, Option<String>)| Media {
            url: url.clone().unwrap_or_else(|| "https://media.example/1".to_owned()),
            mime_type: Some(kind.clone()),
        };
        self.media.iter().map(file).collect()
    }
}

/// What a bot is expected to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    text: Pattern,
    media: Vec<(String, Option<String>)>,
    choices: Vec<Pattern>,
    /// `[...]`: whatever else is offered.
    any_choices: bool,
}

impl Expected {
    /// Whether it was said. Space around what is said means nothing, and an address that is not written may be any.
    #[must_use]
    pub fn meets(&self, said: &Said) -> bool {
        let choices = if self.any_choices { said.choices.get(..self.choices.len()) } else { Some(&said.choices[..]) };
        let text = said.text.trim_end().trim_start_matches(|char: char| char.is_whitespace() && char != '\n');
        self.text.meets(text)
            && said.media.len() == self.media.len()
            && said
                .media
                .iter()
                .zip(&self.media)
                .all(|((kind, url), (expected, written))| kind == expected && (written.is_none() || url == written))
            && choices.is_some_and(|choices| {
                choices.len() == self.choices.len()
                    && self.choices.iter().zip(choices).all(|(pattern, title)| pattern.meets(title.trim()))
            })
    }
}

/// Of a user, who says just one thing.
pub(super) fn said(line: &str) -> Result<Said, Wrong<'_>> {
    let mut said = Said::default();
    read(line, &mut said)?;
    said.text.truncate(said.text.trim_end().len());
    Ok(said)
}

/// Of a bot, from whom more than one thing may be expected.
pub(super) fn expected(line: &str) -> Result<Expected, Wrong<'_>> {
    let mut expected = Expected::default();
    read(line, &mut expected)?;
    expected.text.trim_end();
    Ok(expected)
}

/// Takes what is read, in its order.
trait Parts {
    fn text(&mut self, char: char);
    /// What stands in braces; true where it is part of the text.
    fn braces(&mut self, inside: &str) -> bool;
    /// What stands in brackets, its escapes still in it.
    fn choice<'a>(&mut self, inside: &'a str) -> Result<(), Wrong<'a>>;
}

impl Parts for Said {
    fn text(&mut self, char: char) {
        self.text.push(char);
    }

    fn braces(&mut self, inside: &str) -> bool {
        self.media.push(media(inside));
        false
    }

    fn choice<'a>(&mut self, inside: &'a str) -> Result<(), Wrong<'a>> {
        self.choices.push(unescaped(inside)?);
        Ok(())
    }
}

impl Parts for Expected {
    fn text(&mut self, char: char) {
        self.text.push_text(char.encode_utf8(&mut [0; 4]));
    }

    fn braces(&mut self, inside: &str) -> bool {
        if self.text.push_wildcard(inside) {
            return true;
        }
        self.media.push(media(inside));
        false
    }

    fn choice<'a>(&mut self, inside: &'a str) -> Result<(), Wrong<'a>> {
        if inside == "..." {
            self.any_choices = true;
            return Ok(());
        }
        let mut pattern = Pattern::default();
        let mut rest = inside;
        while let Some(char) = rest.chars().next() {
            let braces = (char == '{').then(|| rest[1..].find('}').map(|end| &rest[1..=end])).flatten();
            match braces.filter(|braces| pattern.push_wildcard(braces)) {
                Some(braces) => rest = &rest[braces.len() + 2..],
                None => {
                    let taken = if char == '\\' {
                        1 + rest[1..].chars().next().map_or(0, char::len_utf8)
                    } else {
                        char.len_utf8()
                    };
                    pattern.push_text(&unescaped(&rest[..taken])?);
                    rest = &rest[taken..];
                }
            }
        }
        self.choices.push(pattern);
        Ok(())
    }
}

fn media(inside: &str) -> (String, Option<String>) {
    match inside.split_once(' ') {
        Some((kind, url)) => (kind.to_owned(), Some(url.trim().to_owned())),
        None => (inside.to_owned(), None),
    }
}

fn read<'a>(line: &'a str, parts: &mut impl Parts) -> Result<(), Wrong<'a>> {
    let mut rest = line;
    let mut bracketed = false;
    while let Some(char) = rest.chars().next() {
        let here = rest;
        rest = &rest[char.len_utf8()..];
        match char {
            '\\' => {
                let (char, after) = escaped(here)?;
                parts.text(char);
                rest = after;
            }
            '[' => {
                let (inside, after) = until(']', here)?;
                parts.choice(inside)?;
                bracketed = true;
                rest = after;
            }
            '{' => {
                let (inside, after) = until('}', here)?;
                let is_text = parts.braces(&unescaped(inside)?);
                if is_text && bracketed {
                    return Err(late(here));
                }
                bracketed |= !is_text;
                rest = after;
            }
            _ if bracketed && !char.is_whitespace() => return Err(late(here)),
            _ => parts.text(char),
        }
    }
    Ok(())
}

fn late(at: &str) -> Wrong<'_> {
    let fix = "move it to the front; a bracket that is part of the text is written `\\[` or `\\{`";
    Wrong::new(at, "text comes before choices and attachments", fix)
}

/// What stands between brackets, of which the text begins with the first; and what comes behind them.
fn until(end: char, bracket: &str) -> Result<(&str, &str), Wrong<'_>> {
    let mut escaped = false;
    for (at, char) in bracket.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == end => return Ok((bracket[1..at].trim(), &bracket[at + 1..])),
            _ => {}
        }
    }
    let fix = format!("add `{end}`; a bracket that is part of the text is written `\\[` or `\\{{`");
    Err(Wrong::new(bracket, format!("`{end}` is missing"), fix))
}

fn unescaped(text: &str) -> Result<String, Wrong<'_>> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if char == '\\' {
            let (char, after) = escaped(rest)?;
            plain.push(char);
            rest = after;
        } else {
            plain.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    Ok(plain)
}

/// What a backslash and the character behind it mean, and what comes then.
fn escaped(backslash: &str) -> Result<(char, &str), Wrong<'_>> {
    let mut chars = backslash.chars();
    chars.next();
    match chars.next() {
        Some('n') => Ok(('\n', chars.as_str())),
        Some(char @ ('\\' | '[' | ']' | '{' | '}')) => Ok((char, chars.as_str())),
        other => {
            let at = &backslash[..1 + other.map_or(0, char::len_utf8)];
            Err(Wrong::new(at, "after `\\` comes `n`, `\\` or a bracket", "a backslash itself is written `\\\\`"))
        }
    }
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
