//! Why a request of an operator or another system is not done, in words.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::conversation::ConversationId;
use crate::storage::StorageError;

/// `{"error": kind, "detail": …}` with a status.
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    detail: String,
}

impl Refusal {
    /// 400; the detail names the field and what is expected.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "bad_request", detail: detail.into() }
    }

    /// 404
    pub(super) fn no_conversation(id: ConversationId) -> Self {
        let detail = format!("there is no conversation {id}");
        Self { status: StatusCode::NOT_FOUND, error: "not_found", detail }
    }

    /// 404
    pub(super) fn absent(detail: String) -> Self {
        Self { status: StatusCode::NOT_FOUND, error: "not_found", detail }
    }

    /// 409: it is not in the state for it.
    pub(super) fn conflict(detail: String) -> Self {
        Self { status: StatusCode::CONFLICT, error: "conflict", detail }
    }

    /// 422
    pub(super) fn unreadable(detail: String) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, error: "unreadable", detail }
    }

    /// 415
    pub(super) fn not_json(said: &str) -> Self {
        let detail = format!("the body must be JSON, with content-type: application/json, not {said:?}");
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, error: "unsupported_media_type", detail }
    }
}

impl From<&StorageError> for Refusal {
    fn from(error: &StorageError) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: "unavailable", detail: error.to_string() }
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::from(&error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error, "detail": self.detail }))).into_response()
    }
}
