//! What a plugin was given, on its way in: the opposite of [`question`](super::question). What is spelled alike is read into the pure
//! types themselves.

use serde::{Deserialize, Deserializer, de};

use crate::clock::Timestamp;
use crate::conversation::{self, ConversationId, DeliveryFailure, HttpResponse, NamedJson, TimerFired, UserAlias};

#[derive(Deserialize)]
pub(super) struct Context {
    #[serde(deserialize_with = "id")]
    conversation: ConversationId,
    session: u32,
    turn: u32,
    user: User,
    source: String,
    now: Timestamp,
    seed: u32,
    settings: Vec<NamedJson>,
    fields: Vec<NamedJson>,
    desk: DeskStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    external_id: Option<String>,
    alias: Option<UserAlias>,
    phone: Option<String>,
    language: Option<String>,
    profile_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
enum DeskStatus {
    Open,
    Closed(Option<Timestamp>),
    None,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
pub(super) enum Event {
    Message(Message),
    Burst(Vec<Message>),
    Timer(TimerFired),
    Response(Response),
    DeliveryFailed(DeliveryFailure),
    Handoff(HandoffUpdate),
    SessionExpired(u32),
    Switched(NamedJson),
    External(NamedJson),
    Desk(Box<conversation::DeskAct>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    id: String,
    text: String,
    media: Vec<Media>,
    choice: Option<String>,
    flow_response: Option<String>,
    received: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    url: String,
    mime_type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Response {
    id: String,
    outcome: ResponseOutcome,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
enum ResponseOutcome {
    Ok(HttpResponse),
    Err(RequestError),
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
enum RequestError {
    Denied(String),
    Timeout,
    Unreachable(String),
    TooLarge,
    Other(String),
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
pub(super) enum HandoffUpdate {
    Failed(String),
    Accepted(Option<String>),
    Returned(HandoffReturn),
}

#[derive(Deserialize)]
pub(super) struct HandoffReturn {
    agent: Option<String>,
    note: Option<String>,
    transcript: Vec<TranscriptLine>,
}

#[derive(Deserialize)]
struct TranscriptLine {
    at: Timestamp,
    author: Author,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Author {
    User,
    Bot,
    Agent,
}

pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConversationId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

impl From<Context> for conversation::Context {
    fn from(context: Context) -> Self {
        let Context { conversation, session, turn, user, source, now, seed, settings, fields, desk } = context;
        let User { external_id, alias, phone, language, profile_name } = user;
        let desk = match desk {
            DeskStatus::Open => conversation::DeskStatus::Open,
            DeskStatus::Closed(reopens) => conversation::DeskStatus::Closed(reopens),
            DeskStatus::None => conversation::DeskStatus::None,
        };
        let user = conversation::User { external_id, alias, phone, language, profile_name };
        Self { conversation, session, turn, user, source, now, seed, settings, fields, desk }
    }
}

impl From<Event> for conversation::Event {
    fn from(event: Event) -> Self {
        match event {
            Event::Message(of) => Self::Message(of.into()),
            Event::Burst(messages) => Self::Burst(messages.into_iter().map(Into::into).collect()),
            Event::Timer(of) => Self::Timer(of),
            Event::Response(of) => Self::Response(of.into()),
            Event::DeliveryFailed(of) => Self::DeliveryFailed(of),
            Event::Handoff(of) => Self::Handoff(of.into()),
            Event::SessionExpired(idle_seconds) => Self::SessionExpired { idle_seconds },
            Event::Switched(of) => Self::Switched(of),
            Event::External(of) => Self::External(of),
            Event::Desk(act) => Self::Desk(act),
        }
    }
}

impl From<Message> for conversation::Message {
    fn from(message: Message) -> Self {
        let Message { id, text, media, choice, flow_response, received } = message;
        let media = media.into_iter().map(|Media { url, mime_type }| conversation::Media { url, mime_type }).collect();
        Self { id, text, media, choice, flow_response, received }
    }
}

impl From<Response> for conversation::Response {
    fn from(Response { id, outcome }: Response) -> Self {
        let outcome = match outcome {
            ResponseOutcome::Ok(response) => Ok(response),
            ResponseOutcome::Err(error) => Err(match error {
                RequestError::Denied(reason) => conversation::RequestError::Denied(reason),
                RequestError::Timeout => conversation::RequestError::Timeout,
                RequestError::Unreachable(reason) => conversation::RequestError::Unreachable(reason),
                RequestError::TooLarge => conversation::RequestError::TooLarge,
                RequestError::Other(reason) => conversation::RequestError::Other(reason),
            }),
        };
        Self { id, outcome }
    }
}

impl From<HandoffUpdate> for conversation::HandoffUpdate {
    fn from(update: HandoffUpdate) -> Self {
        match update {
            HandoffUpdate::Failed(reason) => Self::Failed(reason),
            HandoffUpdate::Accepted(agent) => Self::Accepted(agent),
            HandoffUpdate::Returned(HandoffReturn { agent, note, transcript }) => {
                let transcript = transcript.into_iter().map(Into::into).collect();
                Self::Returned(conversation::HandoffReturn { agent, note, transcript })
            }
        }
    }
}

impl From<TranscriptLine> for conversation::TranscriptLine {
    fn from(TranscriptLine { at, author, text }: TranscriptLine) -> Self {
        let author = match author {
            Author::User => conversation::Author::User,
            Author::Bot => conversation::Author::Bot,
            Author::Agent => conversation::Author::Agent,
        };
        Self { at, author, text }
    }
}
