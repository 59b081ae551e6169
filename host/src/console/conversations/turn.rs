//! A turn with everything about it, and what another version of the bot makes of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::list;
use super::states::{self, Compared};
use crate::clock::Timestamp;
use crate::console::inbox::thread::{self, Line};
use crate::console::page::{Page, html};
use crate::console::{Console, Trouble, words};
use crate::conversation::{ConversationId, Effect, JournalEntry, NextState, Outcome, Version};
use crate::limits::{TURN_LOG_LINES_SHOWN, TURN_TEXT_CHARS_SHOWN};
use crate::outbox::{OutboxSeq, Status};
use crate::people::{Auditor, Role, action};
use crate::plugins::StoredState;
use crate::replay::{self, Untold, Verdict};
use crate::search;
use crate::storage::{OutboxRow, Recorded};
use crate::transcript::json;

/// A turn of the timeline.
pub(super) struct TurnShown {
    pub turn: u32,
    pub at: Timestamp,
    pub lines: Vec<Line>,
    pub about: Option<About>,
}

/// Everything about a turn that can be read.
pub(super) struct About {
    pub event: String,
    pub event_kind: &'static str,
    pub burst: usize,
    pub bot: String,
    /// None where the host decided by itself.
    pub version: Option<String>,
    pub session: u32,
    pub step: Option<String>,
    pub duration: String,
    pub state: Vec<Compared>,
    pub effects: Vec<EffectShown>,
    /// The kind of failure, and why.
    pub failure: Option<(String, String)>,
    pub is_failed: bool,
    pub log: Vec<String>,
    pub unsupported: Vec<String>,
}

/// An effect, and what became of it.
pub(super) struct EffectShown {
    pub kind: &'static str,
    pub text: String,
    pub fates: Vec<FateShown>,
}

/// A row of the outbox that came of it.
#[derive(Clone)]
pub(super) struct FateShown {
    /// The badge's class.
    pub tone: &'static str,
    pub text: String,
    pub reason: String,
    pub attempts: u32,
    pub braze_dispatch_id: Option<String>,
}

impl TurnShown {
    /// Texts are cut where many turns are shown.
    pub(super) fn of(
        turn: u32,
        recorded: &Recorded,
        lines: Vec<Line>,
        outbox: &[(OutboxSeq, OutboxRow)],
        is_cut: bool,
    ) -> Self {
        let about = recorded.as_ref().ok().map(|entry| About::of(turn, entry, outbox, is_cut));
        let shown = |line: Line| if is_cut { Line { text: cut(line.text), ..line } } else { line };
        let lines = lines.into_iter().map(shown).collect();
        let at = recorded.as_ref().map_or(Timestamp::default(), |entry| entry.context.now);
        Self { turn, at, lines, about }
    }
}

impl About {
    fn of(turn: u32, entry: &JournalEntry, outbox: &[(OutboxSeq, OutboxRow)], is_cut: bool) -> Self {
        let shown = |text: String| if is_cut { cut(text) } else { text };
        let most = if is_cut { TURN_LOG_LINES_SHOWN } else { usize::MAX };
        let decision = match &entry.outcome {
            Outcome::Decided(decision) => Some(decision),
            Outcome::Failed { .. } => None,
        };
        let failure = match &entry.outcome {
            Outcome::Failed { kind, reason } => Some((kind.clone(), shown(reason.clone()))),
            Outcome::Decided(_) => None,
        };
        let before = entry.state.as_deref();
        let after = state_after(entry);
        let effects = decision.map_or(&[][..], |decision| &decision.effects);
        let written = decision.map(json::decision).and_then(|written| written.get("effects").cloned());
        let value = |place: usize| written.as_ref().and_then(|all| all.get(place)?.get("val").cloned());
        let effects = effects.iter().enumerate().map(|(place, effect)| EffectShown {
            kind: effect.kind(),
            text: shown(effect_text(effect, value(place))),
            fates: fates(turn, place, outbox),
        });
        Self {
            event: shown(pretty(&json::event(&entry.event))),
            event_kind: entry.event.kind(),
            burst: match &entry.event {
                crate::conversation::Event::Burst(messages) => messages.len(),
                _ => 0,
            },
            bot: entry.bot.clone(),
            version: (entry.plugin_digest != [0; 8]).then(|| search::digest_text(entry.plugin_digest)[..8].to_owned()),
            session: entry.context.session,
            step: decision.and_then(|decision| decision.step.clone()),
            duration: format!("{}.{} ms", entry.duration_us / 1_000, entry.duration_us % 1_000 / 100),
            state: states::compare(before, after),
            effects: effects.collect(),
            failure,
            is_failed: search::is_failure(&entry.outcome),
            log: entry.log.iter().take(most).map(|line| shown(line.clone())).collect(),
            unsupported: entry.unsupported.iter().take(most).map(|line| shown(line.clone())).collect(),
        }
    }
}

/// The state that a turn left.
pub(super) fn state_after(entry: &JournalEntry) -> Option<&str> {
    match &entry.outcome {
        Outcome::Decided(decision) => match &decision.state {
            NextState::Keep => entry.state.as_deref(),
            NextState::Replace(state) => Some(state),
            NextState::Clear => None,
        },
        Outcome::Failed { .. } => entry.state.as_deref(),
    }
}

fn effect_text(effect: &Effect, value: Option<Value>) -> String {
    match (effect, value) {
        (Effect::Reply(reply), _) if reply.choices.is_empty() && reply.media.is_none() => reply.text.clone(),
        (_, Some(Value::String(text))) => text,
        (_, Some(value)) => pretty(&value),
        (_, None) => String::new(),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(TURN_TEXT_CHARS_SHOWN) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn fates(turn: u32, place: usize, outbox: &[(OutboxSeq, OutboxRow)]) -> Vec<FateShown> {
    let fate = |row: &OutboxRow| {
        let (of, index, status, attempts) = match row {
            OutboxRow::Waiting(row) => (row.entry.turn, row.entry.index, &row.status, row.attempts),
            OutboxRow::Settled(fate) => (fate.turn, fate.index, &fate.status, fate.attempts),
        };
        let shown = |tone, text: &str, reason: &str| FateShown {
            tone,
            text: text.to_owned(),
            reason: reason.to_owned(),
            attempts,
            braze_dispatch_id: None,
        };
        (of == turn && usize::from(index) == place).then(|| match status {
            Status::Ready => shown("info", "waits to be sent", ""),
            Status::Sending { .. } => shown("info", "being sent", ""),
            Status::RetryAt { reason, .. } => shown("warn", "will be tried again", reason),
            Status::Unknown { reason, .. } => shown("warn", "nobody knows whether it was sent", reason),
            Status::Dead { reason, .. } => shown("bad", "not sent", reason),
            Status::Sent { braze_dispatch_id, .. } => {
                FateShown { braze_dispatch_id: braze_dispatch_id.clone(), ..shown("ok", "sent", "") }
            }
        })
    };
    outbox.iter().filter_map(|(_, row)| fate(row)).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The plugin that runs it again.
    on: String,
}

#[derive(Template)]
#[template(path = "conversations/turn_page.html")]
struct TurnPage {
    page: Page,
    id: ConversationId,
    name: String,
    shown: TurnShown,
    /// What can run it again, by name.
    plugins: Vec<String>,
    replayed: Option<Replayed>,
}

/// What came of it when it was run again.
struct Replayed {
    on: String,
    version: String,
    is_same: bool,
    text: String,
    parts: Vec<(&'static str, Vec<Compared>)>,
    log: Vec<String>,
}

/// `GET /console/conversations/{id}/turns/{turn}?on=PLUGIN`. Running a turn again sends nothing and changes nothing.
pub(super) async fn turn(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path((id, turn)): Path<(String, u32)>,
    Query(Asked { on }): Query<Asked>,
) -> Result<Response, Trouble> {
    let id: ConversationId = id.parse().map_err(Trouble::wrong)?;
    auditor.looked(action::CONVERSATION_VIEWED, id).await?;
    let turns = console.storage.journal(id, turn.saturating_add(1), 1).await?;
    let Some((_, recorded)) = turns.first().filter(|(number, _)| *number == turn) else {
        return Err(Trouble::gone(format!("There is no turn {turn} of {id}, or it is not kept any more.")));
    };
    let outbox = console.storage.outbox_of(id).await?;
    let lines = thread::lines(&turns[..1], &outbox);
    let entry = recorded.as_ref().ok();
    let replayed = match (entry, on.is_empty()) {
        (Some(entry), false) => {
            page.needs(Role::Operator)?;
            Some(replay(&console, entry, &on).await?)
        }
        _ => None,
    };
    let plugins = entry.filter(|_| page.is_operator()).map_or_else(Vec::new, |entry| plugins(&console, &entry.bot));
    let name = entry.map_or_else(|| id.to_string(), |entry| list::name(&entry.context.user));
    let shown = TurnShown::of(turn, recorded, lines, &outbox, false);
    html(&TurnPage { page: page.titled(format!("Turn {turn}")), id, name, shown, plugins, replayed })
}

/// The versions of this bot that are loaded.
fn plugins(console: &Console, bot: &str) -> Vec<String> {
    let names = console.plugins.names().into_iter();
    names.filter(|name| Version::of_plugin(name).is_some_and(|(of, _)| of == bot)).collect()
}

async fn replay(console: &Console, entry: &JournalEntry, on: &str) -> Result<Replayed, Trouble> {
    if !plugins(console, &entry.bot).iter().any(|name| name == on) {
        return Err(Trouble::gone(format!("No version of {} is loaded as {on}.", entry.bot)));
    }
    let plugin = console.plugins.get(on).ok_or_else(|| Trouble::gone(format!("{on} is not loaded any more.")))?;
    let version = format!("{} {}", plugin.version().unwrap_or("-"), &search::digest_text(plugin.digest_short())[..8]);
    if entry.plugin_digest == [0; 8] {
        return Ok(Replayed::saying(on, version, untold(Untold::Host)));
    }
    let stored = entry.state.as_deref().map(|state| StoredState { state, version: entry.state_version });
    let result = console.plugins.decide_on(&plugin, &entry.context, stored, &entry.event).await;
    let log = result.log.iter().map(ToString::to_string).collect();
    let which = match plugin.digest_short() == entry.plugin_digest {
        true => replay::Version::Recorded,
        false => replay::Version::Other,
    };
    Ok(match replay::verdict(entry, &Outcome::from(result.outcome), which) {
        Verdict::Same => {
            let text = "It comes out the same.".into();
            Replayed { is_same: true, log, ..Replayed::saying(on, version, text) }
        }
        Verdict::Untold(why) => Replayed { log, ..Replayed::saying(on, version, untold(why)) },
        Verdict::Differs(difference) => {
            let line = |sign| move |text: &String| Compared { sign, text: text.clone() };
            let parts = difference.parts().map(|(part, change)| {
                let gone = change.before.iter().map(line('-'));
                (part, gone.chain(change.after.iter().map(line('+'))).collect())
            });
            let parts = parts.collect();
            let text = "It comes out otherwise: − is what was recorded, + what it would be.".into();
            Replayed { on: on.to_owned(), version, is_same: false, text, parts, log }
        }
    })
}

impl Replayed {
    /// Nothing differs, or nothing can be said.
    fn saying(on: &str, version: String, text: String) -> Self {
        Self { on: on.to_owned(), version, is_same: false, text, parts: Vec::new(), log: Vec::new() }
    }
}

fn untold(why: Untold) -> String {
    format!("That cannot be said: such turns {}.", why.why())
}
