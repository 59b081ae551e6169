//! What a request says, or why it is refused: every call of a tool has to be followed by its result, as with the real one.

use serde_json::Value;

use super::super::answer::Answered;
use super::refused;

const TOOLS_MAX: usize = 128;

/// A valid request.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) model: String,
    pub(super) lines: Vec<Line>,
    pub(super) tools: Vec<Offered>,
    /// No tool may be called.
    pub(super) words_only: bool,
    pub(super) max_tokens: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    System(String),
    User(String),
    /// Names of the tools called, by the calls' ids.
    Assistant {
        words: String,
        calls: Vec<(String, String)>,
    },
    /// A call's id and what came of it.
    Tool {
        call: String,
        result: String,
    },
}

/// A tool on offer.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) name: String,
    pub(super) parameters: Value,
}

/// A status with the API's own code for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn into_answer(self) -> Answered {
        refused(self.status, self.code, &self.message)
    }
}

fn refusal(message: impl Into<String>) -> Refusal {
    Refusal { status: 400, code: None, message: message.into() }
}

impl Chat {
    pub(super) fn read(body: &Value) -> Result<Self, Refusal> {
        if !body.is_object() {
            return Err(refusal("We could not parse the JSON body of your request: it has to be an object."));
        }
        let model = match &body["model"] {
            Value::String(model) if model.starts_with("no-such") => {
                let message = format!("The model `{model}` does not exist or you do not have access to it.");
                return Err(Refusal { status: 404, code: Some("model_not_found"), message });
            }
            Value::String(model) if !model.is_empty() => model.clone(),
            _ => return Err(refusal("you must provide a model parameter")),
        };
        if body["stream"] == true {
            return Err(refusal("the sandbox's model does not stream: leave `stream` out"));
        }
        let lines = read_lines(&body["messages"])?;
        let tools = read_tools(&body["tools"])?;
        let words_only = match &body["tool_choice"] {
            Value::Null => false,
            _ if tools.is_empty() => return Err(refusal("'tool_choice' is only allowed when 'tools' are specified.")),
            choice => choice == "none",
        };
        let max_tokens = match (&body["max_tokens"], &body["max_completion_tokens"]) {
            (Value::Null, Value::Null) => None,
            (max, Value::Null) | (Value::Null, max) => match max.as_u64().and_then(|max| usize::try_from(max).ok()) {
                Some(max) if max > 0 => Some(max),
                _ => return Err(refusal("Invalid 'max_tokens': an integer of at least 1 is expected.")),
            },
            _ => return Err(refusal("'max_tokens' and 'max_completion_tokens' cannot both be set.")),
        };
        if !(body["temperature"].is_null() || body["temperature"].as_f64().is_some_and(|t| (0.0..=2.0).contains(&t))) {
            return Err(refusal("Invalid 'temperature': a number from 0 to 2 is expected."));
        }
        Ok(Self { model, lines, tools, words_only, max_tokens })
    }

    /// The tool of this name, where it may be called.
    pub(super) fn tool(&self, name: &str) -> Option<&Offered> {
        self.tools.iter().find(|tool| !self.words_only && tool.name == name)
    }

    /// What the user wrote since the model last said something, if the user wrote last. What stands in brackets nobody typed.
    pub(super) fn asked(&self) -> Option<String> {
        let since = self.lines.iter().rev().map_while(|line| match line {
            Line::User(text) => Some(text.as_str()),
            _ => None,
        });
        let mut texts: Vec<&str> = since.collect();
        texts.reverse();
        let typed = |text: &&str| !(text.starts_with('[') && text.ends_with(']'));
        let typed = texts.iter().copied().filter(typed).collect::<Vec<_>>();
        (!texts.is_empty()).then(|| if typed.is_empty() { texts.join("\n") } else { typed.join("\n") })
    }

    /// What the model's last calls came to, by the tools' names, if that is what is to be answered.
    pub(super) fn results(&self) -> Vec<(&str, &str)> {
        let count = self.lines.iter().rev().take_while(|line| matches!(line, Line::Tool { .. })).count();
        let (before, results) = self.lines.split_at(self.lines.len() - count);
        let Some(Line::Assistant { calls, .. }) = before.last() else { return Vec::new() };
        let results = results.iter().filter_map(|line| match line {
            Line::Tool { call, result } => Some((calls.iter().find(|(id, _)| id == call)?.1.as_str(), result.as_str())),
            _ => None,
        });
        results.collect()
    }
}

fn read_lines(messages: &Value) -> Result<Vec<Line>, Refusal> {
    let messages = match messages {
        Value::Array(messages) if !messages.is_empty() => messages,
        Value::Array(_) => return Err(refusal("[] is too short - 'messages'")),
        _ => return Err(refusal("Missing required parameter: 'messages'.")),
    };
    let mut lines = Vec::with_capacity(messages.len());
    // Calls whose results are still to come.
    let mut open: Vec<String> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let at = |problem: &str| refusal(format!("Invalid value at 'messages[{index}]': {problem}."));
        let line = read_line(message).map_err(at)?;
        match &line {
            Line::Tool { call, .. } => match open.iter().position(|id| id == call) {
                Some(place) => drop(open.remove(place)),
                None => {
                    return Err(at(
                        "messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
                    ));
                }
            },
            _ if !open.is_empty() => return Err(unanswered(&open)),
            Line::Assistant { calls, .. } => open.extend(calls.iter().map(|(id, _)| id.clone())),
            Line::System(_) | Line::User(_) => {}
        }
        lines.push(line);
    }
    if open.is_empty() { Ok(lines) } else { Err(unanswered(&open)) }
}

fn unanswered(open: &[String]) -> Refusal {
    let ids = open.join(", ");
    refusal(format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {ids}"
    ))
}

fn read_line(message: &Value) -> Result<Line, &'static str> {
    let text = || match &message["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => parts.iter().map(|part| part["text"].as_str()).collect::<Option<String>>(),
        _ => None,
    };
    let content = || text().ok_or("'content' has to be a string");
    match message["role"].as_str() {
        Some("system" | "developer") => Ok(Line::System(content()?)),
        Some("user") => Ok(Line::User(content()?)),
        Some("assistant") => {
            let calls = match &message["tool_calls"] {
                Value::Null => Vec::new(),
                Value::Array(calls) if !calls.is_empty() => calls
                    .iter()
                    .map(read_call)
                    .collect::<Option<_>>()
                    .ok_or("'tool_calls' is not in the documented form")?,
                _ => return Err("'tool_calls' has to be an array that is not empty"),
            };
            let words = text();
            if words.is_none() && calls.is_empty() {
                return Err("'content' is required where there are no 'tool_calls'");
            }
            Ok(Line::Assistant { words: words.unwrap_or_default(), calls })
        }
        Some("tool") => {
            let call = message["tool_call_id"].as_str().ok_or("'tool_call_id' is missing")?.to_owned();
            Ok(Line::Tool { call, result: content()? })
        }
        _ => Err("'role' has to be one of 'system', 'developer', 'user', 'assistant', 'tool'"),
    }
}

fn read_call(call: &Value) -> Option<(String, String)> {
    let (id, name) = (call["id"].as_str()?, call["function"]["name"].as_str()?);
    call["function"]["arguments"].as_str().filter(|_| call["type"] == "function")?;
    Some((id.to_owned(), name.to_owned()))
}

fn read_tools(tools: &Value) -> Result<Vec<Offered>, Refusal> {
    let tools = match tools {
        Value::Null => return Ok(Vec::new()),
        Value::Array(tools) if (1..=TOOLS_MAX).contains(&tools.len()) => tools,
        _ => return Err(refusal(format!("'tools' has to be an array of 1 to {TOOLS_MAX}."))),
    };
    let is_name = |name: &&str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let read = |(index, tool): (usize, &Value)| {
        let function = &tool["function"];
        let name = function["name"].as_str().filter(is_name).filter(|_| tool["type"] == "function");
        let name =
            name.ok_or_else(|| refusal(format!("Invalid 'tools[{index}]': a function with a name is expected.")))?;
        Ok(Offered { name: name.to_owned(), parameters: function["parameters"].clone() })
    };
    tools.iter().enumerate().map(read).collect()
}
