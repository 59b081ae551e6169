use serde_json::json;

use super::*;

#[test]
fn a_pattern_is_met_by_what_it_stands_for_and_by_nothing_else() {
    let cases = [
        ("order {number} is {here|there}.", "order 7 is there.", true),
        ("order {number} is {here|there}.", "order 7 is nowhere.", false),
        ("{...}", "", true),
        ("{...}", "anything\nat all", true),
        ("a{...}c", "abcabc", true),
        ("a{...}c", "abcabd", false),
        ("{word} {word}", "zwei Wörter", true),
        ("{word}", "two words", false),
        ("{word}", "", false),
        ("{number}", "-1,234.5", true),
        ("{number}", "1-2", false),
        ("{number}", "1.", false),
        ("{number}.", "1.", true),
        ("{number}{number}", "12", true),
        ("{a|ab}c", "abc", true),
        ("{unknown} {\"a\":\"b|c\"}", "{unknown} {\"a\":\"b|c\"}", true),
        ("{a|b}", "{a|b}", true),
        ("{", "{", true),
    ];
    for (pattern, text, met) in cases {
        assert_eq!(Pattern::of(pattern).meets(text), met, "{pattern} {text}");
    }
}

#[test]
fn many_gaps_in_a_long_text_take_no_time() {
    let pattern = Pattern::of(&"{...}{word}a".repeat(50));
    assert!(!pattern.meets(&"a ".repeat(2000)));
    assert!(pattern.meets(&"ba".repeat(200)));
}

#[test]
fn json_is_compared_by_what_it_means() {
    let actual = json!({ "id": 7, "name": "Sam", "tags": ["a", "b"], "inner": { "x": 1, "y": 2 } });
    let met = |expected: Value, part| json_meets(&actual, &expected, part);
    assert!(met(json!({ "id": "{number}", "inner": { "y": 2 } }), true));
    assert!(met(json!({ "tags": ["{...}", "b"], "name": "S{...}" }), true));
    assert!(!met(json!({ "tags": ["a"] }), true));
    assert!(!met(json!({ "missing": "{...}" }), true));
    assert!(!met(json!({ "id": 7 }), false));
    assert!(met(actual.clone(), false));
}
