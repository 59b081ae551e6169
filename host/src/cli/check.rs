//! `turnwise check`: every mistake of the configuration, or what it sets up.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{Output, colour_on_stderr, configuration};
use crate::config::{Config, Environment, Source, SystemEnvironment};

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
    lines.extend(bots.iter().map(|(bot, file)| format!("bot       {bot}: {}", file.display())));
    lines.join("\n") + "\n"
}

/// The references, never the values.
fn tokens(source: &Source) -> String {
    let references: Vec<&str> = source.tokens.iter().filter_map(|token| token.reference()).collect();
    let word = if references.len() == 1 { "token" } else { "tokens" };
    format!("{word} {}", references.join(" and "))
}
