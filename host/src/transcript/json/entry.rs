//! A turn of the journal as one line of JSON: what `GET /v1/turns` and `…/turns` of a conversation write and the tools read.
//!
//! ```text
//! {"context":{…},"bot":"menu","pluginDigest":"91b5…"|null,"state":"…"|null,"stateVersion":1|null,"event":{…},"outcome":…,
//!  "log":["…"],"unsupported":["…"],"durationUs":180}
//! {"unreadable":{"conversation":"c_…","turn":7,"reason":"the row is damaged: …"}}
//! ```
//!
//! `pluginDigest` is the first 8 bytes of the plugin's SHA-256 in hexadecimal, `null` where the host decided by itself. `state` is
//! the state before the turn. `outcome` is `{"tag":"decided","val":DECISION}` or
//! `{"tag":"failed","val":{"kind":"trapped","reason":"…"}}`. A reader passes over fields it does not know: later versions add some.

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer;
use super::given;
use super::question::{case_of, context, event};
use crate::conversation::{self, ConversationId, JournalEntry};
use crate::storage::Recorded;

/// A turn whose entry cannot be decoded, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub conversation: ConversationId,
    pub turn: u32,
    /// For people.
    pub reason: String,
}

/// A turn as a line, without the line's end: the entry, or that there is one which cannot be read.
#[must_use]
pub fn line(conversation: ConversationId, turn: u32, recorded: &Recorded) -> Value {
    match recorded {
        Ok(recorded) => entry(recorded),
        Err(why) => {
            let conversation = conversation.to_string();
            json!({ "unreadable": { "conversation": conversation, "turn": turn, "reason": why.to_string() } })
        }
    }
}

/// The entry alone.
#[must_use]
pub fn entry(entry: &JournalEntry) -> Value {
    let JournalEntry {
        context,
        bot,
        plugin_digest,
        state,
        state_version,
        event,
        outcome,
        log,
        unsupported,
        duration_us,
    } = entry;
    let outcome = match outcome {
        conversation::Outcome::Decided(decision) => case_of("decided", super::decision(decision)),
        conversation::Outcome::Failed { kind, reason } => case_of("failed", json!({ "kind": kind, "reason": reason })),
    };
    json!({
        "context": self::context(context),
        "bot": bot,
        "pluginDigest": (*plugin_digest != [0; 8]).then(|| hex(plugin_digest)),
        "state": state,
        "stateVersion": state_version,
        "event": self::event(event),
        "outcome": outcome,
        "log": log,
        "unsupported": unsupported,
        "durationUs": duration_us,
    })
}

/// Reads what [`line`] wrote.
///
/// # Errors
/// It is something else; says what and where in the line.
pub fn read_line(line: &[u8]) -> Result<Result<JournalEntry, Unreadable>, serde_json::Error> {
    // A line that is neither is told as an entry with mistakes, which is what it most likely is.
    match serde_json::from_slice::<Entry>(line) {
        Ok(entry) => Ok(Ok(entry.into())),
        Err(error) => match serde_json::from_slice(line) {
            Ok(Lost { unreadable }) => Ok(Err(unreadable.into())),
            Err(_) => Err(error),
        },
    }
}

#[derive(Deserialize)]
struct Lost {
    unreadable: LostTurn,
}

#[derive(Deserialize)]
struct LostTurn {
    #[serde(deserialize_with = "given::id")]
    conversation: ConversationId,
    turn: u32,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    context: given::Context,
    bot: String,
    #[serde(deserialize_with = "digest")]
    plugin_digest: [u8; 8],
    state: Option<String>,
    state_version: Option<u32>,
    event: given::Event,
    outcome: Outcome,
    log: Vec<String>,
    unsupported: Vec<String>,
    duration_us: u32,
}

#[derive(Deserialize)]
#[serde(tag = "tag", content = "val", rename_all = "kebab-case")]
enum Outcome {
    Decided(answer::Decision),
    Failed { kind: String, reason: String },
}

impl From<LostTurn> for Unreadable {
    fn from(LostTurn { conversation, turn, reason }: LostTurn) -> Self {
        Self { conversation, turn, reason }
    }
}

impl From<Entry> for JournalEntry {
    fn from(entry: Entry) -> Self {
        let Entry { context, bot, plugin_digest, state, state_version, event, outcome, log, unsupported, duration_us } =
            entry;
        let outcome = match outcome {
            Outcome::Decided(decision) => conversation::Outcome::Decided(decision.into()),
            Outcome::Failed { kind, reason } => conversation::Outcome::Failed { kind, reason },
        };
        Self {
            context: context.into(),
            bot,
            plugin_digest,
            state,
            state_version,
            event: event.into(),
            outcome,
            log,
            unsupported,
            duration_us,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<[u8; 8], D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok([0; 8]) };
    let number = Some(text.as_str()).filter(|text| text.len() == 16 && text.is_ascii());
    let number = number.and_then(|text| u64::from_str_radix(text, 16).ok());
    number.map(u64::to_be_bytes).ok_or_else(|| serde::de::Error::custom("a digest is 16 hexadecimal digits"))
}

#[cfg(test)]
mod tests;
