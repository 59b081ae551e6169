//! The process that started this one answers: a plugin that runs natively, in any language, under any debugger.
//!
//! One JSON object a line. For every turn this side writes a question and reads the answer to it; at the end it writes what came
//! of all transcripts, and exits with 0 (all passed), 1 (some failed) or 2 (wrong use).
//!
//! ```text
//! → {"context":{"conversation":"c_…","session":1,"turn":1,…},"state":null,"event":{"tag":"message","val":{"id":"m_1","text":"hi",…}}}
//! ← {"ok":{"state":{"tag":"replace","val":"{\"n\":1}"},"effects":[{"tag":"reply","val":{"text":"Hello!",…}}],"step":null}}
//! → {"context":{…,"turn":2,…},"state":"{\"n\":1}","event":{…}}
//! ← {"err":{"tag":"other","val":"why, with the stack"}}
//! → {"done":{"passed":1,"failed":0,"report":"1 passed, 0 failed\n"}}
//! ```
//!
//! [`json`] says how each type of the contract is spelled. `err` is the contract's `error`: `other` or `bad-state`. An answer may
//! take as long as it likes. Whoever closes its end early ends the session; a line that is no answer ends it with exit code 2,
//! the reason on stderr and in the report of `done`.

use std::io::{BufRead, Read, Write};

use serde_json::{Value, json};
use turnwise_plugin::testing::contract::{Context, Decision, Event};
use turnwise_plugin::testing::{Decide, Failure};

use super::{convert, json, refusal};
use crate::conversation::check;
use crate::limits;

/// The other process, for one transcript after the other.
pub struct Stdio<R, W> {
    from: R,
    to: W,
    turns: usize,
    end: Option<End>,
}

/// Why there is nothing more to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The other process closed its end.
    Closed,
    /// It wrote something that is no answer; what, and what is expected.
    Garbage(String),
}

impl<R: BufRead, W: Write> Stdio<R, W> {
    /// `from` are the other's answers, `to` takes the questions.
    pub fn new(from: R, to: W) -> Self {
        Self { from, to, turns: 0, end: None }
    }

    /// Whether the session has ended before its time: every turn fails from then on.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// How many turns there have been.
    pub fn turns(&self) -> usize {
        self.turns
    }

    /// The last line of a session. It does not matter if nobody reads it.
    pub fn done(mut self, passed: usize, failed: usize, report: &str) {
        let _ = self.write(&json!({ "done": { "passed": passed, "failed": failed, "report": report } }));
    }

    fn ask(&mut self, question: &Value) -> Result<Result<crate::conversation::Decision, Failure>, End> {
        self.write(question).map_err(|_| End::Closed)?;
        let line = self.read()?;
        let garbage = |error: json::NotAnAnswer| {
            End::Garbage(format!("what was read from stdin is no answer to turn {}: {error}", self.turns))
        };
        Ok(json::answer(&line).map_err(garbage)?.map_err(refusal))
    }

    fn write(&mut self, object: &Value) -> std::io::Result<()> {
        let mut line = object.to_string();
        line.push('\n');
        self.to.write_all(line.as_bytes())?;
        self.to.flush()
    }

    /// A line without its end. One that has none was cut off by the end of the other process.
    fn read(&mut self) -> Result<Vec<u8>, End> {
        let bytes_max = limits::STDIO_LINE_BYTES_MAX;
        let mut line = Vec::new();
        let read = self.from.by_ref().take(bytes_max as u64 + 1).read_until(b'\n', &mut line);
        match read {
            Ok(_) if line.last() == Some(&b'\n') => {
                line.pop();
                Ok(line)
            }
            Ok(bytes) if bytes > bytes_max => {
                let turn = self.turns;
                Err(End::Garbage(format!("the answer to turn {turn} is longer than {bytes_max} bytes")))
            }
            _ => Err(End::Closed),
        }
    }
}

impl<R: BufRead, W: Write> Decide for Stdio<R, W> {
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure> {
        let ended = || Failure::Other("the session has ended".into());
        if self.end.is_some() {
            return Err(ended());
        }
        self.turns += 1;
        let question = json::question(&convert::context(context), state, &convert::event(event));
        let answer = self.ask(&question).map_err(|end| {
            self.end = Some(end);
            ended()
        })?;
        let decision = answer?;
        check(&decision).map_err(|why| Failure::Refused(why.to_string()))?;
        Ok(convert::decision(decision))
    }
}

#[cfg(test)]
mod tests;
