//! The example tool: where an order is.

use serde::Deserialize;
use serde_json::{Value, json};
use turnwise_plugin::llm::ToolCall;
use turnwise_plugin::{Response, Turn, WhileWaiting, warn};

use crate::state::State;

const TIMEOUT_SECONDS: u32 = 10;

/// The number, in the shop's spelling: `A-12345`, or 5 to 8 digits. It becomes part of a path, so nothing else will do.
pub fn number(call: &ToolCall) -> Option<String> {
    #[derive(Deserialize)]
    struct Arguments {
        number: String,
    }
    let number = call.read::<Arguments>().ok()?.number.trim().to_ascii_uppercase();
    let digits = match number.split_once('-') {
        Some((letter, digits)) => (letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase()))
            .then_some(digits)
            .filter(|digits| digits.len() == 5)?,
        None => Some(number.as_str()).filter(|digits| (5..=8).contains(&digits.len()))?,
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
}

/// A message that comes meanwhile waits: the lookup is short, and the model needs the result of its call to go on.
pub fn ask(turn: &mut Turn<State>, request: &str, number: &str) {
    turn.request("shop", format!("/orders/{number}"))
        .id(request)
        .timeout_seconds(TIMEOUT_SECONDS)
        .while_waiting(WhileWaiting::Hold);
}

/// What the model is told: of what the shop says only the fields it needs, so that nothing else can come in that way.
pub fn result(response: &Response) -> String {
    #[derive(Deserialize)]
    struct Order {
        number: String,
        status: String,
        #[serde(default)]
        expected: Value,
        #[serde(default)]
        carrier: Value,
    }
    let unavailable = || json!({ "error": "the order system does not answer right now" }).to_string();
    match &response.outcome {
        Ok(response) if response.status == 404 => json!({ "error": "there is no order with this number" }).to_string(),
        Ok(response) if response.is_success() => match response.read::<Order>() {
            Ok(Order { number, status, expected, carrier }) => {
                let text = |value: Value| value.as_str().map(str::to_owned);
                json!({"number": number, "status": status, "expected": text(expected), "carrier": text(carrier)})
                    .to_string()
            }
            Err(_) => {
                warn!("the shop's answer is no order");
                unavailable()
            }
        },
        Ok(response) => {
            warn!("the shop answers with status {}", response.status);
            unavailable()
        }
        Err(error) => {
            warn!("the shop does not answer: {error:?}");
            unavailable()
        }
    }
}

/// Made up, but always the same for one number.
pub fn sample(number: &str) -> String {
    const STATUSES: [&str; 3] = ["being packed", "on its way", "delivered"];
    let sum: usize = number.bytes().filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0')).sum();
    json!({ "number": number, "status": STATUSES[sum % STATUSES.len()], "carrier": "DHL" }).to_string()
}
