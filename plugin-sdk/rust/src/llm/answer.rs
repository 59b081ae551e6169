//! What came back, where it is an answer.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::failure::{Failure, FailureKind};
use super::{ChatMessage, ToolCall};
use crate::Response;

/// What the model said. There are words, calls or a refusal in it, often words beside calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Without white space around it; empty where there are only calls or a refusal.
    pub text: String,
    /// What the model asks for, in its order. Each wants a result before the model is asked again.
    pub calls: Vec<ToolCall>,
    /// Where the model declines, what it says about that.
    pub refusal: Option<String>,
    /// Why it ends here.
    pub finish: Finish,
    /// What it took, where the endpoint says so.
    pub usage: Option<Usage>,
}

/// Why an answer ends where it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// It was all said.
    #[default]
    Stop,
    /// The limit on its length was reached: it ends in the middle.
    Length,
    /// For the results of its calls.
    ToolCalls,
    /// A reason of the endpoint's own.
    Other(String),
}

/// Tokens that one request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub prompt_tokens: u32,
    /// Of the answer.
    pub completion_tokens: u32,
}

#[derive(Deserialize)]
struct Body {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: WireMessage,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct WireMessage {
    #[serde(default, deserialize_with = "words")]
    content: String,
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
    #[serde(default)]
    refusal: Option<String>,
}

impl Answer {
    /// Reads the response to a [`Prompt`](super::Prompt).
    ///
    /// # Errors
    /// There is no answer in it. The failure says whether the same request may do better later.
    pub fn read(response: &Response) -> Result<Self, Failure> {
        let response = response.outcome.as_ref().map_err(Failure::of_error)?;
        if !response.is_success() {
            return Err(Failure::of_status(response));
        }
        let unreadable = |why: String| Failure::new(FailureKind::Unreadable, why);
        let body: Body = serde_json::from_str(&response.body).map_err(|error| unreadable(place(&error)))?;
        let usage = usage(&body.usage);
        let choice = body.choices.into_iter().next().ok_or_else(|| unreadable("there is no choice".to_owned()))?;
        let WireMessage { content, tool_calls, refusal } = choice.message;
        let text = content.trim().to_owned();
        let calls = distinct(tool_calls.unwrap_or_default());
        let refusal = refusal.filter(|refusal| !refusal.trim().is_empty());
        let finish = match choice.finish_reason.as_deref() {
            Some("content_filter") if text.is_empty() => {
                let why = "the answer was held back".to_owned();
                return Err(Failure { usage, ..Failure::new(FailureKind::Filtered, why) });
            }
            None | Some("stop") => Finish::Stop,
            Some("length") => Finish::Length,
            Some("tool_calls" | "function_call") => Finish::ToolCalls,
            Some(other) => Finish::Other(other.to_owned()),
        };
        if text.is_empty() && calls.is_empty() && refusal.is_none() {
            return Err(Failure { usage, ..unreadable("there is nothing in the answer".to_owned()) });
        }
        Ok(Self { text, calls, refusal, finish, usage })
    }

    /// As it is remembered.
    #[must_use]
    pub fn message(&self) -> ChatMessage {
        let words = if self.text.is_empty() { self.refusal.as_ref() } else { Some(&self.text) };
        let content = words.cloned().or_else(|| self.calls.is_empty().then(String::new));
        ChatMessage::Assistant { content, tool_calls: self.calls.clone() }
    }
}

/// Where it is wrong, without a word of what is there: logs are kept longer than conversations.
fn place(error: &serde_json::Error) -> String {
    format!("the answer is no chat completion (line {}, column {})", error.line(), error.column())
}

/// An odd count is no reason to lose the answer.
fn usage(usage: &Value) -> Option<Usage> {
    let tokens = |name: &str| usage[name].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let counted = Usage { prompt_tokens: tokens("prompt_tokens"), completion_tokens: tokens("completion_tokens") };
    usage.is_object().then_some(counted)
}

/// A call without a name of its own gets one: two calls with the same could not be told apart.
fn distinct(mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
    for at in 0..calls.len() {
        let id = calls[at].id.clone();
        if id.is_empty() || calls[..at].iter().any(|earlier| earlier.id == id) {
            calls[at].id = format!("{id}call_{at}");
        }
    }
    calls
}

/// A text, null, or a list of parts of which those of text are joined.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Content {
        Text(String),
        Parts(Vec<Part>),
    }
    #[derive(Deserialize)]
    struct Part {
        #[serde(default)]
        text: String,
    }
    Ok(match Option::<Content>::deserialize(deserializer)? {
        None => String::new(),
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => parts.into_iter().map(|part| part.text).collect(),
    })
}
