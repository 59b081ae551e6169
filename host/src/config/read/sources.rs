//! `[sources.NAME]`: which bot answers what arrives where.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::super::reference::References;
use super::super::section::Section;
use super::super::{Braze, Plugins, Secret, Source, suggest};
use super::braze::ID_EXAMPLE;
use super::{plugins, routing};
use crate::limits::{REPLY_CHARS_MAX, SESSION_IDLE_TIMEOUT};

const CAMPAIGN: &str = "reply";
pub(crate) const FALLBACK_TEXT: &str = "Sorry, something went wrong. Please try again.";
const TOKEN_EXAMPLE: &str = "env:WEBHOOK_TOKEN";
/// Shorter ones can be guessed.
const TOKEN_CHARS_MIN: usize = 16;
const TOKENS_MAX: usize = 2;
const MINUTE: Duration = Duration::from_mins(1);
const YEAR: Duration = Duration::from_hours(365 * 24);

pub(super) fn read(
    mut section: Section<'_>,
    plugins: &Plugins,
    braze: &Braze,
    references: &References<'_>,
) -> BTreeMap<String, Source> {
    let named = section.named();
    if named.is_empty() {
        let help = format!("add:\n[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"{TOKEN_EXAMPLE}\"]");
        references.report.error(
            "missing-key",
            section.span(),
            "there is no `[sources.NAME]`: where messages come from",
            help,
        );
    }
    let bots = plugins::known(plugins, references);
    let mut sources = BTreeMap::new();
    for (name, mut section) in named {
        let source = Source {
            bot: read_bot(&mut section, &bots, references),
            tokens: read_tokens(&mut section, braze, references),
            campaign: read_campaign(&mut section, braze, references),
            fallback_text: read_fallback(&mut section, references),
            rules: routing::read_routes(&mut section, &bots, references.report),
            idle_timeout: section.duration("idle_timeout", SESSION_IDLE_TIMEOUT, MINUTE..=YEAR),
            carry_over: section
                .texts("carry_over", "[\"language\"]")
                .map_or_else(Vec::new, |keys| keys.into_iter().map(Spanned::into_inner).collect()),
            commands: routing::read_commands(&mut section, references.report),
        };
        section.finish();
        sources.insert(name.to_owned(), source);
    }
    sources
}

fn read_bot(section: &mut Section<'_>, bots: &[String], references: &References<'_>) -> String {
    let Some(bot) = section.required("bot", bots.first().map_or("menu", String::as_str)) else { return String::new() };
    if !bots.contains(bot.get_ref()) {
        routing::unknown_bot(&bot, bots, references.report);
    }
    bot.into_inner()
}

fn read_tokens(section: &mut Section<'_>, braze: &Braze, references: &References<'_>) -> Vec<Secret> {
    let report = references.report;
    let example = format!("[\"{TOKEN_EXAMPLE}\"]");
    let Some((key_span, value)) = section.take("tokens", None) else {
        report.error("missing-key", section.span(), "this source has no `tokens`", format!("add `tokens = {example}`"));
        return Vec::new();
    };
    let DeValue::Array(items) = *value.get_ref() else {
        if let Some(text) =
            value.get_ref().as_str().filter(|text| !text.starts_with("env:") && !text.starts_with("file:"))
        {
            let _ = references.resolve("tokens", &Spanned::new(value.span(), text.to_owned()), "WEBHOOK_TOKEN");
        }
        section.wrong_type("tokens", &value, "a list of references", &example);
        return Vec::new();
    };
    if items.is_empty() || items.len() > TOKENS_MAX {
        let message =
            format!("`tokens` has {} entries; one is needed, and two while one replaces the other", items.len());
        report.error("token-count", key_span, message, format!("write `tokens = {example}`"));
    }
    let mut tokens: Vec<Secret> = Vec::new();
    for item in items {
        let Some(reference) = item.get_ref().as_str().map(|text| Spanned::new(item.span(), text.to_owned())) else {
            section.wrong_type("tokens", &Spanned::new(item.span(), item.get_ref()), "a list of references", &example);
            continue;
        };
        let Some(token) = references.resolve("tokens", &reference, "WEBHOOK_TOKEN") else { continue };
        if token.expose().chars().count() < TOKEN_CHARS_MIN {
            let message =
                format!("the token behind `{}` has fewer than {TOKEN_CHARS_MIN} characters", reference.get_ref());
            report.error("token-short", item.span(), message, "make one with `openssl rand -hex 32`");
        } else if token.expose() == braze.api_key.expose() {
            let help =
                "make a token of its own with `openssl rand -hex 32`; everyone who may edit the campaign sees it";
            report.error("token-is-api-key", item.span(), "this token is the Braze API key", help);
        } else if tokens.iter().any(|other| other.expose() == token.expose()) {
            report.error(
                "duplicate-token",
                item.span(),
                "both tokens are the same",
                "remove one, or make the new one with `openssl rand -hex 32`",
            );
        }
        tokens.push(token);
    }
    tokens
}

fn read_campaign(section: &mut Section<'_>, braze: &Braze, references: &References<'_>) -> String {
    let given = section.text("campaign", Some(CAMPAIGN), CAMPAIGN);
    let name = given.as_ref().map_or(CAMPAIGN, |name| name.get_ref()).to_owned();
    if !braze.campaigns.contains_key(&name) {
        let known = || braze.campaigns.keys().map(String::as_str);
        let help = match suggest::closest(&name, known()) {
            Some(near) => format!("did you mean `campaign = \"{near}\"`?"),
            None if braze.campaigns.is_empty() => format!("add:\n[braze.campaigns.{name}]\nid = \"{ID_EXAMPLE}\""),
            None => format!(
                "write `campaign = \"NAME\"` with one of {}, or add `[braze.campaigns.{name}]`",
                suggest::list(known())
            ),
        };
        let span = given.map_or_else(|| section.span(), |name| name.span());
        references.report.error(
            "unknown-campaign",
            span,
            format!("there is no `[braze.campaigns.{name}]` to reply through"),
            help,
        );
    }
    name
}

fn read_fallback(section: &mut Section<'_>, references: &References<'_>) -> String {
    let Some(text) = section.text("fallback_text", Some(FALLBACK_TEXT), FALLBACK_TEXT) else {
        return FALLBACK_TEXT.to_owned();
    };
    let chars = text.get_ref().trim().chars().count();
    if chars == 0 || chars > REPLY_CHARS_MAX {
        let message = format!("`fallback_text` has {chars} characters; WhatsApp takes 1 to {REPLY_CHARS_MAX}");
        references.report.error(
            "bad-text",
            text.span(),
            message,
            format!("for example `fallback_text = {FALLBACK_TEXT:?}`"),
        );
    }
    text.into_inner()
}
