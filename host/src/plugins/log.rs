//! What a plugin says while it runs: the contract's log, and the stdout and stderr of languages that write there.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One line of a turn's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub level: LogLevel,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.text)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// A turn's log under its quota. Clones write to the same log: WASI's streams outlive no turn, but own their part of it.
#[derive(Clone, Debug)]
pub(super) struct TurnLog(Arc<Mutex<Quota>>);

#[derive(Debug)]
struct Quota {
    lines: Vec<LogLine>,
    bytes_left: usize,
    bytes_max: usize,
    overrun: bool,
}

/// Counted for every line beside its text, so that a flood of empty lines ends too.
const LINE_BYTES: usize = 16;

impl TurnLog {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Quota { lines: Vec::new(), bytes_left: bytes_max, bytes_max, overrun: false })))
    }

    /// Keeps a line, or as much of it as the quota leaves; the first thing dropped leaves one notice.
    pub(super) fn write(&self, level: LogLevel, text: &str) {
        self.quota().write(level, text);
    }

    /// Everything written so far, leaving nothing behind.
    pub(super) fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.quota().lines)
    }

    fn quota(&self) -> MutexGuard<'_, Quota> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quota {
    fn write(&mut self, level: LogLevel, text: &str) {
        if self.overrun {
            return;
        }
        let room = self.bytes_left.saturating_sub(LINE_BYTES);
        let kept = &text[..text.floor_char_boundary(room)];
        let fits = kept.len() == text.len() && self.bytes_left >= LINE_BYTES;
        if fits || !kept.is_empty() {
            self.lines.push(LogLine { level, text: kept.to_owned() });
            self.bytes_left = room - kept.len();
        }
        if !fits {
            self.overrun = true;
            let text = format!("the log's {} bytes a turn are used up; what follows is dropped", self.bytes_max);
            self.lines.push(LogLine { level: LogLevel::Warn, text });
        }
    }
}

/// Bytes of stdout or stderr on their way to becoming lines.
pub(super) struct Lines {
    log: TurnLog,
    level: LogLevel,
    partial: Vec<u8>,
}

/// A line without an end is cut here rather than gathered without end.
const LINE_BYTES_MAX: usize = 4096;

impl Lines {
    pub(super) fn new(log: TurnLog, level: LogLevel) -> Self {
        Self { log, level, partial: Vec::new() }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES_MAX.saturating_sub(self.partial.len());
            self.partial.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        self.log.write(self.level, String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
    }
}

impl Drop for Lines {
    /// A traceback need not end in a newline.
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests;
