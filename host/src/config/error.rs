//! Every mistake of a configuration at once, each with its place and its fix.

use std::fmt;
use std::ops::Range;

use serde_json::{Value, json};

/// What is wrong with one configuration file.
#[derive(Clone, Debug)]
pub struct ConfigErrors {
    /// As the user named it.
    pub file: String,
    /// The file's text, with every secret that was written into it starred out, byte for byte.
    pub text: String,
    /// In the order of the file; never empty.
    pub errors: Vec<ConfigError>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Stable, for programs: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Byte offsets in the text.
    pub span: Range<usize>,
    /// How to fix it, where possible as text to paste; never empty.
    pub help: String,
}

/// Where a byte offset is for a person: both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl ConfigErrors {
    /// A mistake about the file as a whole, of which there is no text to show.
    #[must_use]
    pub fn of_file(file: &str, code: &'static str, message: String, help: &str) -> Self {
        let error = ConfigError { code, message, span: 0..0, help: help.to_owned() };
        Self { file: file.to_owned(), text: String::new(), errors: vec![error] }
    }

    /// Where the mistake begins.
    #[must_use]
    pub fn position(&self, error: &ConfigError) -> Position {
        Position::of(&self.text, error.span.start)
    }

    /// For programs: an array of `{code, message, file, line, column, help}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entry = |error: &ConfigError| {
            let Position { line, column } = self.position(error);
            json!({
                "code": error.code, "message": error.message, "file": self.file, "line": line, "column": column,
                "help": error.help,
            })
        };
        self.errors.iter().map(entry).collect()
    }

    /// For people: each mistake with its line, a caret under the value, and the fix.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        super::render::render(self, colour)
    }
}

impl Position {
    /// A byte order mark at the beginning has no width.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for ConfigErrors {}
