//! Text on its way into a campaign's template.

use serde_json::Value;

use crate::conversation::Choice;

/// Removes control characters but newline and tab, and puts a space between the braces that open a Liquid tag: whether Braze
/// evaluates Liquid inside a property's value is not documented, and what a user typed must never be evaluated.
#[must_use]
pub fn sanitised(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')) {
        if matches!(character, '{' | '%') && clean.ends_with('{') {
            clean.push(' ');
        }
        clean.push(character);
    }
    clean
}

/// The same for every string within a JSON value, names of members included.
#[must_use]
pub fn sanitised_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(sanitised(&text)),
        Value::Array(items) => items.into_iter().map(sanitised_json).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (sanitised(&name), sanitised_json(value))).collect()
        }
        other => other,
    }
}

/// The text with its choices as numbered lines, for a campaign whose layout cannot show them.
#[must_use]
pub fn with_numbered_choices(text: &str, choices: &[Choice]) -> String {
    let lines = choices.iter().zip(1..).map(|(choice, number)| match choice.description.as_deref() {
        Some(description) if !description.is_empty() => format!("{number}. {} — {description}", choice.title),
        _ => format!("{number}. {}", choice.title),
    });
    std::iter::once(format!("{text}\n")).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
