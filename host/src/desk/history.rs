//! What was said before people were asked for, from the journal.

use crate::conversation::desk::Act;
use crate::conversation::{Author, Decision, Effect, Event, JournalEntry, Message, Outcome, TranscriptLine};
use crate::limits::{DESK_HISTORY_BYTES_MAX, DESK_HISTORY_LINES_MAX};

/// The newest lines of these turns, oldest first. `turns` are newest first, as the journal gives them.
pub(super) fn lines<'a>(turns: impl IntoIterator<Item = &'a JournalEntry>) -> Vec<TranscriptLine> {
    let mut newest_first = Vec::new();
    let mut bytes = 0;
    for entry in turns {
        for line in of_turn(entry).into_iter().rev() {
            bytes += line.text.len();
            if bytes > DESK_HISTORY_BYTES_MAX || newest_first.len() >= DESK_HISTORY_LINES_MAX {
                newest_first.reverse();
                return newest_first;
            }
            newest_first.push(line);
        }
    }
    newest_first.reverse();
    newest_first
}

fn of_turn(entry: &JournalEntry) -> Vec<TranscriptLine> {
    let line = |author, text: &str| TranscriptLine { at: entry.context.now, author, text: text.to_owned() };
    let said = |message: &Message| {
        let media = message.media.iter().map(|media| media.url.as_str());
        let parts = std::iter::once(message.text.as_str()).chain(media).filter(|part| !part.is_empty());
        line(Author::User, &parts.collect::<Vec<_>>().join("\n"))
    };
    let mut lines: Vec<TranscriptLine> = match &entry.event {
        Event::Message(message) => vec![said(message)],
        Event::Burst(messages) => messages.iter().map(said).collect(),
        _ => Vec::new(),
    };
    let author = match &entry.event {
        Event::Desk(act) if matches!(act.act, Act::Reply { .. }) => Author::Agent,
        _ => Author::Bot,
    };
    if let Outcome::Decided(Decision { effects, .. }) = &entry.outcome {
        let replies = effects.iter().filter_map(|effect| match effect {
            Effect::Reply(reply) => Some(line(author, &reply.text)),
            Effect::Handoff(handoff) => handoff.notice.as_deref().map(|notice| line(author, notice)),
            _ => None,
        });
        lines.extend(replies);
    }
    lines.retain(|line| !line.text.trim().is_empty());
    lines
}
