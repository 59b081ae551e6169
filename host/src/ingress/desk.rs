//! A webhook of a remote desk: read, held against its signature, made durable, answered.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use tracing::{info, warn};

use super::Ingress;
use super::answer::Answer;
use super::webhook::{jitter_seconds, read_body};
use crate::desk::catch_up::take;
use crate::limits::DESK_WEBHOOK_BYTES_MAX;

pub(super) async fn hear(
    State(ingress): State<Arc<Ingress>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Answer {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let answer = ingress.hear(&name, request).await;
    let desk = if ingress.desks.contains_key(&name) { name.as_str() } else { "(unknown)" };
    let status = answer.status().as_u16();
    match &answer {
        Answer::Heard { new } => info!(target: "turnwise::desk", status, desk, new, "webhook"),
        Answer::NotTheirs { why } => {
            warn!(
                target: "turnwise::desk",
                status, desk, %why, "webhook refused; `webhook_secret` has to be what the desk shows for this webhook"
            );
        }
        Answer::Unavailable { error, .. } => warn!(target: "turnwise::desk", status, desk, %error, "webhook not taken"),
        _ => info!(target: "turnwise::desk", status, desk, "webhook refused"),
    }
    answer
}

impl Ingress {
    async fn hear(&self, name: &str, request: Request) -> Answer {
        let Some(desk) = self.desks.get(name) else { return Answer::NotFound };
        let (parts, body) = request.into_parts();
        // A signature is over the whole body, so it has to be read before anybody is believed.
        let body = match tokio::time::timeout(self.body_timeout, read_body(body, DESK_WEBHOOK_BYTES_MAX)).await {
            Ok(Ok(body)) => body,
            Ok(Err(unfit)) => return unfit,
            Err(_) => return Answer::BodyTooSlow { timeout: self.body_timeout },
        };
        let now = self.clock.now();
        let heard = match desk.read(&|name| only(&parts.headers, name), &body, now) {
            Ok(heard) => heard,
            Err(why) => return Answer::NotTheirs { why },
        };
        match take(&*self.storage, heard, now).await {
            Ok(new) => Answer::Heard { new },
            Err(error) => Answer::Unavailable { error, retry_after_seconds: jitter_seconds() },
        }
    }
}

/// A header that is there once: of two, proxies disagree on which counts.
fn only(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.as_bytes().to_vec();
    values.next().is_none().then_some(value)
}
