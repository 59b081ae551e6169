//! What the model may ask for, and what is done about it. Arguments are checked like anything a stranger typed.

mod order;

use serde::Deserialize;
use serde_json::json;
use turnwise_plugin::llm::{Tool, ToolCall};
use turnwise_plugin::{DeskStatus, Result, Turn};

use crate::settings::{Orders, Settings, ToolName};
use crate::state::{Lookup, State};

pub use order::result as order_result;

/// More in one answer are refused: a turn has room for sixteen effects.
const CALLS_MAX: usize = 8;
/// As Braze takes them.
const ATTRIBUTE_CHARS_MAX: usize = 255;
const SUMMARY_CHARS_MAX: usize = 300;
/// Reasons are counted, so there are few.
const REASONS: [&str; 4] = ["asked", "upset", "cannot-help", "other"];

/// What follows from the calls of one answer.
pub enum Done {
    /// All have their results.
    Answered,
    /// These requests are under way.
    Lookups(Vec<Lookup>),
    /// A person takes over.
    HandedOver,
}

/// The tools that are on.
pub fn all(settings: &Settings) -> Vec<Tool> {
    let mut tools = Vec::new();
    if settings.has(ToolName::LookupOrder) {
        tools.push(Tool {
            name: "lookup_order",
            description: "Looks up where an order is. Ask for the order number first; it looks like A-12345."
                .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": { "number": { "type": "string", "description": "e.g. A-12345" } },
                "required": ["number"],
                "additionalProperties": false,
            }),
        });
    }
    if settings.has(ToolName::SetAttribute) && !settings.attributes.is_empty() {
        tools.push(Tool {
            name: "set_attribute",
            description: "Remembers something lasting that the user told about themselves.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "enum": settings.attributes },
                    "value": { "type": "string", "description": "A few words." },
                },
                "required": ["name", "value"],
                "additionalProperties": false,
            }),
        });
    }
    if settings.has(ToolName::HandOver) {
        tools.push(Tool {
            name: "hand_over",
            description: "Hands the conversation over to a human colleague.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "reason": { "type": "string", "enum": REASONS },
                    "summary": { "type": "string", "description": "One line for the colleague: what it is about." },
                },
                "required": ["reason", "summary"],
                "additionalProperties": false,
            }),
        });
    }
    tools
}

/// Does what the model's last answer asks for; every call has its result afterwards, or a lookup that will bring it.
pub fn run(turn: &mut Turn<State>, settings: &Settings) -> Done {
    let calls = turn.state.memory.open_calls();
    if let Some(call) = calls.iter().find(|call| call.name == "hand_over" && settings.has(ToolName::HandOver))
        && turn.desk() == DeskStatus::Open
    {
        for call in &calls {
            turn.state.memory.tool_result(&call.id, r#"{"handed_over":true}"#);
        }
        hand_over_by_call(turn, settings, call);
        return Done::HandedOver;
    }
    let mut lookups = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let result =
            if at < CALLS_MAX { one(turn, settings, call, &mut lookups) } else { Err("too many calls at once") };
        let text = match result {
            Ok(None) => continue,
            Ok(Some(text)) => text,
            Err(why) => json!({ "error": why }).to_string(),
        };
        turn.state.memory.tool_result(&call.id, text);
    }
    if lookups.is_empty() { Done::Answered } else { Done::Lookups(lookups) }
}

/// Asks for a person, where one is there.
pub fn hand_over(turn: &mut Turn<State>, settings: &Settings, reason: &str, summary: &str) {
    let notice = settings.handoff_notice.as_str();
    turn.handoff(reason).summary(summary).notice(notice);
}

/// The result, or none where it comes later; an error is for the model.
fn one(
    turn: &mut Turn<State>,
    settings: &Settings,
    call: &ToolCall,
    lookups: &mut Vec<Lookup>,
) -> Result<Option<String>, &'static str> {
    match call.name.as_str() {
        "lookup_order" if settings.has(ToolName::LookupOrder) => {
            let number = order::number(call).ok_or("that is no order number: they look like A-12345")?;
            if settings.orders == Orders::Sample {
                return Ok(Some(order::sample(&number)));
            }
            let request = format!("order-{}-{}", turn.context().turn, lookups.len() + 1);
            order::ask(turn, &request, &number);
            lookups.push(Lookup { request, call: call.id.clone() });
            Ok(None)
        }
        "set_attribute" if settings.has(ToolName::SetAttribute) => {
            #[derive(Deserialize)]
            struct Arguments {
                name: String,
                value: String,
            }
            let Arguments { name, value } = call.read().map_err(|_| "name and value are wanted, both of them texts")?;
            if !settings.attributes.contains(&name) {
                return Err("this attribute may not be set");
            }
            if value.trim().is_empty() || value.chars().count() > ATTRIBUTE_CHARS_MAX {
                return Err("the value has to be a few words");
            }
            turn.set_attribute(name, value.trim());
            Ok(Some(r#"{"done":true}"#.to_owned()))
        }
        "hand_over" if settings.has(ToolName::HandOver) => Err("no colleague is there right now"),
        _ => Err("there is no such tool"),
    }
}

fn hand_over_by_call(turn: &mut Turn<State>, settings: &Settings, call: &ToolCall) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Arguments {
        reason: String,
        summary: String,
    }
    // Whatever is wrong with its arguments, a person was asked for.
    let Arguments { reason, summary } = call.read().unwrap_or_default();
    let reason = REASONS.into_iter().find(|known| *known == reason).unwrap_or("other");
    let summary: String = summary.chars().take(SUMMARY_CHARS_MAX).collect();
    hand_over(turn, settings, reason, &summary);
}
