//! The bodies Braze documents, member for member, and no others.
//!
//! A request names exactly one recipient: its answer then speaks of one user, and no type here has a place for `broadcast` or
//! `audience`, which reach everyone.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::attributes::attributes;
use super::text::{sanitised, sanitised_json, with_numbered_choices};
use crate::clock::Timestamp;
use crate::config;
use crate::conversation::{AttributeChange, Choice, Media, NamedJson};
use crate::outbox::{Action, Entry, Recipient};

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    CampaignsTriggerSend,
    CanvasTriggerSend,
    UsersTrack,
}

impl Endpoint {
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::CampaignsTriggerSend => "/campaigns/trigger/send",
            Self::CanvasTriggerSend => "/canvas/trigger/send",
            Self::UsersTrack => "/users/track",
        }
    }
}

/// Campaigns and Canvases by the names the configuration gives them.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub campaigns: &'a BTreeMap<String, config::Campaign>,
    pub canvases: &'a BTreeMap<String, String>,
}

/// The request for an entry. An error says, for people, why there can be none.
pub fn request(entry: &Entry, names: Names<'_>) -> Result<(Endpoint, Vec<u8>), String> {
    let recipient = &entry.recipient;
    let (endpoint, body) = match &entry.action {
        Action::Reply { campaign, text, choices, media, properties, attributes } => {
            let campaign = names.campaign(campaign)?;
            let trigger_properties = reply_properties(campaign, text, choices, media.as_ref(), properties)?;
            (Endpoint::CampaignsTriggerSend, campaign_body(campaign, recipient, trigger_properties, attributes)?)
        }
        Action::Campaign { campaign, properties, attributes } => {
            let campaign = names.campaign(campaign)?;
            let trigger_properties = self::properties(properties)?;
            (Endpoint::CampaignsTriggerSend, campaign_body(campaign, recipient, trigger_properties, attributes)?)
        }
        Action::Canvas { canvas, properties, attributes } => {
            let canvas_id = names.canvas(canvas)?;
            let recipient = CanvasRecipient {
                profile: SendTo::from(recipient),
                context: self::properties(properties)?,
                attributes: self::attributes(attributes)?,
            };
            (Endpoint::CanvasTriggerSend, encoded(&CanvasSend { canvas_id, recipients: [recipient] })?)
        }
        Action::Track { attributes, events } => {
            (Endpoint::UsersTrack, encoded(&track(recipient, attributes, events, entry.created)?)?)
        }
    };
    Ok((endpoint, body))
}

impl<'a> Names<'a> {
    fn campaign(self, name: &str) -> Result<&'a config::Campaign, String> {
        self.campaigns
            .get(name)
            .ok_or_else(|| format!("no campaign `{name}` is configured: add [braze.campaigns.{name}] with its id"))
    }

    fn canvas(self, name: &str) -> Result<&'a str, String> {
        let id = self.canvases.get(name).map(String::as_str);
        id.ok_or_else(|| format!("no Canvas `{name}` is configured: add [braze.canvases.{name}] with its id"))
    }
}

/// `POST /campaigns/trigger/send`
#[derive(Serialize)]
struct CampaignSend<'a> {
    campaign_id: &'a str,
    recipients: [CampaignRecipient<'a>; 1],
}

#[derive(Serialize)]
struct CampaignRecipient<'a> {
    #[serde(flatten)]
    profile: SendTo<'a>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    trigger_properties: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    attributes: Map<String, Value>,
}

/// `POST /canvas/trigger/send`
#[derive(Serialize)]
struct CanvasSend<'a> {
    canvas_id: &'a str,
    recipients: [CanvasRecipient<'a>; 1],
}

#[derive(Serialize)]
struct CanvasRecipient<'a> {
    #[serde(flatten)]
    profile: SendTo<'a>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    attributes: Map<String, Value>,
}

/// A recipient as the trigger endpoints name it; `/users/track` calls the external id differently.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum SendTo<'a> {
    ExternalUserId(&'a str),
    UserAlias { alias_name: &'a str, alias_label: &'a str },
}

impl<'a> From<&'a Recipient> for SendTo<'a> {
    fn from(recipient: &'a Recipient) -> Self {
        match recipient {
            Recipient::ExternalId(id) => Self::ExternalUserId(id),
            Recipient::Alias { name, label } => Self::UserAlias { alias_name: name, alias_label: label },
        }
    }
}

/// `POST /users/track`
#[derive(Serialize)]
struct Track {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Map<String, Value>>,
}

fn campaign_body(
    campaign: &config::Campaign,
    recipient: &Recipient,
    trigger_properties: Map<String, Value>,
    attributes: &[AttributeChange],
) -> Result<Vec<u8>, String> {
    let attributes = self::attributes(attributes)?;
    let recipient = CampaignRecipient { profile: SendTo::from(recipient), trigger_properties, attributes };
    encoded(&CampaignSend { campaign_id: &campaign.id, recipients: [recipient] })
}

/// The reply's own properties; of the plugin's further ones, those that do not replace them.
fn reply_properties(
    campaign: &config::Campaign,
    text: &str,
    choices: &[Choice],
    media: Option<&Media>,
    further: &[NamedJson],
) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    let text = sanitised(text);
    let buttons = campaign.buttons && !choices.is_empty();
    let text = if buttons || choices.is_empty() { text } else { sanitised(&with_numbered_choices(&text, choices)) };
    if text.trim().is_empty() {
        return Err("the reply has no text: Braze does not send a message whose property is empty".into());
    }
    all.insert(campaign.text_property.clone(), text.into());
    if buttons {
        all.insert("choices".into(), choices.iter().map(choice).collect());
        for (choice, number) in choices.iter().zip(1..) {
            all.insert(format!("choice_{number}"), sanitised(&choice.title).into());
        }
    }
    if let Some(media) = media {
        all.insert("media_url".into(), sanitised(&media.url).into());
    }
    for (name, value) in properties(further)? {
        all.entry(name).or_insert(value);
    }
    Ok(all)
}

fn choice(choice: &Choice) -> Value {
    let mut members = Map::new();
    members.insert("id".into(), sanitised(&choice.id).into());
    members.insert("title".into(), sanitised(&choice.title).into());
    if let Some(description) = choice.description.as_deref().filter(|description| !description.is_empty()) {
        members.insert("description".into(), sanitised(description).into());
    }
    members.into()
}

/// A template whose property is empty is not sent at all, so an empty one is left out and the template's default applies.
fn properties(named: &[NamedJson]) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    for NamedJson { name, value } in named {
        let value: Value =
            serde_json::from_str(value).map_err(|error| format!("property `{name}` is not JSON: {error}"))?;
        let value = sanitised_json(value);
        if !value.is_null() && value != "" {
            all.insert(name.clone(), value);
        }
    }
    Ok(all)
}

fn track(
    recipient: &Recipient,
    changes: &[AttributeChange],
    events: &[NamedJson],
    created: Timestamp,
) -> Result<Track, String> {
    let changes = attributes(changes)?;
    let attributes = (!changes.is_empty()).then(|| {
        let mut object = profile(recipient);
        object.extend(changes);
        object
    });
    let events = events.iter().map(|named| event(recipient, named, created)).collect::<Result<_, _>>()?;
    Ok(Track { attributes: attributes.into_iter().collect(), events })
}

fn event(recipient: &Recipient, named: &NamedJson, created: Timestamp) -> Result<Map<String, Value>, String> {
    let properties: Value = match named.value.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text)
            .map_err(|error| format!("the properties of event `{}` are not JSON: {error}", named.name))?,
    };
    let mut object = profile(recipient);
    object.insert("name".into(), named.name.as_str().into());
    object.insert("time".into(), iso_8601(created).into());
    match properties {
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {}
        Value::Object(members) => {
            object.insert("properties".into(), members.into());
        }
        _ => return Err(format!("the properties of event `{}` are not a JSON object", named.name)),
    }
    Ok(object)
}

/// Whose attributes or event it is. An alias that Braze does not know yet is created, as an external id is by default.
fn profile(recipient: &Recipient) -> Map<String, Value> {
    let members = match recipient {
        Recipient::ExternalId(id) => vec![("external_id", json!(id))],
        Recipient::Alias { name, label } => vec![
            ("user_alias", json!({ "alias_name": name, "alias_label": label })),
            ("_update_existing_only", json!(false)),
        ],
    };
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn encoded(body: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(body).map_err(|error| format!("the request cannot be written as JSON: {error}"))
}

/// UTC with milliseconds, e.g. `2026-01-31T23:59:59.000Z`. The calendar is counted in eras of 400 years that begin in March, so
/// that the leap day is the last day of its year.
fn iso_8601(at: Timestamp) -> String {
    let (seconds, millis) = (at.0 / 1000, at.0 % 1000);
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests;
