//! `[desk]`: which desk, its hours and its deadlines.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Date;
use reqwest::Url;
use toml::Spanned;

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::{Chatwoot, Desk, DeskKind, Secret};
use super::is_loopback;
use super::routing::{HOURS_EXAMPLE, hours_of, read_time_zone};
use crate::conversation::Priority;
use crate::conversation::desk::{DeskRules, OpeningHours};
use crate::conversation::routing::Hours;
use crate::limits::{ATTRIBUTE_CHARS_MAX, DESK_UNREACHABLE_AFTER, REPLY_CHARS_MAX};

const URL_EXAMPLE: &str = "https://app.chatwoot.com";
const SECONDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24 * 7);
const WEBHOOK_SECRETS_MAX: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    BuiltIn,
    Chatwoot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OnResolve {
    Return,
    Close,
}

impl OnResolve {
    fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Close => "close",
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "builtin",
            Self::Chatwoot => "chatwoot",
        }
    }
}

/// None where there is no such table: then a handoff fails at once.
pub(super) fn read(mut section: Section<'_>, references: &References<'_>) -> Option<Desk> {
    let report = references.report;
    let exists = section.exists();
    let default = DeskRules::default();
    let kinds = [Kind::BuiltIn, Kind::Chatwoot];
    let kind = section.choice("kind", &kinds, Kind::name, Kind::BuiltIn, "bad-desk", "no kind of desk");
    let teams = read_teams(section.section("teams"), kind, report);
    let hours = read_hours(&mut section, report);
    let offer_timeout = section.duration("offer_timeout", default.offer_timeout, SECONDS);
    let rules = DeskRules {
        is_remote: kind == Some(Kind::Chatwoot),
        hours,
        offer_timeout,
        offer_timeouts: read_offer_timeouts(section.section("offer_timeouts"), offer_timeout),
        idle_timeout: section.duration("idle_timeout", default.idle_timeout, SECONDS),
        answer_within: section.duration("answer_within", default.answer_within, SECONDS),
        queue_notice: read_notice(&mut section, "queue_notice", default.queue_notice, report),
        queue_notice_interval: section.duration("queue_notice_interval", default.queue_notice_interval, SECONDS),
        failed_notice: read_notice(&mut section, "failed_notice", default.failed_notice, report),
        owner_attribute: read_owner_attribute(&mut section, default.owner_attribute, report),
        closes_on_resolve: read_on_resolve(&mut section, kind),
        teams: teams.keys().cloned().collect(),
    };
    let unreachable_after = section.duration("unreachable_after", DESK_UNREACHABLE_AFTER, SECONDS);
    let kind = read_kind(&mut section, kind, teams, references);
    section.finish();
    exists.then_some(Desk { kind, rules, unreachable_after })
}

fn read_hours(section: &mut Section<'_>, report: &Report) -> OpeningHours {
    let time_zone = read_time_zone(section, report);
    let hours = section.texts_or("hours", Some(&[]), &format!("[{HOURS_EXAMPLE:?}]")).unwrap_or_default();
    let mut rows: Vec<Hours> = hours.iter().filter_map(|text| hours_of(text, &time_zone, report)).collect();
    let holidays = read_holidays(section, report);
    if rows.is_empty() && !holidays.is_empty() {
        // Always but for holidays, which begin and end by this clock.
        rows.push(Hours { days: [true; 7], minutes: (0, 0), time_zone });
    }
    OpeningHours { rows, holidays }
}

fn read_offer_timeouts(mut section: Section<'_>, default: Duration) -> Vec<(Priority, Duration)> {
    let mut timeouts = Vec::new();
    for (key, priority) in
        [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High), ("urgent", Priority::Urgent)]
    {
        let given = section.has(key);
        let timeout = section.duration(key, default, SECONDS);
        timeouts.extend(given.then_some((priority, timeout)));
    }
    section.finish();
    timeouts
}

fn read_on_resolve(section: &mut Section<'_>, kind: Option<Kind>) -> bool {
    // Chatwoot knows no other way to say that an agent is done.
    let default = if kind == Some(Kind::Chatwoot) { OnResolve::Return } else { OnResolve::Close };
    let all = [OnResolve::Return, OnResolve::Close];
    let given = section.choice("on_resolve", &all, OnResolve::name, default, "bad-on-resolve", "nothing to do");
    given.unwrap_or(default) == OnResolve::Close
}

fn read_kind(
    section: &mut Section<'_>,
    kind: Option<Kind>,
    teams: BTreeMap<String, Option<u64>>,
    references: &References<'_>,
) -> DeskKind {
    let report = references.report;
    let span = section.span();
    let mut chatwoot = section.section("chatwoot");
    if kind == Some(Kind::BuiltIn) && chatwoot.exists() {
        let help = "write `kind = \"chatwoot\"` under `[desk]`, or remove `[desk.chatwoot]`";
        report.error(
            "unused-chatwoot",
            chatwoot.span(),
            "`[desk.chatwoot]` is not the desk: `kind` is \"builtin\"",
            help,
        );
    }
    if kind == Some(Kind::Chatwoot) && !chatwoot.exists() {
        let help = format!(
            "add:\n[desk.chatwoot]\nurl = \"{URL_EXAMPLE}\"\naccount = 1\ninbox = 1\n\
             token = \"env:CHATWOOT_TOKEN\"\nwebhook_secret = \"env:CHATWOOT_WEBHOOK_SECRET\""
        );
        report.error("missing-key", span, "`kind` is \"chatwoot\", but there is no `[desk.chatwoot]`", help);
    }
    let teams = teams.into_iter().filter_map(|(name, id)| Some((name, id?))).collect();
    let read = read_chatwoot(&mut chatwoot, teams, references);
    chatwoot.finish();
    if kind == Some(Kind::Chatwoot) { DeskKind::Chatwoot(read) } else { DeskKind::BuiltIn }
}

fn read_chatwoot(section: &mut Section<'_>, teams: BTreeMap<String, u64>, references: &References<'_>) -> Chatwoot {
    let url = section.required("url", URL_EXAMPLE);
    if let Some(url) = &url {
        check_url(url, references.report);
    }
    let account = read_number(section, "account", references.report);
    let inbox = read_number(section, "inbox", references.report);
    let token = section.required("token", "env:CHATWOOT_TOKEN");
    let token = token.and_then(|token| references.resolve("token", &token, "CHATWOOT_TOKEN"));
    Chatwoot {
        url: url.map(Spanned::into_inner).unwrap_or_default().trim_end_matches('/').to_owned(),
        account,
        inbox,
        token: token.unwrap_or_else(|| Secret::new("")),
        webhook_secrets: read_webhook_secrets(section, references),
        teams,
    }
}

fn read_webhook_secrets(section: &mut Section<'_>, references: &References<'_>) -> Vec<Secret> {
    const EXAMPLE: &str = "env:CHATWOOT_WEBHOOK_SECRET";
    let report = references.report;
    let given = section.texts("webhook_secret", &format!("{EXAMPLE:?}"));
    if section.exists() && !section.has("webhook_secret") {
        let help =
            format!("add `webhook_secret = {EXAMPLE:?}`; Chatwoot shows it where the inbox or the webhook is set up");
        report.error("missing-key", section.span(), "`[desk.chatwoot]` has no `webhook_secret`", help);
    }
    let given = given.unwrap_or_default();
    if section.has("webhook_secret") && given.len() > WEBHOOK_SECRETS_MAX {
        let message = format!("`webhook_secret` names {} secrets", given.len());
        let help = "name one, or two: that of the inbox and that of the account's webhook, or an old and a new one";
        report.error("secret-count", given[WEBHOOK_SECRETS_MAX].span(), message, help);
    }
    let resolve = |text: &Spanned<String>| references.resolve("webhook_secret", text, "CHATWOOT_WEBHOOK_SECRET");
    given.iter().filter_map(resolve).collect()
}

/// A number that Chatwoot gave out; it stands in the addresses of its pages.
fn read_number(section: &mut Section<'_>, key: &'static str, report: &Report) -> u64 {
    let Some((_, value)) = section.take(key, None) else {
        if section.exists() {
            let help = format!("add `{key} = 1`: the number in the address of its page in Chatwoot");
            report.error("missing-key", section.span(), format!("`[desk.chatwoot]` has no `{key}`"), help);
        }
        return 0;
    };
    let integer = value.get_ref().as_integer().map(|integer| u64::from_str_radix(integer.as_str(), integer.radix()));
    match integer {
        None => section.wrong_type(key, &value, "a whole number", "1"),
        Some(Ok(number @ 1..)) => return number,
        Some(_) => {
            let help = format!("for example `{key} = 1`");
            report.error("out-of-range", value.span(), format!("`{key}` must be from 1 on"), help);
        }
    }
    0
}

fn check_url(given: &Spanned<String>, report: &Report) {
    let text = given.get_ref().as_str();
    let wrong = |message: &str, help: String| report.error("bad-desk-url", given.span(), message, help);
    let example = format!("write `url = \"{URL_EXAMPLE}\"`");
    let Some((url, host)) = Url::parse(text).ok().and_then(|url| Some((url.clone(), url.host_str()?.to_owned())))
    else {
        return wrong("`url` is not a URL", example);
    };
    if !url.username().is_empty() || url.password().is_some() {
        report.secret(given.span());
        return wrong("`url` holds a user or a password", example);
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&host)) {
        let help = format!("write `url = \"https://{host}\"`; plain `http` is for 127.0.0.1 only");
        return wrong("the token and what users write would travel unencrypted to this `url`", help);
    }
    if url.query().is_some() || url.fragment().is_some() || url.path().contains("/api/") || url.path().contains("/app/")
    {
        let help =
            format!("write `url = \"{}\"`, the address that Chatwoot is served at", url.origin().ascii_serialization());
        wrong("`url` is more than the address of Chatwoot", help);
    }
}

fn read_holidays(section: &mut Section<'_>, report: &Report) -> Vec<Date> {
    let given = section.texts_or("holidays", Some(&[]), "[\"2026-12-25\"]").unwrap_or_default();
    let read = |text: &Spanned<String>| {
        let date = text.get_ref().parse().ok().filter(|_| text.get_ref().len() == "2026-12-25".len());
        if date.is_none() {
            let help = "write year, month and day, e.g. `holidays = [\"2026-12-25\"]`";
            report.error("bad-date", text.span(), format!("`{}` is not a day", text.get_ref()), help);
        }
        date
    };
    given.iter().filter_map(read).collect()
}

fn read_notice(
    section: &mut Section<'_>,
    key: &'static str,
    default: Option<String>,
    report: &Report,
) -> Option<String> {
    let Some(notice) = section.text(key, default.as_deref(), default.as_deref().unwrap_or_default()) else {
        return default;
    };
    if notice.get_ref().chars().count() > REPLY_CHARS_MAX {
        let message = format!("`{key}` is longer than the {REPLY_CHARS_MAX} characters of a WhatsApp message");
        report.error("bad-text", notice.span(), message, format!("write a sentence, or `{key} = \"\"` for none"));
    }
    Some(notice.into_inner().trim().to_owned()).filter(|notice| !notice.is_empty())
}

fn read_owner_attribute(section: &mut Section<'_>, default: Option<String>, report: &Report) -> Option<String> {
    let shown = default.as_deref().unwrap_or_default();
    let Some(name) = section.text("owner_attribute", Some(shown), shown) else { return default };
    let text = name.get_ref().trim();
    if text.starts_with('$') || text.chars().count() > ATTRIBUTE_CHARS_MAX {
        let help = format!("write `owner_attribute = \"{shown}\"`, or `\"\"` for none");
        report.error("bad-attribute", name.span(), "`owner_attribute` is not a name that Braze takes", help);
    }
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_teams(mut section: Section<'_>, kind: Option<Kind>, report: &Report) -> BTreeMap<String, Option<u64>> {
    let mut teams = BTreeMap::new();
    for (name, mut section) in section.named() {
        let id = section.has("id").then(|| read_number(&mut section, "id", report));
        if id.is_none() {
            let _ = section.take("id", None);
            if kind == Some(Kind::Chatwoot) {
                let help = "add `id = 1`: the number in the address of the team's page in Chatwoot";
                report.error("missing-key", section.span(), format!("`[desk.teams.{name}]` has no `id`"), help);
            }
        }
        section.finish();
        teams.insert(name.to_owned(), id);
    }
    teams
}
