//! `routes`, `commands` and what else of `[sources.NAME]` says how conversations go.

use jiff::tz::TimeZone;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::report::Report;
use super::super::section::{Section, Value};
use super::super::suggest;
use super::plugins::to_json;
use crate::conversation::commands::{Command, Commands};
use crate::conversation::routing::{Condition, Hours, Rule};
use crate::limits::REPLY_CHARS_MAX;

pub(super) const HOURS_EXAMPLE: &str = "Mon-Fri 09:00-17:00";
const CONDITIONS: [&str; 5] = ["keyword", "pattern", "field", "equals", "hours"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Rules in the order they are written. `bots` are those that a rule may name.
pub(super) fn read_routes(section: &mut Section<'_>, bots: &[String], report: &Report) -> Vec<Rule> {
    let example = "[{ keyword = \"order\", bot = \"orders\" }]";
    section.tables("routes", example).into_iter().map(|section| read_route(section, bots, report)).collect()
}

fn read_route(mut section: Section<'_>, bots: &[String], report: &Report) -> Rule {
    let mut conditions = Vec::new();
    if let Some(words) = section.texts("keyword", "[\"order\", \"my order\"]") {
        conditions.push(Condition::Keyword(words.into_iter().map(Spanned::into_inner).collect()));
    }
    if let Some(pattern) = section.text("pattern", None, "(?i)^A-[0-9]+$") {
        match regex::Regex::new(pattern.get_ref()) {
            Ok(pattern) => conditions.push(Condition::Pattern(pattern)),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let help = "write it as a regular expression, e.g. `pattern = '(?i)^A-[0-9]+$'` (single quotes keep backslashes)";
                report.error("bad-pattern", pattern.span(), format!("`pattern` is no regular expression: {why}"), help);
            }
        }
    }
    conditions.extend(read_field(&mut section, report));
    conditions.extend(read_hours(&mut section, report));
    if !CONDITIONS.iter().any(|key| section.has(key)) {
        let help = "add `keyword`, `pattern`, `field` with `equals`, or `hours`; what no route matches goes to the source's `bot`";
        report.error(
            "empty-route",
            section.span(),
            "this route has no condition, so it would match every message",
            help,
        );
    }
    let bot = section.required("bot", bots.first().map_or("orders", String::as_str));
    if let Some(bot) = bot.as_ref().filter(|bot| !bots.contains(bot.get_ref())) {
        unknown_bot(bot, bots, report);
    }
    let interrupts = section.flag("interrupt", false);
    section.finish();
    Rule { conditions, bot: bot.map(Spanned::into_inner).unwrap_or_default(), interrupts }
}

pub(super) fn unknown_bot(bot: &Spanned<String>, bots: &[String], report: &Report) {
    let (name, known) = (bot.get_ref(), bots.iter().map(String::as_str));
    let help = match suggest::closest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if bots.is_empty() => format!("put `{name}.wasm` into the plugins folder, which holds none yet"),
        None => format!("put `{name}.wasm` into the plugins folder, or name one of {}", suggest::list(known)),
    };
    report.error("unknown-bot", bot.span(), format!("there is no plugin `{name}`"), help);
}

fn read_field(section: &mut Section<'_>, report: &Report) -> Option<Condition> {
    let name = section.text("field", None, "plan");
    let equals = section.take("equals", None);
    match (name, equals) {
        (None, None) => None,
        (Some(name), Some((_, values))) => {
            let values = match to_json(&value_of(&values), report) {
                Json::Array(values) => values,
                value => vec![value],
            };
            Some(Condition::Field { name: name.into_inner(), values })
        }
        (Some(name), None) => {
            let help = "add `equals = \"gold\"`, or a list of values";
            report.error("missing-key", name.span(), "`field` says which, but not what it must be", help);
            None
        }
        (None, Some((key, _))) => {
            let help = "add `field = \"plan\"`: a field of the webhook, or `language`, `phone`, `external_id`";
            report.error("missing-key", key, "`equals` says what a field must be, but not which", help);
            None
        }
    }
}

fn value_of<'a>(value: &Value<'a>) -> Spanned<DeValue<'a>> {
    Spanned::new(value.span(), (*value.get_ref()).clone())
}

fn read_hours(section: &mut Section<'_>, report: &Report) -> Option<Condition> {
    let time_zone = read_time_zone(section, report);
    let text = section.text("hours", None, HOURS_EXAMPLE)?;
    hours_of(&text, &time_zone, report).map(Condition::Hours)
}

pub(super) fn read_time_zone(section: &mut Section<'_>, report: &Report) -> TimeZone {
    let Some(name) = section.text("time_zone", Some("UTC"), "Europe/Berlin") else { return TimeZone::UTC };
    TimeZone::get(name.get_ref()).unwrap_or_else(|_| {
        let help = "write a name of the time zone database, e.g. `time_zone = \"Europe/Berlin\"`";
        report.error("bad-time-zone", name.span(), format!("there is no time zone `{}`", name.get_ref()), help);
        TimeZone::UTC
    })
}

/// Days and hours as they are written, e.g. `Mon-Fri 09:00-17:00`.
pub(super) fn hours_of(text: &Spanned<String>, time_zone: &TimeZone, report: &Report) -> Option<Hours> {
    let parsed = parse_hours(text.get_ref());
    if parsed.is_none() {
        let help = format!("write days and hours, e.g. `hours = \"{HOURS_EXAMPLE}\"` or `\"Sat,Sun 10:00-02:00\"`");
        report.error("bad-hours", text.span(), format!("`hours` is not days and hours: `{}`", text.get_ref()), help);
    }
    let (days, minutes) = parsed?;
    Some(Hours { days, minutes, time_zone: time_zone.clone() })
}

/// `Mon-Fri 09:00-17:00`, `Sat,Sun 10:00-14:00`, `20:00-06:00` for every day.
fn parse_hours(text: &str) -> Option<([bool; 7], (u16, u16))> {
    let (days, hours) = match text.trim().rsplit_once(' ') {
        Some((days, hours)) => (parse_days(days)?, hours),
        None => ([true; 7], text.trim()),
    };
    let (from, to) = hours.split_once('-')?;
    Some((days, (parse_minute(from)?, parse_minute(to)?)))
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let day = |name: &str| DAYS.iter().position(|day| name.trim().eq_ignore_ascii_case(day));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        (0..=(last + 7 - first) % 7).for_each(|offset| days[(first + offset) % 7] = true);
    }
    Some(days)
}

fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}

/// What the host does before the bot is asked; `commands = false` for nothing.
pub(super) fn read_commands(section: &mut Section<'_>, report: &Report) -> Commands {
    if section.is_switched_off("commands") {
        return Commands::none();
    }
    let mut commands = Commands::built_in();
    let mut section = section.section("commands");
    let named =
        [("stop", Command::Stop), ("restart", Command::Restart), ("agent", Command::Agent), ("help", Command::Help)];
    for (name, command) in named {
        let mut section = section.section(name);
        let words = section.section("words").whole();
        for (language, value) in
            words.into_iter().flat_map(DeTable::iter).filter_map(|(key, value)| language(key, value, report))
        {
            let texts = texts_of(value);
            match texts.filter(|texts| !texts.is_empty() && texts.iter().all(|text| !text.trim().is_empty())) {
                Some(texts) => commands.spoken(command, &language).words = texts,
                None => {
                    let help = format!("for example `{language} = [\"{name}\"]`");
                    report.error("wrong-type", value.span(), "the words of a command are a list of texts", help);
                }
            }
        }
        let replies = section.section("reply").whole();
        for (language, value) in
            replies.into_iter().flat_map(DeTable::iter).filter_map(|(key, value)| language(key, value, report))
        {
            match value.get_ref().as_str().filter(|text| text.chars().count() <= REPLY_CHARS_MAX) {
                Some(text) => text.clone_into(&mut commands.spoken(command, &language).reply),
                None => {
                    let help = format!("for example `{language} = \"Okay.\"`");
                    report.error(
                        "bad-text",
                        value.span(),
                        format!("this is not a text of up to {REPLY_CHARS_MAX} characters"),
                        help,
                    );
                }
            }
        }
        section.finish();
    }
    section.finish();
    commands
}

/// A language's primary subtag in lower case, with what is written for it.
fn language<'a>(
    key: &Spanned<toml::de::DeString<'a>>,
    value: &'a Spanned<DeValue<'a>>,
    report: &Report,
) -> Option<(String, &'a Spanned<DeValue<'a>>)> {
    let name = key.get_ref().as_ref();
    let is_language = (2..=3).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_language {
        let help = "write two or three small letters, e.g. `en` or `de`; a region plays no part";
        report.error("bad-language", key.span(), format!("`{name}` is not a language"), help);
    }
    is_language.then(|| (name.to_owned(), value))
}

fn texts_of(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    match value.get_ref() {
        DeValue::String(text) => Some(vec![text.clone().into_owned()]),
        DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
