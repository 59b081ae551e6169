//! What counts as a word, in any language: in messages, in names, and in what somebody looks for.
//!
//! Words are runs of letters and digits in lower case, without accents (`Café` is `cafe`). Scripts that put no spaces between words
//! are taken letter by letter, so that any part of a sentence is found as a phrase.

use std::ops::Range;

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::limits::SEARCH_WORD_CHARS_MAX;

/// The analyzer's name is part of the index's own description: raise its number with any change here, and old indexes are made anew.
pub(super) const ANALYZER: &str = "words-1";

/// Text as words.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(Words::default()).filter(AsciiFoldingFilter).build()
}

/// The words of a text with their places in it.
pub(super) fn words(text: &str) -> Vec<(String, Range<usize>)> {
    let mut analyzer = analyzer();
    let mut stream = analyzer.token_stream(text);
    let mut words = Vec::new();
    stream.process(&mut |token| words.push((token.text.clone(), token.offset_from..token.offset_to)));
    words
}

#[derive(Clone, Default)]
pub(super) struct Words {
    token: Token,
}

pub(super) struct WordStream<'a> {
    text: &'a str,
    /// Everything before was looked at.
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { text, at: 0, token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(range) = next_word(self.text, self.at) else { return false };
        self.at = range.end;
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.offset_from, self.token.offset_to) = (range.start, range.end);
        self.token.text.clear();
        let plain = self.text[range].nfkd().filter(|c| !is_accent(*c)).flat_map(char::to_lowercase);
        // Lower case may bring an accent of its own: the Turkish capital I with a dot does.
        self.token.text.extend(plain.filter(|c| !is_accent(*c)).take(SEARCH_WORD_CHARS_MAX));
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn next_word(text: &str, from: usize) -> Option<Range<usize>> {
    let (start, first) = text[from..].char_indices().find(|(_, c)| c.is_alphanumeric())?;
    let start = from + start;
    let behind = start + first.len_utf8();
    let ends = |c: &char| match stands_alone(first) {
        true => !is_accent(*c),
        false => !is_accent(*c) && (!c.is_alphanumeric() || stands_alone(*c)),
    };
    let end = text[behind..].char_indices().find(|(_, c)| ends(c)).map_or(text.len(), |(end, _)| behind + end);
    Some(start..end)
}

fn is_accent(c: char) -> bool {
    canonical_combining_class(c) != 0
}

/// Of a script without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Chinese characters.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn case_and_accents_make_no_difference() {
        for text in ["Café", "cafe\u{301}", "CAFE", "ＣＡＦＥ"] {
            assert_eq!(plain(text), ["cafe"], "{text}");
        }
        assert_eq!(plain("Straße, İzmir! Ærø łódź"), ["strasse", "izmir", "aero", "lodz"]);
        assert_eq!(plain("Ἀθῆναι"), plain("αθηναι"));
    }

    #[test]
    fn every_script_has_words() {
        assert_eq!(plain("東京タワー 2024"), ["東", "京", "タ", "ワ", "ー", "2024"]);
        assert_eq!(plain("नमस्ते दुनिया").len(), 2);
        assert_eq!(plain("👍 -- ¿?"), Vec::<String>::new());
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was_written() {
        let text = "Olá, ÉCOLE e\u{301}te\u{301}!";
        let found: Vec<_> = words(text).into_iter().map(|(_, range)| &text[range]).collect();
        assert_eq!(found, ["Olá", "ÉCOLE", "e\u{301}te\u{301}"]);
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let found = words(&"x".repeat(100_000));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0.len(), SEARCH_WORD_CHARS_MAX);
    }
}
