//! A recorded turn run once more: whether the same came of it, what differs, or why that cannot be said; and what to say of many.

mod report;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::conversation::{ConversationId, Difference, End, Event, JournalEntry, Outcome};
pub use report::{as_json, as_text, names};

/// Which plugin ran the turn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The very same: whatever it returned then, it has to return now.
    Recorded,
    /// Another: what counts is what users and later turns notice.
    Other,
}

/// What a replay says of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Differs(Box<Difference>),
    Untold(Untold),
}

/// Why a replay says nothing of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untold {
    /// No plugin ran: the host decided by itself, or had nobody to ask.
    Host,
    /// What ended the turn was time or the machine, then or now.
    Time,
    /// The host refused the decision because of what else there was in the conversation, and keeps no refused decisions.
    Conversation,
    /// The plugin that ran is not there any more.
    NoPlugin,
}

/// How plugins are ended that take too long; another time the same plugin may get through.
const ENDED_BY_TIME: [&str; 3] = ["deadline-exceeded", "stalled", "stopped"];

impl Untold {
    /// In the plural, for a count before it.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Host => "were the host's own, without a plugin",
            Self::Time => "ended because time was up, then or now",
            Self::Conversation => "were refused by the host because of the rest of their conversation",
            Self::NoPlugin => "ran on a plugin that is not here",
        }
    }

    /// One word, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Time => "time",
            Self::Conversation => "conversation",
            Self::NoPlugin => "no-plugin",
        }
    }
}

/// Compares what came of a turn with what comes of it now.
#[must_use]
pub fn verdict(entry: &JournalEntry, now: &Outcome, version: Version) -> Verdict {
    let then = &entry.outcome;
    let by_time =
        |outcome: &Outcome| matches!(outcome, Outcome::Failed { kind, .. } if ENDED_BY_TIME.contains(&kind.as_str()));
    if by_time(then) != by_time(now) {
        return Verdict::Untold(Untold::Time);
    }
    if refused_by_conversation(then) && matches!(now, Outcome::Decided(_)) {
        return Verdict::Untold(Untold::Conversation);
    }
    let end = |outcome| End { state: entry.state.as_deref(), outcome };
    let mut difference = Difference::between(end(then), end(now));
    if let (Version::Recorded, None, Outcome::Decided(then), Outcome::Decided(now)) = (version, &difference, then, now)
        && then != now
    {
        difference = Difference::literal(then, now);
    }
    difference.map_or(Verdict::Same, |difference| Verdict::Differs(Box::new(difference)))
}

/// The host's words for a decision that is wrong by itself are not these: such a decision would be wrong again.
fn refused_by_conversation(then: &Outcome) -> bool {
    matches!(then, Outcome::Failed { kind, reason } if kind == "bad-output" && !reason.starts_with("the plugin's answer"))
}

/// A turn of which there is something to say.
#[derive(Clone, Debug)]
pub struct Differing {
    pub conversation: ConversationId,
    pub turn: u32,
    pub at: Timestamp,
    pub bot: String,
    /// What it was about, on one line.
    pub about: String,
    pub difference: Difference,
}

impl Differing {
    #[must_use]
    pub fn of(entry: &JournalEntry, difference: Difference) -> Self {
        let context = &entry.context;
        Self {
            conversation: context.conversation,
            turn: context.turn,
            at: context.now,
            bot: entry.bot.clone(),
            about: about(&entry.event),
            difference,
        }
    }
}

const ABOUT_CHARS_MAX: usize = 60;

/// As a transcript has it, shortened: `> hello`, `timer nudge`.
fn about(event: &Event) -> String {
    let text = match event {
        Event::Message(message) => format!("> {}", message.text),
        Event::Burst(messages) => {
            messages.iter().map(|message| format!("> {}", message.text)).collect::<Vec<_>>().join(" ")
        }
        Event::Timer(timer) => format!("timer {}", timer.name),
        Event::Response(response) => format!("response {}", response.id),
        Event::Switched(named) => format!("switched {}", named.name),
        Event::External(named) => format!("external {}", named.name),
        Event::Desk(act) => format!("desk {}", act.act.kind()),
        Event::DeliveryFailed(_) | Event::Handoff(_) | Event::SessionExpired { .. } => event.kind().to_owned(),
    };
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(ABOUT_CHARS_MAX) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// What came of all turns together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub same: u64,
    pub differing: u64,
    /// Turns in which each part differs, by [`Difference::PARTS`].
    pub parts: BTreeMap<&'static str, u64>,
    pub untold: BTreeMap<Untold, u64>,
    /// Entries that cannot be read.
    pub lost: u64,
}

impl Tally {
    pub fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::Differs(difference) => {
                self.differing += 1;
                for (part, _) in difference.parts() {
                    *self.parts.entry(part).or_default() += 1;
                }
            }
            Verdict::Untold(why) => *self.untold.entry(*why).or_default() += 1,
        }
    }

    /// Takes what another counted.
    pub fn add(&mut self, other: &Self) {
        self.same += other.same;
        self.differing += other.differing;
        self.lost += other.lost;
        for (part, count) in &other.parts {
            *self.parts.entry(part).or_default() += count;
        }
        for (why, count) in &other.untold {
            *self.untold.entry(*why).or_default() += count;
        }
    }

    /// Turns that a plugin ran again and that could be compared.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.same + self.differing
    }

    /// Turns that there were, whether or not they could be compared.
    #[must_use]
    pub fn replayed(&self) -> u64 {
        self.compared() + self.untold.values().sum::<u64>()
    }

    /// Whether everything that could be expected to come out the same did.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.differing == 0 && self.lost == 0 && !self.untold.contains_key(&Untold::NoPlugin)
    }
}

#[cfg(test)]
mod tests;
