//! Lines of JSON, cut into pieces at their ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{Piece, TurnsError};
use crate::limits::JOURNAL_LINE_BYTES_MAX;

/// Some hundred ordinary turns.
const PIECE_BYTES: usize = 128 * 1024;

/// Bytes that come in any portions, handed on in whole lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    name: String,
    next: usize,
    rest: Vec<u8>,
}

impl Lines {
    pub(super) fn of(name: String) -> Self {
        Self { name, next: 1, rest: Vec::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes some bytes; whole lines, where there are any now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Piece>, TurnsError> {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() < PIECE_BYTES {
            return Ok(None);
        }
        match self.rest.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => {
                let rest = self.rest.split_off(end + 1);
                let text = std::mem::replace(&mut self.rest, rest);
                Ok(Some(self.piece(text)))
            }
            None if self.rest.len() > JOURNAL_LINE_BYTES_MAX => {
                let Self { name, next, .. } = self;
                let message = format!("{name}:{next}: a line of more than {JOURNAL_LINE_BYTES_MAX} bytes is no turn");
                Err(TurnsError::Broken(message))
            }
            None => Ok(None),
        }
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        let text = std::mem::take(&mut self.rest);
        (!text.is_empty()).then(|| self.piece(text))
    }

    fn piece(&mut self, text: Vec<u8>) -> Piece {
        let first = self.next;
        self.next += text.iter().filter(|byte| **byte == b'\n').count();
        Piece::Lines { name: self.name.clone(), first, text }
    }
}

/// A file of turns, or stdin.
pub struct FromFile {
    file: Box<dyn Read + Send>,
    lines: Lines,
}

impl FromFile {
    pub(super) fn open(path: &Path) -> Result<Self, TurnsError> {
        let name = path.display().to_string();
        if name == "-" {
            return Ok(Self { file: Box::new(io::stdin()), lines: Lines::of("stdin".to_owned()) });
        }
        let file = File::open(path)
            .map_err(|error| TurnsError::Wrong(format!("{name}: {error}; a host writes such a file at /v1/turns")))?;
        Ok(Self { file: Box::new(file), lines: Lines::of(name) })
    }

    pub(super) fn name(&self) -> &str {
        self.lines.name()
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, TurnsError> {
        let mut bytes = vec![0; PIECE_BYTES];
        loop {
            let count = match self.file.read(&mut bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(TurnsError::Broken(format!("{}: {error}", self.lines.name()))),
            };
            if count == 0 {
                return Ok(self.lines.finish());
            }
            if let Some(piece) = self.lines.push(&bytes[..count])? {
                return Ok(Some(piece));
            }
        }
    }
}
