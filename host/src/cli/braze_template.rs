//! `turnwise braze template`: what to paste into Braze, and what to click there.

mod steps;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;
use serde_json::{Value, json};

use super::output::{Output, colour_on_stderr, configuration};
use crate::config::{Campaign, Config, Environment, Source, SystemEnvironment, is_loopback};

/// The webhook's body: Liquid that renders to JSON whatever the user wrote.
///
/// Every text is escaped, nothing is left out when it is missing, and the message stands last, so that what stands
/// before it can be believed even if a message should break out of its quotes.
pub const BODY: &str = r#"{
  "user_id": "{{${user_id} | default: '' | json_escape}}",
  "phone_number": "{{${phone_number} | default: '' | json_escape}}",
  "dispatch_id": "{{campaign.${dispatch_id} | default: '' | json_escape}}",
  "language": "{{${language} | default: '' | json_escape}}",
  "first_name": "{{${first_name} | default: '' | json_escape}}",
  "profile_name": "{{whats_app.${inbound_profile_name} | default: '' | json_escape}}",
  "media": "{{whats_app.${inbound_media_urls} | default: '' | join: ' ' | json_escape}}",
  "flow_response": "{{whats_app.${inbound_flow_response} | default: '' | json_escape}}",
  "message": "{{whats_app.${inbound_message_body} | default: '' | json_escape}}"
}"#;

const PLACEHOLDER_URL: &str = "https://YOUR-HOST";

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

/// Everything Braze has to know about one source.
struct Setup<'a> {
    source_name: &'a str,
    source: &'a Source,
    campaign: &'a Campaign,
    url: String,
    authorization: String,
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
    let setups = setups(&config, &base, options.show_token).filter(|setup| wanted(setup.source_name));
    if options.json {
        let all: Vec<Value> = setups.map(|setup| to_json(&setup)).collect();
        return Output::fine(format!("{:#}\n", Value::from(all)));
    }
    let texts: Vec<String> = setups.map(|setup| to_text(&setup)).collect();
    Output::fine(texts.join("\n\n"))
}

fn setups<'a>(config: &'a Config, base: &str, show_token: bool) -> impl Iterator<Item = Setup<'a>> {
    config.sources.iter().filter_map(move |(source_name, source)| {
        Some(Setup {
            source_name,
            source,
            // Present in every valid configuration.
            campaign: config.braze.campaigns.get(&source.campaign)?,
            url: format!("{base}/v1/inbound/{source_name}"),
            authorization: authorization(source, show_token),
        })
    })
}

/// Of two live tokens the first is the one to use from now on.
fn authorization(source: &Source, show_token: bool) -> String {
    match source.tokens.first() {
        Some(token) if show_token => format!("Bearer {}", token.expose()),
        token => {
            let reference = token.and_then(|token| token.reference()).unwrap_or("the first token");
            format!("Bearer <the value of {reference}>")
        }
    }
}

/// Braze calls ports 80 and 443 only, and a token must not travel unencrypted.
fn public_base(given: &str) -> Result<String, String> {
    let example = "write for example `--public-url https://bot.example.com`";
    let url = Url::parse(given).map_err(|_| format!("`{given}` is not a URL; {example}"))?;
    let host = url.host_str().unwrap_or_default();
    if url.scheme() != "https" {
        return Err(format!("Braze would send the token unencrypted to `{given}`; {example}"));
    }
    if url.port().is_some() {
        return Err(format!("Braze calls webhooks on port 443 only, not on that of `{given}`; {example}"));
    }
    if is_loopback(host) {
        return Err(format!("Braze cannot reach `{host}`: it must be a public name; {example}"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!("`{given}` is more than a host and a path; {example}"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// What the reply campaign's message says.
fn reply_body(campaign: &Campaign) -> String {
    property(&campaign.text_property)
}

fn property(name: &str) -> String {
    format!("{{{{api_trigger_properties.${{{name}}}}}}}")
}

/// Names and texts of the properties that a campaign with buttons shows besides the text.
fn button_properties() -> [String; 3] {
    ["choice_1", "choice_2", "choice_3"].map(property)
}

fn to_json(setup: &Setup<'_>) -> Value {
    let Setup { source_name, source, campaign, url, authorization } = setup;
    let buttons = if campaign.buttons { button_properties().to_vec() } else { Vec::new() };
    json!({
        "source": source_name,
        "bot": source.bot,
        "webhook": {
            "method": "POST",
            "url": url,
            "headers": { "Authorization": authorization, "Content-Type": "application/json" },
            "body": BODY,
            "steps": steps::webhook(),
        },
        "reply": {
            "campaign": source.campaign,
            "id": campaign.id,
            "body": reply_body(campaign),
            "buttons": buttons,
            "media_url": campaign.buttons.then(|| property("media_url")),
            "steps": steps::reply(campaign),
        },
    })
}

fn to_text(setup: &Setup<'_>) -> String {
    let Setup { source_name, source, campaign, url, authorization } = setup;
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
        listed(&steps::webhook()),
        listed(&steps::reply(campaign)),
        reply_body(campaign),
        button_texts(campaign),
    )
}

fn button_texts(campaign: &Campaign) -> String {
    if !campaign.buttons {
        return String::new();
    }
    let texts = button_properties().join("\n");
    format!("\nButton texts\n{texts}\n\nHeader image, if every reply has one\n{}\n", property("media_url"))
}

fn listed(steps: &[String]) -> String {
    steps.iter().map(|step| format!("- {step}")).collect::<Vec<_>>().join("\n")
}
