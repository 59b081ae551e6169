//! Compares what a transcript expects with what the bot did.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::claim::{Claim, Facts};
use super::pattern::{Pattern, json_meets};
use super::render::{Done, canonical, is_noticed, json_at};
use super::transcript::{Entry, Line};

/// How what the bot did differs from what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first written line that did not come true, else the line that happened; counted from 1.
    pub line: usize,
    /// In a few words.
    pub what: String,
    /// The line that happened and those about it: `-` is written and was not done, `+` was done and is not written.
    pub diff: String,
}

/// Begins with the line's number, so that `FILE:` before it makes a place that editors know.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n\n{}", self.line, self.what, self.diff)
    }
}

/// Something that happened, what is written about it, and what the bot did.
pub(super) struct Block<'a> {
    pub(super) happening: &'a Line,
    /// Messages that go on with it.
    pub(super) more: &'a [Line],
    pub(super) wanted: Vec<Wanted<'a>>,
    /// With what is so instead of claims that are not.
    pub(super) done: Vec<Done>,
}

/// One written line.
pub(super) struct Wanted<'a> {
    pub(super) line: &'a Line,
    /// In the spelling of what is done.
    pub(super) shown: String,
    /// Of a `!` line.
    pattern: Pattern,
}

/// One step of an alignment, with places in both lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligned {
    Both(usize, usize),
    Missing(usize),
    Extra(usize),
}

impl<'a> Block<'a> {
    pub(super) fn new(
        happening: &'a Line,
        more: &'a [Line],
        written: &'a [Line],
        mut done: Vec<Done>,
        facts: &Facts<'_>,
    ) -> Self {
        let wanted: Vec<Wanted<'_>> = written.iter().map(Wanted::new).collect();
        for Wanted { line, shown, .. } in &wanted {
            let Entry::Claim(claim) = &line.entry else { continue };
            // What turns say of themselves is there; anything else only where somebody claims it.
            if matches!(claim, Claim::Step(_)) {
                continue;
            }
            let line = claim.contradicted(facts).unwrap_or_else(|| shown.clone());
            if !done.iter().any(|done| done.line == line) {
                done.push(Done { line, said: None });
            }
        }
        Self { happening, more, wanted, done }
    }

    /// None where all that is written was done, and all that is noticed was written.
    ///
    /// Both sides are brought into one order before they are compared: what people notice in the order it happens, then
    /// the bookkeeping, then what is so.
    pub(super) fn difference(&self) -> Option<Difference> {
        let mut expected: Vec<&Wanted<'_>> = self.wanted.iter().collect();
        expected.sort_by_key(|wanted| order(&wanted.shown));
        let is_unmet = |wanted: &&&Wanted<'_>| !wanted.is_noticed() && !self.done.iter().any(|done| wanted.meets(done));
        let unmet = expected.iter().any(|wanted| is_unmet(&wanted));
        // Bookkeeping that nobody wrote about is only worth showing where some that was written is missing.
        let all = expected.iter().filter(is_unmet).any(|wanted| !wanted.is_of_facts());
        let is_shown = |done: &&Done| {
            all || done.is_noticed() || is_fact(&done.line) || expected.iter().any(|wanted| wanted.meets(done))
        };
        let mut actual: Vec<&Done> = self.done.iter().filter(is_shown).collect();
        // Bookkeeping is put in the order it is written in, what is not written last.
        actual.sort_by_key(|done| {
            let place = expected.iter().position(|wanted| wanted.meets(done)).unwrap_or(usize::MAX);
            (order(&done.line), if done.is_noticed() { 0 } else { place })
        });
        let noticed = expected.iter().filter(|wanted| wanted.is_noticed());
        let seen = actual.iter().filter(|done| done.is_noticed());
        let same = !unmet
            && noticed.clone().count() == seen.clone().count()
            && noticed.zip(seen).all(|(wanted, done)| wanted.meets(done));
        (!same).then(|| self.diff(&expected, &actual))
    }

    fn diff(&self, expected: &[&Wanted<'_>], actual: &[&Done]) -> Difference {
        let mut diff = self.header();
        let mut first = None;
        for step in align(expected, actual) {
            let _ = match step {
                Aligned::Both(e, _) => writeln!(diff, "{:5}   {}", expected[e].line.number, expected[e].shown),
                Aligned::Missing(e) => {
                    first = first.or(Some(expected[e].line.number));
                    writeln!(diff, "{:5} - {}", expected[e].line.number, expected[e].shown)
                }
                Aligned::Extra(a) => writeln!(diff, "      + {}", readable(&actual[a].line)),
            };
        }
        let what = "the bot did not do what is written (- written, + done)".to_owned();
        Difference { line: first.unwrap_or(self.happening.number), what, diff }
    }

    /// A request that the transcript does not answer is a difference by itself: what would follow is unknown.
    pub(super) fn unanswered(&self, requests: &[String]) -> Option<Difference> {
        let request = requests.first()?;
        let mut words = request.splitn(3, ' ');
        let (id, method, target) = (words.next()?, words.next()?, words.next()?);
        let (connection, path) = target.split_at(target.find('/').unwrap_or(target.len()));
        let path = if path.is_empty() { "/" } else { path };
        let mut diff = self.header();
        let _ = writeln!(diff, "      + ! request {request}");
        let _ = writeln!(
            diff,
            "  fix   before line {}, write e.g. `@ http {connection} {method} {path} 200 BODY`;\n        to answer it \
             later, `@ response {id} 200 BODY` below",
            self.happening.number
        );
        let what = format!("nothing answers the bot's request `{id}`");
        Some(Difference { line: self.happening.number, what, diff })
    }

    fn header(&self) -> String {
        let lines = std::iter::once(self.happening).chain(self.more);
        lines.map(|line| format!("{:5}   {}\n", line.number, line.source)).collect()
    }
}

impl<'a> Wanted<'a> {
    fn new(line: &'a Line) -> Self {
        let shown = match &line.entry {
            Entry::Effect(effect) => canonical(&format!("! {effect}")),
            _ => line.source.clone(),
        };
        let pattern = match &line.entry {
            Entry::Effect(_) => Pattern::of(&shown),
            _ => Pattern::default(),
        };
        Self { line, shown, pattern }
    }

    pub(super) fn is_noticed(&self) -> bool {
        is_noticed(&self.shown)
    }

    /// Whether it claims something that no turn says of itself.
    fn is_of_facts(&self) -> bool {
        matches!(&self.line.entry, Entry::Claim(claim) if !matches!(claim, Claim::Step(_)))
    }

    /// As it is written, or an effect whose end was left out from a space or a line break on.
    pub(super) fn meets(&self, done: &Done) -> bool {
        match &self.line.entry {
            Entry::Bot(expected) => done.said.as_ref().is_some_and(|said| expected.meets(said)),
            Entry::Claim(Claim::Step(step)) => done.line.strip_prefix("= step ").is_some_and(|name| step.meets(name)),
            Entry::Claim(_) => done.line == self.shown,
            Entry::Effect(_) => {
                done.line.starts_with('!') && (self.pattern.meets_beginning(&done.line) || self.meets_json(&done.line))
            }
            Entry::User(_) | Entry::More(_) | Entry::Passes(_) | Entry::World(_) => false,
        }
    }

    /// Whether the JSON at the end is as written, where its texts are patterns.
    fn meets_json(&self, done: &str) -> bool {
        let parts = |line: &str| {
            let at = json_at(line)?;
            Some((line[..at].to_owned(), serde_json::from_str::<Value>(&line[at..]).ok()?))
        };
        match (parts(done), parts(&self.shown)) {
            (Some((head, actual)), Some((expected_head, expected))) => {
                Pattern::of(&expected_head).meets(&head) && json_meets(&actual, &expected, false)
            }
            _ => false,
        }
    }
}

fn is_fact(line: &str) -> bool {
    line.starts_with("= ") && !line.starts_with("= step ")
}

fn order(line: &str) -> u8 {
    match line {
        _ if is_noticed(line) => 0,
        _ if line.starts_with('!') => 1,
        _ => 2,
    }
}

/// A stack is read line by line.
fn readable(line: &str) -> String {
    if line.starts_with("! error") { line.replace("\\n", "\n          ") } else { line.to_owned() }
}

/// The longest common subsequence with what is missing and what is too much around it.
pub(super) fn align(expected: &[&Wanted<'_>], actual: &[&Done]) -> Vec<Aligned> {
    let mut common = vec![vec![0_usize; actual.len() + 1]; expected.len() + 1];
    for (e, wanted) in expected.iter().enumerate().rev() {
        for (a, done) in actual.iter().enumerate().rev() {
            common[e][a] =
                if wanted.meets(done) { common[e + 1][a + 1] + 1 } else { common[e + 1][a].max(common[e][a + 1]) };
        }
    }
    let mut steps = Vec::new();
    let (mut e, mut a) = (0, 0);
    while e < expected.len() || a < actual.len() {
        if e < expected.len() && a < actual.len() && expected[e].meets(actual[a]) {
            steps.push(Aligned::Both(e, a));
            (e, a) = (e + 1, a + 1);
        } else if e < expected.len() && (a == actual.len() || common[e + 1][a] >= common[e][a + 1]) {
            steps.push(Aligned::Missing(e));
            e += 1;
        } else {
            steps.push(Aligned::Extra(a));
            a += 1;
        }
    }
    steps
}
