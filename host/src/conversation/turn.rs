//! A turn: `begin` turns a stored conversation and an inbox item into what the plugin sees; `finish` turns the plugin's answer
//! into what is committed.

use serde::{Deserialize, Serialize};

use super::context::{Context, DeskStatus};
use super::effects::{self, Sorted};
use super::id::hash128;
use super::journal::{JournalEntry, Outcome};
use super::{Choice, ConversationId, Decision, Event, Message, NamedJson, NextState, Reply, User};
use crate::clock::Timestamp;
use crate::inbound::Inbound;
use crate::outbox;

/// What is kept of a conversation between turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Committed turns so far; the compare-and-set of every commit. It and the fence stay the first fields: storage reads them alone.
    pub version: u64,
    /// Raised with every change of owner.
    pub fence: u32,
    pub source: String,
    pub user: User,
    /// The plugin that answered last.
    pub bot: String,
    /// Counts sessions from 1.
    pub session: u32,
    /// The last turn ended the session: the next one starts another.
    pub session_ended: bool,
    /// The plugin's own state.
    pub state: Option<String>,
    /// The plugin's state version, where its manifest gives one.
    pub state_version: Option<u32>,
    pub step: Option<String>,
    /// The choices last shown to the user, for matching the text that comes back.
    pub offered: Vec<Choice>,
    pub last_inbound: Timestamp,
}

/// What the configuration says about a conversation's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub source: String,
    pub bot: String,
    /// The campaign that replies go through.
    pub campaign: String,
    pub fallback_text: String,
    /// Choices are numbered lines in that campaign, so a number is an answer.
    pub numbered_choices: bool,
    /// `[plugins.BOT.settings]`
    pub settings: Vec<NamedJson>,
}

impl Route {
    /// For conversations of a source that is not configured any more.
    #[must_use]
    pub fn unknown(source: &str) -> Self {
        Self {
            source: source.into(),
            bot: String::new(),
            campaign: String::new(),
            fallback_text: String::new(),
            numbered_choices: false,
            settings: Vec::new(),
        }
    }
}

/// What a turn is about, before the conversation is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    Inbound { id: String, inbound: Inbound, received: Timestamp },
    Event(Event),
}

/// A turn between `begin` and `finish`.
#[derive(Clone, Debug)]
pub struct Turn {
    pub id: ConversationId,
    pub context: Context,
    pub event: Event,
    /// As stored, with what the inbound told about the user.
    pub before: Conversation,
}

/// How the plugin's part of a turn ended.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Outcome,
    pub plugin_digest: [u8; 8],
    /// What the plugin's manifest says of the state it stores.
    pub state_version: Option<u32>,
    pub log: Vec<String>,
    pub duration_us: u32,
}

/// Everything a turn changes.
#[derive(Clone, Debug)]
pub struct Finished {
    pub conversation: Conversation,
    pub journal: JournalEntry,
    pub outbox: Vec<outbox::Entry>,
    pub follow_ups: Vec<Event>,
}

impl Turn {
    /// What the plugin will see. `item` names the inbox item for good: the same item begun again has the same seed.
    #[must_use]
    pub fn begin(
        id: ConversationId,
        stored: Option<Conversation>,
        route: &Route,
        now: Timestamp,
        item: u64,
        cause: Cause,
    ) -> Self {
        let mut before = stored.unwrap_or_default();
        before.source.clone_from(&route.source);
        before.bot.clone_from(&route.bot);
        if before.session == 0 || before.session_ended {
            before.session += 1;
            before.session_ended = false;
        }
        let (event, fields) = match cause {
            Cause::Event(event) => (event, Vec::new()),
            Cause::Inbound { id, inbound, received } => {
                before.user = inbound.user;
                before.last_inbound = received;
                let choice = effects::chosen(&before.offered, &inbound.text, route.numbered_choices);
                let message = Message {
                    id,
                    text: inbound.text,
                    media: inbound.media,
                    choice,
                    flow_response: inbound.flow_response,
                    received,
                };
                (Event::Message(message), inbound.fields)
            }
        };
        let context = Context {
            conversation: id,
            session: before.session,
            turn: u32::try_from(before.version + 1).unwrap_or(u32::MAX),
            user: before.user.clone(),
            source: route.source.clone(),
            now,
            seed: seed(id, item),
            settings: route.settings.clone(),
            fields,
            desk: DeskStatus::None,
        };
        Self { id, context, event, before }
    }

    /// What is committed. A failed turn leaves the state as it was, and a waiting user gets the fallback text.
    #[must_use]
    pub fn finish(self, route: &Route, catalog: &dyn effects::Catalog, answer: Answer) -> Finished {
        let Self { id, context, event, before } = self;
        let (state, state_version) = (before.state.clone(), before.state_version);
        let mut conversation = before;
        conversation.version += 1;
        let mut sorted = match &answer.outcome {
            Outcome::Decided(decision) => {
                apply(&mut conversation, decision, answer.state_version);
                effects::sort(decision, &event, context.turn, route, catalog)
            }
            Outcome::Failed { .. } if event.is_from_user() && !route.fallback_text.is_empty() => {
                Sorted::only_reply(route, fallback(route))
            }
            Outcome::Failed { .. } => Sorted::default(),
        };
        if !sorted.offered.is_empty() {
            conversation.offered.clone_from(&sorted.offered);
        }
        let outbox = effects::entries(&mut sorted, id, &conversation, &context, &event);
        let journal = JournalEntry {
            context,
            bot: conversation.bot.clone(),
            plugin_digest: answer.plugin_digest,
            state,
            state_version,
            event,
            outcome: answer.outcome,
            log: answer.log,
            unsupported: sorted.unsupported,
            duration_us: answer.duration_us,
        };
        Finished { conversation, journal, outbox, follow_ups: sorted.follow_ups }
    }
}

fn apply(conversation: &mut Conversation, decision: &Decision, state_version: Option<u32>) {
    match &decision.state {
        // A state that was migrated but kept stays as it was stored, with the version it was stored by.
        NextState::Keep => {}
        NextState::Replace(state) => {
            conversation.state = Some(state.clone());
            conversation.state_version = state_version;
        }
        NextState::Clear => conversation.state = None,
    }
    if decision.step.is_some() {
        conversation.step.clone_from(&decision.step);
    }
    conversation.session_ended = effects::ends_session(decision);
}

fn fallback(route: &Route) -> Reply {
    Reply { text: route.fallback_text.clone(), ..Reply::default() }
}

fn seed(id: ConversationId, item: u64) -> u32 {
    let hash = hash128("seed", &[&id.0, &item.to_be_bytes()]);
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests;
