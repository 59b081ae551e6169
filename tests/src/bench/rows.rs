//! What one turn of the `menu` plugin writes, byte for byte: made by the host's own core and encoding, for the bare database.

use std::time::Duration;

use turnwise::clock::Timestamp;
use turnwise::conversation::effects::Catalog;
use turnwise::conversation::{Answer, Begun, Cause, ConversationId, NamedJson, Outcome, Route, Turn};
use turnwise::inbound::{self, Inbound};
use turnwise::outbox::Status;
use turnwise::plugins::{Plugin, Plugins};
use turnwise::storage::record::{self, Fate};
use turnwise::storage::{InboxItem, InboxSeq};

use super::webhook;

/// The values a turn writes on its way, in the order it does.
#[derive(Clone, Debug)]
pub(super) struct TurnRows {
    pub(super) inbox: Vec<u8>,
    pub(super) conversation: Vec<u8>,
    pub(super) journal: Vec<u8>,
    pub(super) dedupe: Vec<u8>,
    pub(super) outbox_ready: Vec<u8>,
    pub(super) outbox_sending: Vec<u8>,
    pub(super) settled: Vec<u8>,
}

/// A turn ready to be decided: what the plugin is called with.
pub(super) struct Sample {
    pub(super) turn: Turn,
    inbound: Inbound,
    seq: InboxSeq,
}

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A conversation's first message. The bytes of later ones differ by a few dozen.
#[must_use]
pub(super) fn sample() -> Sample {
    let inbound = inbound::read("whatsapp", webhook::body(1, 0).as_bytes()).expect("our own webhook can be read");
    let seq = InboxSeq((1 << 40) + 1);
    let cause = Cause::Inbound { id: seq.to_string(), inbound: inbound.clone(), received: NOW };
    let begun = Turn::begin(inbound.conversation(), None, &route(), &Everything, NOW, cause);
    let Begun::Turn(turn) = begun else { panic!("a message has its turn at once") };
    Sample { turn: *turn, inbound, seq }
}

/// Runs the turn and encodes what it writes.
pub(super) async fn turn_rows(plugins: &Plugins, plugin: &Plugin) -> TurnRows {
    let Sample { turn, inbound, seq } = sample();
    let result = plugins.decide_with(plugin, &turn.context, None, &turn.event).await;
    let decision = result.outcome.expect("the menu plugin answers a greeting");
    let answer = Answer {
        outcome: Outcome::Decided(decision),
        plugin_digest: result.plugin_digest,
        state_version: None,
        log: Vec::new(),
        duration_us: 100,
    };
    let id = turn.id;
    let finished = turn.finish(&route(), &Everything, answer);
    let entry = finished.outbox.first().expect("a greeting is answered");
    let outbox = |status: Status| {
        let head = record::encode(&(status, 0_u32, 0_u32));
        let length = u16::try_from(head.len()).expect("a status is short");
        [length.to_be_bytes().as_slice(), &head, &record::encode(entry)].concat()
    };
    let dedupe_key = inbound.dedupe_key();
    let sent = Status::Sent { at: NOW, braze_dispatch_id: Some("6744b0d1c3f1d2a7f0a9b8c7d6e5f403".into()) };
    let fate = Fate {
        conversation: id,
        turn: entry.turn,
        index: entry.index,
        status: sent,
        attempts: 1,
        ambiguous: 0,
        entry: None,
    };
    TurnRows {
        inbox: record::encode(&(id, InboxItem::Inbound { inbound, dedupe_key, received: NOW })),
        conversation: record::encode(&finished.conversation),
        journal: record::encode(&finished.journal),
        dedupe: record::encode(&(seq.0, NOW.0)),
        outbox_ready: outbox(Status::Ready),
        outbox_sending: outbox(Status::Sending { since: NOW }),
        settled: record::encode(&fate),
    }
}

impl TurnRows {
    /// All values of a turn together.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        let Self { inbox, conversation, journal, dedupe, outbox_ready, outbox_sending, settled } = self;
        [inbox, conversation, journal, dedupe, outbox_ready, outbox_sending, settled].iter().map(|row| row.len()).sum()
    }
}

/// Which conversation a user of the benchmark has.
#[must_use]
pub(super) fn conversation(user: usize) -> ConversationId {
    ConversationId::of("whatsapp", &webhook::user(user))
}

pub(super) fn route() -> Route {
    Route { source: "whatsapp".into(), bot: "menu".into(), campaign: "reply".into(), ..Route::unknown("whatsapp") }
}

pub(super) struct Everything;

impl Catalog for Everything {
    fn denies_campaign(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn denies_canvas(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn denies_connection(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn has_bot(&self, _: &str) -> bool {
        true
    }

    fn settings(&self, _: &str) -> Vec<NamedJson> {
        Vec::new()
    }

    fn burst_window(&self, _: &str) -> Option<Duration> {
        None
    }

    fn handles_commands(&self, _: &str) -> bool {
        true
    }
}
