//! A bot's state over time: as it is read by people, and what a turn changed in it.

use crate::limits::{STATE_LINE_CHARS_SHOWN, STATE_LINES_COMPARED_MAX, STATE_LINES_SHOWN};

/// A line of a comparison: `-` was there, `+` is there now, ` ` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub sign: char,
    pub text: String,
}

/// JSON with a line for each value; whatever else it is, as it is.
pub(super) fn pretty(text: &str) -> String {
    let json: Result<serde_json::Value, _> = serde_json::from_str(text);
    json.ok().and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or_else(|| text.to_owned())
}

/// The lines that differ, and of those that stay the ones beside them. Empty where nothing differs.
pub(super) fn compare(before: Option<&str>, after: Option<&str>) -> Vec<Compared> {
    let (before, after) = (before.map(pretty).unwrap_or_default(), after.map(pretty).unwrap_or_default());
    if before == after {
        return Vec::new();
    }
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (rest_before, rest_after) = (&before[same..], &after[same..]);
    let end = rest_before.iter().rev().zip(rest_after.iter().rev()).take_while(|(one, other)| one == other).count();
    let middle = differing(&rest_before[..rest_before.len() - end], &rest_after[..rest_after.len() - end]);
    let line = |sign, text: &&str| Compared { sign, text: (*text).to_owned() };
    let head = before[..same].last().map(|text| line(' ', text));
    let tail = rest_before[rest_before.len() - end..].first().map(|text| line(' ', text));
    let lines = head.into_iter().chain(middle).chain(tail);
    // A text in a state is one line, however long.
    let shown = |line: Compared| Compared { text: line.text.chars().take(STATE_LINE_CHARS_SHOWN).collect(), ..line };
    let mut lines: Vec<_> = lines.take(STATE_LINES_SHOWN + 1).map(shown).collect();
    if lines.len() > STATE_LINES_SHOWN {
        lines.truncate(STATE_LINES_SHOWN);
        lines.push(Compared { sign: ' ', text: "… and more".to_owned() });
    }
    lines
}

/// By the longest common lines; where there are too many to compare, all of one and all of the other.
fn differing(before: &[&str], after: &[&str]) -> Vec<Compared> {
    let line = |sign, text: &str| Compared { sign, text: text.to_owned() };
    if before.len().max(after.len()) > STATE_LINES_COMPARED_MAX {
        let gone = before.iter().map(|text| line('-', text));
        return gone.chain(after.iter().map(|text| line('+', text))).collect();
    }
    // In each place, how many lines are common from there on.
    let mut common = vec![vec![0_u16; after.len() + 1]; before.len() + 1];
    for (at, was) in before.iter().enumerate().rev() {
        for (place, is) in after.iter().enumerate().rev() {
            common[at][place] = match was == is {
                true => common[at + 1][place + 1] + 1,
                false => common[at + 1][place].max(common[at][place + 1]),
            };
        }
    }
    let (mut lines, mut at, mut place) = (Vec::new(), 0, 0);
    while at < before.len() || place < after.len() {
        if at < before.len() && place < after.len() && before[at] == after[place] {
            lines.push(line(' ', before[at]));
            (at, place) = (at + 1, place + 1);
        } else if at < before.len() && (place == after.len() || common[at + 1][place] >= common[at][place + 1]) {
            lines.push(line('-', before[at]));
            at += 1;
        } else {
            lines.push(line('+', after[place]));
            place += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(before: Option<&str>, after: Option<&str>) -> String {
        compare(before, after).into_iter().map(|line| format!("{}{}\n", line.sign, line.text.trim())).collect()
    }

    #[test]
    fn what_changed_is_shown_with_what_is_beside_it() {
        let (before, after) = (r#"{"a":1,"b":2,"c":[1,2],"d":4}"#, r#"{"a":1,"b":3,"c":[1,2],"d":4}"#);
        assert_eq!(text(Some(before), Some(after)), " \"a\": 1,\n-\"b\": 2,\n+\"b\": 3,\n \"c\": [\n");
        assert_eq!(text(Some(before), Some(r#"{"a":1, "b":2,"c":[1,2],"d":4}"#)), "", "spelled otherwise is the same");
        assert_eq!(text(None, Some("\"menu\"")), "+\"menu\"\n");
        assert_eq!(text(Some("not json"), None), "-not json\n");
    }

    #[test]
    fn too_much_to_compare_is_shown_as_far_as_it_goes() {
        let many = |from: usize| serde_json::json!((from..from + 5_000).collect::<Vec<_>>()).to_string();
        let lines = compare(Some(&many(0)), Some(&many(10_000)));
        assert_eq!(lines.len(), STATE_LINES_SHOWN + 1);
    }
}
