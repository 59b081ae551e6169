//! The lines of a turn: what was said in it, and by whom.

use crate::conversation::handoff::REFUSED;
use crate::conversation::{Act, Effect, Event, HandoffUpdate, JournalEntry, Outcome};

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    User,
    Bot,
    Agent,
    /// A note among those who work on the conversation; the user never sees it.
    Note,
}

/// Something that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub speaker: Speaker,
    pub text: &'a str,
}

/// What was said in a turn, in order. Lines without a text are left out.
#[must_use]
pub fn lines(entry: &JournalEntry) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut say = |speaker, text| lines.push(Line { speaker, text });
    match &entry.event {
        Event::Message(message) => say(Speaker::User, message.text.as_str()),
        Event::Burst(messages) => messages.iter().for_each(|message| say(Speaker::User, message.text.as_str())),
        // Its transcript is of lines that have turns of their own.
        Event::Handoff(HandoffUpdate::Returned(returned)) => {
            say(Speaker::Note, returned.note.as_deref().unwrap_or_default());
        }
        Event::Desk(done) => match &done.act {
            Act::Reply { text, .. } => say(Speaker::Agent, text.as_str()),
            Act::Note { text } => say(Speaker::Note, text.as_str()),
            Act::Return { note } | Act::Resolve { note } => say(Speaker::Note, note.as_deref().unwrap_or_default()),
            _ => {}
        },
        _ => {}
    }
    let is_desk = matches!(entry.event, Event::Desk(_));
    if let Outcome::Decided(decision) = &entry.outcome {
        for effect in &decision.effects {
            match effect {
                // An agent's own reply is there as what the agent did.
                Effect::Reply(_) if is_desk => {}
                Effect::Reply(reply) => say(Speaker::Bot, reply.text.as_str()),
                Effect::Note(text) => say(Speaker::Note, text.as_str()),
                Effect::Handoff(handoff) => {
                    say(Speaker::Bot, handoff.notice.as_deref().unwrap_or_default());
                    say(Speaker::Note, handoff.summary.as_str());
                }
                _ => {}
            }
        }
    }
    lines.retain(|line| !line.text.trim().is_empty());
    lines
}

/// Whether a turn failed; that somebody at the desk was not allowed something is no failure.
#[must_use]
pub fn is_failure(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed { kind, .. } if kind != REFUSED)
}
