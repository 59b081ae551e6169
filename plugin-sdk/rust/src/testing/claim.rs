//! What a `=` line can say is so, once everything that happened is done.
//!
//! ```text
//! = step awaiting-order             a turn ended in this step
//! = state {"order":"A-1"}           the state holds this much, whatever else is in it; its texts may be patterns
//! = state none                      nothing is remembered
//! = timer reminder 20h              this timer is pending, due in 20 hours: to the minute, or to the second where seconds are written
//! = timer reminder                  …whenever it is due
//! = timers reminder, feedback       these timers are pending, and no others
//! = timers none                     none is
//! = session 2                       the last turn was of this session of the conversation
//! ```

use std::time::Duration;

use serde_json::Value;

use super::mistake::Wrong;
use super::pattern::{Pattern, json_meets};
use super::transcript::{duration, span};

/// What is claimed.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    Step(Pattern),
    /// None where nothing is to be remembered.
    State(Option<Value>),
    Timer {
        name: String,
        /// From now; and how far off it may be.
        due: Option<(Duration, Duration)>,
    },
    /// In alphabetical order.
    Timers(Vec<String>),
    Session(u32),
}

/// What is so.
pub(super) struct Facts<'a> {
    pub(super) state: Option<&'a str>,
    /// Name, and how long until it is due.
    pub(super) timers: Vec<(&'a str, Duration)>,
    pub(super) session: u32,
}

pub(super) fn read(words: &str) -> Result<Claim, Wrong<'_>> {
    let (kind, rest) = words.split_at(words.find(' ').unwrap_or(words.len()));
    let rest = rest.trim_start();
    match kind {
        "step" if !rest.is_empty() => Ok(Claim::Step(Pattern::of(rest))),
        "state" if rest == "none" => Ok(Claim::State(None)),
        "state" => match serde_json::from_str(rest) {
            Ok(state) => Ok(Claim::State(Some(state))),
            Err(error) => Err(Wrong::new(
                if rest.is_empty() { words } else { rest },
                format!("`{rest}` is no JSON: {error}"),
                "write e.g. `= state {\"order\":\"A-1\"}` or `= state none`; text has quotes around it",
            )),
        },
        "timer" if !rest.is_empty() => timer(rest),
        "timers" if !rest.is_empty() => {
            let mut names: Vec<String> = rest.split(',').map(|name| name.trim().to_owned()).collect();
            names.retain(|name| !name.is_empty() && rest != "none");
            names.sort_unstable();
            Ok(Claim::Timers(names))
        }
        "session" => rest
            .parse()
            .map(Claim::Session)
            .map_err(|_| Wrong::new(words, format!("`{rest}` is no number of a session"), "write e.g. `= session 2`")),
        "step" | "timer" | "timers" => {
            Err(Wrong::new(words, format!("the {kind}'s name is missing"), format!("write `= {kind} NAME`")))
        }
        _ => {
            let name = if kind.is_empty() { "NAME" } else { kind };
            let fix = format!("write `= step {name}`, or one of state, timer, timers, session");
            Err(Wrong::new(words, format!("`= {kind}` is nothing that could be so"), fix))
        }
    }
}

fn timer(words: &str) -> Result<Claim, Wrong<'_>> {
    let (name, due) = words.split_at(words.find(' ').unwrap_or(words.len()));
    let due = due.trim_start();
    let name = name.to_owned();
    if due.is_empty() {
        return Ok(Claim::Timer { name, due: None });
    }
    let Some(from_now) = duration(due) else {
        return Err(Wrong::new(due, format!("`{due}` is no time"), "write e.g. `= timer reminder 20h`"));
    };
    let off_by = if due.contains('s') { Duration::from_millis(999) } else { Duration::from_secs(59) };
    Ok(Claim::Timer { name, due: Some((from_now, off_by)) })
}

impl Claim {
    /// None where it is so, else the line that would be.
    pub(super) fn contradicted(&self, facts: &Facts<'_>) -> Option<String> {
        match self {
            // What turns say of themselves is among the lines of what was done.
            Self::Step(_) => None,
            Self::State(expected) => {
                let actual =
                    facts.state.map(|state| serde_json::from_str::<Value>(state).unwrap_or_else(|_| state.into()));
                let same = match (&actual, expected) {
                    (Some(actual), Some(expected)) => json_meets(actual, expected, true),
                    (actual, expected) => actual.is_none() && expected.is_none(),
                };
                (!same).then(|| match actual {
                    Some(actual) => format!("= state {actual}"),
                    None => "= state none".to_owned(),
                })
            }
            Self::Timer { name, due } => match facts.timers.iter().find(|(other, _)| other == name) {
                Some((_, actual)) => {
                    let met = due.is_none_or(|(expected, off_by)| actual.abs_diff(expected) <= off_by);
                    (!met).then(|| format!("= timer {name} {}", span(*actual)))
                }
                None => Some(timers(facts)),
            },
            Self::Timers(expected) => {
                let mut names: Vec<&str> = facts.timers.iter().map(|(name, _)| *name).collect();
                names.sort_unstable();
                (names != *expected).then(|| timers(facts))
            }
            Self::Session(expected) => (facts.session != *expected).then(|| format!("= session {}", facts.session)),
        }
    }
}

impl Claim {
    /// The line to write in its place where it is not so. Of a state it tells as much as was claimed.
    pub(super) fn corrected(&self, facts: &Facts<'_>) -> Option<String> {
        let line = self.contradicted(facts)?;
        let actual = || serde_json::from_str::<Value>(line.strip_prefix("= state ")?).ok();
        match (self, actual()) {
            (Self::State(Some(expected)), Some(actual)) => Some(format!("= state {}", same_part(actual, expected))),
            _ => Some(line),
        }
    }
}

/// Of an object the keys that are in the other.
fn same_part(actual: Value, expected: &Value) -> Value {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let part = |(name, value)| expected.get(&name).map(|expected| (name, same_part(value, expected)));
            Value::Object(actual.into_iter().filter_map(part).collect())
        }
        (actual, _) => actual,
    }
}

fn timers(facts: &Facts<'_>) -> String {
    let mut names: Vec<&str> = facts.timers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    if names.is_empty() { "= timers none".to_owned() } else { format!("= timers {}", names.join(", ")) }
}
