//! What was found in messages: the lines that have the words, with the words marked.

use super::{Asked, Shown};
use crate::clock::Timestamp;
use crate::console::Console;
use crate::conversation::ConversationId;
use crate::limits::{CONVERSATIONS_SHOWN, HIT_CHARS_BEFORE, HIT_CHARS_MAX};
use crate::search::{self, Hit, MessageFilter, SearchError, Speaker, Wanted};

/// A turn in which it was said.
pub(super) struct HitShown {
    pub conversation: ConversationId,
    pub turn: u32,
    pub at: Timestamp,
    pub name: String,
    pub bot: String,
    pub lines: Vec<LineShown>,
}

/// A line of it.
pub(super) struct LineShown {
    /// The bubble's class.
    pub kind: &'static str,
    /// The text in pieces, each with whether it is what was looked for.
    pub pieces: Vec<(bool, String)>,
}

pub(super) async fn found(console: &Console, asked: &Asked) -> Result<Shown, SearchError> {
    let wanted = asked.wanted()?;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = MessageFilter { conversation: None, bot: some(&asked.bot), source: some(&asked.source) };
    let page = console.search.messages(&wanted, &filter, asked.cursor(), CONVERSATIONS_SHOWN).await?;
    let hits = page.rows.iter().map(|hit| shown(&wanted, hit)).collect();
    Ok(Shown { hits, total: page.total, next: page.next, ..Shown::default() })
}

fn shown(wanted: &Wanted, hit: &Hit) -> HitShown {
    let lines = search::lines(&hit.entry).into_iter().filter_map(|line| {
        let pieces = pieces(wanted, line.text)?;
        let kind = match line.speaker {
            Speaker::User => "user",
            Speaker::Bot => "bot",
            Speaker::Agent => "agent",
            Speaker::Note => "note",
        };
        Some(LineShown { kind, pieces })
    });
    HitShown {
        conversation: hit.conversation,
        turn: hit.turn,
        at: hit.entry.context.now,
        name: super::list::name(&hit.entry.context.user),
        bot: hit.entry.bot.clone(),
        lines: lines.collect(),
    }
}

/// What is around the first words that were looked for; none where none of them is there.
fn pieces(wanted: &Wanted, text: &str) -> Option<Vec<(bool, String)>> {
    let marks = wanted.marks(text);
    let first = marks.first()?.start;
    let start = text[..first].char_indices().rev().nth(HIT_CHARS_BEFORE).map_or(0, |(at, _)| at);
    let end = text[start..].char_indices().nth(HIT_CHARS_MAX).map_or(text.len(), |(at, _)| start + at);
    let mut pieces = Vec::new();
    let mut push = |is_marked, piece: &str| {
        if !piece.is_empty() {
            pieces.push((is_marked, piece.to_owned()));
        }
    };
    push(false, if start > 0 { "…" } else { "" });
    let mut at = start;
    for mark in marks.into_iter().filter(|mark| mark.end <= end) {
        push(false, &text[at..mark.start]);
        push(true, &text[mark.clone()]);
        at = mark.end;
    }
    push(false, &text[at..end]);
    push(false, if end < text.len() { "…" } else { "" });
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_its_first_mark() {
        let wanted = Wanted::read("café late").expect("words");
        let marked = |text: &str| {
            let pieces = pieces(&wanted, text).expect("it is there");
            pieces.iter().map(|(mark, text)| if *mark { format!("[{text}]") } else { text.clone() }).collect::<String>()
        };
        assert_eq!(marked("The CAFÉ is <b>late</b>"), "The [CAFÉ] is <b>[late]</b>");
        let long = format!("{} café {}", "é".repeat(1_000), "x ".repeat(1_000));
        let shown = marked(&long);
        assert!(shown.starts_with("…é") && shown.contains("é [café] x") && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() <= HIT_CHARS_MAX + 4, "{shown}");
        assert!(pieces(&wanted, "nothing of it").is_none());
    }
}
