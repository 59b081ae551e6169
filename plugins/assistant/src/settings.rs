//! `[plugins.assistant.settings]`, with a default for each.

use serde::Deserialize;
use serde_json::{Map, Value};
use turnwise_plugin::llm::{Caps, Prices};

/// A misspelt cap would be no cap, so what is not known is an error of every turn.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// As the endpoint calls it.
    pub model: String,
    /// Who the assistant is; the rules it always has follow.
    pub system_prompt: String,
    /// Left out of the request where it is not set: some models take none.
    pub temperature: Option<f64>,
    /// Of one answer; 0 leaves it out of the request.
    pub max_tokens: u32,
    /// Further parameters of the request, as they are.
    pub parameters: Map<String, Value>,
    /// What is remembered of the conversation; at most [`MEMORY_TOKENS_MAX`].
    pub memory_tokens: u32,
    /// How often the model may call tools before it has to answer a message; at most [`ROUNDS_MAX`].
    pub rounds_max: u8,
    /// How often a message is tried before the fallback text is said.
    pub tries_max: u8,
    /// After so many messages in a row without an answer a person takes over; 0 for never.
    pub failures_max: u8,

    /// A user's day, UTC; 0 switches a cap off.
    pub requests_per_day: u32,
    pub tokens_per_day: u32,
    /// In the currency of the prices.
    pub cost_per_day: f64,
    /// For a million tokens of prompts.
    pub price_input: f64,
    /// For a million tokens of answers.
    pub price_output: f64,

    pub tools: Vec<ToolName>,
    pub orders: Orders,
    /// Attributes of the Braze profile that the model may set.
    pub attributes: Vec<String>,
    /// Fields of the inbound that the model may know, e.g. "first_name".
    pub facts: Vec<String>,

    pub fallback_text: String,
    pub wait_text: String,
    pub capped_text: String,
    pub declined_text: String,
    pub greeting_text: String,
    pub handoff_notice: String,
    pub handoff_failed_text: String,
    pub returned_text: String,
    pub stop_text: String,

    /// Each is a whole message, in any language.
    pub stop_words: Vec<String>,
    pub restart_words: Vec<String>,
    pub agent_words: Vec<String>,
}

/// What the model may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolName {
    LookupOrder,
    SetAttribute,
    HandOver,
}

/// Where orders are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orders {
    /// `GET /orders/NUMBER` of the connection `shop`.
    Shop,
    /// Made up: for trying it without a shop.
    Sample,
}

/// Four bytes of state a token, and half of what a state may have.
const MEMORY_TOKENS_MAX: u32 = 8_000;
/// Each round is two turns by themselves, of which the host allows 24 in a row.
const ROUNDS_MAX: u8 = 8;

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "gpt-4o-mini".to_owned(),
            system_prompt: "You are the friendly assistant of an online shop. You help with orders, deliveries and \
                            questions about the shop."
                .to_owned(),
            temperature: None,
            max_tokens: 600,
            parameters: Map::new(),
            memory_tokens: 3_000,
            rounds_max: 4,
            tries_max: 2,
            failures_max: 2,
            requests_per_day: 100,
            tokens_per_day: 200_000,
            cost_per_day: 0.50,
            // Those of gpt-4o-mini, in US dollars.
            price_input: 0.15,
            price_output: 0.60,
            tools: vec![ToolName::LookupOrder, ToolName::SetAttribute, ToolName::HandOver],
            orders: Orders::Shop,
            attributes: vec!["interest".to_owned()],
            facts: vec![],
            fallback_text: "Sorry, I can't think straight right now. Please try again in a moment.".to_owned(),
            wait_text: "One moment please, this takes a little longer.".to_owned(),
            capped_text: "We've talked so much today that I need a rest. I'll be back for you tomorrow!".to_owned(),
            declined_text: "Sorry, I can't help with that. Is there anything else?".to_owned(),
            greeting_text: "Hi! I'm the shop's assistant. What can I do for you?".to_owned(),
            handoff_notice: "One moment, I'm getting a colleague for you.".to_owned(),
            handoff_failed_text: "Sorry, nobody is free right now. Is there anything I can do?".to_owned(),
            returned_text: "It's me again, the assistant. Anything else I can do?".to_owned(),
            stop_text: "Okay, I've stopped. Write any time to start again.".to_owned(),
            stop_words: words(&["stop", "quit", "stopp", "beenden", "parar", "salir", "sair", "arrêter", "arreter"]),
            restart_words: words(&[
                "restart",
                "start over",
                "neustart",
                "von vorn",
                "neu anfangen",
                "reiniciar",
                "empezar de nuevo",
                "recommencer",
                "recomeçar",
            ]),
            agent_words: words(&[
                "agent",
                "human",
                "talk to a human",
                "mitarbeiter",
                "mensch",
                "berater",
                "agente",
                "humano",
                "persona",
                "conseiller",
                "humain",
                "atendente",
                "pessoa",
            ]),
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Settings {
    pub fn has(&self, tool: ToolName) -> bool {
        self.tools.contains(&tool)
    }

    pub fn memory_tokens(&self) -> u32 {
        self.memory_tokens.min(MEMORY_TOKENS_MAX)
    }

    pub fn rounds_max(&self) -> u8 {
        self.rounds_max.min(ROUNDS_MAX)
    }

    pub fn caps(&self) -> Caps {
        let some = |cap: u32| Some(cap).filter(|cap| *cap > 0);
        Caps {
            requests: some(self.requests_per_day),
            tokens: some(self.tokens_per_day),
            cost: Some(self.cost_per_day).filter(|cap| *cap > 0.0),
        }
    }

    pub fn prices(&self) -> Prices {
        Prices { input: self.price_input, output: self.price_output }
    }
}
