//! What was decided then, in the plugin's place; and whether the player asks what was asked then.

use turnwise_plugin::testing::contract as sdk;
use turnwise_plugin::testing::{Decide, Failure};

use crate::conversation::{Choice, Effect, Event, JournalEntry, Outcome};
use crate::transcript::convert;

/// Recorded turns, handed out in their order.
pub(super) struct Tape<'a> {
    entries: Vec<&'a JournalEntry>,
    at: usize,
    wrong: Option<String>,
    /// Of the last turn that offered any.
    offered: Vec<Choice>,
}

impl<'a> Tape<'a> {
    pub(super) fn of(entries: Vec<&'a JournalEntry>) -> Self {
        Self { entries, at: 0, wrong: None, offered: Vec::new() }
    }

    /// The turn that is to come.
    pub(super) fn next(&self) -> Option<&'a JournalEntry> {
        self.entries.get(self.at).copied()
    }

    /// The turns behind the one that is to come.
    pub(super) fn later(&self) -> &[&'a JournalEntry] {
        self.entries.get(self.at + 1..).unwrap_or_default()
    }

    pub(super) fn turns(&self) -> usize {
        self.at
    }

    pub(super) fn began(&self) -> bool {
        self.at > 0
    }

    pub(super) fn offered(&self) -> &[Choice] {
        &self.offered
    }

    /// The first time that the player asked something else than was asked then.
    pub(super) fn wrong(&mut self) -> Option<String> {
        self.wrong.take()
    }

    fn note(&mut self, why: String) {
        self.wrong.get_or_insert(why);
    }
}

impl Decide for Tape<'_> {
    fn decide(&mut self, _: &sdk::Context, state: Option<&str>, event: &sdk::Event) -> Result<sdk::Decision, Failure> {
        let nothing = sdk::Decision { state: sdk::NextState::Keep, effects: vec![], step: None };
        let event = convert::event(event);
        let Some(entry) = self.next() else {
            self.note(format!("in a transcript there would be one more turn, of `{}`", event.kind()));
            return Ok(nothing);
        };
        if !is_alike(&event, &entry.event) {
            let (now, then) = (event.kind(), entry.event.kind());
            self.note(match now == then {
                true => format!("in a transcript this `{then}` would be another"),
                false => format!("in a transcript a turn of `{now}` would come before this one of `{then}`"),
            });
        } else if state != entry.state.as_deref() {
            self.note(match state {
                None => "it begins with a state, and a transcript without one".to_owned(),
                Some(_) => "it begins with another state than the turn before left: the host or somebody outside ended the session"
                    .to_owned(),
            });
        }
        self.at += 1;
        match &entry.outcome {
            Outcome::Decided(decision) => {
                let choices = decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Reply(reply) => Some(reply.choices.clone()),
                    _ => None,
                });
                let offered: Vec<Choice> = choices.flatten().collect();
                if !offered.is_empty() {
                    self.offered = offered;
                }
                Ok(convert::decision(decision.clone()))
            }
            Outcome::Failed { kind, reason } => Err(failure(kind, reason)),
        }
    }
}

/// As a transcript tells it of the words the journal has.
fn failure(kind: &str, reason: &str) -> Failure {
    let without = |prefix: &str| reason.strip_prefix(prefix).unwrap_or(reason);
    match kind {
        "bad-output" => Failure::Refused(without("the plugin's answer cannot be used: ").to_owned()),
        "refused" => {
            let why = without("the plugin gave no decision: ");
            match why.strip_prefix("it cannot read the stored state: ") {
                Some(why) => Failure::BadState(why.to_owned()),
                None => Failure::Other(why.to_owned()),
            }
        }
        _ => Failure::Other(reason.to_owned()),
    }
}

/// Whether a plugin would take one for the other, as far as a transcript can have it.
fn is_alike(now: &Event, then: &Event) -> bool {
    match (now, then) {
        (Event::Message(now), Event::Message(then)) => is_said_alike(now, then),
        (Event::Burst(now), Event::Burst(then)) => {
            now.len() == then.len() && now.iter().zip(then).all(|(now, then)| is_said_alike(now, then))
        }
        (Event::Timer(now), Event::Timer(then)) => (&now.name, &now.payload) == (&then.name, &then.payload),
        (Event::Response(now), Event::Response(then)) => {
            now.id == then.id && now.outcome.is_ok() == then.outcome.is_ok()
        }
        (Event::Switched(now), Event::Switched(then)) | (Event::External(now), Event::External(then)) => {
            now.name == then.name
        }
        (now, then) => now.kind() == then.kind(),
    }
}

fn is_said_alike(now: &crate::conversation::Message, then: &crate::conversation::Message) -> bool {
    // A number stands for the choice it was given.
    let text = then.choice.is_some() || now.text.trim() == then.text.trim();
    text && now.choice == then.choice && now.media.len() == then.media.len()
}
