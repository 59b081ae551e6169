//! `POST /llm/v1/chat/completions`: the documented shape of OpenAI's chat completions, answered by a scripted model, so that a bot
//! with a language model can be tried without an account. It refuses what the real one refuses, and says so in the same form.

mod chat;
mod faults;
mod order_number;
mod script;
#[cfg(test)]
mod tests;
mod words;

use serde_json::{Value, json};

use super::State;
use super::answer::Answered;
use super::chaos::Hit;
use crate::clock::Timestamp;
use chat::Chat;
use script::Said;

pub(super) use faults::Played;

/// Of a connection with the base URL `…/llm/v1`.
pub(super) const PATH: &str = "/llm/v1/chat/completions";

/// About as many bytes make a token, in English.
const TOKEN_BYTES: usize = 4;

/// What the body of a request says, or its refusal in the API's form; no body is one that was too large.
pub(super) fn parse(authorised: bool, body: Option<&[u8]>) -> Result<Value, Answered> {
    if !authorised {
        return Err(refused(401, Some("invalid_api_key"), "Incorrect API key provided."));
    }
    let body = body.ok_or_else(|| refused(413, None, "The request is too large."))?;
    serde_json::from_slice(body).map_err(|_| refused(400, None, "We could not parse the JSON body of your request."))
}

impl State {
    /// The fault that the conversation itself asks for, where it does.
    pub(super) fn llm_fault(&mut self, body: &Value) -> Option<Hit> {
        let chat = Chat::read(body).ok()?;
        self.llm.fault(&chat)
    }

    /// Answers an authorised request.
    pub(super) fn complete(&mut self, body: &Value, now: Timestamp) -> Answered {
        let chat = match Chat::read(body) {
            Ok(chat) => chat,
            Err(refusal) => return refusal.into_answer(),
        };
        let said = script::answer(&chat);
        let tokens = |bytes: usize| bytes.div_ceil(TOKEN_BYTES);
        let prompt_tokens = tokens(body["messages"].to_string().len() + body["tools"].to_string().len());
        let mut message = json!({"role": "assistant", "content": null, "refusal": null});
        let mut finish_reason = "stop";
        let mut completion_tokens = 0;
        match said {
            Said::Words(mut words) => {
                completion_tokens = tokens(words.len());
                if let Some(max) = chat.max_tokens.filter(|max| completion_tokens > *max) {
                    words.truncate(words.floor_char_boundary(max * TOKEN_BYTES));
                    completion_tokens = max;
                    finish_reason = "length";
                }
                message["content"] = words.into();
            }
            Said::Calls(calls) => {
                finish_reason = "tool_calls";
                let calls = calls.into_iter().map(|(name, arguments)| {
                    completion_tokens += tokens(name.len() + arguments.len());
                    let id = format!("call_{}", self.ids.braze_id());
                    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
                });
                message["tool_calls"] = calls.collect::<Vec<_>>().into();
            }
            Said::Refusal(words) => {
                completion_tokens = tokens(words.len());
                message["refusal"] = words.into();
            }
            Said::HeldBack => {
                message["content"] = "".into();
                finish_reason = "content_filter";
            }
        }
        Answered::json(
            200,
            &json!({
                "id": format!("chatcmpl-{}", self.ids.braze_id()),
                "object": "chat.completion",
                "created": now.0 / 1_000,
                "model": chat.model,
                "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason}],
                "usage": {
                    "prompt_tokens": prompt_tokens,
                    "completion_tokens": completion_tokens,
                    "total_tokens": prompt_tokens + completion_tokens,
                },
                "system_fingerprint": "fp_sandbox",
            }),
        )
    }
}

/// In the form of the API's errors.
fn refused(status: u16, code: Option<&str>, message: &str) -> Answered {
    let kind = if status == 401 { "authentication_error" } else { "invalid_request_error" };
    Answered::json(status, &json!({"error": {"message": message, "type": kind, "param": null, "code": code}}))
}
