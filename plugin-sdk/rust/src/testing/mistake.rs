//! What is wrong with a line of a transcript, shown with a caret and a fix.

use std::fmt;
use std::ops::Range;

/// A line that cannot be read, or not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// The line, without the space around it.
    pub source: String,
    /// What of it is wrong, in bytes of `source`.
    pub span: Range<usize>,
    pub message: String,
    /// How to write it instead.
    pub fix: String,
}

/// The same while it is being read, before it is known on which line.
pub(super) struct Wrong<'a> {
    /// A part of the text that is being read.
    at: &'a str,
    message: String,
    fix: String,
}

impl<'a> Wrong<'a> {
    pub(super) fn new(at: &'a str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { at, message: message.into(), fix: fix.into() }
    }

    /// `source` is the line that was being read.
    pub(super) fn on_line(self, line: usize, source: &str) -> Mistake {
        let start = self.at.as_ptr().addr() - source.as_ptr().addr();
        let span = start..start + self.at.len();
        Mistake { line, source: source.to_owned(), span, message: self.message, fix: self.fix }
    }
}

/// Begins with the line's number, so that `FILE:` before it makes a place that editors know.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, source, span, message, fix } = self;
        let indent = source[..span.start].chars().count();
        let carets = source[span.clone()].chars().count().max(1);
        // A tab would not be as wide below the line as in it.
        let shown = source.replace('\t', " ");
        writeln!(f, "{line}: {message}\n")?;
        writeln!(f, "{line:5}   {shown}\n        {:indent$}{}", "", "^".repeat(carets))?;
        writeln!(f, "  fix   {fix}")
    }
}
