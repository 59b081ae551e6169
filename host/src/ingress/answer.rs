//! What a webhook is told. The codes follow what Braze does with them: it repeats 408 and 503 and gives up on any other 4xx.

use std::time::Duration;

use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::conversation::ConversationId;
use crate::desk::NotTheirs;
use crate::storage::{InboxSeq, QuarantineId, StorageError, TraceId};

/// What became of a webhook.
#[derive(Debug)]
pub(super) enum Answer {
    /// Durable, and new.
    Accepted {
        event: InboxSeq,
        conversation: ConversationId,
        mended: bool,
    },
    /// Durable already, under this number.
    Duplicate {
        event: InboxSeq,
        conversation: ConversationId,
        mended: bool,
    },
    /// Authenticated but not understood; kept raw. A 400 would lose the message for good.
    Quarantined {
        id: QuarantineId,
        reason: String,
    },
    /// Of a desk: what it says is durable, as far as it is of interest.
    Heard {
        new: usize,
    },
    /// Not signed by the desk.
    NotTheirs {
        why: NotTheirs,
    },
    Unauthorized,
    BodyTooLarge {
        bytes_max: usize,
    },
    BodyTooSlow {
        timeout: Duration,
    },
    /// The connection or its framing broke within the body.
    BodyCut,
    Unavailable {
        error: StorageError,
        retry_after_seconds: u8,
    },
    NotFound,
    MethodNotAllowed,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Accepted { .. } | Self::Quarantined { .. } | Self::Heard { .. } => StatusCode::ACCEPTED,
            Self::Duplicate { .. } => StatusCode::OK,
            Self::Unauthorized | Self::NotTheirs { .. } => StatusCode::UNAUTHORIZED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyCut => StatusCode::BAD_REQUEST,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Accepted { event, conversation, .. } => json!({
                "event_id": event.to_string(),
                "conversation": conversation.to_string(),
                "trace_id": TraceId::of(*conversation, *event).to_string(),
            }),
            Self::Duplicate { event, conversation, .. } => json!({
                "duplicate": true,
                "event_id": event.to_string(),
                "conversation": conversation.to_string(),
                "trace_id": TraceId::of(*conversation, *event).to_string(),
            }),
            Self::Quarantined { id, reason } => {
                json!({ "quarantined": true, "event_id": id.to_string(), "reason": reason })
            }
            Self::Heard { new } => json!({ "heard": new }),
            Self::NotTheirs { why } => error("unauthorized", &format!("this is no webhook of the desk: {why}")),
            Self::Unauthorized => error(
                "unauthorized",
                "send the header `Authorization: Bearer TOKEN`, once, with a token configured for the source this path names",
            ),
            Self::BodyTooLarge { bytes_max } => error(
                "body_too_large",
                &format!("the body is over {bytes_max} bytes; send less, or raise `body_bytes_max` under [server]"),
            ),
            Self::BodyTooSlow { timeout } => error(
                "body_too_slow",
                &format!("the body was not complete after {timeout:?}; send it again, in one piece"),
            ),
            Self::BodyCut => error("body_cut", "the body ended early or its framing is broken; send it again whole"),
            Self::Unavailable { error: StorageError::Busy { .. }, .. } => {
                error("busy", "too many messages are waiting to be stored; send it again after Retry-After seconds")
            }
            Self::Unavailable { .. } => {
                error("unavailable", "messages cannot be stored at the moment; send it again after Retry-After seconds")
            }
            Self::NotFound => error(
                "not_found",
                "webhooks go to POST /v1/inbound/SOURCE, with SOURCE as in turnwise.toml, those of a desk to POST /v1/desk/NAME",
            ),
            Self::MethodNotAllowed => error("method_not_allowed", "webhooks are sent with POST"),
        }
    }

    /// The rest of the request is left unread, so the connection is of no further use.
    fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::NotTheirs { .. }
                | Self::BodyTooLarge { .. }
                | Self::BodyTooSlow { .. }
                | Self::BodyCut
        )
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status(), [(CONTENT_TYPE, json)], self.body().to_string()).into_response();
        let headers = response.headers_mut();
        if self.ends_connection() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        match self {
            Self::Unauthorized => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Unavailable { retry_after_seconds, .. } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(u16::from(retry_after_seconds)));
            }
            _ => {}
        }
        response
    }
}

fn error(code: &str, message: &str) -> Value {
    json!({ "error": code, "message": message })
}
