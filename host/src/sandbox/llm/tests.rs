//! The script and what it refuses, without HTTP.

use serde_json::{Value, json};

use super::chat::Chat;
use super::script::{Said, answer};

fn tools() -> Value {
    let tool = |name: &str, parameters: Value| json!({"type": "function", "function": {"name": name, "parameters": parameters}});
    let names = json!({"properties": {"name": {"enum": ["interest"]}}});
    json!([tool("lookup_order", json!({})), tool("set_attribute", names), tool("hand_over", json!({}))])
}

fn chat(messages: Value) -> Chat {
    Chat::read(&json!({"model": "m", "messages": messages, "tools": tools()})).expect("the request is in order")
}

fn said_to(text: &str) -> Said {
    answer(&chat(json!([{"role": "system", "content": "You are kind."}, {"role": "user", "content": text}])))
}

fn words_to(text: &str) -> String {
    match said_to(text) {
        Said::Words(words) => words,
        other => panic!("{text}: {other:?}"),
    }
}

fn calls_to(text: &str) -> Vec<(String, String)> {
    match said_to(text) {
        Said::Calls(calls) => calls,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn it_understands_a_little() {
    for (text, expected) in [
        ("Hello!", "Hello! I'm a scripted"),
        ("hello, where is my parcel?", "What's its number?"),
        ("thanks", "You're welcome"),
        ("what can you do?", "chaos KIND"),
        ("colourless green ideas", "“colourless green ideas”"),
        ("debug", "System prompt: “You are kind.”"),
        ("chaos breakfast", "What chaos?"),
    ] {
        let words = words_to(text);
        assert!(words.contains(expected), "{text}: {words}");
    }
    assert!(words_to("tell me a long story").chars().count() > 4_096, "it does not fit one message");
}

#[test]
fn it_calls_tools() {
    let call = |name: &str, arguments: &str| (name.to_owned(), arguments.to_owned());
    let numbers = "Where are a12345, A-12345 and 20000001?";
    let lookups = [call("lookup_order", r#"{"number":"A-12345"}"#), call("lookup_order", r#"{"number":"20000001"}"#)];
    assert_eq!(calls_to(numbers), lookups);
    let interest = [call("set_attribute", r#"{"name":"interest","value":"green tea"}"#)];
    assert_eq!(calls_to("Well, I like green tea. And you?"), interest);
    assert_eq!(calls_to("a human, please")[0].0, "hand_over");
    assert_eq!(calls_to("bad call"), [call("lookup_order", r#"{"number":"#)]);
    assert_eq!(said_to("please filter this"), Said::HeldBack);
    assert!(matches!(said_to("please refuse"), Said::Refusal(_)));
}

#[test]
fn it_words_what_tools_return() {
    let after = |tool: &str, result: &str| {
        let call = json!({"id": "c", "type": "function", "function": {"name": tool, "arguments": "{}"}});
        answer(&chat(json!([
            {"role": "user", "content": "A-12345"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": result},
        ])))
    };
    let order = r#"{"number":"A-12345","status":"on its way","expected":"2026-01-06","carrier":"DHL"}"#;
    let words = "Good news about A-12345: it's on its way with DHL. It should arrive on 2026-01-06.";
    assert_eq!(after("lookup_order", order), Said::Words(words.to_owned()));
    let unknown = r#"{"error":"there is no order with this number"}"#;
    assert_eq!(
        after("lookup_order", unknown),
        Said::Words("I tried, but there is no order with this number.".to_owned())
    );
}

#[test]
fn messages_in_a_row_are_one_question() {
    let said = answer(&chat(json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "[from the user's profile: {}]"},
        {"role": "user", "content": "my order"},
        {"role": "user", "content": "A-12345"},
    ])));
    assert_eq!(said, Said::Calls(vec![("lookup_order".to_owned(), r#"{"number":"A-12345"}"#.to_owned())]));
}

#[test]
fn without_tools_it_only_talks() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "A-12345 or a human"}]});
    assert!(matches!(answer(&Chat::read(&body).expect("it is in order")), Said::Words(_)));
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "A-12345"}], "tools": tools()});
    body["tool_choice"] = "none".into();
    assert!(matches!(answer(&Chat::read(&body).expect("it is in order")), Said::Words(_)));
}

#[test]
fn what_the_real_one_refuses_is_refused() {
    let user = json!({"role": "user", "content": "hi"});
    let call = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}},
    ]});
    let result = json!({"role": "tool", "tool_call_id": "c", "content": "{}"});
    for (body, expected) in [
        (json!([]), "has to be an object"),
        (json!({"messages": [user]}), "model parameter"),
        (json!({"model": "no-such-model", "messages": [user]}), "does not exist"),
        (json!({"model": "m"}), "'messages'"),
        (json!({"model": "m", "messages": []}), "too short"),
        (json!({"model": "m", "messages": [user], "stream": true}), "does not stream"),
        (json!({"model": "m", "messages": [{"role": "robot", "content": "hi"}]}), "'messages[0]': 'role'"),
        (json!({"model": "m", "messages": [{"role": "user", "content": null}]}), "'content' has to be a string"),
        (json!({"model": "m", "messages": [{"role": "assistant"}]}), "'content' is required"),
        (json!({"model": "m", "messages": [user, call]}), "did not have response messages: c"),
        (json!({"model": "m", "messages": [user, call, user]}), "did not have response messages: c"),
        (json!({"model": "m", "messages": [user, result]}), "preceding message with 'tool_calls'"),
        (json!({"model": "m", "messages": [user, call, result, result]}), "preceding message with 'tool_calls'"),
        (json!({"model": "m", "messages": [user], "tool_choice": "none"}), "only allowed when 'tools'"),
        (json!({"model": "m", "messages": [user], "tools": []}), "1 to 128"),
        (
            json!({"model": "m", "messages": [user], "tools": [{"type": "function", "function": {"name": "a b"}}]}),
            "tools[0]",
        ),
        (json!({"model": "m", "messages": [user], "max_tokens": 0}), "'max_tokens'"),
        (json!({"model": "m", "messages": [user], "max_tokens": 1, "max_completion_tokens": 1}), "cannot both"),
        (json!({"model": "m", "messages": [user], "temperature": 3}), "'temperature'"),
    ] {
        match Chat::read(&body) {
            Err(refusal) => assert!(refusal.message.contains(expected), "{} instead of {expected}", refusal.message),
            Ok(_) => panic!("{body} is taken"),
        }
    }
    assert!(Chat::read(&json!({"model": "m", "messages": [user, call, result, user]})).is_ok());
}
