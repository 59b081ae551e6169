//! One accepted message: what a webhook body means, and when two of them are the same.

mod media;
mod mend;
pub mod parse;
mod scan;
mod tail;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conversation::id::hash128;
use crate::conversation::{ConversationId, Media, NamedJson, User};
use crate::limits::{DEDUPE_WINDOW, DEDUPE_WINDOW_WITHOUT_DISPATCH_ID};

pub use parse::{Unreadable, read};

/// A message as Braze forwarded it, read from an authenticated webhook body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// As named in the configuration.
    pub source: String,
    pub user: User,
    pub text: String,
    pub media: Vec<Media>,
    /// JSON text of a WhatsApp Flow's answer.
    pub flow_response: Option<String>,
    /// Braze's id of the webhook send; absent from Braze's own documented body.
    pub braze_dispatch_id: Option<String>,
    /// Whatever else the body carried, as JSON texts.
    pub fields: Vec<NamedJson>,
    /// The body was not JSON until mended; fields behind the message were not believed.
    pub mended: bool,
}

/// Equal for two deliveries of the same message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DedupeKey(pub [u8; 16]);

impl Inbound {
    /// Which conversation it belongs to: the external id's, else the phone number's.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        ConversationId::of(&self.source, self.user_key())
    }

    /// Braze gives a message no id, so it is known by everything that makes it what it is.
    #[must_use]
    pub fn dedupe_key(&self) -> DedupeKey {
        let media = self.media.iter().map(|media| media.url.as_str()).collect::<Vec<_>>().join("\n");
        DedupeKey(hash128(
            "v1",
            &[
                self.source.as_bytes(),
                self.braze_dispatch_id.as_deref().unwrap_or_default().as_bytes(),
                self.user_key().as_bytes(),
                self.text.as_bytes(),
                media.as_bytes(),
                self.flow_response.as_deref().unwrap_or_default().as_bytes(),
            ],
        ))
    }

    /// For how long the same key means the same message.
    #[must_use]
    pub fn dedupe_window(&self) -> Duration {
        if self.braze_dispatch_id.is_some() { DEDUPE_WINDOW } else { DEDUPE_WINDOW_WITHOUT_DISPATCH_ID }
    }

    fn user_key(&self) -> &str {
        self.user.external_id.as_deref().or(self.user.phone.as_deref()).unwrap_or_default()
    }
}
