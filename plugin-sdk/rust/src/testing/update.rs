//! Writes what a bot did into its transcript, and leaves everything else as its author wrote it: comments, order, layout,
//! and every line that still comes true.

use std::collections::BTreeMap;

use super::claim::{Claim, Facts};
use super::compare::{Aligned, Block, Wanted, align};
use super::render::Done;
use super::transcript::Entry;

/// What becomes of a transcript's lines, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// None where the line goes.
    changed: BTreeMap<usize, Option<String>>,
    /// What comes behind a line.
    inserted: BTreeMap<usize, Vec<String>>,
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.inserted.is_empty()
    }

    /// Notes what has to be written for a block to come true.
    pub(super) fn note(&mut self, block: &Block<'_>, facts: &Facts<'_>) {
        if block.difference().is_none() {
            return;
        }
        self.noticed(block);
        let mut used: Vec<&str> = Vec::new();
        for wanted in block.wanted.iter().filter(|wanted| !wanted.is_noticed()) {
            if block.done.iter().any(|done| wanted.meets(done)) {
                continue;
            }
            let instead = match &wanted.line.entry {
                Entry::Claim(Claim::Step(_)) => {
                    block.done.iter().rfind(|done| done.line.starts_with("= step ")).map(|done| done.line.clone())
                }
                Entry::Claim(claim) => claim.corrected(facts),
                _ => {
                    let met = |done: &Done| block.wanted.iter().any(|other| other.meets(done));
                    let alike = |done: &&Done| {
                        subject(&done.line) == subject(&wanted.shown)
                            && !met(done)
                            && !used.contains(&done.line.as_str())
                    };
                    block.done.iter().find(alike).map(|done| {
                        used.push(&done.line);
                        done.line.clone()
                    })
                }
            };
            self.changed.insert(wanted.line.number, instead);
        }
    }

    /// What people notice is written completely and in order.
    fn noticed(&mut self, block: &Block<'_>) {
        let wanted: Vec<&Wanted<'_>> = block.wanted.iter().filter(|wanted| wanted.is_noticed()).collect();
        let done: Vec<&Done> = block.done.iter().filter(|done| done.is_noticed()).collect();
        let mut last = block.more.last().unwrap_or(block.happening).number;
        let steps = align(&wanted, &done);
        let is_both = |step: &Aligned| matches!(step, Aligned::Both(..));
        for run in steps.chunk_by(|one, next| is_both(one) == is_both(next)) {
            let missing =
                run.iter().filter_map(|step| if let Aligned::Missing(e) = step { Some(wanted[*e]) } else { None });
            let mut extra = run
                .iter()
                .filter_map(|step| if let Aligned::Extra(a) = step { Some(done[*a].line.clone()) } else { None });
            if let Some(Aligned::Both(e, _)) = run.last() {
                last = wanted[*e].line.number;
            }
            for wanted in missing {
                let instead = extra.next();
                if instead.is_some() {
                    last = wanted.line.number;
                }
                self.changed.insert(wanted.line.number, instead);
            }
            self.inserted.entry(last).or_default().extend(extra);
        }
        self.inserted.retain(|_, lines| !lines.is_empty());
    }

    /// The transcript as it is to be.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut updated = String::with_capacity(text.len());
        for (number, whole) in (1..).zip(text.split_inclusive('\n')) {
            let line = whole.trim_end_matches(['\n', '\r']);
            let end = &whole[line.len()..];
            let indent = &line
                [..line.len() - line.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}').len()];
            match self.changed.get(&number) {
                None => updated.push_str(whole),
                Some(None) => {}
                Some(Some(instead)) => updated.extend([indent, instead, end]),
            }
            for inserted in self.inserted.get(&number).into_iter().flatten() {
                // The last line of a file may have no end.
                let end = if end.is_empty() { "\n" } else { end };
                if !updated.ends_with('\n') {
                    updated.push_str(end);
                }
                updated.extend([indent.trim_start_matches('\u{feff}'), inserted, end]);
            }
        }
        updated
    }
}

/// What an effect is about: `! attribute plan`, whatever is done to it.
fn subject(line: &str) -> &str {
    let end = line.match_indices([' ', '=', '+']).map(|(at, _)| at).nth(2);
    &line[..end.unwrap_or(line.len())]
}
