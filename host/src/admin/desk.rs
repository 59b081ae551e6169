//! What agents and other desks do with conversations, by the API: the same acts as in the console's inbox.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Admin;
use super::api::{Endpoint, shape};
use super::conversations::read;
use super::refusal::Refusal;
use crate::clock::Timestamp;
use crate::clock::text::{EXPECTED, rfc3339, timestamp};
use crate::conversation::control::Case;
use crate::conversation::{Act, Agent, ConversationId, Media, NamedJson, Owner};
use crate::desk::acts::{Acted, Acts};
use crate::people::{Auditor, Role, action};
use crate::storage::Storage;

impl FromRef<Admin> for Acts {
    fn from_ref(admin: &Admin) -> Self {
        admin.acts.clone()
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let nothing = || shape::object([]);
    let note = || shape::with_optional(shape::object([]), [("note", shape::text())]);
    let text = || shape::object([("text", shape::text())]);
    vec![
        Endpoint::get("/v1/desk", "Conversations at the desk: waiting for people, or theirs", queue)
            .answers(200, shape::object([("conversations", shape::list(case()))])),
        done("/v1/conversations/{id}/takeover", "Takes it from the bot, or from whoever has it", take_over, nothing())
            .needs(Role::Operator),
        done("/v1/conversations/{id}/accept", "Takes what is offered", accept, nothing()),
        done(
            "/v1/conversations/{id}/decline",
            "Nobody takes it: the bot goes on",
            decline,
            shape::object([("reason", shape::text())]),
        ),
        done(
            "/v1/conversations/{id}/reply",
            "Says something to the user, who last wrote within 24 hours",
            reply,
            shape::with_optional(text(), [("media_url", shape::text())]),
        ),
        done(
            "/v1/conversations/{id}/campaign",
            "Triggers a campaign for the user, as may be done after 24 hours",
            campaign,
            shape::with_optional(shape::object([("campaign", shape::text())]), [("properties", shape::anything())]),
        ),
        done("/v1/conversations/{id}/note", "For agents only", write_note, text()),
        done(
            "/v1/conversations/{id}/assign",
            "Gives it to an agent, or offers it to a team or to everybody",
            assign,
            shape::with_optional(shape::object([]), [("agent", shape::text()), ("team", shape::text())]),
        ),
        done(
            "/v1/conversations/{id}/park",
            "Puts it aside until then, or until the user writes",
            park,
            shape::with_optional(shape::object([]), [("until", shape::time())]),
        ),
        done("/v1/conversations/{id}/return", "Gives it back to the bot, which hears what was said", give_back, note()),
        done("/v1/conversations/{id}/resolve", "It is done", resolve, note()),
    ]
}

/// What is done with one conversation.
fn done<H, T>(path: &'static str, summary: &'static str, handler: H, body: Value) -> Endpoint
where
    H: axum::handler::Handler<T, Admin>,
    T: 'static,
{
    let answer = shape::object([
        ("conversation", shape::text()),
        ("owner", shape::text()),
        ("agent", shape::maybe_text()),
        ("turn", shape::number()),
    ]);
    Endpoint::post(path, summary, handler).needs(Role::Agent).body(body).answers(200, answer)
}

fn case() -> Value {
    shape::object([
        ("conversation", shape::text()),
        ("owner", shape::text()),
        ("agent", shape::maybe_text()),
        ("since", shape::time()),
        ("reason", shape::text()),
        ("summary", shape::text()),
        ("team", shape::maybe_text()),
        ("priority", shape::text()),
        ("unanswered", shape::number()),
        ("last_inbound", shape::time()),
    ])
}

async fn queue(State(storage): State<Arc<dyn Storage>>, auditor: Auditor) -> Result<Response, Refusal> {
    let cases = storage.at_desk().await?;
    auditor.did(action::CONVERSATIONS_VIEWED, "desk").await?;
    let cases: Vec<Value> = cases.iter().map(|(id, case)| as_json(*id, case)).collect();
    Ok(Json(json!({ "conversations": cases })).into_response())
}

fn as_json(id: ConversationId, case: &Case) -> Value {
    json!({
        "conversation": id.to_string(),
        "owner": case.owner.name(),
        "agent": agent_of(&case.owner),
        "since": rfc3339(case.since),
        "reason": case.handoff.reason,
        "summary": case.handoff.summary,
        "team": case.handoff.team,
        "priority": format!("{:?}", case.handoff.priority).to_lowercase(),
        "unanswered": case.unanswered,
        "last_inbound": rfc3339(case.last_inbound),
    })
}

fn agent_of(owner: &Owner) -> Option<&str> {
    owner.agent().map(Agent::called)
}

/// What every act needs.
struct Asked {
    acts: Acts,
    storage: Arc<dyn Storage>,
    auditor: Auditor,
    id: String,
}

impl Asked {
    async fn act(self, act: Act) -> Result<Response, Refusal> {
        let id: ConversationId = self.id.parse().map_err(Refusal::bad_request)?;
        let caller = self.auditor.caller();
        let by = Agent { id: caller.id.clone(), name: Some(caller.name.clone()) };
        let kind = act.kind();
        // Before it is done: nothing is done that is not written down.
        self.auditor.did(&action::of_desk(kind), id).await?;
        let turn = match self.acts.act(id, by, act).await? {
            Acted::Done(turn) => turn,
            Acted::Refused(reason) => return Err(Refusal::conflict(reason)),
            Acted::Unknown => return Err(Refusal::no_conversation(id)),
            Acted::Queued => {
                return Ok((StatusCode::ACCEPTED, Json(json!({ "conversation": id.to_string() }))).into_response());
            }
        };
        let owner = self.storage.read(id).await?.map(|conversation| conversation.control.owner).unwrap_or_default();
        let answer = json!({
            "conversation": id.to_string(),
            "owner": owner.name(),
            "agent": agent_of(&owner),
            "turn": turn,
        });
        Ok(Json(answer).into_response())
    }
}

impl axum::extract::FromRequestParts<Admin> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, admin: &Admin) -> Result<Self, Response> {
        let auditor = Auditor::from_request_parts(parts, admin).await.map_err(IntoResponse::into_response)?;
        let Path(id) = Path::from_request_parts(parts, admin).await.map_err(IntoResponse::into_response)?;
        Ok(Self { acts: admin.acts.clone(), storage: Arc::clone(&admin.storage), auditor, id })
    }
}

/// A body that may be left out.
fn fields<T: DeserializeOwned + Default>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refusal> {
    if body.is_empty() { Ok(T::default()) } else { read(headers, body) }
}

async fn take_over(asked: Asked) -> Result<Response, Refusal> {
    asked.act(Act::TakeOver).await
}

async fn accept(asked: Asked) -> Result<Response, Refusal> {
    asked.act(Act::Accept).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declined {
    reason: String,
}

async fn decline(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Declined { reason } = read(&headers, &body)?;
    asked.act(Act::Decline { reason }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
    media_url: Option<String>,
}

async fn reply(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Said { text, media_url } = read(&headers, &body)?;
    let media = media_url.map(|url| Media { url, mime_type: None });
    asked.act(Act::Reply { text, media, takes: false }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggered {
    campaign: String,
    #[serde(default)]
    properties: serde_json::Map<String, Value>,
}

async fn campaign(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Triggered { campaign: name, properties } = read(&headers, &body)?;
    let named = |(name, value): (String, Value)| NamedJson { name, value: value.to_string() };
    asked.act(Act::Campaign { name, properties: properties.into_iter().map(named).collect() }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    text: String,
}

async fn write_note(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Noted { text } = read(&headers, &body)?;
    asked.act(Act::Note { text }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Assigned {
    agent: Option<String>,
    team: Option<String>,
}

async fn assign(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Assigned { agent, team } = fields(&headers, &body)?;
    let agent = match agent {
        None => None,
        Some(id) => {
            let found = asked.auditor.people().agent(&id).await?;
            let found =
                found.ok_or_else(|| Refusal::bad_request(format!("agent: nobody who answers users is {id:?}")))?;
            Some(Agent { id: found.id, name: Some(found.name) })
        }
    };
    asked.act(Act::Assign { agent, team }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parked {
    until: Option<String>,
}

async fn park(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Parked { until } = fields(&headers, &body)?;
    let read = |text: String| -> Result<Timestamp, Refusal> {
        timestamp(&text).ok_or_else(|| Refusal::bad_request(format!("until: {EXPECTED}, not {text:?}")))
    };
    let until = until.map(read).transpose()?;
    asked.act(Act::Park { until }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ended {
    note: Option<String>,
}

async fn give_back(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Ended { note } = fields(&headers, &body)?;
    asked.act(Act::Return { note }).await
}

async fn resolve(asked: Asked, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Ended { note } = fields(&headers, &body)?;
    asked.act(Act::Resolve { note }).await
}
