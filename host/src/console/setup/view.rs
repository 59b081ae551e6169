//! What the page shows of the configuration.

use crate::braze::recipe::{PLACEHOLDER_URL, Recipe};
use crate::config::{Config, Secret};
use crate::console::Console;
use crate::console::words;

/// Something that has to be right before users are answered.
pub(super) struct Check {
    pub(super) ok: bool,
    pub(super) what: String,
    pub(super) detail: String,
}

/// What Braze has to be given for one source.
pub(super) struct Paste {
    pub(super) source: String,
    pub(super) bot: String,
    pub(super) campaign: String,
    pub(super) campaign_id: String,
    pub(super) url: String,
    pub(super) authorization: String,
    pub(super) webhook_steps: Vec<String>,
    pub(super) reply_body: String,
    pub(super) buttons: Vec<String>,
    pub(super) reply_steps: Vec<String>,
}

/// A section of the configuration with its lines.
pub(super) struct Configured {
    pub(super) section: String,
    pub(super) lines: Vec<(String, String)>,
}

impl Paste {
    pub(super) fn of(recipe: &Recipe<'_>) -> Self {
        Self {
            source: recipe.source_name.to_owned(),
            bot: recipe.source.bot.clone(),
            campaign: recipe.source.campaign.clone(),
            campaign_id: recipe.campaign.id.clone(),
            url: recipe.url(),
            authorization: recipe.authorization(false),
            webhook_steps: recipe.webhook_steps(),
            reply_body: recipe.reply_body(),
            buttons: recipe.buttons(),
            reply_steps: recipe.reply_steps(),
        }
    }
}

/// What readiness depends on, and what else users would miss.
pub(super) fn checks(console: &Console, base: &str) -> Vec<Check> {
    let ready = console.health.checks().into_iter().map(|(what, result)| match result {
        Ok(detail) => Check { ok: true, what, detail },
        Err(detail) => Check { ok: false, what, detail },
    });
    let mut checks: Vec<Check> = ready.collect();
    let config = &console.config;
    if base == PLACEHOLDER_URL {
        let detail = "say below where Braze reaches the public listener, and paste what is shown then".to_owned();
        checks.push(Check { ok: false, what: "public address".to_owned(), detail });
    }
    for (bot, plugin) in console.plugins.names().iter().filter_map(|bot| Some((bot, console.plugins.get(bot)?))) {
        let Some(manifest) = &plugin.manifest else { continue };
        let name = bot.split('@').next().unwrap_or(bot);
        let refused = manifest.connections.iter().filter_map(|connection| config.denies_connection(name, connection));
        let refused = refused.chain(manifest.campaigns.iter().filter_map(|campaign| {
            let canvas = config.denies_canvas(name, campaign);
            config.denies_campaign(name, campaign).filter(|_| canvas.is_some())
        }));
        checks.extend(refused.map(|detail| Check { ok: false, what: format!("plugin {bot}"), detail }));
    }
    // What needs somebody comes first.
    checks.sort_by_key(|check| check.ok);
    checks
}

/// Every section, without a secret.
pub(super) fn configured(config: &Config) -> Vec<Configured> {
    let section = |section: String, lines: Vec<(&str, String)>| Configured {
        section,
        lines: lines.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let mut sections = vec![
        section(
            "[server]".to_owned(),
            vec![("listen", config.server.listen.to_string()), ("admin", config.server.admin.to_string())],
        ),
        section("[storage]".to_owned(), vec![("url", format!("redb:{}", config.storage.path.display()))]),
        section(
            "[braze]".to_owned(),
            vec![("endpoint", config.braze.endpoint.clone()), ("api_key", whence(&config.braze.api_key))],
        ),
    ];
    for (name, campaign) in &config.braze.campaigns {
        let choices = if campaign.buttons { "as buttons" } else { "as numbered lines" };
        let lines = vec![
            ("id", campaign.id.clone()),
            ("text_property", campaign.text_property.clone()),
            ("choices", choices.to_owned()),
        ];
        sections.push(section(format!("[braze.campaigns.{name}]"), lines));
    }
    for (name, source) in &config.sources {
        let tokens: Vec<String> = source.tokens.iter().map(whence).collect();
        let mut lines = vec![
            ("bot", source.bot.clone()),
            ("campaign", source.campaign.clone()),
            ("tokens", tokens.join(" · ")),
            ("idle_timeout", words::span(&source.idle_timeout)),
            ("fallback_text", source.fallback_text.clone()),
        ];
        if !source.rules.is_empty() {
            lines.push(("routes", words::count(&source.rules.len(), "rule")));
        }
        sections.push(section(format!("[sources.{name}]"), lines));
    }
    for (name, connection) in &config.connections {
        let headers = connection.headers.iter().map(|header| {
            if header.secrets.is_empty() {
                header.name.clone()
            } else {
                format!("{} ({})", header.name, whence(&header.value))
            }
        });
        let lines = vec![
            ("base_url", connection.base_url.clone()),
            ("methods", connection.methods.join(", ")),
            ("paths", connection.paths.join(", ")),
            ("headers", headers.collect::<Vec<_>>().join(", ")),
        ];
        sections.push(section(format!("[connections.{name}]"), lines));
    }
    sections
}

/// That there is one, and where it comes from.
fn whence(secret: &Secret) -> String {
    match secret.reference() {
        Some(reference) => format!("set, from {reference}"),
        None => "set".to_owned(),
    }
}
