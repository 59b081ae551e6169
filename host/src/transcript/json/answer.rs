//! What came of a turn, on its way in. A field that is not the contract's is an error: it is one misspelled, most often.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::conversation::{self, PluginError};

/// Why a line is no answer: what was expected, what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAnswer {
    reason: String,
    /// The line around the place, and how far into it the place is, in characters.
    excerpt: String,
    column: usize,
}

/// Shown of a line before and behind the mistake.
const EXCERPT_CHARS_MAX: usize = 60;

/// Reads `{"ok":DECISION}` or `{"err":ERROR}`.
///
/// # Errors
/// The line is something else.
pub fn answer(line: &[u8]) -> Result<Result<conversation::Decision, PluginError>, NotAnAnswer> {
    match serde_json::from_slice(line) {
        Ok(Answer::Ok(decision)) => Ok(Ok(decision.into())),
        Ok(Answer::Err(Error::BadState(why))) => Ok(Err(PluginError::BadState(why))),
        Ok(Answer::Err(Error::Other(why))) => Ok(Err(PluginError::Other(why))),
        Err(error) => Err(NotAnAnswer::of(line, &error)),
    }
}

impl NotAnAnswer {
    fn of(line: &[u8], error: &serde_json::Error) -> Self {
        // A column counts the bytes read, the last of which is the one that did not fit.
        let at = error.column().saturating_sub(1).min(line.len());
        let before: Vec<char> = printable(&line[..at]).chars().collect();
        let shown = &before[before.len().saturating_sub(EXCERPT_CHARS_MAX)..];
        let after = printable(&line[at..]);
        let excerpt = shown.iter().copied().chain(after.chars().take(EXCERPT_CHARS_MAX)).collect();
        Self { reason: error.to_string(), excerpt, column: shown.len() }
    }
}

fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

impl fmt::Display for NotAnAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, excerpt, column } = self;
        writeln!(f, "{reason}")?;
        writeln!(f, "  {excerpt}\n  {:column$}^", "")?;
        f.write_str(
            "expected is one line: {\"ok\":DECISION}, or {\"err\":{\"tag\":\"other\",\"val\":\"why\"}} (or \"bad-state\"), \
             where DECISION is {\"state\":{\"tag\":\"keep\"},\"effects\":[…],\"step\":null}",
        )
    }
}

impl std::error::Error for NotAnAnswer {}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(Decision),
    Err(Error),
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case", deny_unknown_fields)]
enum Error {
    BadState(String),
    Other(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Decision {
    state: NextState,
    #[serde(deserialize_with = "list")]
    effects: Vec<Effect>,
    step: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case", deny_unknown_fields)]
enum NextState {
    Keep,
    Replace(String),
    Clear,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case", deny_unknown_fields)]
enum Effect {
    Reply(Reply),
    SendCampaign(Campaign),
    SendCanvas(Campaign),
    ChangeAttribute(AttributeChange),
    TrackEvent(NamedJson),
    StartTimer(Timer),
    CancelTimer(String),
    Request(Request),
    Handoff(Handoff),
    Note(String),
    SwitchBot(NamedJson),
    EndSession(String),
    Custom(NamedJson),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reply {
    text: String,
    #[serde(deserialize_with = "list")]
    choices: Vec<Choice>,
    media: Option<Media>,
    campaign: Option<String>,
    #[serde(deserialize_with = "list")]
    properties: Vec<NamedJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Choice {
    id: String,
    title: String,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Media {
    url: String,
    mime_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NamedJson {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Campaign {
    name: String,
    #[serde(deserialize_with = "list")]
    properties: Vec<NamedJson>,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case", deny_unknown_fields)]
enum AttributeChange {
    Set(NamedJson),
    Unset(String),
    Increment((String, i32)),
    Add((String, String)),
    Remove((String, String)),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Timer {
    name: String,
    delay: u32,
    payload: String,
    cancel_on_message: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    id: String,
    connection: String,
    method: String,
    path: String,
    #[serde(deserialize_with = "list")]
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout: u32,
    while_waiting: WhileWaiting,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WhileWaiting {
    Deliver,
    Hold,
    Cancel,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Handoff {
    reason: String,
    summary: String,
    team: Option<String>,
    priority: Priority,
    notice: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// Go writes an empty slice as `null`.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl From<Decision> for conversation::Decision {
    fn from(Decision { state, effects, step }: Decision) -> Self {
        let state = match state {
            NextState::Keep => conversation::NextState::Keep,
            NextState::Replace(state) => conversation::NextState::Replace(state),
            NextState::Clear => conversation::NextState::Clear,
        };
        Self { state, effects: effects.into_iter().map(Into::into).collect(), step }
    }
}

impl From<Effect> for conversation::Effect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Reply(of) => Self::Reply(of.into()),
            Effect::SendCampaign(of) => Self::SendCampaign(of.into()),
            Effect::SendCanvas(of) => Self::SendCanvas(of.into()),
            Effect::ChangeAttribute(of) => Self::ChangeAttribute(of.into()),
            Effect::TrackEvent(of) => Self::TrackEvent(of.into()),
            Effect::StartTimer(Timer { name, delay, payload, cancel_on_message }) => {
                Self::StartTimer(conversation::Timer { name, delay_seconds: delay, payload, cancel_on_message })
            }
            Effect::CancelTimer(name) => Self::CancelTimer(name),
            Effect::Request(of) => Self::Request(of.into()),
            Effect::Handoff(of) => Self::Handoff(of.into()),
            Effect::Note(text) => Self::Note(text),
            Effect::SwitchBot(of) => Self::SwitchBot(of.into()),
            Effect::EndSession(outcome) => Self::EndSession(outcome),
            Effect::Custom(of) => Self::Custom(of.into()),
        }
    }
}

impl From<Reply> for conversation::Reply {
    fn from(Reply { text, choices, media, campaign, properties }: Reply) -> Self {
        let choice = |Choice { id, title, description }| conversation::Choice { id, title, description };
        Self {
            text,
            choices: choices.into_iter().map(choice).collect(),
            media: media.map(|Media { url, mime_type }| conversation::Media { url, mime_type }),
            campaign,
            properties: properties.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<NamedJson> for conversation::NamedJson {
    fn from(NamedJson { name, value }: NamedJson) -> Self {
        Self { name, value }
    }
}

impl From<Campaign> for conversation::Campaign {
    fn from(Campaign { name, properties }: Campaign) -> Self {
        Self { name, properties: properties.into_iter().map(Into::into).collect() }
    }
}

impl From<AttributeChange> for conversation::AttributeChange {
    fn from(change: AttributeChange) -> Self {
        match change {
            AttributeChange::Set(of) => Self::Set(of.into()),
            AttributeChange::Unset(name) => Self::Unset(name),
            AttributeChange::Increment((name, by)) => Self::Increment(name, by),
            AttributeChange::Add((name, text)) => Self::Add(name, text),
            AttributeChange::Remove((name, text)) => Self::Remove(name, text),
        }
    }
}

impl From<Request> for conversation::Request {
    fn from(request: Request) -> Self {
        let Request { id, connection, method, path, headers, body, timeout, while_waiting } = request;
        let while_waiting = match while_waiting {
            WhileWaiting::Deliver => conversation::WhileWaiting::Deliver,
            WhileWaiting::Hold => conversation::WhileWaiting::Hold,
            WhileWaiting::Cancel => conversation::WhileWaiting::Cancel,
        };
        Self { id, connection, method, path, headers, body, timeout_seconds: timeout, while_waiting }
    }
}

impl From<Handoff> for conversation::Handoff {
    fn from(Handoff { reason, summary, team, priority, notice }: Handoff) -> Self {
        let priority = match priority {
            Priority::Low => conversation::Priority::Low,
            Priority::Normal => conversation::Priority::Normal,
            Priority::High => conversation::Priority::High,
            Priority::Urgent => conversation::Priority::Urgent,
        };
        Self { reason, summary, team, priority, notice }
    }
}
