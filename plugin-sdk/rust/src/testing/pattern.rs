//! What stands for more than one text, where a transcript says what is expected.
//!
//! ```text
//! {...}      anything, nothing too
//! {word}     one or more characters, none of them a space
//! {number}   digits, with a `-` before and a `.` or `,` inside if need be
//! {yes|no}   one of these, as they stand
//! ```

use serde_json::Value;

/// Literal text with what may stand in its gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Anything,
    Word,
    Number,
    OneOf(Vec<String>),
}

impl Pattern {
    /// Of a text in which a backslash means nothing, such as the end of a `!` line.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            pattern.push_text(before);
            let inside = from[1..].find('}').map(|end| &from[1..=end]);
            match inside.filter(|inside| pattern.push_wildcard(inside)) {
                Some(inside) => rest = &from[inside.len() + 2..],
                None => {
                    pattern.push_text("{");
                    rest = &from[1..];
                }
            }
        }
        pattern.push_text(rest);
        pattern
    }

    pub(super) fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }

    /// What stands between braces; false, and nothing done, where that is no wildcard.
    pub(super) fn push_wildcard(&mut self, inside: &str) -> bool {
        self.0.push(match inside {
            "..." => Part::Anything,
            "word" => Part::Word,
            "number" => Part::Number,
            // A JSON object may well hold a `|`.
            _ if inside.contains('|') && !inside.contains(['"', '{']) => {
                // What is written is always met by itself, so that what a bot did can be written down as it is.
                let itself = format!("{{{inside}}}");
                Part::OneOf(inside.split('|').map(str::to_owned).chain([itself]).collect())
            }
            _ => return false,
        });
        true
    }

    pub(super) fn trim_end(&mut self) {
        if let Some(Part::Text(last)) = self.0.last_mut() {
            last.truncate(last.trim_end().len());
            if last.is_empty() {
                self.0.pop();
            }
        }
    }

    /// Whether it is one wildcard and nothing else.
    fn is_wildcard(&self) -> bool {
        matches!(self.0[..], [Part::Anything | Part::Word | Part::Number | Part::OneOf(_)])
    }

    /// Whether the whole text is one of those it stands for.
    #[must_use]
    pub fn meets(&self, text: &str) -> bool {
        self.ends(text).last() == Some(&text.len())
    }

    /// Whether a text is met up to its end, a space or a line break (`\n`, written out).
    pub(super) fn meets_beginning(&self, text: &str) -> bool {
        self.ends(text).into_iter().any(|end| {
            let rest = &text[end..];
            rest.is_empty() || rest.starts_with(' ') || rest.starts_with("\\n")
        })
    }

    /// Where in the text it can end, ascending. All places are followed at once, so that no pattern takes long.
    fn ends(&self, text: &str) -> Vec<usize> {
        let mut places = vec![0];
        for part in &self.0 {
            let Some(&first) = places.first() else { break };
            places = match part {
                Part::Text(expected) => {
                    let after = |place: usize| text[place..].starts_with(expected).then(|| place + expected.len());
                    places.into_iter().filter_map(after).collect()
                }
                Part::Anything => boundaries(text, first).collect(),
                Part::Word => runs(text, &places, |char| !char.is_whitespace()),
                Part::Number => {
                    let part = |char: char| char.is_ascii_digit() || matches!(char, '-' | '.' | ',');
                    let mut ends = Vec::new();
                    for place in places {
                        let run = runs(text, &[place], part);
                        ends.extend(run.into_iter().filter(|end| is_number(&text[place..*end])));
                    }
                    ends
                }
                Part::OneOf(texts) => {
                    let after = |place: usize| {
                        texts
                            .iter()
                            .filter(move |one| text[place..].starts_with(*one))
                            .map(move |one| place + one.len())
                    };
                    places.iter().flat_map(|place| after(*place)).collect()
                }
            };
            places.sort_unstable();
            places.dedup();
        }
        places
    }
}

/// Every place between two characters from here to the end.
fn boundaries(text: &str, from: usize) -> impl Iterator<Item = usize> {
    (from..=text.len()).filter(|place| text.is_char_boundary(*place))
}

/// Every end of one or more such characters that follow a place.
fn runs(text: &str, places: &[usize], part: impl Fn(char) -> bool) -> Vec<usize> {
    let mut ends = Vec::new();
    for place in places {
        // What began before and goes on past this place has its ends already.
        if ends.last().is_some_and(|end| end > place) && text[..*place].chars().next_back().is_some_and(&part) {
            continue;
        }
        let run = text[*place..].char_indices().take_while(|(_, char)| part(*char));
        ends.extend(run.map(|(at, char)| place + at + char.len_utf8()));
    }
    ends
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_digit = |char: Option<char>| char.is_some_and(|char| char.is_ascii_digit());
    !digits.contains('-') && is_digit(digits.chars().next()) && is_digit(digits.chars().next_back())
}

/// Whether a JSON value is as expected, whose texts may be patterns; a text that is one wildcard stands for other values too.
/// Of an object in `part` only what is written has to be there.
#[must_use]
pub fn json_meets(actual: &Value, expected: &Value, part: bool) -> bool {
    match (actual, expected) {
        (Value::String(actual), Value::String(expected)) => Pattern::of(expected).meets(actual),
        (_, Value::String(expected)) => {
            let pattern = Pattern::of(expected);
            pattern.is_wildcard() && pattern.meets(&actual.to_string())
        }
        (Value::Object(actual), Value::Object(expected)) => {
            (part || actual.len() == expected.len())
                && expected
                    .iter()
                    .all(|(name, expected)| actual.get(name).is_some_and(|actual| json_meets(actual, expected, part)))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(actual, expected)| json_meets(actual, expected, part))
        }
        _ => actual == expected,
    }
}

#[cfg(test)]
mod tests;
