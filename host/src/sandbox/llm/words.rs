//! How the scripted model puts things.

use serde_json::Value;

use super::chat::{Chat, Line};
use super::faults;

const QUOTE_CHARS_MAX: usize = 80;
/// Longer than a WhatsApp message.
const STORY_CHAPTERS: usize = 24;

/// What tools came back with, one sentence each.
pub(super) fn results(results: &[(&str, &str)]) -> String {
    let sentences: Vec<String> = results.iter().map(|(tool, result)| self::result(tool, result)).collect();
    sentences.join("\n")
}

fn result(tool: &str, result: &str) -> String {
    let json: Value = serde_json::from_str(result).unwrap_or_default();
    match (tool, json["error"].as_str()) {
        ("hand_over", Some(why)) => format!("I'd gladly get you a colleague, but {why}. What can I do for you?"),
        (_, Some(why)) => format!("I tried, but {why}."),
        ("lookup_order", None) if json["number"].is_string() => order(&json),
        ("set_attribute", None) => "Noted, I'll remember that!".to_owned(),
        _ => format!("Done: {}", quote(result)),
    }
}

fn order(order: &Value) -> String {
    let text = |name: &str| order[name].as_str();
    let carrier = text("carrier").map(|carrier| format!(" with {carrier}")).unwrap_or_default();
    let expected = text("expected").map(|date| format!(" It should arrive on {date}.")).unwrap_or_default();
    let (number, status) = (text("number").unwrap_or("?"), text("status").unwrap_or("somewhere"));
    format!("Good news about {number}: it's {status}{carrier}.{expected}")
}

pub(super) fn greeting(chat: &Chat) -> String {
    match users_messages(chat) {
        0 | 1 => {
            "Hello! I'm a scripted stand-in for a language model. Ask me where order A-12345 is, or write \"help\"."
                .to_owned()
        }
        _ => "Hello again! I still remember what we talked about.".to_owned(),
    }
}

pub(super) fn help() -> String {
    format!(
        "I'm scripted, so I only know some tricks:\n\
         - \"where is A-12345?\" calls a tool\n\
         - \"I like hiking\" remembers it\n\
         - \"a human, please\" hands over\n\
         - \"a long story\" does not fit one message\n\
         - \"refuse\", \"filter\", \"loop\" and \"bad call\" do what models do\n\
         - \"chaos KIND\" or \"chaos KIND once\" fails: {}\n\
         - \"debug\" tells what I was sent",
        faults::KINDS
    )
}

/// That it understood, in one way after another.
pub(super) fn echo(chat: &Chat, asked: &str) -> String {
    let said = quote(asked);
    match users_messages(chat) % 3 {
        0 => format!("So it's about {said}. A real model would know more; I only know what \"help\" lists."),
        1 => format!("You wrote {said}. I hear you, but I'm scripted: write \"help\" for what I can do."),
        _ => format!("{said}, I see. Shall I look up an order? Just tell me its number."),
    }
}

pub(super) fn after_chaos(text: &str) -> String {
    if text.contains("once") {
        return "There I am again. That was the chaos you asked for.".to_owned();
    }
    format!("What chaos? I know {}, and each of them with \"once\" behind it.", faults::KINDS)
}

/// What the request held, for who builds a bot.
pub(super) fn debug(chat: &Chat) -> String {
    let system =
        chat.lines.iter().find_map(|line| if let Line::System(text) = line { Some(quote(text)) } else { None });
    let tools: Vec<&str> = chat.tools.iter().map(|tool| tool.name.as_str()).collect();
    format!(
        "Model {}, {} messages, {} of them yours.\nSystem prompt: {}\nTools: {}",
        chat.model,
        chat.lines.len(),
        users_messages(chat),
        system.unwrap_or_else(|| "none".to_owned()),
        if tools.is_empty() { "none".to_owned() } else { tools.join(", ") },
    )
}

pub(super) fn story() -> String {
    let chapter = |n| {
        format!(
            "Chapter {n}. Parcel number {n} left the warehouse at dawn. It rained, as it always does in chapter {n}, \
             but the driver knew a shortcut past the old mill. By noon the parcel had seen more of the world than most \
             parcels ever do."
        )
    };
    let chapters: Vec<String> = (1..=STORY_CHAPTERS).map(chapter).collect();
    format!("{}\n\nThe end.", chapters.join("\n\n"))
}

fn users_messages(chat: &Chat) -> usize {
    chat.lines.iter().filter(|line| matches!(line, Line::User(_))).count()
}

fn quote(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = one_line.chars().take(QUOTE_CHARS_MAX).collect();
    let more = if short.len() < one_line.len() { "…" } else { "" };
    format!("“{short}{more}”")
}
