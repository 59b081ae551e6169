//! What the model is told of the conversation so far, within a budget.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Answer, ChatMessage, ToolCall, estimated_tokens};

/// What a call's result says where nobody gave one.
const NOT_DONE: &str = r#"{"error":"not done: the user wrote meanwhile"}"#;
/// A text this short is not shortened: the ellipsis would be no gain.
const SHORT_BYTES_MAX: usize = 8;

/// A conversation as it is kept in a state: what the user, the model and its tools said, and nothing else.
///
/// It is always one that an endpoint accepts: each call of a tool is followed by its result, and each result follows its
/// call. It is made of *exchanges*, each from what the user wrote to where the user writes again; the oldest are forgotten
/// first, and always whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memory {
    messages: Vec<ChatMessage>,
}

impl Memory {
    /// Oldest first.
    #[must_use]
    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The user wrote. Calls that still have no result will never have one, which their results then say.
    pub fn user(&mut self, text: impl Into<String>) {
        self.close_calls();
        self.messages.push(ChatMessage::User { content: text.into() });
    }

    /// The model answered: with words, or with calls that [`open_calls`](Self::open_calls) lists from now on.
    pub fn answer(&mut self, answer: &Answer) {
        self.close_calls();
        self.messages.push(answer.message());
    }

    /// Something was said to the user that the model did not say, but has to know.
    pub fn assistant(&mut self, text: impl Into<String>) {
        self.close_calls();
        self.messages.push(ChatMessage::Assistant { content: Some(text.into()), tool_calls: vec![] });
    }

    /// What a call came to. It is left out where no open call has this id: a result without a call is refused.
    pub fn tool_result(&mut self, call_id: &str, text: impl Into<String>) {
        if self.open_calls().iter().any(|call| call.id == call_id) {
            self.messages.push(ChatMessage::Tool { tool_call_id: call_id.to_owned(), content: text.into() });
        }
    }

    /// Calls of the model's last answer that have no result yet.
    #[must_use]
    pub fn open_calls(&self) -> Vec<ToolCall> {
        let is_result = |message: &ChatMessage| matches!(message, ChatMessage::Tool { .. });
        let results = self.messages.iter().rev().take_while(|message| is_result(message)).count();
        let (before, results) = self.messages.split_at(self.messages.len() - results);
        let Some(ChatMessage::Assistant { tool_calls, .. }) = before.last() else { return vec![] };
        let has_result = |call: &&ToolCall| {
            results
                .iter()
                .any(|result| matches!(result, ChatMessage::Tool { tool_call_id, .. } if *tool_call_id == call.id))
        };
        tool_calls.iter().filter(|call| !has_result(call)).cloned().collect()
    }

    /// Roughly what this costs in a prompt.
    #[must_use]
    pub fn estimated_tokens(&self) -> u32 {
        self.messages.iter().map(tokens).fold(0, u32::saturating_add)
    }

    /// Forgets the oldest exchanges until so many (estimated) tokens are left, which is at most four bytes of state each.
    /// The last exchange stays; where it is too large by itself, its longest texts are shortened.
    pub fn trim(&mut self, tokens_max: u32) {
        while self.estimated_tokens() > tokens_max
            && let Some(next) = self.second_exchange()
        {
            self.messages.drain(..next);
        }
        while self.estimated_tokens() > tokens_max && self.shorten_longest() {}
    }

    /// Forgets the last exchange, e.g. because the endpoint refuses to read it.
    pub fn forget_last_exchange(&mut self) {
        let last = self.exchange_starts().next_back();
        self.messages.truncate(last.unwrap_or(0));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.messages.clear();
    }

    fn close_calls(&mut self) {
        for call in self.open_calls() {
            self.tool_result(&call.id, NOT_DONE);
        }
    }

    fn exchange_starts(&self) -> impl DoubleEndedIterator<Item = usize> + use<'_> {
        let is_user = |at: usize| matches!(self.messages[at], ChatMessage::User { .. });
        (0..self.messages.len()).filter(move |&at| at == 0 || (is_user(at) && !is_user(at - 1)))
    }

    fn second_exchange(&self) -> Option<usize> {
        self.exchange_starts().nth(1)
    }

    /// False where there is nothing left to shorten.
    fn shorten_longest(&mut self) -> bool {
        let texts = self.messages.iter_mut().flat_map(texts).enumerate();
        let longest = texts.max_by_key(|(at, (text, _))| (text.len(), Reverse(*at)));
        let Some((_, (text, is_json))) = longest.filter(|(_, (text, _))| text.len() > SHORT_BYTES_MAX) else {
            return false;
        };
        if is_json {
            // Half of it would be no JSON any more, and refused.
            "{}".clone_into(text);
        } else {
            let half = text.chars().count() / 2;
            *text = text.chars().take(half).chain(['…']).collect();
        }
        true
    }
}

/// What is said in a message, and whether it is JSON.
fn texts(message: &mut ChatMessage) -> Vec<(&mut String, bool)> {
    match message {
        ChatMessage::User { content } | ChatMessage::Tool { content, .. } => vec![(content, false)],
        ChatMessage::Assistant { content, tool_calls } => {
            let arguments = tool_calls.iter_mut().map(|call| (&mut call.arguments, true));
            content.iter_mut().map(|content| (content, false)).chain(arguments).collect()
        }
    }
}

fn tokens(message: &ChatMessage) -> u32 {
    estimated_tokens(serde_json::to_string(message).map_or(0, |json| json.len()))
}
