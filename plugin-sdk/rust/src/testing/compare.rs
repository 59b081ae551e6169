//! Compares what a transcript expects with what the bot did.

use std::fmt::{self, Write as _};

use super::render::{canonical, is_noticed};
use super::transcript::{Entry, Line};

/// How what the bot did differs from what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first written line that did not come true, else the line that happened; counted from 1.
    pub line: usize,
    /// The line that happened and those about it: `-` is written and was not done, `+` was done and is not written.
    pub diff: String,
}

/// Begins with the line's number, so that `FILE:` before it makes a place that editors know.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the bot did not do what is written (- written, + done)\n\n{}", self.line, self.diff)
    }
}

/// None where all that is written was done, and all that is noticed was written.
///
/// Both sides are brought into one order before they are compared: what people notice in the order it happens, then the
/// bookkeeping, then the step.
pub(super) fn difference(happening: &Line, written: &[Line], done: &[String]) -> Option<Difference> {
    let mut expected: Vec<(usize, String)> = written.iter().map(|line| (line.number, expectation(line))).collect();
    expected.sort_by_key(|(_, line)| order(line));
    let unmet = expected.iter().any(|(_, line)| !is_noticed(line) && !done.iter().any(|actual| meets(actual, line)));
    // Bookkeeping that nobody wrote about is only worth showing where some that was written is missing.
    let mut actual: Vec<&String> = done
        .iter()
        .filter(|actual| unmet || is_noticed(actual) || expected.iter().any(|(_, line)| meets(actual, line)))
        .collect();
    // Bookkeeping is put in the order it is written in, what is not written last.
    actual.sort_by_key(|actual| {
        let place = expected.iter().position(|(_, line)| meets(actual, line)).unwrap_or(usize::MAX);
        (order(actual), if is_noticed(actual) { 0 } else { place })
    });
    let noticed = |line: &&String| is_noticed(line);
    let written = expected.iter().map(|(_, line)| line).filter(noticed);
    let seen = actual.iter().copied().filter(noticed);
    let same = !unmet && written.clone().count() == seen.clone().count() && seen.zip(written).all(|(a, e)| meets(a, e));
    if same { None } else { Some(diff(happening, &expected, &actual)) }
}

fn expectation(line: &Line) -> String {
    match &line.entry {
        Entry::Bot(said) => format!("< {said}"),
        Entry::Step(step) => format!("= step {step}"),
        Entry::Effect(effect) => canonical(&format!("! {effect}")),
        Entry::User(_) | Entry::Passes(_) | Entry::World(_) => line.source.clone(),
    }
}

fn order(line: &str) -> u8 {
    match line {
        _ if is_noticed(line) => 0,
        _ if line.starts_with('!') => 1,
        _ => 2,
    }
}

/// Equal, or an effect whose end was left out from a space or a line break on.
fn meets(actual: &str, expected: &str) -> bool {
    let rest = actual.strip_prefix(expected);
    rest.is_some_and(|rest| {
        rest.is_empty() || (expected.starts_with('!') && (rest.starts_with(' ') || rest.starts_with("\\n")))
    })
}

/// A stack is read line by line.
fn readable(line: &str) -> String {
    if line.starts_with("! error") { line.replace("\\n", "\n          ") } else { line.to_owned() }
}

/// The longest common subsequence with what is missing and what is too much around it.
fn diff(happening: &Line, expected: &[(usize, String)], actual: &[&String]) -> Difference {
    let mut common = vec![vec![0_usize; actual.len() + 1]; expected.len() + 1];
    for (e, (_, line)) in expected.iter().enumerate().rev() {
        for (a, done) in actual.iter().enumerate().rev() {
            common[e][a] =
                if meets(done, line) { common[e + 1][a + 1] + 1 } else { common[e + 1][a].max(common[e][a + 1]) };
        }
    }
    let mut diff = format!("{:5}   {}\n", happening.number, happening.source);
    let (mut e, mut a, mut first) = (0, 0, None);
    while e < expected.len() || a < actual.len() {
        if e < expected.len() && a < actual.len() && meets(actual[a], &expected[e].1) {
            let _ = writeln!(diff, "{:5}   {}", expected[e].0, expected[e].1);
            (e, a) = (e + 1, a + 1);
        } else if e < expected.len() && (a == actual.len() || common[e + 1][a] >= common[e][a + 1]) {
            let _ = writeln!(diff, "{:5} - {}", expected[e].0, expected[e].1);
            first = first.or(Some(expected[e].0));
            e += 1;
        } else {
            let _ = writeln!(diff, "      + {}", readable(actual[a]));
            a += 1;
        }
    }
    Difference { line: first.unwrap_or(happening.number), diff }
}
