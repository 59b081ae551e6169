use serde_json::json;

use super::*;

#[test]
fn text_keeps_its_lines_and_loses_control_characters_and_liquid() {
    let cases = [
        ("Hello\n\tWorld", "Hello\n\tWorld"),
        ("a\r\nb\0c\u{7f}d\u{85}e\u{1b}[1m", "a\nbcde[1m"),
        ("{{${user_id}}}", "{ {${user_id}}}"),
        ("{% abort_message %}", "{ % abort_message %}"),
        ("{{{x}}}", "{ { {x}}}"),
        ("{\0{x}}", "{ {x}}"),
        ("{ {x}} {a} 5 %", "{ {x}} {a} 5 %"),
        ("Grüße \u{1f44b}", "Grüße \u{1f44b}"),
    ];
    for (text, expected) in cases {
        assert_eq!(sanitised(text), expected, "{text:?}");
        assert_eq!(sanitised(expected), expected, "once is enough: {text:?}");
    }
    let nested = json!({ "{{a}}": ["{%b%}", 1, null, { "c": "\0d" }] });
    assert_eq!(sanitised_json(nested), json!({ "{ {a}}": ["{ %b%}", 1, null, { "c": "d" }] }));
}

#[test]
fn choices_become_numbered_lines() {
    let choice = |title: &str, description: Option<&str>| Choice {
        id: title.to_lowercase(),
        title: title.into(),
        description: description.map(Into::into),
    };
    let choices = [choice("Orders", Some("Where is it?")), choice("Returns", None), choice("Agent", Some(""))];
    assert_eq!(
        with_numbered_choices("What can I do?", &choices),
        "What can I do?\n\n1. Orders — Where is it?\n2. Returns\n3. Agent"
    );
}
