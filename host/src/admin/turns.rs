//! The journal for programs: turns as lines of JSON ([`json::line`]), read and written a bounded piece at a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::api::{Endpoint, Parameter};
use super::refusal::Refusal;
use crate::clock::Timestamp;
use crate::clock::text::{EXPECTED, timestamp};
use crate::conversation::{ConversationId, JournalEntry};
use crate::limits::JOURNAL_PIECE_TURNS;
use crate::people::{Auditor, action};
use crate::storage::{Recorded, Storage, StorageError, TurnKey};
use crate::transcript::json;

/// Turns of a conversation where nobody says how many.
const TURNS_USUAL: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/turns", "The turns of all conversations in a span of time, a line of JSON each", of_a_span)
            .query(&[
                Parameter { name: "from", kind: "string", says: "From this time on" },
                Parameter { name: "to", kind: "string", says: "Before this time" },
                Parameter { name: "bot", kind: "string", says: "Only of this bot" },
            ])
            .as_type("application/x-ndjson"),
        Endpoint::get(
            "/v1/conversations/{id}/turns",
            "The latest turns of one, a line of JSON each",
            of_a_conversation,
        )
        .query(&[
            Parameter { name: "max", kind: "integer", says: "How many at most" },
            Parameter { name: "before", kind: "integer", says: "Only those before the turn of this number" },
        ])
        .as_type("application/x-ndjson"),
    ]
}

#[derive(Deserialize)]
struct Span {
    from: Option<String>,
    to: Option<String>,
    bot: Option<String>,
}

/// `GET /v1/turns?from=&to=&bot=`: the turns of all conversations from `from` on and before `to`, oldest first.
async fn of_a_span(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Query(span): Query<Span>,
) -> Result<Response, Refusal> {
    let time = |name: &str, text: Option<String>, default: Timestamp| match text {
        None => Ok(default),
        Some(text) => timestamp(&text).ok_or_else(|| Refusal::bad_request(format!("{name}: {EXPECTED}, not {text:?}"))),
    };
    let from = time("from", span.from, Timestamp(0))?;
    let to = time("to", span.to, Timestamp(u64::MAX))?;
    auditor.looked(action::TURNS_EXPORTED, span.bot.as_deref().unwrap_or("all bots")).await?;
    Ok(lines(InSpan { storage, from, to, bot: span.bot, after: None }))
}

#[derive(Deserialize)]
struct Page {
    max: Option<usize>,
    before: Option<u32>,
}

/// `GET /v1/conversations/{id}/turns?max=&before=`: the last `max` turns before the one with the number `before`, newest first.
async fn of_a_conversation(
    State(storage): State<Arc<dyn Storage>>,
    auditor: Auditor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Response, Refusal> {
    let id: ConversationId = id.parse().map_err(Refusal::bad_request)?;
    // A conversation whose own row is damaged still has its turns.
    if let Ok(None) = storage.read(id).await {
        return Err(Refusal::no_conversation(id));
    }
    auditor.looked(action::CONVERSATION_VIEWED, id).await?;
    let (before, left) = (page.before.unwrap_or(u32::MAX), page.max.unwrap_or(TURNS_USUAL));
    Ok(lines(InConversation { storage, id, before, left }))
}

/// Where turns are read from, a piece after the other.
trait Pieces: Send + Sized + 'static {
    /// The next lines; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, StorageError>> + Send;
}

/// An answer that is written as it is read. Where storage fails in the middle the connection breaks, so that nobody takes a part for
/// the whole.
fn lines(pieces: impl Pieces) -> Response {
    let body = stream::try_unfold(pieces, |mut pieces| async move {
        let piece = pieces.next().await?;
        Ok::<_, StorageError>(piece.map(|text| (Bytes::from(text), pieces)))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(Box::pin(body))).into_response()
}

struct InSpan {
    storage: Arc<dyn Storage>,
    from: Timestamp,
    to: Timestamp,
    bot: Option<String>,
    after: Option<TurnKey>,
}

impl Pieces for InSpan {
    async fn next(&mut self) -> Result<Option<String>, StorageError> {
        loop {
            let turns = self.storage.turns(self.from, self.to, self.after, JOURNAL_PIECE_TURNS).await?;
            let Some((last, _)) = turns.last() else { return Ok(None) };
            self.after = Some(*last);
            let mut text = String::new();
            for (key, recorded) in turns.iter().filter(|(_, recorded)| is_of(recorded, self.bot.as_deref())) {
                push_line(&mut text, key.conversation, key.turn, recorded);
            }
            if !text.is_empty() {
                return Ok(Some(text));
            }
            // Nothing of the piece is of this bot; others are let on before the next.
            tokio::task::yield_now().await;
        }
    }
}

struct InConversation {
    storage: Arc<dyn Storage>,
    id: ConversationId,
    before: u32,
    left: usize,
}

impl Pieces for InConversation {
    async fn next(&mut self) -> Result<Option<String>, StorageError> {
        let turns = self.storage.journal(self.id, self.before, self.left.min(JOURNAL_PIECE_TURNS)).await?;
        let Some((last, _)) = turns.last() else { return Ok(None) };
        self.before = *last;
        self.left -= turns.len().min(self.left);
        let mut text = String::new();
        for (turn, recorded) in &turns {
            push_line(&mut text, self.id, *turn, recorded);
        }
        Ok(Some(text))
    }
}

/// Whose an unreadable turn is nobody can say, so it is everybody's.
fn is_of(recorded: &Result<JournalEntry, impl Sized>, bot: Option<&str>) -> bool {
    bot.is_none_or(|bot| recorded.as_ref().map_or(true, |entry| entry.bot == bot))
}

fn push_line(text: &mut String, conversation: ConversationId, turn: u32, recorded: &Recorded) {
    text.push_str(&json::line(conversation, turn, recorded).to_string());
    text.push('\n');
}
