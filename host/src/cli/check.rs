//! `turnwise check`: every mistake of the configuration, or what it sets up.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{Output, colour_on_stderr, configuration};
use crate::config::{Config, Connection, Environment, Source, SystemEnvironment};

/// Checks the file and prints; exits with 0 (fine) or 2 (wrong).
#[must_use]
pub fn run(file: &Path, json: bool) -> ExitCode {
    let environment = SystemEnvironment;
    check(file, json, colour_on_stderr(&environment), &environment).emit()
}

/// With `json`, an array of mistakes, empty if there are none; else a summary or the mistakes with line, caret and fix.
#[must_use]
pub fn check(file: &Path, json: bool, colour: bool, environment: &dyn Environment) -> Output {
    match configuration(file, json, colour, environment) {
        Err(output) => output,
        Ok(_) if json => Output::fine("[]\n".to_owned()),
        Ok(config) => Output::fine(summary(file, &config)),
    }
}

fn summary(file: &Path, config: &Config) -> String {
    let mut lines = vec![
        format!("{} is fine", file.display()),
        String::new(),
        format!("listen    {}", config.server.listen),
        format!("admin     {}", config.server.admin),
        format!("storage   redb:{}", config.storage.path.display()),
        format!("braze     {}", config.braze.endpoint),
    ];
    for (name, campaign) in &config.braze.campaigns {
        let choices = if campaign.buttons { "choices as buttons" } else { "choices as numbered lines" };
        lines.push(format!("campaign  {name}: {} (text in {}, {choices})", campaign.id, campaign.text_property));
    }
    for (name, id) in &config.braze.canvases {
        lines.push(format!("canvas    {name}: id {id}"));
    }
    lines.extend(config.connections.iter().map(|(name, connection)| line(name, connection)));
    for (name, source) in &config.sources {
        let Source { bot, campaign, .. } = source;
        lines.push(format!("source    {name}: bot {bot}, replies through {campaign}, {}", tokens(source)));
    }
    let mut bots: Vec<(&str, PathBuf)> = Vec::new();
    for bot in
        config.sources.values().map(|source| source.bot.as_str()).chain(config.plugins.named.keys().map(String::as_str))
    {
        if bots.iter().all(|(known, _)| *known != bot) {
            bots.push((bot, config.plugins.file(bot)));
        }
    }
    lines.extend(bots.iter().map(|(bot, file)| format!("bot       {bot}: {}{}", file.display(), grants(config, bot))));
    lines.join("\n") + "\n"
}

/// What plugins may ask of it, and what goes along.
fn line(name: &str, connection: &Connection) -> String {
    let Connection { base_url, headers, methods, paths, .. } = connection;
    let shown = headers.iter().map(|header| match header.value.reference() {
        Some(reference) if !header.secrets.is_empty() => format!("; {} from {reference}", header.name),
        _ => format!("; {}", header.name),
    });
    let headers: String = shown.collect();
    format!("call      {name}: {base_url} ({} {}{headers})", methods.join(", "), paths.join(", "))
}

/// What the bot was given, where it was given anything.
fn grants(config: &Config, bot: &str) -> String {
    let given = config.plugins.named.get(bot);
    let connections = given.map(|plugin| plugin.connections.join(", ")).filter(|names| !names.is_empty());
    let campaigns = given.and_then(|plugin| plugin.campaigns.as_ref()).map(|names| names.join(", "));
    let calls = connections.map(|names| format!("; calls {names}")).unwrap_or_default();
    let triggers = match campaigns.as_deref() {
        Some("") => "; triggers nothing by name".to_owned(),
        Some(names) => format!("; triggers {names}"),
        None => String::new(),
    };
    calls + &triggers
}

/// The references, never the values.
fn tokens(source: &Source) -> String {
    let references: Vec<&str> = source.tokens.iter().filter_map(|token| token.reference()).collect();
    let word = if references.len() == 1 { "token" } else { "tokens" };
    format!("{word} {}", references.join(" and "))
}
