//! What rows are called in answers, logs and commands.

use std::fmt;
use std::str::FromStr;

use super::InboxSeq;
use crate::conversation::ConversationId;
use crate::conversation::id::hash128;

/// A quarantined body's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineId(pub u64);

/// Follows one message through the log. Derived, so that every room that knows the message knows it without being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// The trace of an inbox item; the same for each delivery of a message.
    #[must_use]
    pub fn of(conversation: ConversationId, seq: InboxSeq) -> Self {
        Self(hash128("trace", &[&conversation.0, &seq.0.to_be_bytes()]))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The event id a webhook is answered with.
impl fmt::Display for InboxSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e_{:x}", self.0)
    }
}

impl FromStr for InboxSeq {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        numbered(text, "e_").map(Self).ok_or("an event id is `e_` and up to 16 hexadecimal digits")
    }
}

impl fmt::Display for QuarantineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "q_{:x}", self.0)
    }
}

impl FromStr for QuarantineId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        numbered(text, "q_").map(Self).ok_or("a quarantine id is `q_` and up to 16 hexadecimal digits")
    }
}

fn numbered(text: &str, prefix: &str) -> Option<u64> {
    let digits = text.strip_prefix(prefix).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests;
