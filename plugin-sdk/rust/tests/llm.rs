//! The helper for chat completions, held to the cases that all SDKs share.

use serde_json::{Value, json};
use turnwise_plugin::llm::{
    Answer, Caps, ChatMessage, Failure, FailureKind, Finish, Memory, Prices, Prompt, Spending, Tool, ToolCall, Usage,
    split,
};
use turnwise_plugin::{HttpResponse, RequestError, Response};

fn cases(of: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/llm.json")).expect("the cases are JSON");
    all[of].clone()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().expect("it is a text").to_owned()).collect()
}

fn response(case: &Value) -> Response {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ok = &case["ok"];
    let outcome = if ok.is_object() {
        let headers = ok["headers"].as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1])));
        let body = ok["body"].as_str().map_or_else(|| ok["body"].to_string(), str::to_owned);
        let status = ok["status"].as_u64().expect("there is a status") as u16;
        Ok(HttpResponse { status, headers: headers.collect(), body })
    } else {
        Err(match case["err"][0].as_str().expect("there is an outcome") {
            "denied" => RequestError::Denied(text(&case["err"][1])),
            "timeout" => RequestError::Timeout,
            "unreachable" => RequestError::Unreachable(text(&case["err"][1])),
            "too-large" => RequestError::TooLarge,
            _ => RequestError::Other(text(&case["err"][1])),
        })
    };
    Response { id: "answer".to_owned(), outcome }
}

#[test]
fn answers_and_failures_are_told_apart() {
    for case in cases("answers").as_array().expect("there are cases") {
        let name = &case["name"];
        let usage = |usage: Option<Usage>| usage.map(|usage| json!([usage.prompt_tokens, usage.completion_tokens]));
        match Answer::read(&response(case)) {
            Ok(answer) => {
                let expected = &case["answer"];
                let calls: Vec<Value> =
                    answer.calls.iter().map(|call| json!([call.id, call.name, call.arguments])).collect();
                let finish = match &answer.finish {
                    Finish::Stop => "stop",
                    Finish::Length => "length",
                    Finish::ToolCalls => "tool-calls",
                    Finish::Other(other) => other,
                };
                let mut said = json!({"text": answer.text, "finish": finish});
                said["calls"] = if calls.is_empty() { expected["calls"].clone() } else { calls.into() };
                said["refusal"] = answer.refusal.into();
                said["usage"] = usage(answer.usage).into();
                for field in ["text", "finish", "calls", "refusal", "usage"] {
                    assert_eq!(said[field], expected[field], "{name}: {field}");
                }
            }
            Err(failure) => failed(name, &failure, usage(failure.usage), &case["failure"]),
        }
    }
}

fn failed(name: &Value, failure: &Failure, usage: Option<Value>, expected: &Value) {
    let kind = match failure.kind {
        FailureKind::Denied => "denied",
        FailureKind::QuotaSpent => "quota-spent",
        FailureKind::RateLimited => "rate-limited",
        FailureKind::Overloaded => "overloaded",
        FailureKind::TimedOut => "timed-out",
        FailureKind::Unreachable => "unreachable",
        FailureKind::TooLarge => "too-large",
        FailureKind::Unreadable => "unreadable",
        FailureKind::TooLong => "too-long",
        FailureKind::Filtered => "filtered",
        FailureKind::Rejected => "rejected",
    };
    assert_eq!(expected["kind"], kind, "{name}: {failure}");
    assert_eq!(expected["passing"], failure.is_passing(), "{name}");
    let retry_after = failure.retry_after.map(|wait| wait.as_millis() as u64);
    assert_eq!(expected["retry_after_ms"].as_u64(), retry_after, "{name}");
    assert_eq!(expected["usage"], usage.unwrap_or_default(), "{name}");
    if let Some(text) = expected["text"].as_str() {
        assert_eq!(failure.to_string(), text, "{name}");
    }
}

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: "t".to_owned(), arguments: arguments.to_owned() }
}

#[test]
fn a_memory_keeps_whole_exchanges_within_its_budget() {
    for case in cases("memories").as_array().expect("there are cases") {
        let mut memory = Memory::default();
        for step in case["steps"].as_array().expect("there are steps") {
            let word = |at: usize| step[at].as_str().unwrap_or_default();
            match word(0) {
                "user" => memory.user(word(1)),
                "assistant" => memory.assistant(word(1)),
                "words" => memory.answer(&Answer { text: word(1).to_owned(), ..Answer::default() }),
                "calls" => {
                    let ids = texts(step).split_off(1);
                    let calls = ids.iter().map(|id| call(id, "{}")).collect();
                    memory.answer(&Answer { calls, ..Answer::default() });
                }
                "call_with" => memory.answer(&Answer { calls: vec![call(word(1), word(2))], ..Answer::default() }),
                "tool_result" => memory.tool_result(word(1), word(2)),
                "trim" => memory.trim(step[1].as_u64().expect("a budget is a number") as u32),
                "forget_last_exchange" => memory.forget_last_exchange(),
                other => panic!("{other} is no step"),
            }
        }
        let name = &case["name"];
        let kept: Vec<String> = memory.messages().iter().map(line).collect();
        assert_eq!(kept, texts(&case["kept"]), "{name}");
        if case["open"].is_array() {
            let open: Vec<String> = memory.open_calls().into_iter().map(|call| call.id).collect();
            assert_eq!(open, texts(&case["open"]), "{name}");
        }
        if let Some(tokens) = case["tokens"].as_u64() {
            assert_eq!(u64::from(memory.estimated_tokens()), tokens, "{name}");
        }
        if case["arguments"].is_array() {
            let arguments = memory.messages().iter().flat_map(|message| match message {
                ChatMessage::Assistant { tool_calls, .. } => tool_calls.clone(),
                _ => vec![],
            });
            let arguments: Vec<String> = arguments.map(|call| call.arguments).collect();
            assert_eq!(arguments, texts(&case["arguments"]), "{name}");
        }
    }
}

fn line(message: &ChatMessage) -> String {
    match message {
        ChatMessage::User { content } => format!("user {content}"),
        ChatMessage::Assistant { content, tool_calls } => {
            let ids = tool_calls.iter().map(|call| call.id.clone());
            let words: Vec<String> = content.iter().cloned().chain(ids).collect();
            format!("assistant {}", words.join(" "))
        }
        ChatMessage::Tool { tool_call_id, content } => format!("tool {tool_call_id} {content}"),
    }
}

#[test]
fn spending_is_counted_by_the_day_in_utc() {
    let cases = cases("spendings");
    let number = |value: &Value| value.as_f64().expect("it is a number");
    let prices = Prices { input: number(&cases["prices"]["input"]), output: number(&cases["prices"]["output"]) };
    let mut spending = Spending::default();
    for step in cases["steps"].as_array().expect("there are steps") {
        spending.roll(step["now"].as_u64().expect("a time is a number"));
        spending.asked();
        let token = |at: usize| step["usage"][at].as_u64().expect("tokens are a number") as u32;
        spending.add(Usage { prompt_tokens: token(0), completion_tokens: token(1) }, &prices);
        let Spending { day, requests, tokens, micros } = spending;
        assert_eq!(json!([day, requests, tokens, micros]), step["spending"]);
    }
    for case in cases["caps"].as_array().expect("there are cases") {
        let whole = |name: &str| case["caps"][name].as_u64().map(|cap| cap as u32);
        let caps = Caps { requests: whole("requests"), tokens: whole("tokens"), cost: case["caps"]["cost"].as_f64() };
        assert_eq!(case["spent"], spending.is_spent(&caps), "{caps:?}");
    }
}

#[test]
fn long_texts_are_divided_where_they_read_well() {
    for case in cases("splits").as_array().expect("there are cases") {
        let number = |name: &str| case[name].as_u64().expect("it is a number") as usize;
        let text = case["text"].as_str().expect("there is a text");
        let parts = split(text, number("chars_max"), number("parts_max"));
        assert_eq!(parts, texts(&case["parts"]), "{text}");
    }
    assert_eq!(split("ab", 0, 3), ["a", "b"], "it ends even where there is no room");
}

#[test]
fn a_prompt_is_the_documented_request() {
    let mut memory = Memory::default();
    memory.user("where is A-12345?");
    memory.answer(&Answer { calls: vec![call("c1", "{}")], ..Answer::default() });
    memory.tool_result("c1", "{}");
    let tool = Tool { name: "t", description: "Does it.".to_owned(), parameters: json!({"type": "object"}) };
    let prompt = Prompt::new("m", &memory)
        .facts("{}")
        .system("Be brief.")
        .tools([tool])
        .without_calls()
        .temperature(0.5)
        .max_tokens(100)
        .parameter("seed", 7);
    let expected = json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "{}"},
            {"role": "user", "content": "where is A-12345?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "t", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "{}"},
        ],
        "tools": [{"type": "function", "function": {"name": "t", "description": "Does it.", "parameters": {"type": "object"}}}],
        "tool_choice": "none",
        "temperature": 0.5,
        "max_tokens": 100,
        "seed": 7,
    });
    assert_eq!(serde_json::to_value(&prompt).expect("a prompt is JSON"), expected);
    let bare = Prompt::new("m", &Memory::default()).without_calls();
    assert_eq!(serde_json::to_value(&bare).expect("a prompt is JSON"), json!({"model": "m", "messages": []}));
}

#[test]
fn a_memory_is_read_as_it_was_written() {
    let mut memory = Memory::default();
    memory.user("hi");
    memory.answer(&Answer { text: "one moment".to_owned(), calls: vec![call("c1", "{}")], ..Answer::default() });
    memory.tool_result("c1", "{}");
    let text = serde_json::to_string(&memory).expect("a memory is JSON");
    assert_eq!(serde_json::from_str::<Memory>(&text).expect("it can be read"), memory);
    assert!(!text.contains("system"));
}
