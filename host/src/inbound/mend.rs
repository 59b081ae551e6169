//! What the user typed, out of a body that their own quotes, backslashes and line breaks may have broken.
//!
//! The message is the last key of both templates we know, Braze's documented one and ours, so it reaches from its opening
//! quote to the template's closing `"}` at the very end of the body, whatever lies between.

use std::fmt::Write as _;

use serde_json::Value;

use super::parse::{Unreadable, scalar_text};
use super::scan::{is_whitespace, leading_value};

/// The message's text, and whether the body had to be mended to get it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub text: String,
    pub mended: bool,
}

/// Reads what stands behind `"message":` up to the end of the body.
pub(super) fn message(rest: &str) -> Result<Typed, Unreadable> {
    if let Some((value, length)) = leading_value(rest)
        && rest[length..].trim_matches(is_whitespace) == "}"
    {
        return strict(&value);
    }
    let typed = between_template_quotes(rest).ok_or_else(|| {
        Unreadable::because(
            "what follows `message` is neither a JSON value and the closing `}` nor text up to a closing `\"}`; \
             make `message` the last key of the template, in quotes",
        )
    })?;
    if !was_escaped(typed) {
        return Ok(Typed { text: typed.to_owned(), mended: true });
    }
    let text = unescape(typed)
        .ok_or_else(|| Unreadable::because("`message` has half a surrogate pair: an emoji was cut in two"))?;
    Ok(Typed { text, mended: true })
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

fn strict(value: &Value) -> Result<Typed, Unreadable> {
    let text = scalar_text(value)
        .ok_or_else(|| Unreadable::because("`message` is an object or array; send the text the user typed"))?;
    Ok(Typed { text, mended: false })
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
