//! What other systems and operators have to say to a conversation, and how sessions ended.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::clock::Clock;
use crate::conversation::{ConversationId, Event, NamedJson};
use crate::limits::{NAME_CHARS_MAX, PUSHED_EVENT_BYTES_MAX};
use crate::storage::{InboxItem, Pushed, Storage};

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// Days that are looked at where nobody says which.
const DAYS_USUAL: u32 = 30;

#[derive(Clone)]
struct Told {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

pub(super) fn routes(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/v1/conversations/{id}/events", post(event))
        .route("/v1/conversations/{id}/end-session", post(end_session))
        .route("/v1/outcomes", get(outcomes))
        .layer(DefaultBodyLimit::max(PUSHED_EVENT_BYTES_MAX))
        .with_state(Told { storage, clock })
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
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let pushed: Happened = read(&headers, &body)?;
    check_length("name", &pushed.name)?;
    let value = pushed.data.map_or_else(|| "null".to_owned(), |data| data.get().to_owned());
    push(&told, &id, InboxItem::Event(Event::External(NamedJson { name: pushed.name, value }))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    outcome: String,
}

/// `POST /v1/conversations/{id}/end-session {"outcome": …}`: nothing is said to the user, whose next message begins a session.
async fn end_session(
    State(told): State<Told>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let end: End = read(&headers, &body)?;
    check_length("outcome", &end.outcome)?;
    push(&told, &id, InboxItem::EndSession { outcome: end.outcome }).await
}

#[derive(Deserialize)]
struct Days {
    days: Option<u32>,
}

/// `GET /v1/outcomes?days=30`: how many sessions ended how, by day and bot, oldest first.
async fn outcomes(State(told): State<Told>, Query(Days { days }): Query<Days>) -> Result<Response, Refusal> {
    let today = u32::try_from(told.clock.now().0 / 1000 / DAY_SECONDS).unwrap_or(u32::MAX);
    let first = today.saturating_sub(days.unwrap_or(DAYS_USUAL).saturating_sub(1));
    let counts = told.storage.outcomes(first, today).await.map_err(|error| Refusal::from(&error))?;
    Ok(Json(json!({ "outcomes": counts.iter().map(as_json).collect::<Vec<_>>() })).into_response())
}

fn as_json(count: &crate::storage::OutcomeCount) -> Value {
    let date = jiff::Timestamp::from_second(i64::from(count.day) * DAY_SECONDS.cast_signed())
        .map(|at| at.strftime("%Y-%m-%d").to_string());
    json!({ "day": date.unwrap_or_default(), "bot": count.bot, "outcome": count.outcome, "sessions": count.sessions })
}

async fn push(told: &Told, id: &str, item: InboxItem) -> Result<Response, Refusal> {
    let id: ConversationId = id.parse().map_err(Refusal::bad_request)?;
    match told.storage.push(vec![(id, item)]).await.as_deref() {
        Ok([Pushed::Queued(_) | Pushed::Duplicate(_)]) => {
            Ok((StatusCode::ACCEPTED, Json(json!({ "conversation": id.to_string() }))).into_response())
        }
        Ok(_) => Err(Refusal::no_conversation(id)),
        Err(error) => Err(error.into()),
    }
}

/// A body as JSON. Its content type must say so: a page of another site can post a form here, but not this.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refusal> {
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
