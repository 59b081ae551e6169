//! What the scripted model says: the same to the same request, always.

use serde_json::{Value, json};

use super::chat::{Chat, Line};
use super::{order_number, words};

/// More lookups at once nobody means.
const LOOKUPS_MAX: usize = 3;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Words(String),
    /// Names and arguments, as JSON text.
    Calls(Vec<(String, String)>),
    Refusal(String),
    /// A content filter does not let it out.
    HeldBack,
}

/// Topics are tried in this order; the last takes everything.
pub(super) fn answer(chat: &Chat) -> Said {
    let results = chat.results();
    if !results.is_empty() && !is_loop(chat) {
        return Said::Words(words::results(&results));
    }
    let asked = chat.asked().or_else(|| last_user_text(chat)).unwrap_or_default();
    let text = asked.to_lowercase();
    let has = |wanted: &[&str]| {
        let mut words = text.split(|char: char| !char.is_alphanumeric() && char != '\'');
        words.any(|word| wanted.contains(&word))
    };
    let numbers = order_number::find(&asked);
    if text.trim() == "debug" {
        Said::Words(words::debug(chat))
    } else if text.starts_with("chaos") {
        Said::Words(words::after_chaos(&text))
    } else if has(&["refuse"]) {
        Said::Refusal("I'm sorry, I can't help with that. (You asked me to refuse, and I do.)".to_owned())
    } else if has(&["filter"]) {
        Said::HeldBack
    } else if has(&["loop"]) && chat.tool("lookup_order").is_some() {
        lookup(&["A-12345".to_owned()])
    } else if text.contains("bad call") && chat.tool("lookup_order").is_some() {
        Said::Calls(vec![("lookup_order".to_owned(), r#"{"number":"#.to_owned())])
    } else if has(&["human", "person", "agent", "colleague", "somebody", "someone", "mensch"]) {
        hand_over(chat, &asked)
    } else if !numbers.is_empty() {
        if chat.tool("lookup_order").is_some() {
            lookup(&numbers)
        } else {
            Said::Words(format!("I'd look up {} for you, but I have no tool for orders.", numbers.join(" and ")))
        }
    } else if has(&["order", "orders", "parcel", "package", "delivery", "deliver", "shipping"]) {
        Said::Words(
            "Happy to help with your order! What's its number? It looks like A-12345 and is in your confirmation e-mail."
                .to_owned(),
        )
    } else if let Some(interest) = interest(&asked) {
        remember(chat, &interest)
    } else if has(&["story", "long"]) {
        Said::Words(words::story())
    } else if has(&["thanks", "thank", "bye", "danke"]) {
        Said::Words("You're welcome! Write any time.".to_owned())
    } else if has(&["help"]) || text.contains("can you do") {
        Said::Words(words::help())
    } else if has(&["hi", "hello", "hey", "hallo", "moin", "hola"]) {
        Said::Words(words::greeting(chat))
    } else {
        Said::Words(words::echo(chat, &asked))
    }
}

/// Asked for a loop, it calls its tool until it may not any more.
fn is_loop(chat: &Chat) -> bool {
    chat.tool("lookup_order").is_some() && last_user_text(chat).is_some_and(|text| text.to_lowercase().contains("loop"))
}

fn last_user_text(chat: &Chat) -> Option<String> {
    chat.lines.iter().rev().find_map(|line| if let Line::User(text) = line { Some(text.clone()) } else { None })
}

fn lookup(numbers: &[String]) -> Said {
    let call = |number: &String| ("lookup_order".to_owned(), json!({"number": number}).to_string());
    Said::Calls(numbers.iter().take(LOOKUPS_MAX).map(call).collect())
}

fn hand_over(chat: &Chat, asked: &str) -> Said {
    if chat.tool("hand_over").is_none() {
        return Said::Words(
            "I can't reach any of my human colleagues from here, sorry. What can I do for you?".to_owned(),
        );
    }
    let summary: String = format!("The user wrote: {asked}").chars().take(120).collect();
    Said::Calls(vec![("hand_over".to_owned(), json!({"reason": "asked", "summary": summary}).to_string())])
}

/// "I like tea." is an interest in tea.
fn interest(asked: &str) -> Option<String> {
    let lower = asked.to_ascii_lowercase();
    let starts = ["i like ", "i love ", "i'm into ", "i am into ", "i'm interested in ", "i am interested in "];
    let after = starts.iter().find_map(|start| lower.find(start).map(|at| at + start.len()))?;
    let rest: String = asked[after..].chars().take_while(|char| !".,!?\n".contains(*char)).collect();
    Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty())
}

/// Under the first name that the tool's schema allows.
fn remember(chat: &Chat, interest: &str) -> Said {
    let name = chat.tool("set_attribute").and_then(|tool| tool.parameters["properties"]["name"]["enum"][0].as_str());
    match name {
        Some(name) => {
            let arguments: Value = json!({"name": name, "value": interest});
            Said::Calls(vec![("set_attribute".to_owned(), arguments.to_string())])
        }
        None => Said::Words(format!("{interest}? Good taste!")),
    }
}
