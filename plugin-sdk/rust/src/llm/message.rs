//! What was said, in the shape that both the endpoint and the state have.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// One message of a conversation with a model. There is none for the system prompt: it is the plugin's and of today,
/// while these are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum ChatMessage {
    /// What the user wrote, and whatever else is not to be obeyed.
    User { content: String },
    /// What the model answered: words, calls, or both.
    Assistant {
        #[serde(default)]
        content: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// What a call of the assistant message before it came to.
    Tool { tool_call_id: String, content: String },
}

/// The model asks for a tool to be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireCall", into = "WireCall")]
pub struct ToolCall {
    /// The model's name for this call; its result goes under it.
    pub id: String,
    /// The tool's.
    pub name: String,
    /// JSON text, as far as the model kept to it; [`read`](Self::read) reads it.
    pub arguments: String,
}

impl ToolCall {
    /// Reads the arguments. Check them like anything a stranger typed: what the user writes can talk a model into much.
    ///
    /// # Errors
    /// They are no JSON, or of another shape; tell the model so in the call's result, and it usually does better.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let arguments = if self.arguments.trim().is_empty() { "{}" } else { &self.arguments };
        serde_json::from_str(arguments)
            .map_err(|error| Error::from(error).context(format!("{}'s arguments", self.name)))
    }
}

#[derive(Serialize, Deserialize)]
struct WireCall {
    #[serde(default)]
    id: String,
    #[serde(rename = "type", default = "function")]
    kind: String,
    function: WireFunction,
}

#[derive(Serialize, Deserialize)]
struct WireFunction {
    name: String,
    #[serde(default)]
    arguments: Value,
}

fn function() -> String {
    "function".to_owned()
}

impl From<WireCall> for ToolCall {
    fn from(WireCall { id, function: WireFunction { name, arguments }, .. }: WireCall) -> Self {
        // The documented shape is JSON in a text; some servers send the JSON itself.
        let arguments = match arguments {
            Value::String(text) => text,
            Value::Null => "{}".to_owned(),
            json => json.to_string(),
        };
        Self { id, name, arguments }
    }
}

impl From<ToolCall> for WireCall {
    fn from(ToolCall { id, name, arguments }: ToolCall) -> Self {
        Self { id, kind: function(), function: WireFunction { name, arguments: arguments.into() } }
    }
}
