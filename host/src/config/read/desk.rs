//! `[desk]`: which desk, its hours and its deadlines.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Date;
use reqwest::Url;
use toml::Spanned;

use super::super::desk::{OWNER_ATTRIBUTE, QUEUE_NOTICE};
use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::{Chatwoot, Desk, DeskKind, OnResolve, Secret, Team};
use super::is_loopback;
use super::routing::{HOURS_EXAMPLE, hours_of, read_time_zone};
use crate::limits::{ATTRIBUTE_CHARS_MAX, REPLY_CHARS_MAX};

const URL_EXAMPLE: &str = "https://app.chatwoot.com";
const SECONDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24 * 7);
const WEBHOOK_SECRETS_MAX: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    BuiltIn,
    Chatwoot,
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
    let default = Desk::built_in();
    let kinds = [Kind::BuiltIn, Kind::Chatwoot];
    let kind = section.choice("kind", &kinds, Kind::name, Kind::BuiltIn, "bad-desk", "no kind of desk");
    let time_zone = read_time_zone(&mut section, report);
    let hours = section.texts_or("hours", Some(&[]), &format!("[{HOURS_EXAMPLE:?}]")).unwrap_or_default();
    // Chatwoot knows no other way to say that an agent is done.
    let on_resolve = if kind == Some(Kind::Chatwoot) { OnResolve::Return } else { default.on_resolve };
    let offer_timeout = section.duration("offer_timeout", default.offer_timeout, SECONDS);
    let desk = Desk {
        kind: read_kind(&mut section, kind, references),
        hours: hours.iter().filter_map(|text| hours_of(text, &time_zone, report)).collect(),
        time_zone,
        holidays: read_holidays(&mut section, report),
        offer_timeout,
        idle_timeout: section.duration("idle_timeout", default.idle_timeout, SECONDS),
        queue_notice: read_notice(&mut section, report),
        queue_notice_interval: section.duration("queue_notice_interval", default.queue_notice_interval, SECONDS),
        owner_attribute: read_owner_attribute(&mut section, report),
        teams: read_teams(section.section("teams"), kind, offer_timeout, report),
        on_resolve: section
            .choice("on_resolve", &OnResolve::ALL, OnResolve::name, on_resolve, "bad-on-resolve", "nothing to do")
            .unwrap_or(on_resolve),
        unreachable_after: section.duration("unreachable_after", default.unreachable_after, SECONDS),
    };
    section.finish();
    exists.then_some(desk)
}

fn read_kind(section: &mut Section<'_>, kind: Option<Kind>, references: &References<'_>) -> DeskKind {
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
    let read = read_chatwoot(&mut chatwoot, references);
    chatwoot.finish();
    if kind == Some(Kind::Chatwoot) { DeskKind::Chatwoot(read) } else { DeskKind::BuiltIn }
}

fn read_chatwoot(section: &mut Section<'_>, references: &References<'_>) -> Chatwoot {
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

fn read_notice(section: &mut Section<'_>, report: &Report) -> String {
    let Some(notice) = section.text("queue_notice", Some(QUEUE_NOTICE), QUEUE_NOTICE) else {
        return QUEUE_NOTICE.to_owned();
    };
    if notice.get_ref().chars().count() > REPLY_CHARS_MAX {
        let message = format!("`queue_notice` is longer than the {REPLY_CHARS_MAX} characters of a WhatsApp message");
        report.error("bad-text", notice.span(), message, "write a sentence, or `queue_notice = \"\"` for none");
    }
    notice.into_inner().trim().to_owned()
}

fn read_owner_attribute(section: &mut Section<'_>, report: &Report) -> Option<String> {
    let Some(name) = section.text("owner_attribute", Some(OWNER_ATTRIBUTE), OWNER_ATTRIBUTE) else {
        return Some(OWNER_ATTRIBUTE.to_owned());
    };
    let text = name.get_ref().trim();
    if text.starts_with('$') || text.chars().count() > ATTRIBUTE_CHARS_MAX {
        let help = format!("write `owner_attribute = \"{OWNER_ATTRIBUTE}\"`, or `\"\"` for none");
        report.error("bad-attribute", name.span(), "`owner_attribute` is not a name that Braze takes", help);
    }
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_teams(
    mut section: Section<'_>,
    kind: Option<Kind>,
    offer_timeout: Duration,
    report: &Report,
) -> BTreeMap<String, Team> {
    let mut teams = BTreeMap::new();
    for (name, mut section) in section.named() {
        let id = section.has("id").then(|| read_number(&mut section, "id", report));
        let _ = section.take("id", None);
        if kind == Some(Kind::Chatwoot) && id.is_none() {
            let help = "add `id = 1`: the number in the address of the team's page in Chatwoot";
            report.error("missing-key", section.span(), format!("`[desk.teams.{name}]` has no `id`"), help);
        }
        let own = section.has("offer_timeout");
        let offer_timeout = Some(section.duration("offer_timeout", offer_timeout, SECONDS)).filter(|_| own);
        section.finish();
        teams.insert(name.to_owned(), Team { id, offer_timeout });
    }
    teams
}
