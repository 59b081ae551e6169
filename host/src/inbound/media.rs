//! Attachments, in whichever shape a template renders them.

use serde_json::Value;

use super::parse::Unreadable;
use crate::conversation::Media;

/// Reads an array of URLs or of `{url, mime_type}`, one such object, or a text with URLs in it. What is not an `http` or
/// `https` URL is left out.
pub(super) fn read(value: &Value) -> Result<Vec<Media>, Unreadable> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(from_text(text)),
        Value::Object(_) => Ok(from_item(value).into_iter().collect()),
        Value::Array(items) => Ok(items.iter().filter_map(from_item).collect()),
        Value::Bool(_) | Value::Number(_) => {
            Err(Unreadable::because("`media` is neither text nor an array; send the URLs of the attachments"))
        }
    }
}

fn from_item(item: &Value) -> Option<Media> {
    let (url, mime_type) = match item {
        Value::String(url) => (url.as_str(), None),
        Value::Object(object) => (object.get("url")?.as_str()?, object.get("mime_type").and_then(Value::as_str)),
        _ => return None,
    };
    let url = url.trim();
    let mime_type = mime_type.map(str::trim).filter(|mime_type| !mime_type.is_empty()).map(Into::into);
    (is_http(url) && !url.contains(char::is_whitespace)).then(|| Media { url: url.into(), mime_type })
}

fn from_text(text: &str) -> Vec<Media> {
    if let Ok(value @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text) {
        return read(&value).unwrap_or_default();
    }
    urls_in(text).into_iter().map(|url| Media { url: url.into(), mime_type: None }).collect()
}

/// Every URL of a list that is not JSON: as Ruby prints one, separated by anything, or joined without a separator, as Liquid
/// does.
fn urls_in(text: &str) -> Vec<&str> {
    let starts: Vec<usize> = text
        .match_indices(['h', 'H'])
        .map(|(at, _)| at)
        .filter(|&at| is_http(&text[at..]) && !is_inside_url(&text[..at]))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let url = &text[start..end];
            let url =
                url.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).next().unwrap_or(url);
            url.trim_end_matches([',', ';', ']'])
        })
        .filter(|url| is_http(url))
        .collect()
}

/// Whether what comes next is an address handed on in another URL's path or query.
fn is_inside_url(before: &str) -> bool {
    before.ends_with(['=', '/', '?', '&', '#', '%', ':'])
}

fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.len() > scheme.len()
            && url.is_char_boundary(scheme.len())
            && url[..scheme.len()].eq_ignore_ascii_case(scheme)
    })
}

#[cfg(test)]
mod tests;
