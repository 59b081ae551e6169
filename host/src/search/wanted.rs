//! What somebody looks for, read from what they typed. Nothing in it is syntax but quotes: it is words, and quoted words stand together.

use std::ops::Range;

use super::words::words;
use crate::limits::{SEARCH_PREFIX_CHARS_MIN, SEARCH_QUERY_CHARS_MAX, SEARCH_QUERY_WORDS_MAX};

/// Why nothing can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    #[error("there is no word in it: write a word, or several; \"in quotes\" they stand together")]
    NoWords,
    #[error("it is longer than {SEARCH_QUERY_CHARS_MAX} characters")]
    TooLong,
    #[error("it has more than {SEARCH_QUERY_WORDS_MAX} words")]
    TooManyWords,
}

/// Words that all have to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub(super) parts: Vec<Part>,
}

/// Words that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// At least one.
    pub words: Vec<String>,
    /// The last one may go on: somebody is still typing.
    pub open: bool,
}

impl Wanted {
    /// Reads what was typed.
    pub fn read(typed: &str) -> Result<Self, BadQuery> {
        if typed.len() > SEARCH_QUERY_CHARS_MAX * 4 || typed.chars().count() > SEARCH_QUERY_CHARS_MAX {
            return Err(BadQuery::TooLong);
        }
        let mut parts = Vec::new();
        let pieces: Vec<&str> = typed.split(['"', '“', '”', '„']).collect();
        for (place, piece) in pieces.iter().enumerate() {
            let (quoted, last) = (place % 2 == 1, place + 1 == pieces.len());
            if quoted {
                parts.extend(Part::of(piece, last));
            } else {
                let mut chunks = piece.split_whitespace().peekable();
                while let Some(chunk) = chunks.next() {
                    parts.extend(Part::of(chunk, last && chunks.peek().is_none()));
                }
            }
        }
        match parts.iter().map(|part| part.words.len()).sum() {
            0 => Err(BadQuery::NoWords),
            1..=SEARCH_QUERY_WORDS_MAX => Ok(Self { parts }),
            _ => Err(BadQuery::TooManyWords),
        }
    }

    /// Where in a line the words are, in order.
    #[must_use]
    pub fn marks(&self, line: &str) -> Vec<Range<usize>> {
        words(line).into_iter().filter(|(word, _)| self.has(word)).map(|(_, range)| range).collect()
    }

    fn has(&self, word: &str) -> bool {
        self.parts.iter().any(|part| {
            let is_last = |place| place + 1 == part.words.len();
            let places = part.words.iter().enumerate();
            places.into_iter().any(|(place, wanted)| match is_last(place) && part.open {
                true => word.starts_with(wanted.as_str()),
                false => word == wanted,
            })
        })
    }
}

impl Part {
    fn of(text: &str, last: bool) -> Option<Self> {
        let words: Vec<String> = words(text).into_iter().map(|(word, _)| word).collect();
        let end = words.last()?;
        let open = last && end.chars().count() >= SEARCH_PREFIX_CHARS_MIN;
        Some(Self { words, open })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(typed: &str) -> Vec<(String, bool)> {
        Wanted::read(typed).expect("words").parts.into_iter().map(|part| (part.words.join(" "), part.open)).collect()
    }

    fn part(words: &str, open: bool) -> (String, bool) {
        (words.into(), open)
    }

    #[test]
    fn words_phrases_and_the_one_being_typed() {
        assert_eq!(parts("Late  ORDER"), [part("late", false), part("order", true)]);
        assert_eq!(parts("\"late order\" x"), [part("late order", false), part("x", false)]);
        assert_eq!(parts("“late order”"), [part("late order", false)]);
        assert_eq!(parts("\"late ord"), [part("late ord", true)]);
        assert_eq!(parts("ada@example.com"), [part("ada example com", true)]);
    }

    #[test]
    fn what_would_be_syntax_elsewhere_is_nothing_here() {
        assert_eq!(
            parts("NOT (user:ada OR *) AND -x^2~"),
            ["not", "user ada", "or", "and", "x 2"].map(|w| part(w, false))
        );
        for silly in ["", "  ", "\"\"", "((((", "+-&&||!(){}[]^\"~*?:\\/", "👍", &"(".repeat(200)] {
            assert_eq!(Wanted::read(silly), Err(BadQuery::NoWords), "{silly}");
        }
        assert_eq!(Wanted::read(&"x".repeat(10_000)), Err(BadQuery::TooLong));
        assert_eq!(Wanted::read(&"x ".repeat(100)), Err(BadQuery::TooManyWords));
        assert_eq!(Wanted::read(&"\"x".repeat(100)), Err(BadQuery::TooManyWords));
    }

    #[test]
    fn marks_are_the_words_as_they_were_written() {
        let line = "My Café order, ordered <b>late</b>";
        let marked = |typed: &str| -> Vec<&str> {
            Wanted::read(typed).expect("words").marks(line).into_iter().map(|range| &line[range]).collect()
        };
        assert_eq!(marked("cafe ord"), ["Café", "order", "ordered"]);
        assert_eq!(marked("order late"), ["order", "late"]);
        assert!(marked("nothing").is_empty());
    }
}
