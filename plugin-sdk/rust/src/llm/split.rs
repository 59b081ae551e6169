//! Long answers as several messages.

/// Where a text is best divided, best first: between paragraphs, lines, sentences, words.
const SEAMS: [&[&str]; 4] = [&["\n\n"], &["\n"], &[". ", "! ", "? ", "。", "！", "？"], &[" "]];
const ELLIPSIS: &str = " …";

/// A text in at most so many parts of at most so many characters each (WhatsApp takes 4096), divided where it reads well.
/// What does not fit the last part is left out, which an ellipsis says. No part is empty; of an empty text there is none.
#[must_use]
pub fn split(text: &str, chars_max: usize, parts_max: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && parts.len() < parts_max {
        if rest.chars().count() <= chars_max {
            parts.push(rest.to_owned());
            break;
        }
        let is_last = parts.len() + 1 == parts_max;
        let room = if is_last { chars_max.saturating_sub(ELLIPSIS.chars().count()) } else { chars_max };
        let (part, after) = rest.split_at(seam(rest, room));
        parts.push(if is_last { format!("{}{ELLIPSIS}", part.trim_end()) } else { part.trim_end().to_owned() });
        rest = after.trim_start();
    }
    parts
}

/// The byte at which the first part ends: at most `chars` characters, and not under half of that for a better seam.
fn seam(text: &str, chars: usize) -> usize {
    let byte_of = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte);
    let (end, half) = (byte_of(chars), byte_of(chars / 2));
    let best = |seams: &&[&str]| {
        seams.iter().filter_map(|seam| text[..end].rfind(seam).map(|at| at + seam.len())).max().filter(|at| *at > half)
    };
    // Never zero, even where there is no room at all: what is left has to become shorter.
    SEAMS.iter().find_map(best).unwrap_or(end).max(text.chars().next().map_or(0, char::len_utf8))
}
