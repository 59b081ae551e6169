//! What has to be set up in Braze for each source: what to paste, and what to click there.

mod steps;

use reqwest::Url;

use crate::config::{Campaign, Config, Source, is_loopback};

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

/// Where nobody said which host it is.
pub const PLACEHOLDER_URL: &str = "https://YOUR-HOST";

/// Everything Braze has to know about one source.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    pub source_name: &'a str,
    pub source: &'a Source,
    pub campaign: &'a Campaign,
    base: &'a str,
}

/// Of all sources, for a public listener at `base`.
pub fn recipes<'a>(config: &'a Config, base: &'a str) -> impl Iterator<Item = Recipe<'a>> {
    config.sources.iter().filter_map(move |(source_name, source)| {
        // Present in every valid configuration.
        let campaign = config.braze.campaigns.get(&source.campaign)?;
        Some(Recipe { source_name, source, campaign, base })
    })
}

impl Recipe<'_> {
    /// Where Braze posts what users write.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/v1/inbound/{}", self.base, self.source_name)
    }

    /// The header's value. Of two live tokens the first is the one to use from now on; without `show_token` only its reference's name.
    #[must_use]
    pub fn authorization(&self, show_token: bool) -> String {
        match self.source.tokens.first() {
            Some(token) if show_token => format!("Bearer {}", token.expose()),
            token => {
                let reference = token.and_then(|token| token.reference()).unwrap_or("the first token");
                format!("Bearer <the value of {reference}>")
            }
        }
    }

    /// What the reply campaign's message says.
    #[must_use]
    pub fn reply_body(&self) -> String {
        property(&self.campaign.text_property)
    }

    /// What its buttons say, where it has some.
    #[must_use]
    pub fn buttons(&self) -> Vec<String> {
        if self.campaign.buttons { ["choice_1", "choice_2", "choice_3"].map(property).to_vec() } else { Vec::new() }
    }

    /// Its header image, where it has buttons.
    #[must_use]
    pub fn media_url(&self) -> Option<String> {
        self.campaign.buttons.then(|| property("media_url"))
    }

    /// What to click for the webhook campaign.
    #[must_use]
    pub fn webhook_steps(&self) -> Vec<String> {
        steps::webhook()
    }

    /// What to click for the reply campaign.
    #[must_use]
    pub fn reply_steps(&self) -> Vec<String> {
        steps::reply(self.campaign)
    }
}

/// Where Braze reaches the public listener, without a trailing slash. Braze calls ports 80 and 443 only, and a token must not travel
/// unencrypted.
///
/// # Errors
/// It could not, in words for who wrote it.
pub fn public_base(given: &str) -> Result<String, String> {
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

fn property(name: &str) -> String {
    format!("{{{{api_trigger_properties.${{{name}}}}}}}")
}
