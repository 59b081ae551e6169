//! A webhook body cut at its message: fields in front, what the user typed behind, so that typing can never make a field.
//!
//! Braze pastes the user's text into a template, often without escaping it. Whatever follows the key `message` may therefore
//! be the user's words, even where it happens to be well-formed JSON, and is handed on unread to `tail` and `mend`.

use std::collections::HashSet;

use serde_json::Value;

use super::mend;
use super::parse::Unreadable;

/// The key everything behind which is the user's.
const MESSAGE: &str = "message";

/// A body as far as it can be believed.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    /// What stands before the message, in order; no name twice.
    pub fields: Vec<Field>,
    /// The rest of the body behind `"message":`, if there is one.
    pub message: Option<&'a str>,
    /// A field had to be mended.
    pub mended: bool,
}

/// A key before the message, with its value twice: as read, and as JSON text.
#[derive(Debug)]
pub(super) struct Field {
    pub name: String,
    pub value: Value,
    pub json: String,
}

/// Cuts a body. Everything before the message must be JSON, but for raw control characters in texts (a name with a line
/// break) and values that are not there (Liquid that rendered to nothing).
pub(super) fn scan(body: &str) -> Result<Scan<'_>, Unreadable> {
    let mut cursor = Cursor { body, at: 0, mended: false };
    let mut fields = Vec::new();
    let mut names = HashSet::new();

    cursor.skip_whitespace();
    match cursor.peek() {
        Some(b'{') => cursor.at += 1,
        None => return Err(Unreadable::because("the body is empty; send one JSON object")),
        Some(b'[') => return Err(Unreadable::because("the body is a JSON array; send one JSON object")),
        Some(_) => return Err(Unreadable::because("the body does not begin with `{`; send one JSON object")),
    }
    cursor.skip_whitespace();
    if cursor.peek() == Some(b'}') {
        cursor.at += 1;
        return cursor.end(Scan { fields, message: None, mended: false });
    }
    loop {
        cursor.skip_whitespace();
        let name = cursor.text()?;
        cursor.skip_whitespace();
        cursor.expect(b':')?;
        cursor.skip_whitespace();
        if name == MESSAGE {
            return Ok(Scan { fields, message: Some(&body[cursor.at..]), mended: cursor.mended });
        }
        if !names.insert(canonical(&name).to_owned()) {
            return Err(cursor.broken("a key is there twice, so neither value can be believed"));
        }
        let (value, json) = cursor.value()?;
        fields.push(Field { name, value, json });

        cursor.skip_whitespace();
        match cursor.peek() {
            Some(b',') => cursor.at += 1,
            Some(b'}') => {
                cursor.at += 1;
                let mended = cursor.mended;
                return cursor.end(Scan { fields, message: None, mended });
            }
            _ => return Err(cursor.broken("a value is not followed by `,` or `}`")),
        }
    }
}

/// The one name of a key that has two, so that both together count as a duplicate.
pub(super) fn canonical(name: &str) -> &str {
    if name == "phone" { "phone_number" } else { name }
}

/// The value a text begins with, and how many bytes it takes.
pub(super) fn leading_value(text: &str) -> Option<(Value, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
}

/// What JSON calls whitespace.
pub(super) fn is_whitespace(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

struct Cursor<'a> {
    body: &'a str,
    at: usize,
    mended: bool,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.body.as_bytes().get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while self.peek().is_some_and(|byte| is_whitespace(byte.into())) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.peek() != Some(byte) {
            return Err(self.broken(&format!("`{}` is missing", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }

    fn end<'a>(mut self, scan: Scan<'a>) -> Result<Scan<'a>, Unreadable> {
        self.skip_whitespace();
        if self.at < self.body.len() { Err(self.broken("something follows the closing `}`")) } else { Ok(scan) }
    }

    fn value(&mut self) -> Result<(Value, String), Unreadable> {
        match self.peek() {
            Some(b'"') => {
                let start = self.at;
                let already_mended = std::mem::take(&mut self.mended);
                let text = self.text()?;
                let json =
                    if self.mended { Value::from(text.as_str()).to_string() } else { self.body[start..self.at].into() };
                self.mended |= already_mended;
                Ok((Value::String(text), json))
            }
            Some(b',' | b'}') => {
                self.mended = true;
                Ok((Value::Null, "null".into()))
            }
            _ => {
                let (value, length) = leading_value(&self.body[self.at..])
                    .ok_or_else(|| self.broken("a value is not JSON, or is a number or depth beyond all use"))?;
                let json = self.body[self.at..self.at + length].to_owned();
                self.at += length;
                Ok((value, json))
            }
        }
    }

    fn text(&mut self) -> Result<String, Unreadable> {
        self.expect(b'"')?;
        let content = &self.body[self.at..];
        let mut plain = true;
        let mut bytes = content.bytes().enumerate();
        let length = loop {
            match bytes.next() {
                Some((at, b'"')) => break at,
                Some((_, b'\\')) => {
                    plain = false;
                    bytes.next();
                }
                Some((_, byte)) => {
                    let control = byte < 0x20;
                    plain &= !control;
                    self.mended |= control;
                }
                None => return Err(self.broken("a text does not end")),
            }
        };
        let content = &content[..length];
        let text = if plain { Some(content.to_owned()) } else { mend::unescape(content) };
        let text =
            text.ok_or_else(|| self.broken("a text has an escape that JSON does not know, or half a surrogate pair"))?;
        self.at += length + 1;
        Ok(text)
    }

    /// Says where, but quotes nothing: reasons are logged, and what users typed is not.
    fn broken(&self, what: &str) -> Unreadable {
        Unreadable::because(format!(
            "before `message`, at byte {}: {what}; put `message` last and `| json_escape` on every other value",
            self.at
        ))
    }
}
