//! The documents: one for each turn in which something was said, one for each conversation.

use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use super::said;
use super::words::ANALYZER;
use crate::clock::Timestamp;
use crate::conversation::id::hash128;
use crate::conversation::{Conversation, ConversationId, JournalEntry, Owner, User};

/// Columns that are read by name.
pub(super) const ORDER: &str = "order";
pub(super) const OWNER: &str = "owner";
pub(super) const VERSION: &str = "version";
pub(super) const LAST: &str = "last";

/// How many owners there are.
pub(super) const OWNERS: usize = 5;

/// Bits of an order that tell apart what is of the same millisecond.
const ORDER_TIE_BITS: u32 = 22;

/// Who has a conversation, whichever agent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    Bot,
    Offered,
    Agent,
    Parked,
    Closed,
}

impl OwnerKind {
    pub const ALL: [Self; OWNERS] = [Self::Bot, Self::Offered, Self::Agent, Self::Parked, Self::Closed];

    /// As it is written in addresses and pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Offered => "offered",
            Self::Agent => "agent",
            Self::Parked => "parked",
            Self::Closed => "closed",
        }
    }

    /// Whoever has this conversation.
    #[must_use]
    pub fn of(conversation: &Conversation) -> Self {
        match conversation.control.owner {
            Owner::Bot => Self::Bot,
            Owner::Offered => Self::Offered,
            Owner::Agent(_) => Self::Agent,
            Owner::Parked { .. } => Self::Parked,
            Owner::Closed => Self::Closed,
        }
    }

    /// From its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What conversations are filtered by: a kind and a value are one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    IsTurn,
    IsConversation,
    Owner,
    Bot,
    Version,
    Step,
    Source,
    Stuck,
    Waiting,
}

impl Tag {
    /// The term for a value; those that are true or not have none.
    pub(super) fn text(self, value: &str) -> String {
        format!("{}{value}", self.prefix())
    }

    pub(super) fn prefix(self) -> char {
        match self {
            Self::IsTurn => 't',
            Self::IsConversation => 'c',
            Self::Owner => 'o',
            Self::Bot => 'b',
            Self::Version => 'v',
            Self::Step => 's',
            Self::Source => 'f',
            Self::Stuck => 'x',
            Self::Waiting => 'w',
        }
    }
}

/// The fields of both kinds of documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// Names the document; the only thing that is read back.
    pub key: Field,
    pub conversation: Field,
    /// What was said.
    pub text: Field,
    /// Names and ids of the user.
    pub who: Field,
    /// The user's number, and the same from its end.
    pub phone: Field,
    pub tag: Field,
    pub order: Field,
    pub owner: Field,
    pub version: Field,
    /// The number of the newest turn that is in the index.
    pub last: Field,
}

/// What a document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Conversation(ConversationId),
    Turn(ConversationId, u32),
}

impl Key {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Conversation(id) => [b"c".as_slice(), &id.0].concat(),
            Self::Turn(id, turn) => [b"t".as_slice(), &id.0, &turn.to_be_bytes()].concat(),
        }
    }

    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        match kind {
            b'c' => Some(Self::Conversation(ConversationId(*id))),
            b't' => Some(Self::Turn(ConversationId(*id), u32::from_be_bytes(rest.try_into().ok()?))),
            _ => None,
        }
    }
}

/// A schema and its fields. An index with another schema is made anew.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Nothing is ranked, so lengths of fields are not kept.
    let words = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(words);
    let column = NumericOptions::default().set_fast();
    let fields = Fields {
        key: schema.add_bytes_field("key", BytesOptions::default().set_indexed() | STORED),
        conversation: schema.add_bytes_field("conversation", BytesOptions::default().set_indexed()),
        text: schema.add_text_field("text", words.clone()),
        who: schema.add_text_field("who", words),
        phone: schema.add_text_field("phone", STRING),
        tag: schema.add_text_field("tag", STRING),
        order: schema.add_u64_field(ORDER, column.clone()),
        owner: schema.add_u64_field(OWNER, column.clone()),
        version: schema.add_u64_field(VERSION, column.clone()),
        last: schema.add_u64_field(LAST, column),
    };
    (schema.build(), fields)
}

/// Where something stands among all: by its time, and of the same millisecond by chance, but always the same. As good as unique, so that
/// a page can begin behind it.
pub(super) fn order(at: Timestamp, key: Key) -> u64 {
    let hash = hash128("order", &[&key.bytes()]);
    let tie = u64::from_be_bytes(*hash.first_chunk().expect("16 bytes")) >> (64 - ORDER_TIE_BITS);
    first_order_of(at) | tie
}

/// Not above the order of anything of this time or later.
pub(super) fn first_order_of(at: Timestamp) -> u64 {
    at.0.min(u64::MAX >> ORDER_TIE_BITS) << ORDER_TIE_BITS
}

/// The document of a turn; none where nothing was said in it.
pub(super) fn turn_document(
    fields: &Fields,
    id: ConversationId,
    turn: u32,
    entry: &JournalEntry,
) -> Option<TantivyDocument> {
    let lines = said::lines(entry);
    if lines.is_empty() {
        return None;
    }
    let key = Key::Turn(id, turn);
    let mut document = TantivyDocument::default();
    document.add_bytes(fields.key, &key.bytes());
    document.add_bytes(fields.conversation, &id.0);
    document.add_u64(fields.order, order(entry.context.now, key));
    document.add_text(fields.tag, Tag::IsTurn.text(""));
    document.add_text(fields.tag, Tag::Bot.text(&entry.bot));
    document.add_text(fields.tag, Tag::Source.text(&entry.context.source));
    lines.iter().for_each(|line| document.add_text(fields.text, line.text));
    Some(document)
}

/// What the directory knows of a conversation beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The number of its newest turn.
    pub last: u32,
    /// Its last turn failed.
    pub stuck: bool,
}

/// The document of a conversation.
pub(super) fn conversation_document(
    fields: &Fields,
    id: ConversationId,
    conversation: &Conversation,
    standing: Standing,
) -> TantivyDocument {
    let key = Key::Conversation(id);
    let owner = OwnerKind::of(conversation);
    let mut document = TantivyDocument::default();
    document.add_bytes(fields.key, &key.bytes());
    document.add_bytes(fields.conversation, &id.0);
    document.add_u64(fields.order, order(last_activity(conversation), key));
    document.add_u64(fields.version, conversation.version);
    document.add_u64(fields.last, standing.last.into());
    document.add_u64(fields.owner, owner as u64);
    let mut tag = |tag: Tag, value: &str| document.add_text(fields.tag, tag.text(value));
    tag(Tag::IsConversation, "");
    tag(Tag::Owner, owner.name());
    tag(Tag::Bot, &conversation.bot);
    tag(Tag::Source, &conversation.source);
    tag(Tag::Version, &digest_text(conversation.plugin_digest));
    if let Some(step) = &conversation.step {
        tag(Tag::Step, step);
    }
    if standing.stuck {
        tag(Tag::Stuck, "");
    }
    if is_waiting(conversation) {
        tag(Tag::Waiting, "");
    }
    let User { external_id, alias, phone, profile_name, .. } = &conversation.user;
    let names = [external_id.as_deref(), alias.as_ref().map(|alias| alias.name.as_str()), profile_name.as_deref()];
    names.into_iter().flatten().for_each(|name| document.add_text(fields.who, name));
    let digits = digits(phone.as_deref().unwrap_or_default());
    if !digits.is_empty() {
        document.add_text(fields.phone, &digits);
        document.add_text(fields.phone, from_its_end(&digits));
    }
    document
}

/// When something last happened in it.
#[must_use]
pub fn last_activity(conversation: &Conversation) -> Timestamp {
    conversation.last_turn.max(conversation.last_inbound)
}

/// Whether a person waits: for an agent, for a request's answer, or for the turn of a message that was held back.
#[must_use]
pub fn is_waiting(conversation: &Conversation) -> bool {
    OwnerKind::of(conversation) == OwnerKind::Offered
        || !conversation.requests.is_empty()
        || !conversation.waiting.is_empty()
}

/// A plugin's digest as it is written everywhere: 16 hexadecimal digits.
#[must_use]
pub fn digest_text(digest: [u8; 8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digits of a phone number, without the zeros that stand for a country or for none.
pub(super) fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

/// A number as it is found by its last digits.
pub(super) fn from_its_end(digits: &str) -> String {
    std::iter::once('<').chain(digits.chars().rev()).collect()
}

/// Everything of a conversation.
pub(super) fn all_of(fields: &Fields, id: ConversationId) -> Term {
    Term::from_field_bytes(fields.conversation, &id.0)
}
