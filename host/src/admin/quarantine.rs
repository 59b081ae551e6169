//! Webhook bodies that could not be read, for operators: look, mend, try again, let go.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Endpoint, Parameter, shape};
use super::conversations::read;
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::clock::text::rfc3339;
use crate::inbound;
use crate::limits::{API_PAGE_ROWS_MAX, REPAIRED_BODY_BYTES_MAX};
use crate::people::{Auditor, action};
use crate::storage::{QuarantineId, Quarantined, Released, Storage};

const ROWS_USUAL: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let row = || {
        shape::object([
            ("id", shape::text()),
            ("source", shape::text()),
            ("received", shape::time()),
            ("reason", shape::text()),
            ("bytes", shape::number()),
        ])
    };
    vec![
        Endpoint::get("/v1/quarantine", "Webhook bodies that could not be read, newest first", list)
            .query(&[
                Parameter { name: "after", kind: "string", says: "Go on behind this one" },
                Parameter { name: "max", kind: "integer", says: "How many at most" },
            ])
            .answers(200, shape::object([("bodies", shape::list(row()))])),
        Endpoint::get("/v1/quarantine/{id}", "One of them, with what was sent", show)
            .answers(200, shape::with_optional(row(), [("body", shape::text())])),
        Endpoint::post("/v1/quarantine/{id}/redrive", "Read it again, as it was or as it is given", redrive)
            .bytes_max(REPAIRED_BODY_BYTES_MAX)
            .body(shape::with_optional(shape::object([]), [("body", shape::text())]))
            .answers(
                202,
                shape::object([
                    ("event_id", shape::text()),
                    ("conversation", shape::text()),
                    ("duplicate", shape::flag()),
                ]),
            ),
        Endpoint::delete("/v1/quarantine/{id}", "Let it go", discard)
            .answers(200, shape::object([("dropped", shape::text())])),
    ]
}

#[derive(Deserialize)]
struct Wanted {
    after: Option<String>,
    max: Option<usize>,
}

/// `GET /v1/quarantine`
async fn list(State(storage): State<Arc<dyn Storage>>, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let max = wanted.max.unwrap_or(ROWS_USUAL).min(API_PAGE_ROWS_MAX);
    let before = wanted.after.as_deref().map(id).transpose()?.unwrap_or(QuarantineId(u64::MAX));
    let rows = storage.quarantined_rows(before, max).await?;
    let rows: Vec<Value> = rows.iter().map(|(id, body)| described(*id, body)).collect();
    Ok(Json(json!({ "bodies": rows })).into_response())
}

/// `GET /v1/quarantine/{id}`
async fn show(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let id = id(&text)?;
    let body = storage.quarantined_row(id).await?.ok_or_else(|| absent(&text))?;
    auditor.looked(action::QUARANTINE_VIEWED, &text).await?;
    Ok(Json(whole(id, &body)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repaired {
    body: Option<String>,
}

/// `POST /v1/quarantine/{id}/redrive {"body": …}`
async fn redrive(
    State(storage): State<Arc<dyn Storage>>,
    State(clock): State<Arc<dyn Clock>>,
    auditor: Auditor,
    Path(text): Path<String>,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, Refusal> {
    let id = id(&text)?;
    let Repaired { body } = read(&headers, &sent)?;
    let kept = storage.quarantined_row(id).await?.ok_or_else(|| absent(&text))?;
    let bytes = body.map_or(kept.body, String::into_bytes);
    let inbound = inbound::read(&kept.source, &bytes)
        .map_err(|unreadable| Refusal::unreadable(format!("it cannot be read yet: {}", unreadable.reason)))?;
    let conversation = inbound.conversation();
    let (event, duplicate) = match storage.release(clock.now(), id, inbound).await? {
        Released::Accepted(event) => (event, false),
        Released::Duplicate(event) => (event, true),
        Released::Absent => return Err(absent(&text)),
    };
    auditor.did(action::QUARANTINE_REDRIVEN, &text).await?;
    let answer =
        json!({ "event_id": event.to_string(), "conversation": conversation.to_string(), "duplicate": duplicate });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// `DELETE /v1/quarantine/{id}`
async fn discard(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    if storage.discard(vec![id(&text)?]).await? == 0 {
        return Err(absent(&text));
    }
    auditor.did(action::QUARANTINE_DROPPED, &text).await?;
    Ok(Json(json!({ "dropped": text })).into_response())
}

/// A body with what was sent.
pub(super) fn whole(id: QuarantineId, body: &Quarantined) -> Value {
    let mut value = described(id, body);
    value["body"] = json!(String::from_utf8_lossy(&body.body));
    value
}

fn described(id: QuarantineId, body: &Quarantined) -> Value {
    json!({
        "id": id.to_string(),
        "source": body.source,
        "received": rfc3339(body.received),
        "reason": body.reason,
        "bytes": body.body.len(),
    })
}

fn id(text: &str) -> Result<QuarantineId, Refusal> {
    text.parse().map_err(|error: &str| Refusal::bad_request(error))
}

fn absent(id: &str) -> Refusal {
    Refusal::absent(format!("there is no body {id} in quarantine"))
}
