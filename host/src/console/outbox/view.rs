//! What the page shows of the outbox, of what has left it, and of what never came in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::console::{Console, Trouble};
use crate::limits::{CONSOLE_ROWS_COUNTED_MAX, CONSOLE_ROWS_SHOWN, STORAGE_BATCH_MAX};
use crate::outbox::pace::EndpointGroup;
use crate::outbox::standing::Standing;
use crate::outbox::{Action, Entry, OutboxSeq, Recipient, Row, Status};
use crate::storage::{Fate, QuarantineId};

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shelf {
    #[default]
    Waiting,
    Dead,
    Unknown,
    Quarantine,
}

impl Shelf {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
            Self::Quarantine => "quarantine",
        }
    }

    pub(super) fn is(&self, other: &str) -> bool {
        self.name() == other
    }
}

/// What waits, counted as far as the bound goes.
#[derive(Default)]
pub(super) struct Backlog {
    pub(super) counted: usize,
    pub(super) is_cut: bool,
    pub(super) oldest: Option<Timestamp>,
    /// By kind, with the oldest of each.
    pub(super) kinds: BTreeMap<&'static str, (usize, Timestamp)>,
    by_group: [usize; EndpointGroup::ALL.len()],
}

/// An endpoint group with what holds it back.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) waiting: usize,
    pub(super) standing: Standing,
}

/// A row of any shelf.
pub(super) struct RowShown {
    pub(super) id: u64,
    pub(super) kind: &'static str,
    pub(super) target: String,
    pub(super) text: String,
    pub(super) conversation: Option<String>,
    pub(super) turn: u32,
    pub(super) user: String,
    pub(super) at: Timestamp,
    pub(super) state: &'static str,
    /// The badge's class.
    pub(super) tone: &'static str,
    pub(super) reason: String,
    pub(super) attempts: u32,
    pub(super) next: Option<Timestamp>,
}

impl Backlog {
    fn count(&mut self, row: &Row) {
        let Entry { action, created, .. } = &row.entry;
        self.counted += 1;
        self.oldest = Some(self.oldest.map_or(*created, |oldest| oldest.min(*created)));
        let (count, oldest) = self.kinds.entry(action.kind()).or_insert((0, *created));
        *count += 1;
        *oldest = (*oldest).min(*created);
        self.by_group[EndpointGroup::of(action) as usize] += 1;
    }
}

/// Counts what waits, and shows the oldest.
pub(super) async fn backlog(console: &Console) -> Result<(Backlog, Vec<RowShown>), Trouble> {
    let (mut backlog, mut shown, mut after) = (Backlog::default(), Vec::new(), OutboxSeq::default());
    loop {
        let rows = console.storage.due(after, STORAGE_BATCH_MAX).await?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        let is_last = rows.len() < STORAGE_BATCH_MAX;
        for row in &rows {
            backlog.count(row);
            if shown.len() < CONSOLE_ROWS_SHOWN {
                shown.push(waiting(row));
            }
        }
        if is_last {
            break;
        }
        if backlog.counted >= CONSOLE_ROWS_COUNTED_MAX {
            backlog.is_cut = true;
            break;
        }
    }
    Ok((backlog, shown))
}

pub(super) fn groups(console: &Console, backlog: &Backlog) -> Vec<Group> {
    let group = |(group, standing): (EndpointGroup, Standing)| Group {
        name: match group {
            EndpointGroup::Trigger => "Messages",
            EndpointGroup::Track => "Profile changes",
        },
        what: match group {
            EndpointGroup::Trigger => "/campaigns/trigger/send, /canvas/trigger/send",
            EndpointGroup::Track => "/users/track",
        },
        waiting: backlog.by_group[group as usize],
        standing,
    };
    console.standings.all().map(group).into()
}

/// What was given up, newest first: without a doubt, or where the user may have got it all the same.
pub(super) async fn fates(
    console: &Console,
    show: Shelf,
    before: Option<u64>,
) -> Result<(Vec<RowShown>, Option<u64>), Trouble> {
    let (mut shown, mut before, mut looked_at) = (Vec::new(), OutboxSeq(before.unwrap_or(u64::MAX)), 0);
    loop {
        let fates = console.storage.fates(before, STORAGE_BATCH_MAX).await?;
        looked_at += fates.len();
        let is_last = fates.len() < STORAGE_BATCH_MAX;
        for (seq, fate) in fates {
            before = seq;
            shown.extend(given_up(seq, &fate, show));
            if shown.len() >= CONSOLE_ROWS_SHOWN {
                return Ok((shown, Some(before.0)));
            }
        }
        if is_last {
            return Ok((shown, None));
        }
        if looked_at >= CONSOLE_ROWS_COUNTED_MAX {
            return Ok((shown, Some(before.0)));
        }
    }
}

pub(super) async fn quarantined(
    console: &Console,
    before: Option<u64>,
) -> Result<(Vec<RowShown>, Option<u64>), Trouble> {
    let before = QuarantineId(before.unwrap_or(u64::MAX));
    let rows = console.storage.quarantined_rows(before, CONSOLE_ROWS_SHOWN).await?;
    let older = rows.last().filter(|_| rows.len() == CONSOLE_ROWS_SHOWN).map(|(id, _)| id.0);
    let shown = rows.into_iter().map(|(id, body)| RowShown {
        id: id.0,
        kind: "webhook",
        target: body.source,
        text: String::from_utf8_lossy(&body.body).chars().take(TEXT_CHARS_SHOWN).collect(),
        conversation: None,
        turn: 0,
        user: String::new(),
        at: body.received,
        state: "not understood",
        tone: "warn",
        reason: body.reason,
        attempts: 0,
        next: None,
    });
    Ok((shown.collect(), older))
}

const TEXT_CHARS_SHOWN: usize = 240;

fn of_entry(seq: OutboxSeq, entry: &Entry) -> RowShown {
    RowShown {
        id: seq.0,
        kind: entry.action.kind(),
        target: entry.action.target().to_owned(),
        text: words(&entry.action),
        conversation: Some(entry.conversation.to_string()),
        turn: entry.turn,
        user: match &entry.recipient {
            Recipient::ExternalId(id) => id.clone(),
            Recipient::Alias { name, .. } => name.clone(),
        },
        at: entry.created,
        state: "waiting",
        tone: "",
        reason: String::new(),
        attempts: 0,
        next: None,
    }
}

fn waiting(row: &Row) -> RowShown {
    let shown = RowShown { attempts: row.attempts, ..of_entry(row.seq, &row.entry) };
    match &row.status {
        Status::Sending { .. } => RowShown { state: "under way", tone: "info", ..shown },
        Status::RetryAt { at, reason } => {
            RowShown { state: "to be tried again", tone: "warn", next: Some(*at), reason: reason.clone(), ..shown }
        }
        Status::Unknown { reason, .. } => {
            RowShown { state: "answer lost", tone: "warn", reason: reason.clone(), ..shown }
        }
        _ => shown,
    }
}

/// None where it does not belong on this shelf, or what it would have said is gone.
fn given_up(seq: OutboxSeq, fate: &Fate, show: Shelf) -> Option<RowShown> {
    let Status::Dead { at, reason } = &fate.status else { return None };
    let is_unknown = fate.ambiguous > 0;
    if is_unknown != (show == Shelf::Unknown) {
        return None;
    }
    let shown = of_entry(seq, fate.entry.as_ref()?);
    let (state, tone) = if is_unknown { ("unknown", "warn") } else { ("not sent", "bad") };
    Some(RowShown { state, tone, at: *at, reason: reason.clone(), attempts: fate.attempts, ..shown })
}

/// What it says or does, in short.
fn words(action: &Action) -> String {
    let text = match action {
        Action::Reply { text, .. } => text.clone(),
        Action::Campaign { properties, .. } | Action::Canvas { properties, .. } => properties
            .iter()
            .map(|property| format!("{} = {}", property.name, property.value))
            .collect::<Vec<_>>()
            .join(", "),
        Action::Track { attributes, events } => {
            let names = events.iter().map(|event| event.name.clone());
            let changes = format!("{} attributes", attributes.len());
            std::iter::once(changes).filter(|_| !attributes.is_empty()).chain(names).collect::<Vec<_>>().join(", ")
        }
    };
    text.chars().take(TEXT_CHARS_SHOWN).collect()
}
