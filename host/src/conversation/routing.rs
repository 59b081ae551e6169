//! Which bot a message goes to.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use regex::Regex;

use super::commands::Commands;
use super::{NamedJson, User};
use crate::clock::Timestamp;
use crate::inbound::Inbound;

/// What the configuration says about a source.
#[derive(Clone, Debug)]
pub struct Route {
    pub source: String,
    /// Who answers where no rule says otherwise.
    pub bot: String,
    /// Looked at in order, where a session begins.
    pub rules: Vec<Rule>,
    /// The campaign that replies go through.
    pub campaign: String,
    pub fallback_text: String,
    /// Choices are numbered lines in that campaign, so a number is an answer.
    pub numbered_choices: bool,
    /// A session ends after this long without a turn.
    pub idle_timeout: Duration,
    /// Keys of a bot's JSON state that outlive its session.
    pub carry_over: Vec<String>,
    pub commands: Commands,
}

/// Sends messages to a bot.
#[derive(Clone, Debug)]
pub struct Rule {
    /// All of them hold.
    pub conditions: Vec<Condition>,
    pub bot: String,
    /// Also within a session, which it ends.
    pub interrupts: bool,
}

/// What a rule asks of a message.
#[derive(Clone, Debug)]
pub enum Condition {
    /// One of these words or phrases is the whole text, whatever the case.
    Keyword(Vec<String>),
    /// The text matches somewhere.
    Pattern(Regex),
    /// A field that came with the message, or of the user (`language`, `phone`, `external_id`), has one of these values.
    Field { name: String, values: Vec<serde_json::Value> },
    /// It arrived in these hours.
    Hours(Hours),
}

/// Hours of the week, by the clock of a place.
#[derive(Clone, Debug)]
pub struct Hours {
    /// From Monday on.
    pub days: [bool; 7],
    /// Minutes since midnight: from the first to before the second. Where the second is not later, they go over midnight, and the day is
    /// the one they began on.
    pub minutes: (u16, u16),
    pub time_zone: TimeZone,
}

impl Route {
    /// For conversations of a source that is not configured any more.
    #[must_use]
    pub fn unknown(source: &str) -> Self {
        Self {
            source: source.into(),
            bot: String::new(),
            rules: Vec::new(),
            campaign: String::new(),
            fallback_text: String::new(),
            numbered_choices: false,
            idle_timeout: crate::limits::SESSION_IDLE_TIMEOUT,
            carry_over: Vec::new(),
            commands: Commands::none(),
        }
    }

    /// The bot for a message that begins a session.
    #[must_use]
    pub fn bot_for(&self, inbound: &Inbound, received: Timestamp) -> &str {
        self.rule_for(inbound, received).map_or(&self.bot, |rule| &rule.bot)
    }

    /// The bot that a message goes to although a session is under way.
    #[must_use]
    pub fn interruption(&self, inbound: &Inbound, received: Timestamp) -> Option<&str> {
        self.rule_for(inbound, received).filter(|rule| rule.interrupts).map(|rule| rule.bot.as_str())
    }

    fn rule_for(&self, inbound: &Inbound, received: Timestamp) -> Option<&Rule> {
        let holds = |condition: &Condition| condition.holds(inbound, received);
        self.rules.iter().find(|rule| rule.conditions.iter().all(holds))
    }
}

impl Condition {
    fn holds(&self, inbound: &Inbound, received: Timestamp) -> bool {
        match self {
            Self::Keyword(words) => {
                let said = normal(&inbound.text);
                words.iter().any(|word| normal(word) == said)
            }
            Self::Pattern(pattern) => pattern.is_match(&inbound.text),
            Self::Field { name, values } => {
                field(&inbound.user, &inbound.fields, name).is_some_and(|value| values.contains(&value))
            }
            Self::Hours(hours) => hours.include(received),
        }
    }
}

impl Hours {
    /// Whether they include this time.
    #[must_use]
    pub fn include(&self, at: Timestamp) -> bool {
        let Some(local) = self.local(at) else { return false };
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or_default();
        let (from, to) = self.minutes;
        if from < to {
            self.days[day] && (from..to).contains(&minute)
        } else {
            (self.days[day] && minute >= from) || (self.days[(day + 6) % 7] && minute < to)
        }
    }

    /// What the place's clock shows.
    pub(super) fn local(&self, at: Timestamp) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        Some(self.time_zone.to_datetime(at))
    }

    /// The day on which the hours began that include this time, if they do.
    pub(super) fn began_on(&self, at: Timestamp) -> Option<Date> {
        let local = self.local(at)?;
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).ok()?;
        let (from, to) = self.minutes;
        if from >= to && minute < to { local.date().yesterday().ok() } else { Some(local.date()) }
    }
}

fn field(user: &User, fields: &[NamedJson], name: &str) -> Option<serde_json::Value> {
    let of_user = match name {
        "language" => user.language.as_deref(),
        "phone" => user.phone.as_deref(),
        "external_id" => user.external_id.as_deref(),
        _ => None,
    };
    let carried = || serde_json::from_str(&fields.iter().find(|field| field.name == name)?.value).ok();
    of_user.map(serde_json::Value::from).or_else(carried)
}

/// A text as it is compared: case and space do not matter, nor what is behind the last word.
pub(super) fn normal(text: &str) -> String {
    let words = text.trim_end_matches(['.', '!', '?', ' ']).split_whitespace();
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests;
