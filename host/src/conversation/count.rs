//! What is counted of conversations, a day at a time: enough for what a team asks of its bots, and nothing about any person.

use std::time::Duration;

use super::{Conversation, Effect, Event, JournalEntry, Outcome};
use crate::clock::Timestamp;
use crate::limits::COUNT_LABEL_CHARS_MAX;

/// One thing that happened, to be added to its day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Count {
    pub bot: String,
    /// First 8 bytes of the digest of the plugin that the session began with; zero where none had run yet.
    pub version: [u8; 8],
    pub measure: Measure,
    /// What is told apart within the measure: an outcome, a reason, a step, or the upper end of a span.
    pub label: String,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Sessions that began.
    Sessions,
    /// Sessions that ended, by outcome.
    Ended,
    /// Sessions that ended and that people never had.
    Contained,
    /// Sessions that expired, by the step they were left at.
    LeftAt,
    /// Handoffs that were asked for, by reason.
    Handoffs,
    /// Those that nobody took, by why.
    HandoffsFailed,
    /// From asking to the first agent, by span.
    Wait,
    /// From the first agent to the end of it, by span.
    Resolution,
    /// From a message's arrival to the decision about it, by span.
    Answer,
    /// Turns that failed, by kind.
    Failed,
}

impl Measure {
    pub const ALL: [Self; 10] = [
        Self::Sessions,
        Self::Ended,
        Self::Contained,
        Self::LeftAt,
        Self::Handoffs,
        Self::HandoffsFailed,
        Self::Wait,
        Self::Resolution,
        Self::Answer,
        Self::Failed,
    ];

    /// Its name where it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Ended => "ended",
            Self::Contained => "contained",
            Self::LeftAt => "left-at",
            Self::Handoffs => "handoffs",
            Self::HandoffsFailed => "handoffs-failed",
            Self::Wait => "wait",
            Self::Resolution => "resolution",
            Self::Answer => "answer",
            Self::Failed => "failed",
        }
    }
}

/// Upper ends of spans in which answers are counted.
const ANSWER_MS: [u64; 9] = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
/// Of what people take.
const PEOPLE_S: [u64; 10] = [30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400, 604_800];

/// Beyond the last upper end.
pub const LONGER: &str = "longer";

/// What a turn adds, given the conversation before and after it.
pub(super) fn counts(
    before: &Before,
    after: &Conversation,
    entry: &JournalEntry,
    ended: &[super::turn::Ended],
) -> Vec<Count> {
    let now = entry.context.now;
    let mut counts = Vec::new();
    let mut add = |bot: &str, version: [u8; 8], measure: Measure, label: &str| {
        // An outcome is asked for by its whole name.
        let chars_max = if measure == Measure::Ended { usize::MAX } else { COUNT_LABEL_CHARS_MAX };
        let label = label.chars().take(chars_max).collect();
        counts.push(Count { bot: bot.into(), version, measure, label });
    };
    let (bot, version) = (entry.bot.as_str(), after.plugin_digest);
    if after.session > before.session {
        add(bot, version, Measure::Sessions, "");
    }
    for (place, end) in ended.iter().enumerate() {
        // Those before the last were of the session that the turn found.
        let is_own = place + 1 == ended.len() && after.session > before.session && after.session_ended;
        let (version, had_people) =
            if is_own { (version, after.had_people) } else { (before.version, before.had_people) };
        add(&end.bot, version, Measure::Ended, &end.outcome);
        if !(had_people || after.had_people && after.session == before.session) {
            add(&end.bot, version, Measure::Contained, "");
        }
        if end.outcome == "expired" {
            add(&end.bot, version, Measure::LeftAt, before.step.as_deref().unwrap_or("no step"));
        }
    }
    let handoff = after.control.handoff.as_ref();
    if let (Some(handoff), true) = (handoff, after.control.handoffs > before.handoffs) {
        add(bot, version, Measure::Handoffs, &handoff.reason);
    } else if let Some(reason) = asked_in_vain(entry) {
        add(bot, version, Measure::Handoffs, reason);
    }
    if let Event::Handoff(super::HandoffUpdate::Failed(reason)) = &entry.event {
        // What stands behind a colon is somebody's own words.
        add(bot, version, Measure::HandoffsFailed, reason.split(':').next().unwrap_or_default());
    }
    if let (Some(opened), Some(accepted)) = (before.opened, handoff.and_then(|handoff| handoff.accepted))
        && before.accepted.is_none()
    {
        add(bot, version, Measure::Wait, &span_label(accepted.since(opened), &PEOPLE_S, Duration::from_secs));
    }
    if let (Some(accepted), None) = (before.accepted, handoff) {
        add(bot, version, Measure::Resolution, &span_label(now.since(accepted), &PEOPLE_S, Duration::from_secs));
    }
    if entry.plugin_digest != [0; 8]
        && let Some(received) = received(&entry.event)
    {
        let took = now.since(received) + Duration::from_micros(entry.duration_us.into());
        add(bot, version, Measure::Answer, &span_label(took, &ANSWER_MS, Duration::from_millis));
    }
    if let (Outcome::Failed { kind, .. }, false) = (&entry.outcome, matches!(entry.event, Event::Desk(_))) {
        add(bot, version, Measure::Failed, kind);
    }
    counts
}

/// Why people were asked for by a turn that did not get them: its handoff is known to have failed only by the turn that follows.
fn asked_in_vain(entry: &JournalEntry) -> Option<&str> {
    let Outcome::Decided(decision) = &entry.outcome else { return None };
    decision.effects.iter().find_map(|effect| match effect {
        Effect::Handoff(handoff) => Some(handoff.reason.as_str()),
        _ => None,
    })
}

fn received(event: &Event) -> Option<Timestamp> {
    match event {
        Event::Message(message) => Some(message.received),
        Event::Burst(messages) => messages.last().map(|message| message.received),
        _ => None,
    }
}

/// The upper end of the span that this is in, in the unit of the ends.
fn span_label(span: Duration, ends: &[u64], unit: impl Fn(u64) -> Duration) -> String {
    let end = ends.iter().find(|end| span <= unit(**end));
    end.map_or_else(|| LONGER.into(), ToString::to_string)
}

/// What of the conversation as the turn found it is counted by.
#[derive(Clone, Debug, Default)]
pub struct Before {
    session: u32,
    had_people: bool,
    version: [u8; 8],
    step: Option<String>,
    handoffs: u32,
    opened: Option<Timestamp>,
    accepted: Option<Timestamp>,
}

impl Before {
    pub(super) fn of(stored: &Conversation) -> Self {
        let handoff = stored.control.handoff.as_ref();
        Self {
            session: stored.session,
            had_people: stored.had_people,
            version: stored.plugin_digest,
            step: stored.step.clone(),
            handoffs: stored.control.handoffs,
            opened: handoff.map(|handoff| handoff.opened),
            accepted: handoff.and_then(|handoff| handoff.accepted),
        }
    }
}

/// The share of all that the middle and the slow end of spans lie below: the upper end in which that share is reached.
#[must_use]
pub fn quantile(spans: &[(u64, u64)], share: f64) -> Option<u64> {
    let all: u64 = spans.iter().map(|(_, count)| count).sum();
    let mut ends = spans.to_vec();
    ends.sort_unstable();
    let mut seen = 0;
    ends.into_iter().find_map(|(end, count)| {
        seen += count;
        #[allow(clippy::cast_precision_loss, reason = "a share of counts far below 2^52")]
        let reached = seen as f64 >= share * all as f64;
        (all > 0 && reached).then_some(end)
    })
}

#[cfg(test)]
mod tests;
