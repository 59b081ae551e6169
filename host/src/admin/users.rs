//! A user's data: all of it on request, and none of it afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Endpoint, shape};
use super::refusal::Refusal;
use super::{Admin, outbox, quarantine};
use crate::clock::text::rfc3339;
use crate::conversation::ConversationId;
use crate::limits::{API_PAGE_ROWS_MAX, USER_ID_BYTES_MAX};
use crate::people::{Auditor, Role, action, random_id};
use crate::storage::{Erased, QuarantineId, RecordChange, Storage, StorageError};
use crate::transcript::json as lines;

const RECEIPT: &str = "erasure";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let receipt = || {
        let removed = shape::object([
            ("conversations", shape::number()),
            ("turns", shape::number()),
            ("inbox", shape::number()),
            ("outbox", shape::number()),
        ]);
        shape::object([
            ("receipt", shape::text()),
            ("erased", shape::time()),
            ("by", shape::text()),
            ("removed", removed),
            ("quarantined", shape::number()),
        ])
    };
    vec![
        Endpoint::get("/v1/users/{id}", "Everything that is kept of a user, by external id or phone number", export)
            .needs(Role::Admin)
            .answers(
                200,
                shape::object([
                    ("user", shape::text()),
                    ("conversations", shape::list(shape::anything())),
                    ("quarantined", shape::list(shape::anything())),
                ]),
            ),
        Endpoint::delete("/v1/users/{id}", "Erase everything that is kept of a user; the receipt names nobody", erase)
            .needs(Role::Admin)
            .answers(200, receipt()),
        Endpoint::get("/v1/erasures/{receipt}", "What an erasure removed", show_receipt)
            .needs(Role::Admin)
            .answers(200, receipt()),
    ]
}

/// `GET /v1/users/{id}`
async fn export(State(admin): State<Admin>, auditor: Auditor, Path(user): Path<String>) -> Result<Response, Refusal> {
    let ids = conversations_of(&admin, &user).await?;
    let mut conversations = Vec::new();
    for id in &ids {
        let Some(conversation) = admin.storage.read(*id).await? else { continue };
        let turns = admin.storage.journal(*id, u32::MAX, usize::MAX).await?;
        let turns: Vec<Value> = turns.iter().rev().map(|(turn, entry)| lines::line(*id, *turn, entry)).collect();
        let rows = admin.storage.outbox_of(*id).await?;
        let rows: Vec<Value> = rows.iter().map(|(seq, row)| outbox::whole(*seq, row)).collect();
        conversations.push(json!({ "id": id.to_string(), "kept": conversation, "turns": turns, "outbox": rows }));
    }
    let bodies = quarantined_of(&admin, &user).await?;
    if conversations.is_empty() && bodies.is_empty() {
        return Err(absent());
    }
    for id in &ids {
        auditor.did(action::USER_EXPORTED, id).await?;
    }
    let bodies: Vec<Value> = bodies.iter().map(|(id, body)| quarantine::whole(*id, body)).collect();
    Ok(Json(json!({ "user": user, "conversations": conversations, "quarantined": bodies })).into_response())
}

/// What says that an erasure was done, without saying whose.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Receipt {
    receipt: String,
    erased: String,
    by: String,
    removed: Removed,
    quarantined: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Removed {
    conversations: u64,
    turns: u64,
    inbox: u64,
    outbox: u64,
}

/// `DELETE /v1/users/{id}`
async fn erase(State(admin): State<Admin>, auditor: Auditor, Path(user): Path<String>) -> Result<Response, Refusal> {
    let ids = conversations_of(&admin, &user).await?;
    let bodies: Vec<QuarantineId> = quarantined_of(&admin, &user).await?.into_iter().map(|(id, _)| id).collect();
    let now = admin.clock.now();
    let removed = admin.storage.forget(now, ids.clone()).await?;
    let quarantined = admin.storage.discard(bodies).await?;
    for id in &ids {
        // An index that is not open is compared with storage when it is opened, and forgets what is not there.
        if let Err(error) = admin.search.erase(*id).await {
            tracing::warn!(%error, "an erased conversation leaves the search index once that is open");
        }
    }
    if removed == Erased::default() && quarantined == 0 {
        return Err(absent());
    }
    let Erased { conversations, turns, inbox, outbox } = removed;
    let receipt = Receipt {
        receipt: random_id("x_"),
        erased: rfc3339(now),
        by: auditor.caller().name.clone(),
        removed: Removed { conversations, turns, inbox, outbox },
        quarantined,
    };
    let value = serde_json::to_vec(&receipt).map_err(|error| StorageError::Failed(error.to_string()))?;
    let kept = RecordChange { kind: RECEIPT, key: receipt.receipt.clone(), expected: None, value: Some(value) };
    admin.storage.write_records(vec![kept]).await?;
    auditor.did(action::USER_ERASED, &receipt.receipt).await?;
    Ok(Json(receipt).into_response())
}

/// `GET /v1/erasures/{receipt}`
async fn show_receipt(
    State(storage): State<Arc<dyn Storage>>,
    Path(receipt): Path<String>,
) -> Result<Response, Refusal> {
    let kept = if receipt.contains('\0') { None } else { storage.record(RECEIPT, &receipt).await? };
    let kept = kept.and_then(|bytes| serde_json::from_slice::<Receipt>(&bytes).ok());
    let kept = kept.ok_or_else(|| Refusal::absent(format!("there is no erasure {receipt}")))?;
    Ok(Json(kept).into_response())
}

/// On every source, under the given id, and under a number that is known to be the same user's.
async fn conversations_of(admin: &Admin, user: &str) -> Result<Vec<ConversationId>, Refusal> {
    if user.is_empty() || user.len() > USER_ID_BYTES_MAX {
        return Err(Refusal::bad_request(format!("a user is named by 1 to {USER_ID_BYTES_MAX} bytes")));
    }
    let mut ids = BTreeSet::new();
    for source in admin.sources.iter() {
        let id = ConversationId::of(source, user);
        ids.insert(id);
        if let Ok(Some(conversation)) = admin.storage.read(id).await
            && let Some(phone) = conversation.user.phone
        {
            ids.extend(admin.sources.iter().map(|source| ConversationId::of(source, &phone)));
        }
    }
    Ok(ids.into_iter().collect())
}

/// Bodies that nobody could read may be of anybody; those that have the id as a value are this user's.
async fn quarantined_of(
    admin: &Admin,
    user: &str,
) -> Result<Vec<(QuarantineId, crate::storage::Quarantined)>, Refusal> {
    let value = format!("\"{user}\"");
    let mut found = Vec::new();
    let mut before = QuarantineId(u64::MAX);
    loop {
        let piece = admin.storage.quarantined_rows(before, API_PAGE_ROWS_MAX).await?;
        let Some((last, _)) = piece.last() else { return Ok(found) };
        before = *last;
        let has = |body: &[u8]| String::from_utf8_lossy(body).contains(&value);
        found.extend(piece.into_iter().filter(|(_, quarantined)| has(&quarantined.body)));
    }
}

fn absent() -> Refusal {
    Refusal::absent("nothing is kept of this user".to_owned())
}
