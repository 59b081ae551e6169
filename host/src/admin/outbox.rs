//! The outbox for operators: what waits, what was not sent, and what can be done about it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Endpoint, Parameter, shape};
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::clock::text::rfc3339;
use crate::limits::API_PAGE_ROWS_MAX;
use crate::outbox::{Entry, OutboxSeq, Row, Status};
use crate::people::{Auditor, action};
use crate::storage::record::Fate;
use crate::storage::{OutboxRow, Redriven, Storage};

const ROWS_USUAL: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let row = || {
        let row = shape::object([
            ("id", shape::text()),
            ("conversation", shape::text()),
            ("turn", shape::number()),
            ("index", shape::number()),
            ("state", shape::text()),
            ("attempts", shape::number()),
            ("ambiguous", shape::number()),
        ]);
        let optional = [("reason", shape::text()), ("at", shape::time()), ("kind", shape::text())];
        shape::with_optional(
            shape::with_optional(row, optional),
            [
                ("target", shape::text()),
                ("created", shape::time()),
                ("expires", shape::time()),
                ("entry", shape::anything()),
            ],
        )
    };
    vec![
        Endpoint::get("/v1/outbox", "What waits to be sent, or with `state=settled` what became of it", list)
            .query(&[
                Parameter {
                    name: "state",
                    kind: "string",
                    says: "`waiting` (oldest first), `dead` or `settled` (newest first)",
                },
                Parameter { name: "after", kind: "string", says: "Go on behind this row" },
                Parameter { name: "max", kind: "integer", says: "How many at most" },
            ])
            .answers(200, shape::object([("rows", shape::list(row()))])),
        Endpoint::get("/v1/outbox/{id}", "One row, with what it says", show).answers(200, row()),
        Endpoint::post("/v1/outbox/{id}/redrive", "Send a dead row again", redrive)
            .answers(202, shape::object([("id", shape::text())])),
        Endpoint::delete("/v1/outbox/{id}", "Forget what a dead row would have said", drop_row)
            .answers(200, shape::object([("dropped", shape::text())])),
    ]
}

#[derive(Deserialize)]
struct Wanted {
    state: Option<String>,
    after: Option<String>,
    max: Option<usize>,
}

/// `GET /v1/outbox`
async fn list(State(storage): State<Arc<dyn Storage>>, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let max = wanted.max.unwrap_or(ROWS_USUAL).min(API_PAGE_ROWS_MAX);
    let after = wanted.after.as_deref().map(id).transpose()?;
    let rows: Vec<Value> = match wanted.state.as_deref().unwrap_or("waiting") {
        "waiting" => storage.due(after.unwrap_or_default(), max).await?.iter().map(waiting).collect(),
        state @ ("dead" | "settled") => {
            let mut rows = Vec::new();
            let mut before = after.unwrap_or(OutboxSeq(u64::MAX));
            while rows.len() < max {
                let piece = storage.fates(before, API_PAGE_ROWS_MAX).await?;
                let Some((last, _)) = piece.last() else { break };
                before = *last;
                let is_wanted = |fate: &Fate| state == "settled" || matches!(fate.status, Status::Dead { .. });
                let fitting = piece.iter().filter(|(_, fate)| is_wanted(fate)).take(max - rows.len());
                rows.extend(fitting.map(|(seq, fate)| settled(*seq, fate)));
            }
            rows
        }
        other => {
            return Err(Refusal::bad_request(format!("state: waiting, dead or settled, not {other:?}")));
        }
    };
    Ok(Json(json!({ "rows": rows })).into_response())
}

/// `GET /v1/outbox/{id}`
async fn show(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let seq = id(&text)?;
    let row = storage.outbox_row(seq).await?.ok_or_else(|| absent(&text))?;
    auditor.looked(action::OUTBOX_VIEWED, &text).await?;
    Ok(Json(whole(seq, &row)).into_response())
}

/// `POST /v1/outbox/{id}/redrive`
async fn redrive(
    State(storage): State<Arc<dyn Storage>>,
    State(clock): State<Arc<dyn Clock>>,
    auditor: Auditor,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    match storage.redrive(clock.now(), id(&text)?).await? {
        Redriven::Ready(fresh) => {
            auditor.did(action::OUTBOX_REDRIVEN, &text).await?;
            Ok((axum::http::StatusCode::ACCEPTED, Json(json!({ "id": name(fresh) }))).into_response())
        }
        Redriven::Absent => Err(absent(&text)),
        Redriven::NotDead => {
            Err(Refusal::conflict(format!("{text} is not dead, or was let go: there is nothing to send again")))
        }
        Redriven::Expired => Err(Refusal::conflict(format!(
            "{text} is too old: WhatsApp takes it only within 24 hours of the user's last message"
        ))),
    }
}

/// `DELETE /v1/outbox/{id}`
async fn drop_row(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let seq = id(&text)?;
    if storage.let_go(seq).await? {
        auditor.did(action::OUTBOX_DROPPED, &text).await?;
        return Ok(Json(json!({ "dropped": text })).into_response());
    }
    match storage.outbox_row(seq).await? {
        None => Err(absent(&text)),
        Some(_) => Err(Refusal::conflict(format!("{text} is not dead, or was let go already"))),
    }
}

/// A row with what it says.
pub(super) fn whole(seq: OutboxSeq, row: &OutboxRow) -> Value {
    let (mut value, entry) = match row {
        OutboxRow::Waiting(row) => (waiting(row), Some(&row.entry)),
        OutboxRow::Settled(fate) => (settled(seq, fate), fate.entry.as_ref()),
    };
    value["entry"] = json!(entry);
    value
}

fn waiting(row: &Row) -> Value {
    let place = (row.entry.conversation, row.entry.turn, row.entry.index);
    described(row.seq, place, &row.status, (row.attempts, row.ambiguous), Some(&row.entry))
}

fn settled(seq: OutboxSeq, fate: &Fate) -> Value {
    let place = (fate.conversation, fate.turn, fate.index);
    described(seq, place, &fate.status, (fate.attempts, fate.ambiguous), fate.entry.as_ref())
}

fn described(
    seq: OutboxSeq,
    (conversation, turn, index): (crate::conversation::ConversationId, u32, u16),
    status: &Status,
    (attempts, ambiguous): (u32, u32),
    entry: Option<&Entry>,
) -> Value {
    let (state, at, reason) = match status {
        Status::Ready => ("ready", None, None),
        Status::Sending { since } => ("sending", Some(*since), None),
        Status::RetryAt { at, reason } => ("retry", Some(*at), Some(reason)),
        Status::Unknown { since, reason } => ("unknown", Some(*since), Some(reason)),
        Status::Sent { at, .. } => ("sent", Some(*at), None),
        Status::Dead { at, reason } => ("dead", Some(*at), Some(reason)),
    };
    let mut value = json!({
        "id": name(seq), "conversation": conversation.to_string(), "turn": turn, "index": index,
        "state": state, "attempts": attempts, "ambiguous": ambiguous,
    });
    if let Some(at) = at {
        value["at"] = json!(rfc3339(at));
    }
    if let Some(reason) = reason {
        value["reason"] = json!(reason);
    }
    if let Some(entry) = entry {
        value["kind"] = json!(entry.action.kind());
        value["target"] = json!(entry.action.target());
        value["created"] = json!(rfc3339(entry.created));
        value["expires"] = json!(rfc3339(entry.expires));
    }
    value
}

fn name(seq: OutboxSeq) -> String {
    format!("o_{:x}", seq.0)
}

fn id(text: &str) -> Result<OutboxSeq, Refusal> {
    let digits = text.strip_prefix("o_").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.map(OutboxSeq).ok_or_else(|| Refusal::bad_request("an outbox id is `o_` and up to 16 hexadecimal digits"))
}

fn absent(id: &str) -> Refusal {
    Refusal::absent(format!("there is no row {id} in the outbox; what was sent is forgotten after a week"))
}
