//! What came of the transcripts, for people and for programs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::plugins::{LogLine, Plugin};

/// What came of one transcript.
pub(super) struct Played {
    pub(super) name: String,
    pub(super) turns: usize,
    pub(super) took: Duration,
    pub(super) came: Came,
}

pub(super) enum Came {
    Passed,
    /// It passes now that it says what the bot does.
    Updated,
    Failed(Trouble),
}

/// Why it did not pass.
pub(super) struct Trouble {
    /// None where the file cannot be read.
    pub(super) line: Option<usize>,
    /// For people; begins with the file's name.
    pub(super) report: String,
}

impl Played {
    pub(super) fn passed(&self) -> bool {
        self.trouble().is_none()
    }

    pub(super) fn trouble(&self) -> Option<&Trouble> {
        match &self.came {
            Came::Passed | Came::Updated => None,
            Came::Failed(trouble) => Some(trouble),
        }
    }
}

/// What the plugin said meanwhile, behind the report.
pub(super) fn log(lines: &[LogLine]) -> String {
    lines.iter().map(|line| format!("  log   {}\n", printable(&line.to_string()))).collect()
}

pub(super) fn as_text(played: &Played) -> String {
    match &played.came {
        Came::Passed => format!("ok      {}\n", played.name),
        Came::Updated => format!("updated {}\n", played.name),
        Came::Failed(trouble) => format!("FAILED  {}\n\n{}\n", played.name, trouble.report),
    }
}

pub(super) fn as_json(all: &[Played], plugins: &[Arc<Plugin>], took: Duration) -> Value {
    let transcripts = all.iter().zip(plugins).map(|(played, plugin)| {
        json!({
            "file": played.name,
            "plugin": plugin.file,
            "turns": played.turns,
            "passed": played.passed(),
            "updated": matches!(played.came, Came::Updated),
            "line": played.trouble().and_then(|trouble| trouble.line),
            "report": played.trouble().map(|trouble| &trouble.report),
        })
    });
    let (passed, failed) = counts(all);
    json!({
        "passed": passed,
        "failed": failed,
        "turns": all.iter().map(|played| played.turns).sum::<usize>(),
        "seconds": took.as_secs_f64(),
        "transcripts": transcripts.collect::<Vec<_>>(),
    })
}

pub(super) fn summary(all: &[Played]) -> String {
    let (passed, failed) = counts(all);
    format!("{passed} passed, {failed} failed")
}

pub(super) fn counts(all: &[Played]) -> (usize, usize) {
    let failed = all.iter().filter(|played| !played.passed()).count();
    (all.len() - failed, failed)
}

pub(super) fn pace(turns: usize, took: Duration) -> String {
    let per_second = turns as f64 / took.as_secs_f64().max(f64::EPSILON);
    format!("{turns} turns in {} ms ({per_second:.0} turns/s)", took.as_millis())
}

/// A plugin may say anything; a terminal is not to be driven by it.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
