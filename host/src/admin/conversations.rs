//! What other systems and operators have to say to a conversation, and how sessions ended.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Admin;
use super::api::{Endpoint, Parameter, shape};
use super::refusal::Refusal;
use crate::clock::text::{EXPECTED, rfc3339, timestamp};
use crate::clock::{Clock, Timestamp};
use crate::conversation::{Conversation, ConversationId, Event, NamedJson};
use crate::limits::{API_PAGE_ROWS_MAX, NAME_CHARS_MAX};
use crate::people::{Auditor, action};
use crate::storage::{InboxItem, OutcomeCount, Pushed, Storage};

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// Days that are looked at where nobody says which.
const DAYS_USUAL: u32 = 30;

/// Conversations of a page where nobody says how many.
const ROWS_USUAL: usize = 50;

#[derive(Clone)]
struct Told {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl FromRef<Admin> for Told {
    fn from_ref(admin: &Admin) -> Self {
        Self { storage: Arc::clone(&admin.storage), clock: Arc::clone(&admin.clock) }
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let conversation = || {
        shape::object([
            ("id", shape::text()),
            ("source", shape::text()),
            ("bot", shape::text()),
            ("step", shape::maybe_text()),
            ("turns", shape::number()),
            ("session", shape::number()),
            ("last_turn", shape::time()),
        ])
    };
    let taken = || shape::object([("conversation", shape::text())]);
    let counted = shape::object([
        ("day", shape::text()),
        ("bot", shape::text()),
        ("outcome", shape::text()),
        ("sessions", shape::number()),
    ]);
    vec![
        Endpoint::get("/v1/conversations", "Conversations, the one with the latest turn first", list)
            .query(&[
                Parameter { name: "before", kind: "string", says: "Only those whose last turn was before this time" },
                Parameter { name: "max", kind: "integer", says: "How many at most" },
            ])
            .answers(200, shape::object([("conversations", shape::list(conversation()))])),
        Endpoint::get("/v1/conversations/{id}", "One conversation as it is kept, with its state", show)
            .answers(200, shape::with_optional(conversation(), [("kept", shape::anything())])),
        Endpoint::post("/v1/conversations/{id}/events", "The bot's next turn is about this", event)
            .body(shape::with_optional(shape::object([("name", shape::text())]), [("data", shape::anything())]))
            .answers(202, taken()),
        Endpoint::post(
            "/v1/conversations/{id}/end-session",
            "Nothing is said; the next message begins a session",
            end_session,
        )
        .body(shape::object([("outcome", shape::text())]))
        .answers(202, taken()),
        Endpoint::get("/v1/outcomes", "How many sessions ended how, by day and bot", outcomes)
            .query(&[Parameter { name: "days", kind: "integer", says: "How many days back, today included" }])
            .answers(200, shape::object([("outcomes", shape::list(counted))])),
    ]
}

#[derive(Deserialize)]
struct Newest {
    before: Option<String>,
    max: Option<usize>,
}

/// `GET /v1/conversations?before=&max=`: without what was said.
async fn list(State(told): State<Told>, Query(newest): Query<Newest>) -> Result<Response, Refusal> {
    let before = match &newest.before {
        None => Timestamp(u64::MAX),
        Some(text) => {
            timestamp(text).ok_or_else(|| Refusal::bad_request(format!("before: {EXPECTED}, not {text:?}")))?
        }
    };
    let max = newest.max.unwrap_or(ROWS_USUAL).min(API_PAGE_ROWS_MAX);
    let rows = told.storage.latest(before, max).await?;
    let rows: Vec<Value> = rows.iter().map(|(id, conversation)| described(*id, conversation)).collect();
    Ok(Json(json!({ "conversations": rows })).into_response())
}

/// `GET /v1/conversations/{id}`
async fn show(State(told): State<Told>, auditor: Auditor, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id: ConversationId = id.parse().map_err(Refusal::bad_request)?;
    let conversation = told.storage.read(id).await?.ok_or_else(|| Refusal::no_conversation(id))?;
    auditor.looked(action::CONVERSATION_VIEWED, id).await?;
    let mut value = described(id, &conversation);
    value["kept"] = json!(conversation);
    Ok(Json(value).into_response())
}

fn described(id: ConversationId, conversation: &Conversation) -> Value {
    json!({
        "id": id.to_string(),
        "source": conversation.source,
        "bot": conversation.bot,
        "step": conversation.step,
        "turns": conversation.turns,
        "session": conversation.session,
        "last_turn": rfc3339(conversation.last_turn),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Happened {
    name: String,
    data: Option<Box<RawValue>>,
}

/// `POST /v1/conversations/{id}/events {"name": …, "data": …}`: the bot's next turn is about it. 202 once it is durable.
async fn event(
    State(told): State<Told>,
    auditor: Auditor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let pushed: Happened = read(&headers, &body)?;
    check_length("name", &pushed.name)?;
    let value = pushed.data.map_or_else(|| "null".to_owned(), |data| data.get().to_owned());
    let item = InboxItem::Event(Event::External(NamedJson { name: pushed.name, value }));
    push(&told, &auditor, action::EVENT_PUSHED, &id, item).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    outcome: String,
}

/// `POST /v1/conversations/{id}/end-session {"outcome": …}`: nothing is said to the user, whose next message begins a session.
async fn end_session(
    State(told): State<Told>,
    auditor: Auditor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let end: End = read(&headers, &body)?;
    check_length("outcome", &end.outcome)?;
    push(&told, &auditor, action::SESSION_ENDED, &id, InboxItem::EndSession { outcome: end.outcome }).await
}

#[derive(Deserialize)]
struct Days {
    days: Option<u32>,
}

/// `GET /v1/outcomes?days=30`: how many sessions ended how, by day and bot, oldest first.
async fn outcomes(State(told): State<Told>, Query(Days { days }): Query<Days>) -> Result<Response, Refusal> {
    let today = u32::try_from(told.clock.now().0 / 1000 / DAY_SECONDS).unwrap_or(u32::MAX);
    let first = today.saturating_sub(days.unwrap_or(DAYS_USUAL).saturating_sub(1));
    let counts = OutcomeCount::of(&told.storage.counts(first, today).await?);
    Ok(Json(json!({ "outcomes": counts.iter().map(as_json).collect::<Vec<_>>() })).into_response())
}

fn as_json(count: &OutcomeCount) -> Value {
    let date = jiff::Timestamp::from_second(i64::from(count.day) * DAY_SECONDS.cast_signed())
        .map(|at| at.strftime("%Y-%m-%d").to_string());
    json!({ "day": date.unwrap_or_default(), "bot": count.bot, "outcome": count.outcome, "sessions": count.sessions })
}

async fn push(
    told: &Told,
    auditor: &Auditor,
    action: &'static str,
    id: &str,
    item: InboxItem,
) -> Result<Response, Refusal> {
    let id: ConversationId = id.parse().map_err(Refusal::bad_request)?;
    match told.storage.push(vec![(id, item)]).await.as_deref() {
        Ok([Pushed::Queued(_) | Pushed::Duplicate(_)]) => {
            auditor.did(action, id).await?;
            Ok((StatusCode::ACCEPTED, Json(json!({ "conversation": id.to_string() }))).into_response())
        }
        Ok(_) => Err(Refusal::no_conversation(id)),
        Err(error) => Err(error.into()),
    }
}

/// A body as JSON. Its content type must say so: a page of another site can post a form here, but not this.
pub(super) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refusal> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if said.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refusal::not_json(said));
    }
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(format!("the body: {error}")))
}

fn check_length(field: &str, text: &str) -> Result<(), Refusal> {
    let chars = text.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&chars) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("{field}: 1 to {NAME_CHARS_MAX} characters, not {chars}")))
}
