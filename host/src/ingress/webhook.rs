//! One webhook: authenticate, read, understand, make durable, answer. Nothing else is done while Braze waits.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use hyper::body::Body as _;
use tracing::{info, warn};

use super::Ingress;
use super::answer::Answer;
use super::desk::hear;
use crate::inbound::{self, Inbound};
use crate::storage::{Accepted, QuarantineId, Quarantined, StorageError};
use crate::telemetry;

pub(super) fn router(ingress: Arc<Ingress>) -> Router {
    Router::new()
        .route("/v1/inbound/{source}", post(receive))
        .route("/v1/desk/{name}", post(hear))
        .route("/livez", get(async || "live\n"))
        .fallback(async || Answer::NotFound)
        .method_not_allowed_fallback(async || Answer::MethodNotAllowed)
        .with_state(ingress)
}

async fn receive(
    State(ingress): State<Arc<Ingress>>,
    source: Result<Path<String>, PathRejection>,
    request: Request,
) -> Answer {
    let source = source.map(|Path(source)| source).unwrap_or_default();
    let answer = ingress.answer(&source, request).await;
    log(if ingress.tokens.know(&source) { &source } else { "(unknown)" }, &answer);
    answer
}

impl Ingress {
    async fn answer(&self, source: &str, request: Request) -> Answer {
        if !self.tokens.admit(source, request.headers()) {
            return Answer::Unauthorized;
        }
        let read = read_body(request.into_body(), self.body_bytes_max);
        let body = match tokio::time::timeout(self.body_timeout, read).await {
            Ok(Ok(body)) => body,
            Ok(Err(unfit)) => return unfit,
            Err(_) => return Answer::BodyTooSlow { timeout: self.body_timeout },
        };
        let stored = match inbound::read(source, &body) {
            Ok(inbound) => self.accept(inbound).await,
            Err(unreadable) => self.quarantine(source, unreadable.reason, body).await,
        };
        stored.unwrap_or_else(|error| Answer::Unavailable { error, retry_after_seconds: jitter_seconds() })
    }

    async fn accept(&self, inbound: Inbound) -> Result<Answer, StorageError> {
        let (conversation, mended) = (inbound.conversation(), inbound.mended);
        match self.storage.accept(self.clock.now(), vec![inbound]).await?.first() {
            Some(&Accepted::New(event)) => Ok(Answer::Accepted { event, conversation, mended }),
            Some(&Accepted::Duplicate(event)) => Ok(Answer::Duplicate { event, conversation, mended }),
            None => Err(StorageError::Failed("one message was handed over and nothing was accepted".into())),
        }
    }

    async fn quarantine(&self, source: &str, reason: String, body: Vec<u8>) -> Result<Answer, StorageError> {
        let received = self.clock.now();
        let quarantined = Quarantined { source: source.into(), received, reason: reason.clone(), body };
        match self.storage.quarantine(vec![quarantined]).await?.first() {
            Some(&id) => Ok(Answer::Quarantined { id: QuarantineId(id), reason }),
            None => Err(StorageError::Failed("one body was handed over and nothing was quarantined".into())),
        }
    }
}

/// Reads a body as far as it is fit to be read.
pub(super) async fn read_body(mut body: Body, bytes_max: usize) -> Result<Vec<u8>, Answer> {
    let too_large = || Answer::BodyTooLarge { bytes_max };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| Answer::BodyCut)?.into_data() else { continue };
        if data.len() > bytes_max - bytes.len() {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// One to ten seconds, spread so that what was refused together does not return together.
pub(super) fn jitter_seconds() -> u8 {
    let mut byte = [4];
    // Without randomness all wait the same five seconds, which is worse, but no reason to refuse differently.
    let _ = getrandom::fill(&mut byte);
    1 + byte[0] % 10
}

/// One line a webhook, with nothing in it of what the user wrote or who they are.
fn log(source: &str, answer: &Answer) {
    let status = answer.status().as_u16();
    match answer {
        Answer::Accepted { event, conversation, mended } => {
            info!(target: "turnwise::ingress", status, source, %event, user = %telemetry::user(*conversation), mended, duplicate = false, "webhook");
        }
        Answer::Duplicate { event, conversation, mended } => {
            info!(target: "turnwise::ingress", status, source, %event, user = %telemetry::user(*conversation), mended, duplicate = true, "webhook");
        }
        Answer::Quarantined { id, reason } => {
            warn!(target: "turnwise::ingress", status, source, event = %id, reason, "webhook quarantined");
        }
        Answer::Unavailable { error, .. } => {
            warn!(target: "turnwise::ingress", status, source, %error, "webhook put off");
        }
        _ => info!(target: "turnwise::ingress", status, source, "webhook refused"),
    }
}
