//! What is remembered between turns.

use serde::{Deserialize, Serialize};
use turnwise_plugin::Timestamp;
use turnwise_plugin::llm::{Memory, Spending};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What was said.
    pub memory: Memory,
    /// What the day has cost; outlives the session.
    pub spending: Spending,
    /// Messages in a row that got the fallback text.
    pub failures: u8,
    /// What the user wrote and has no answer to yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
}

impl State {
    /// Of what was said nothing is left, of what the day has cost all.
    pub fn forget(&mut self) {
        let spending = std::mem::take(&mut self.spending);
        *self = Self::default();
        // A day that has cost nothing is as good as none, and a state that is the default is not stored.
        if spending.requests > 0 {
            self.spending = spending;
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    pub waits_for: WaitsFor,
    #[serde(flatten)]
    pub progress: Progress,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitsFor {
    /// The response to this request, which costs so many tokens at least.
    Model { request: String, prompt_tokens: u32 },
    /// The responses to these requests.
    Lookups(Vec<Lookup>),
    /// The timer that is due then.
    Retry { at: Timestamp },
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Lookup {
    pub request: String,
    /// The model's call that it answers.
    pub call: String,
}

/// How far the way to an answer is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// How often the model called tools.
    pub rounds: u8,
    /// How often the model failed.
    pub tries: u8,
    /// Whether the user was asked for patience.
    pub apologised: bool,
}
