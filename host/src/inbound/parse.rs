//! From a webhook body to an [`Inbound`]: strict where the body is JSON, mended where the user's text broke it, unreadable
//! otherwise.
//!
//! What a user types can never become a field that matters. Fields stand before `message`, none twice (`scan`); behind it is text
//! (`mend`), or what a template of another order put there, as far as a lie in it does no harm (`tail`).

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::scan::{Field, canonical, scan};
use super::{Inbound, media, mend, tail};
use crate::conversation::{Media, NamedJson, User, UserAlias};

/// An authenticated body that makes no inbound, to be kept raw in quarantine until the template is corrected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// What is wrong and how to fix it, for operators. Quotes nothing of the body.
    pub reason: String,
}

impl Unreadable {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Reads the body of a webhook that came to `source`.
///
/// # Errors
/// [`Unreadable`] where the body is not the known template, or names nobody.
pub fn read(source: &str, body: &[u8]) -> Result<Inbound, Unreadable> {
    let body = std::str::from_utf8(body).map_err(|_| Unreadable::because("the body is not UTF-8"))?;
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    if body.contains('\0') {
        return Err(Unreadable::because("the body contains a NUL character"));
    }
    let scan = scan(body)?;
    let mut parts = Parts::default();
    let mut mended = scan.mended;
    let mut fields = scan.fields;
    if let Some(rest) = scan.message {
        parts.text = match tail::read(rest, &fields) {
            Some(tail) => {
                fields.extend(tail.fields);
                mended |= tail.ignored;
                mend::text_of(&tail.message)?
            }
            None => {
                mended = true;
                mend::message(rest)?
            }
        };
    }
    for field in fields {
        parts.take(field)?;
    }
    parts.finish(source, mended)
}

/// A text as such, a number or truth value as it is written; nothing for null.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    user_id: Option<String>,
    phone: Option<String>,
    text: String,
    text_decoded: Option<String>,
    braze_dispatch_id: Option<String>,
    media: Vec<Media>,
    flow_response: Option<String>,
    language: Option<String>,
    profile_name: Option<String>,
    fields: Vec<NamedJson>,
}

impl Parts {
    fn take(&mut self, field: Field) -> Result<(), Unreadable> {
        match canonical(&field.name) {
            "user_id" => self.user_id = identifier("user_id", &field.value)?,
            "phone_number" => self.phone = identifier("phone_number", &field.value)?,
            "message_b64" => self.text_decoded = optional_text("message_b64", &field.value)?.map(decode).transpose()?,
            "dispatch_id" => self.braze_dispatch_id = identifier("dispatch_id", &field.value)?,
            "media" => self.media = media::read(&field.value)?,
            "flow_response" => self.flow_response = flow_response(&field),
            "language" => self.language = optional_text("language", &field.value)?,
            "profile_name" => self.profile_name = optional_text("profile_name", &field.value)?,
            _ => self.fields.push(NamedJson { name: field.name, value: field.json }),
        }
        Ok(())
    }

    fn finish(self, source: &str, mended: bool) -> Result<Inbound, Unreadable> {
        if self.user_id.is_none() && self.phone.is_none() {
            return Err(Unreadable::because(
                "neither `user_id` nor `phone_number` has a value before `message`, so nobody can be answered; \
                 put both before `message` in the template",
            ));
        }
        let inbound = Inbound {
            source: source.into(),
            user: User {
                alias: match (&self.user_id, &self.phone) {
                    (None, Some(phone)) => Some(UserAlias { name: phone.clone(), label: "phone".into() }),
                    _ => None,
                },
                external_id: self.user_id,
                phone: self.phone.as_deref().map(e164),
                language: self.language,
                profile_name: self.profile_name,
            },
            text: self.text_decoded.unwrap_or(self.text),
            media: self.media,
            flow_response: self.flow_response,
            braze_dispatch_id: self.braze_dispatch_id,
            fields: self.fields,
            mended,
        };
        let has_nul = |text: &Option<String>| text.as_deref().is_some_and(|text| text.contains('\0'));
        let user = &inbound.user;
        if inbound.text.contains('\0')
            || [&user.external_id, &user.phone, &user.language, &user.profile_name, &inbound.braze_dispatch_id]
                .into_iter()
                .any(has_nul)
        {
            return Err(Unreadable::because("a text contains a NUL character"));
        }
        Ok(inbound)
    }
}

/// A text that names something. A number does too, unless it is one that JSON readers round.
fn identifier(name: &str, value: &Value) -> Result<Option<String>, Unreadable> {
    if matches!(value, Value::Bool(_)) || value.is_f64() {
        return Err(Unreadable::because(format!("`{name}` is neither text nor a whole number; put it in quotes")));
    }
    optional_text(name, value)
}

fn optional_text(name: &str, value: &Value) -> Result<Option<String>, Unreadable> {
    let text = scalar_text(value)
        .ok_or_else(|| Unreadable::because(format!("`{name}` is an object or array where a text belongs")))?;
    Ok((!text.trim().is_empty()).then_some(text))
}

/// Base64 with or without padding and line breaks, as encoders differ in both.
fn decode(encoded: String) -> Result<String, Unreadable> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut encoded = encoded;
    encoded.retain(|c| !c.is_ascii_whitespace());
    let bytes = LENIENT.decode(encoded).map_err(|_| {
        Unreadable::because("`message_b64` is not base64; render it with `| base64_encode` and nothing around it")
    })?;
    String::from_utf8(bytes).map_err(|_| Unreadable::because("`message_b64` does not decode to UTF-8"))
}

/// The JSON text of a flow's answer, sent as JSON or as a text of it. A text that is not JSON is handed on as a JSON string.
fn flow_response(field: &Field) -> Option<String> {
    let json = match &field.value {
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok() => text.trim(),
        _ => field.json.as_str(),
    };
    let empty = matches!(json, "null" | "{}");
    (!empty).then(|| json.to_owned())
}

/// E.164 where the number clearly is one: digits with the country code, perhaps with `+`, spaces and dashes. Anything else
/// stays as it is.
fn e164(phone: &str) -> String {
    let compact: String = phone.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = compact.strip_prefix('+').unwrap_or(&compact);
    let clear =
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if clear { format!("+{digits}") } else { phone.to_owned() }
}

#[cfg(test)]
mod tests;
