//! The request: what the model is to know, and what it may do.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{ChatMessage, Memory, estimated_tokens};
use crate::{Request, Turn, WhileWaiting};

/// Below the connection's base URL, which ends in the API's version: `https://api.openai.com/v1`.
const PATH: &str = "/chat/completions";
/// Long answers take their time; the connection's own limit holds where it is shorter.
const TIMEOUT_SECONDS: u32 = 60;

/// A chat-completions request. Written as JSON it is the request's body; [`ask`](Self::ask) sends it.
#[derive(Clone, Debug, Serialize)]
pub struct Prompt {
    model: String,
    messages: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

/// Something the model may ask for.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Letters, digits, `_` and `-`.
    pub name: &'static str,
    /// For the model: what it does, and when to use it.
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: Value,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Line {
    System { role: &'static str, content: String },
    Chat(ChatMessage),
}

impl Prompt {
    /// What is remembered, for this model to go on with.
    #[must_use]
    pub fn new(model: impl Into<String>, memory: &Memory) -> Self {
        Self {
            model: model.into(),
            messages: memory.messages().iter().cloned().map(Line::Chat).collect(),
            tools: vec![],
            tool_choice: None,
            temperature: None,
            max_tokens: None,
            parameters: Map::new(),
        }
    }

    /// Who the model is and what it must keep to. Nothing that a user can set belongs in here, not even a name: the model
    /// would obey it.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.messages.insert(0, Line::System { role: "system", content: text.into() });
        self
    }

    /// Facts for the model to know but not to obey, before everything that was said: a user's message, not kept.
    #[must_use]
    pub fn facts(mut self, text: impl Into<String>) -> Self {
        let after_system = self.messages.iter().take_while(|line| matches!(line, Line::System { .. })).count();
        self.messages.insert(after_system, Line::Chat(ChatMessage::User { content: text.into() }));
        self
    }

    /// What the model may ask for; one it asks for is in [`Answer::calls`](super::Answer::calls).
    #[must_use]
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.tools.extend(tools);
        self
    }

    /// Has the model answer in words now, whatever tools there are.
    #[must_use]
    pub fn without_calls(mut self) -> Self {
        // Without tools an endpoint refuses a choice among them.
        self.tool_choice = (!self.tools.is_empty()).then_some("none");
        self
    }

    /// From 0, the same again and again, to 2. Some models take none.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// How long the answer may be. Newer models of OpenAI want it as a [`parameter`](Self::parameter)
    /// `max_completion_tokens` instead.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Anything else that the endpoint understands.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Roughly what this costs before there is an answer.
    #[must_use]
    pub fn estimated_tokens(&self) -> u32 {
        estimated_tokens(serde_json::to_string(self).map_or(0, |json| json.len()))
    }

    /// Sends it through this connection; the answer is a turn of its own. A message of the user's meanwhile gives the
    /// request up, so that what was written in two messages is answered once; the builder can say otherwise.
    pub fn ask<S>(self, turn: &mut Turn<S>, connection: impl Into<String>) -> Request<'_> {
        turn.request(connection, PATH).json(self).timeout_seconds(TIMEOUT_SECONDS).while_waiting(WhileWaiting::Cancel)
    }
}

impl Serialize for Tool {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, description, parameters } = self;
        json!({
            "type": "function",
            "function": { "name": name, "description": description, "parameters": parameters },
        })
        .serialize(serializer)
    }
}
