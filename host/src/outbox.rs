//! Committed, unsent effects: what a row is, which states it passes through, and what follows from each answer of Braze.
//!
//! `ready → sending → sent | retry at | dead | unknown`. A row found `sending` after a crash is `unknown`, never `ready`: Braze
//! has no idempotency key, so a lost answer is a state, not a retry.

pub mod budget;
pub mod desk;
pub mod gate;
pub mod pace;
pub mod standing;
pub mod transition;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::conversation::{AttributeChange, Author, Choice, ConversationId, Media, NamedJson, Request, User};

/// The place of a row in the outbox; grows with every row, also across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutboxSeq(pub u64);

/// One thing to send, as the turn committed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Stays first, with turn and index: storage reads them alone.
    pub conversation: ConversationId,
    /// The turn that asked for it, and the effect's place in its decision: together they name the entry for good.
    pub turn: u32,
    pub index: u16,
    /// The inbound source, as named in the configuration.
    pub source: String,
    pub recipient: Recipient,
    pub action: Action,
    pub created: Timestamp,
    /// Not worth sending after this.
    pub expires: Timestamp,
    /// The conversation's fence when the turn was committed; an entry from before a change of owner is dropped.
    pub fence: u32,
    /// Whose it is: what an agent said is sent whoever has the conversation since.
    pub author: Author,
    /// Whether the plugin is told if this cannot be delivered. Not where it is already the answer to such a failure: a campaign that is
    /// always refused would keep the two talking for ever.
    pub failure_is_told: bool,
}

/// Whom Braze should reach, by the one identifier a request may carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Recipient {
    ExternalId(String),
    Alias { name: String, label: String },
}

impl Recipient {
    /// The profile of this user: the external id, else the alias, else the anonymous profile Braze keeps for the number.
    #[must_use]
    pub fn of(user: &User) -> Option<Self> {
        if let Some(id) = &user.external_id {
            return Some(Self::ExternalId(id.clone()));
        }
        if let Some(alias) = &user.alias {
            return Some(Self::Alias { name: alias.name.clone(), label: alias.label.clone() });
        }
        user.phone.as_ref().map(|phone| Self::Alias { name: phone.clone(), label: "phone".into() })
    }
}

/// A request of a turn, to be made and answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub conversation: ConversationId,
    /// The turn that asked for it, and the effect's place in its decision.
    pub turn: u32,
    pub index: u16,
    /// The bot that asked.
    pub bot: String,
    pub request: Request,
    pub created: Timestamp,
}

/// A call with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    pub seq: CallSeq,
    pub call: Call,
    /// It may have been made already: an earlier host stopped while it was under way.
    pub started: bool,
}

/// The place of a call among all calls; grows with every call, also across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallSeq(pub u64);

/// What to ask of Braze. Campaigns go by their configured name, so that a corrected id reaches rows already waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A message to the user, through a campaign that shows its text property.
    Reply {
        campaign: String,
        text: String,
        choices: Vec<Choice>,
        media: Option<Media>,
        properties: Vec<NamedJson>,
        /// Written to the profile before the send.
        attributes: Vec<AttributeChange>,
    },
    /// Another campaign, with its properties only.
    Campaign { campaign: String, properties: Vec<NamedJson>, attributes: Vec<AttributeChange> },
    /// Entry into a Canvas.
    Canvas { canvas: String, properties: Vec<NamedJson>, attributes: Vec<AttributeChange> },
    /// Profile changes and events that no send carries.
    Track { attributes: Vec<AttributeChange>, events: Vec<NamedJson> },
}

impl Action {
    /// What the contract calls it; what is tracked was several effects.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reply { .. } => "reply",
            Self::Campaign { .. } => "send-campaign",
            Self::Canvas { .. } => "send-canvas",
            Self::Track { .. } => "profile changes",
        }
    }

    /// The campaign or Canvas as named in the configuration; "users/track" for the rest.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::Reply { campaign, .. } | Self::Campaign { campaign, .. } => campaign,
            Self::Canvas { canvas, .. } => canvas,
            Self::Track { .. } => "users/track",
        }
    }

    /// Whether doing it twice does harm beyond a repeated line: then a lost answer is never followed by a second try.
    #[must_use]
    pub fn at_most_once(&self) -> bool {
        match self {
            Self::Reply { .. } => false,
            Self::Campaign { .. } | Self::Canvas { .. } => true,
            Self::Track { attributes, events } => !events.is_empty() || attributes.iter().any(counts),
        }
    }

    /// What may be sent after an answer was lost: a reply goes without what counts, which the lost call may have counted.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut again = self.clone();
        if let Self::Reply { attributes, .. } = &mut again {
            attributes.retain(|change| !counts(change));
        }
        again
    }
}

/// Whether a change does something else when it is done twice.
fn counts(change: &AttributeChange) -> bool {
    matches!(change, AttributeChange::Increment(..))
}

/// An entry with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub seq: OutboxSeq,
    pub entry: Entry,
    pub status: Status,
    /// Calls made so far whose end this host saw.
    pub attempts: u32,
    /// Calls whose answer was lost, to a crash included: each may have reached the user.
    pub ambiguous: u32,
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Never tried, or tried without reaching Braze.
    Ready,
    /// A call is under way; found after a crash, it becomes `Unknown`.
    Sending { since: Timestamp },
    /// To be tried again.
    RetryAt { at: Timestamp, reason: String },
    /// The answer was lost: Braze may have sent it.
    Unknown { since: Timestamp, reason: String },
    /// Braze accepted it. Final.
    Sent { at: Timestamp, braze_dispatch_id: Option<String> },
    /// It will not be sent. Final.
    Dead { at: Timestamp, reason: String },
}

impl Status {
    /// Nothing more will happen to the row by itself.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Dead { .. })
    }
}
