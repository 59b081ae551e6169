//! `turnwise braze template`: what to paste into Braze, and what to click there.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::{Output, colour_on_stderr, configuration};
use crate::braze::recipe::{BODY, PLACEHOLDER_URL, Recipe, public_base, recipes};
use crate::config::{Environment, SystemEnvironment};

/// What the command can be told.
#[derive(Clone, Debug, Default)]
pub struct TemplateOptions {
    pub config: PathBuf,
    /// One source only; else all.
    pub source: Option<String>,
    pub json: bool,
    /// Where Braze reaches the public listener, e.g. `https://bot.example.com`.
    pub public_url: Option<String>,
    /// Print the token itself in place of its reference's name.
    pub show_token: bool,
}

/// Prints the set-up of every source; exits with 0, or with 2 if the options or the configuration are wrong.
#[must_use]
pub fn run(options: &TemplateOptions) -> ExitCode {
    let environment = SystemEnvironment;
    template(options, colour_on_stderr(&environment), &environment).emit()
}

/// [`run`] without the printing.
#[must_use]
pub fn template(options: &TemplateOptions, colour: bool, environment: &dyn Environment) -> Output {
    let base = match options.public_url.as_deref().map(public_base).transpose() {
        Ok(base) => base.unwrap_or_else(|| PLACEHOLDER_URL.to_owned()),
        Err(message) => return Output::wrong_use(&message),
    };
    let config = match configuration(&options.config, options.json, colour, environment) {
        Ok(config) => config,
        Err(output) => return output,
    };
    if let Some(name) = options.source.as_ref().filter(|name| !config.sources.contains_key(*name)) {
        let known: Vec<&str> = config.sources.keys().map(String::as_str).collect();
        return Output::wrong_use(&format!("there is no source `{name}`; configured: {}", known.join(", ")));
    }
    let wanted = |name: &str| options.source.as_ref().is_none_or(|only| only == name);
    let recipes = recipes(&config, &base).filter(|recipe| wanted(recipe.source_name));
    if options.json {
        let all: Vec<Value> = recipes.map(|recipe| to_json(&recipe, options.show_token)).collect();
        return Output::fine(format!("{:#}\n", Value::from(all)));
    }
    let texts: Vec<String> = recipes.map(|recipe| to_text(&recipe, options.show_token)).collect();
    Output::fine(texts.join("\n\n"))
}

fn to_json(recipe: &Recipe<'_>, show_token: bool) -> Value {
    let Recipe { source_name, source, campaign, .. } = recipe;
    json!({
        "source": source_name,
        "bot": source.bot,
        "webhook": {
            "method": "POST",
            "url": recipe.url(),
            "headers": { "Authorization": recipe.authorization(show_token), "Content-Type": "application/json" },
            "body": BODY,
            "steps": recipe.webhook_steps(),
        },
        "reply": {
            "campaign": source.campaign,
            "id": campaign.id,
            "body": recipe.reply_body(),
            "buttons": recipe.buttons(),
            "media_url": recipe.media_url(),
            "steps": recipe.reply_steps(),
        },
    })
}

fn to_text(recipe: &Recipe<'_>, show_token: bool) -> String {
    let Recipe { source_name, source, .. } = recipe;
    let (url, authorization) = (recipe.url(), recipe.authorization(show_token));
    let token =
        if authorization.contains('<') { "\n  (paste the value itself, or print it with --show-token)" } else { "" };
    format!(
        "Source `{source_name}`: bot `{}`, replies through campaign `{}`\n\
         \n\
         1. The webhook campaign: what users write reaches Turnwise\n\
         \n\
         {}\n\
         \n\
         Webhook URL\n\
         {url}\n\
         \n\
         Request headers{token}\n\
         Authorization: {authorization}\n\
         Content-Type: application/json\n\
         \n\
         Request body (Raw text)\n\
         {BODY}\n\
         \n\
         2. The reply campaign: what the bot says reaches users\n\
         \n\
         {}\n\
         \n\
         Message body\n\
         {}\n{}",
        source.bot,
        source.campaign,
        listed(&recipe.webhook_steps()),
        listed(&recipe.reply_steps()),
        recipe.reply_body(),
        button_texts(recipe),
    )
}

fn button_texts(recipe: &Recipe<'_>) -> String {
    let Some(media_url) = recipe.media_url() else { return String::new() };
    let texts = recipe.buttons().join("\n");
    format!("\nButton texts\n{texts}\n\nHeader image, if every reply has one\n{media_url}\n")
}

fn listed(steps: &[String]) -> String {
    steps.iter().map(|step| format!("- {step}")).collect::<Vec<_>>().join("\n")
}
