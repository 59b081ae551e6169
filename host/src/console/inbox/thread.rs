//! What was said, from the journal: the user, the bot, agents, and notes that only people see.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::conversation::{Act, DeskAct, Effect, Event, HandoffUpdate, JournalEntry, Message, Outcome};
use crate::outbox::{OutboxSeq, Status};
use crate::storage::{OutboxRow, Recorded};

/// One line of a thread.
pub(in crate::console) struct Line {
    /// "user", "bot", "agent", "note" or "system".
    pub kind: &'static str,
    pub author: String,
    pub text: String,
    pub at: Timestamp,
    /// Shown as addresses: whoever opens one decides to.
    pub media: Vec<String>,
    pub choices: Vec<String>,
    /// How it stands on its way to the user: a class and words.
    pub fate: Option<(&'static str, String)>,
    /// The turn it is of, and its place there.
    pub turn: u32,
    pub place: usize,
}

/// A class and words.
type Said = (&'static str, String);
type Fates = HashMap<(u32, u16), Said>;

/// Oldest first.
pub(in crate::console) fn lines(turns: &[(u32, Recorded)], outbox: &[(OutboxSeq, OutboxRow)]) -> Vec<Line> {
    let fates: Fates = outbox.iter().filter_map(|(_, row)| fate(row)).collect();
    let mut lines = Vec::new();
    for (turn, recorded) in turns.iter().rev() {
        let first = lines.len();
        match recorded {
            Ok(entry) => of_turn(&mut lines, entry, &fates),
            Err(why) => lines.push(system(format!("A turn that cannot be read: {why}"), Timestamp::default())),
        }
        for (place, line) in lines[first..].iter_mut().enumerate() {
            (line.turn, line.place) = (*turn, place);
        }
    }
    lines
}

fn of_turn(lines: &mut Vec<Line>, entry: &JournalEntry, fates: &Fates) {
    let (at, turn) = (entry.context.now, entry.context.turn);
    match &entry.event {
        Event::Message(message) => lines.push(said(message)),
        Event::Burst(messages) => lines.extend(messages.iter().map(said)),
        Event::Desk(act) => of_desk(lines, act, &entry.outcome, at),
        Event::Handoff(HandoffUpdate::Failed(reason)) => lines.push(system(format!("No agent: {reason}"), at)),
        Event::SessionExpired { .. } => lines.push(system("The session expired".into(), at)),
        _ => {}
    }
    let Outcome::Decided(decision) = &entry.outcome else {
        if let (Outcome::Failed { kind, .. }, false) = (&entry.outcome, matches!(entry.event, Event::Desk(_))) {
            lines.push(system(format!("The bot failed ({kind})"), at));
        }
        return;
    };
    let by_agent = match &entry.event {
        Event::Desk(act) => Some(act.by.called().to_owned()),
        _ => None,
    };
    let is_plugins = entry.plugin_digest != [0; 8];
    for (index, effect) in (0u16..).zip(&decision.effects) {
        let fate = fates.get(&(turn, index)).cloned();
        match effect {
            Effect::Reply(reply) => lines.push(Line {
                kind: if by_agent.is_some() { "agent" } else { "bot" },
                author: by_agent
                    .clone()
                    .unwrap_or_else(|| if is_plugins { entry.bot.clone() } else { "Turnwise".into() }),
                text: reply.text.clone(),
                at,
                media: reply.media.iter().map(|media| media.url.clone()).collect(),
                choices: reply.choices.iter().map(|choice| choice.title.clone()).collect(),
                fate,
                ..Line::empty()
            }),
            Effect::SendCampaign(campaign) => {
                lines.push(Line { fate, ..system(format!("Campaign {} was triggered", campaign.name), at) });
            }
            Effect::SendCanvas(canvas) => {
                lines.push(Line { fate, ..system(format!("Entered the Canvas {}", canvas.name), at) });
            }
            Effect::Note(text) => {
                lines.push(Line { kind: "note", author: entry.bot.clone(), text: text.clone(), at, ..Line::empty() });
            }
            Effect::Handoff(handoff) => {
                lines.push(system(format!("Asked for a person: {}", handoff.reason), at));
                // It is said where somebody is there to come.
                let notice = handoff.notice.clone().filter(|_| fate.is_some());
                lines.extend(notice.map(|text| Line {
                    kind: "bot",
                    author: "Turnwise".into(),
                    text,
                    at,
                    fate,
                    ..Line::empty()
                }));
            }
            Effect::SwitchBot(to) => lines.push(system(format!("Passed to {}", to.name), at)),
            Effect::EndSession(outcome) => lines.push(system(format!("The session ended: {outcome}"), at)),
            _ => {}
        }
    }
}

fn of_desk(lines: &mut Vec<Line>, act: &DeskAct, outcome: &Outcome, at: Timestamp) {
    let who = act.by.called();
    if let Outcome::Failed { reason, .. } = outcome {
        lines.push(system(format!("{who} could not {}: {reason}", act.act.kind()), at));
        return;
    }
    let text = match &act.act {
        Act::Reply { .. } | Act::Campaign { .. } => return,
        Act::Note { text } => {
            lines.push(Line { kind: "note", author: who.into(), text: text.clone(), at, ..Line::empty() });
            return;
        }
        Act::Accept => format!("{who} accepted"),
        Act::TakeOver => format!("{who} took over"),
        Act::Assign { agent: Some(agent), .. } => format!("{who} assigned it to {}", agent.called()),
        Act::Assign { agent: None, team } => format!("{who} offered it to {}", team.as_deref().unwrap_or("everybody")),
        Act::Park { .. } => format!("{who} put it aside"),
        Act::Return { note } => with_note(format!("{who} gave it back to the bot"), note.as_deref()),
        Act::Resolve { note } => with_note(format!("{who} resolved it"), note.as_deref()),
        Act::Decline { reason } => format!("{who} declined: {reason}"),
        Act::NotDelivered { reason, ambiguous: true, .. } => format!("Perhaps not delivered: {reason}"),
        Act::NotDelivered { reason, .. } => format!("Not delivered: {reason}"),
        Act::Unreachable { reason, .. } => format!("The desk could not be told: {reason}"),
        Act::Expire => "Nobody took it in time".into(),
        Act::Resume => "It is offered again".into(),
        Act::Close => "It was closed, because nobody wrote any more".into(),
        Act::Opened { .. } => return,
    };
    lines.push(system(text, at));
}

fn with_note(text: String, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("{text}: {note}"),
        None => text,
    }
}

fn said(message: &Message) -> Line {
    let text = match (&message.flow_response, message.text.is_empty()) {
        (Some(answer), true) => format!("Answered a form: {answer}"),
        _ => message.text.clone(),
    };
    let media = message.media.iter().map(|media| media.url.clone()).collect();
    Line { kind: "user", text, at: message.received, media, ..Line::empty() }
}

fn system(text: String, at: Timestamp) -> Line {
    Line { text, at, ..Line::empty() }
}

fn fate(row: &OutboxRow) -> Option<((u32, u16), Said)> {
    let (turn, index, status) = match row {
        OutboxRow::Waiting(row) => (row.entry.turn, row.entry.index, &row.status),
        OutboxRow::Settled(fate) => (fate.turn, fate.index, &fate.status),
    };
    let said = match status {
        Status::Ready | Status::Sending { .. } => ("", "sending".to_owned()),
        Status::RetryAt { reason, .. } => ("warn", format!("will be tried again: {reason}")),
        Status::Unknown { reason, .. } => ("warn", format!("perhaps sent: {reason}")),
        Status::Sent { .. } => ("ok", "sent".to_owned()),
        Status::Dead { reason, .. } => ("bad", format!("not sent: {reason}")),
    };
    Some(((turn, index), said))
}

impl Line {
    fn empty() -> Self {
        Self {
            kind: "system",
            author: String::new(),
            text: String::new(),
            at: Timestamp::default(),
            media: Vec::new(),
            choices: Vec::new(),
            fate: None,
            turn: 0,
            place: 0,
        }
    }
}
