//! Answers, whole or spoilt. The spoilt ones are spoilt on the wire: real resets, real silence, lengths that really do not fit.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::time::Sleep;

use super::chaos::{Fault, Hit};
use super::events::EventStream;
use super::rates::Rate;

const CHUNK_BYTES: usize = 16 * 1024;
static BLANKS: [u8; CHUNK_BYTES] = [b' '; CHUNK_BYTES];

/// Makes the connection it belongs to end with a TCP reset instead of a goodbye.
#[derive(Clone, Debug, Default)]
pub(super) struct ResetSwitch(Arc<AtomicBool>);

/// Ends the connection where an answer was due.
#[derive(Debug)]
pub(super) struct Dropped;

/// A status and a body of JSON, with the pool the request drew from.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Bytes,
    pub(super) rate: Option<Rate>,
}

/// A body on its way out.
pub(super) enum AnswerBody {
    Whole(Option<Bytes>),
    /// Fewer bytes than were announced; then the connection closes, once they have left.
    Short {
        bytes: Option<Bytes>,
        left: bool,
    },
    /// What is to be sent, then blanks: so many more bytes, or without end.
    Blanks {
        head: Option<Bytes>,
        left: Option<u64>,
    },
    Drip {
        rest: Bytes,
        bytes_per_second: u64,
        pause: Pin<Box<Sleep>>,
    },
    /// Pending once, so that the headers leave, then a reset.
    Reset {
        switch: ResetSwitch,
        headers_left: bool,
    },
    Silence,
    Events(EventStream),
}

impl ResetSwitch {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is dropped on order")
    }
}

impl std::error::Error for Dropped {}

impl From<Infallible> for Dropped {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Answered {
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"message": message}))
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: Bytes::from(body.to_string()), rate: None }
    }

    pub(super) fn into_response(self) -> Response<AnswerBody> {
        let mut response = typed(self.status, "application/json", AnswerBody::Whole(Some(self.body)));
        if let Some(rate) = self.rate {
            add_rate(&mut response, rate);
        }
        response
    }
}

/// A response of this content type.
pub(super) fn typed(status: u16, content_type: &'static str, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_rate(response: &mut Response<AnswerBody>, rate: Rate) {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", rate.limit.into());
    headers.insert("x-ratelimit-remaining", rate.remaining.into());
    headers.insert("x-ratelimit-reset", rate.reset_epoch_seconds.into());
}

/// The answer as the fault leaves it, or none where the connection ends instead.
pub(super) fn spoilt(answered: Answered, hit: Hit, switch: &ResetSwitch) -> Result<Response<AnswerBody>, Dropped> {
    let rate = answered.rate.filter(|_| !hit.without_ratelimit_headers);
    let mut headers_on_order = Vec::new();
    let body = answered.body.clone();
    let json = |status, body| typed(status, "application/json", body);
    let whole = |status, body: &'static str| json(status, AnswerBody::Whole(Some(Bytes::from_static(body.as_bytes()))));
    let status = answered.status;
    let mut response = match hit.fault {
        Fault::ResetAfterProcessing => {
            switch.set();
            return Err(Dropped);
        }
        Fault::Status { status, body, headers } => {
            headers_on_order.extend(headers);
            match body {
                Some(Value::String(text)) => typed(status, "text/plain", AnswerBody::Whole(Some(text.into()))),
                Some(body) => json(status, AnswerBody::Whole(Some(body.to_string().into()))),
                None => Answered::message(status, status_text(status)).into_response(),
            }
        }
        Fault::ResetBeforeBody => {
            announced(json(status, AnswerBody::Reset { switch: switch.clone(), headers_left: false }), body.len())
        }
        Fault::Hang => announced(json(status, AnswerBody::Silence), body.len()),
        Fault::SlowDrip { bytes_per_second } => {
            let (length, pause) = (body.len(), Box::pin(tokio::time::sleep(Duration::ZERO)));
            announced(json(status, AnswerBody::Drip { rest: body, bytes_per_second, pause }), length)
        }
        Fault::BodyBytes(length) => json(status, AnswerBody::Blanks { head: Some(body), left: Some(length) }),
        Fault::EndlessBody => json(status, AnswerBody::Blanks { head: Some(body), left: None }),
        Fault::Garbage => {
            let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>";
            typed(200, "text/html", AnswerBody::Whole(Some(Bytes::from_static(page.as_bytes()))))
        }
        Fault::TruncatedJson => json(status, AnswerBody::Whole(Some(body.slice(..body.len() / 2)))),
        Fault::WrongContentLength => {
            let length = body.len() + 100;
            announced(json(status, AnswerBody::Short { bytes: Some(body), left: false }), length)
        }
        Fault::InvalidUtf8 => {
            let mut bytes = body.to_vec();
            let middle = bytes.len() / 2;
            bytes.splice(middle..middle, [0xff, 0xfe, 0xc0]);
            json(status, AnswerBody::Whole(Some(bytes.into())))
        }
        Fault::EmptyObject => whole(status, "{}"),
        Fault::NoContent => {
            let mut response = Response::new(AnswerBody::Whole(None));
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Fault::Queued => whole(202, r#"{"message":"queued"}"#),
        Fault::RedirectTo(url) => {
            let mut response = whole(301, r#"{"message":"Moved Permanently"}"#);
            if let Ok(url) = HeaderValue::from_str(&url) {
                response.headers_mut().insert(LOCATION, url);
            }
            response
        }
        Fault::Latency
        | Fault::PartialErrors(_)
        | Fault::Notice(_)
        | Fault::DuplicateDelivery
        | Fault::Reorder
        | Fault::DropDelivery => json(status, AnswerBody::Whole(Some(body))),
    };
    if let Some(rate) = rate {
        add_rate(&mut response, rate);
    }
    for (name, value) in headers_on_order {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn announced(mut response: Response<AnswerBody>, length: usize) -> Response<AnswerBody> {
    response.headers_mut().insert(CONTENT_LENGTH, length.max(1).into());
    response
}

fn status_text(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Short { bytes, left } => match bytes.take() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None if *left => Poll::Ready(None),
                None => {
                    *left = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            },
            Self::Blanks { head, left } => {
                let chunk = match (head.take(), left) {
                    (Some(head), _) => head,
                    (None, None) => Bytes::from_static(&BLANKS),
                    (None, Some(0)) => return Poll::Ready(None),
                    (None, Some(left)) => {
                        let length = usize::try_from(*left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
                        *left -= length as u64;
                        Bytes::from_static(&BLANKS[..length])
                    }
                };
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Self::Drip { rest, bytes_per_second, pause } => {
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                ready!(pause.as_mut().poll(context));
                pause.set(tokio::time::sleep(Duration::from_secs(1) / u32::try_from(*bytes_per_second).unwrap_or(1)));
                Poll::Ready(Some(Ok(Frame::data(rest.split_to(1)))))
            }
            Self::Reset { headers_left, .. } if !*headers_left => {
                *headers_left = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Reset { switch, .. } => {
                switch.set();
                Poll::Ready(Some(Err(Dropped)))
            }
            Self::Silence => Poll::Pending,
            Self::Events(events) => events.poll_frame(context).map(|frame| frame.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            _ => SizeHint::default(),
        }
    }
}
