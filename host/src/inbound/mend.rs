//! What the user typed, out of a body that their own quotes, backslashes and line breaks may have broken.
//!
//! The message is the last key of both templates we know, Braze's documented one and ours, so it reaches from its opening
//! quote to the template's closing `"}` at the very end of the body, whatever lies between.

use std::fmt::Write as _;

use serde_json::Value;

use super::parse::{Unreadable, scalar_text};
use super::scan::is_whitespace;

/// Reads what stands behind `"message":` up to the end of a body that is not JSON.
pub(super) fn message(rest: &str) -> Result<String, Unreadable> {
    let typed = between_template_quotes(rest).ok_or_else(|| {
        Unreadable::because(
            "what follows `message` is neither JSON nor text up to a closing `\"}`; make `message` the last key of the \
             template, in quotes",
        )
    })?;
    if !was_escaped(typed) {
        return Ok(typed.to_owned());
    }
    unescape(typed).ok_or_else(|| Unreadable::because("`message` has half a surrogate pair: an emoji was cut in two"))
}

/// Undoes JSON's escapes, taking raw control characters as they are; none where the escapes are not JSON's.
pub(super) fn unescape(content: &str) -> Option<String> {
    let mut quoted = String::with_capacity(content.len() + 2);
    quoted.push('"');
    for c in content.chars() {
        if c < ' ' {
            write!(quoted, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail");
        } else {
            quoted.push(c);
        }
    }
    quoted.push('"');
    serde_json::from_str(&quoted).ok()
}

/// The text of a message that is JSON as it stands.
pub(super) fn text_of(message: &Value) -> Result<String, Unreadable> {
    scalar_text(message)
        .ok_or_else(|| Unreadable::because("`message` is an object or array; send the text the user typed"))
}

fn between_template_quotes(rest: &str) -> Option<&str> {
    let content = rest.strip_prefix('"')?;
    let content = content.trim_end_matches(is_whitespace).strip_suffix('}')?;
    content.trim_end_matches(is_whitespace).strip_suffix('"')
}

/// Whether the template escaped the text, told by the text alone: every quote and backslash in it is part of an escape.
///
/// `json_escape` is documented to escape quotes and backslashes only. Raw control characters mean that whoever escaped left
/// them alone, so beside them only these two escapes are an escaper's; anything else, like the path `C:\new` over two lines,
/// is what a user typed into a template that does not escape.
fn was_escaped(content: &str) -> bool {
    let (mut controls, mut further_escapes) = (false, false);
    let mut rest = content.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return false,
            '\\' => match rest.next() {
                Some('"' | '\\') => {}
                Some('/' | 'b' | 'f' | 'n' | 'r' | 't') => further_escapes = true,
                Some('u') => {
                    further_escapes = true;
                    if !(0..4).all(|_| rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())) {
                        return false;
                    }
                }
                _ => return false,
            },
            c if c < ' ' => controls = true,
            _ => {}
        }
    }
    !(controls && further_escapes)
}

#[cfg(test)]
mod tests;
