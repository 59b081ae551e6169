//! How two ends of the same turn differ: in what the user reads, in what else is done, in the state and in the step.

mod lines;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{Decision, Effect, NextState, Outcome};
use lines::{effect_line, one_line, reply_line};

/// One end of a turn.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The state before the turn: what `keep` keeps.
    pub state: Option<&'a str>,
    pub outcome: &'a Outcome,
}

/// Where two ends differ, each part as lines for people; a part in which they agree is none. At least one part is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What the user is told: replies, and what is said of a handoff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Change>,
    /// Everything else that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effects: Option<Change>,
    /// What the turn leaves; of states that are JSON objects only the members that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Change>,
    /// One has a decision and the other none, or they failed of different things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Change>,
}

/// Lines of one end and of the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl Difference {
    /// The parts by name, as they are counted and shown.
    pub const PARTS: [&'static str; 5] = ["reply", "effects", "state", "step", "failure"];

    /// What differs in what comes of the turn; none where nothing does. A state is the same where its JSON means the same, and `keep`
    /// is what it keeps. Why a turn failed is told in words that may change; of what it failed is what counts.
    #[must_use]
    pub fn between(before: End<'_>, after: End<'_>) -> Option<Self> {
        let (decided, now) = match (before.outcome, after.outcome) {
            (Outcome::Decided(decided), Outcome::Decided(now)) => (decided, now),
            (Outcome::Failed { kind, .. }, Outcome::Failed { kind: now, .. }) if kind == now => return None,
            (decided, now) => {
                let failure = Some(Change { before: vec![outcome_line(decided)], after: vec![outcome_line(now)] });
                return Some(Self { failure, ..Self::default() });
            }
        };
        let state = |end: End<'_>, decision: &Decision| match &decision.state {
            NextState::Keep => end.state.map(ToOwned::to_owned),
            NextState::Replace(state) => Some(state.clone()),
            NextState::Clear => None,
        };
        Self {
            reply: Change::of(replies(decided), replies(now)),
            effects: Change::of(others(decided), others(now)),
            state: states(state(before, decided), state(after, now)),
            step: Change::of(decided.step.iter().map(one_line).collect(), now.step.iter().map(one_line).collect()),
            failure: None,
        }
        .if_any()
    }

    /// Whatever differs in two decisions, down to the order of effects of different kinds and the spelling of a state.
    #[must_use]
    pub fn literal(before: &Decision, after: &Decision) -> Option<Self> {
        let effects = |decision: &Decision| decision.effects.iter().map(|effect| format!("{effect:?}")).collect();
        let state = |decision: &Decision| vec![one_line(format!("{:?}", decision.state))];
        Self {
            effects: Change::of(effects(before), effects(after)),
            state: Change::of(state(before), state(after)),
            step: Change::of(vec![format!("{:?}", before.step)], vec![format!("{:?}", after.step)]),
            ..Self::default()
        }
        .if_any()
    }

    /// The parts that differ, in the order of [`Self::PARTS`].
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &Change)> {
        let Self { reply, effects, state, step, failure } = self;
        Self::PARTS
            .into_iter()
            .zip([reply, effects, state, step, failure])
            .filter_map(|(name, part)| Some((name, part.as_ref()?)))
    }

    fn if_any(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl Change {
    fn of(before: Vec<String>, after: Vec<String>) -> Option<Self> {
        (before != after).then_some(Self { before, after })
    }

    /// The lines that are not the same at the beginning or at the end of both.
    fn differing(&self) -> (&[String], &[String]) {
        let Self { before, after } = self;
        let same = |(one, other): &(&String, &String)| one == other;
        let first = before.iter().zip(after).take_while(same).count();
        let (before, after) = (&before[first..], &after[first..]);
        let last = before.iter().rev().zip(after.iter().rev()).take_while(same).count();
        (&before[..before.len() - last], &after[..after.len() - last])
    }
}

/// A line for each line that differs: `reply   - Hello!` and `        + Hi!`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, change) in self.parts() {
            let (before, after) = change.differing();
            let gone = before.iter().map(|line| ('-', line));
            let mut title = name;
            for (mark, line) in gone.chain(after.iter().map(|line| ('+', line))) {
                writeln!(f, "{title:<8}{mark} {line}")?;
                title = "";
            }
        }
        Ok(())
    }
}

fn outcome_line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Decided(decision) => {
            let words: Vec<String> = decision.effects.iter().flat_map(said).chain(others(decision)).collect();
            if words.is_empty() { "decided".to_owned() } else { format!("decided: {}", words.join("; ")) }
        }
        Outcome::Failed { kind, reason } => one_line(format!("failed ({kind}): {reason}")),
    }
}

fn replies(decision: &Decision) -> Vec<String> {
    decision.effects.iter().flat_map(said).collect()
}

fn said(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Reply(reply) => Some(reply_line(reply)),
        Effect::Handoff(handoff) => handoff.notice.as_ref().map(one_line),
        _ => None,
    }
}

fn others(decision: &Decision) -> Vec<String> {
    decision.effects.iter().filter_map(effect_line).collect()
}

fn states(before: Option<String>, after: Option<String>) -> Option<Change> {
    if before == after {
        return None;
    }
    let json = |state: &Option<String>| serde_json::from_str::<Value>(state.as_deref()?).ok();
    let (before_json, after_json) = (json(&before), json(&after));
    if before_json.is_some() && before_json == after_json {
        return None;
    }
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (&before_json, &after_json) {
        let mut change = Change::default();
        members("", before, after, &mut change);
        return Some(change);
    }
    let line = |state: Option<String>| vec![state.map_or_else(|| "(none)".to_owned(), one_line)];
    Some(Change { before: line(before), after: line(after) })
}

type Members = serde_json::Map<String, Value>;

/// The members that differ, by their path: `order.id: 7`.
fn members(path: &str, before: &Members, after: &Members, change: &mut Change) {
    for (name, was) in before {
        let path = format!("{path}{name}");
        match (was, after.get(name)) {
            (was, Some(is)) if was == is => {}
            (Value::Object(was), Some(Value::Object(is))) => members(&format!("{path}."), was, is, change),
            (was, is) => {
                change.before.push(one_line(format!("{path}: {was}")));
                change.after.extend(is.map(|is| one_line(format!("{path}: {is}"))));
            }
        }
    }
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    change.after.extend(new.map(|(name, is)| one_line(format!("{path}{name}: {is}"))));
}

#[cfg(test)]
mod tests;
