//! What has been found wrong so far, and which keys were asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use super::error::{ConfigError, ConfigErrors};
use super::suggest;

/// A file with more mistakes is no configuration, and placing each costs time in proportion to the file.
const MISTAKES_MAX: usize = 200;

/// Shared by everything that reads the document, so that one mistake never hides another.
#[derive(Default)]
pub(super) struct Report {
    errors: RefCell<Vec<ConfigError>>,
    unknown: RefCell<Vec<UnknownKey>>,
    secrets: RefCell<Vec<Range<usize>>>,
    known: RefCell<KnownKeys>,
}

/// Full path → default as it would be written, or none if there is none.
pub(super) type KnownKeys = BTreeMap<String, Option<String>>;

struct UnknownKey {
    section: String,
    key: String,
    span: Range<usize>,
}

impl Report {
    pub(super) fn error(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() < MISTAKES_MAX {
            errors.push(ConfigError { code, message: message.into(), span, help: help.into() });
        }
    }

    /// A key nobody asked for; what was meant is only known once everything has been read.
    pub(super) fn unknown_key(&self, section: &str, key: &str, span: Range<usize>) {
        let mut unknown = self.unknown.borrow_mut();
        if unknown.len() < MISTAKES_MAX {
            unknown.push(UnknownKey { section: section.to_owned(), key: key.to_owned(), span });
        }
    }

    /// A secret is written here: it must not be shown.
    pub(super) fn secret(&self, span: Range<usize>) {
        self.secrets.borrow_mut().push(span);
    }

    pub(super) fn known(&self, path: String, default: Option<String>) {
        self.known.borrow_mut().insert(path, default);
    }

    /// Every key that was asked for.
    #[cfg(test)]
    pub(super) fn known_keys(&self) -> KnownKeys {
        self.known.borrow().clone()
    }

    /// The document has syntax errors at `spans`: what is missing may only seem so, what shares a line with one is a
    /// consequence of it, and below a broken `[table]` line keys are taken for those of the table above.
    pub(super) fn keep_certain(&self, text: &str, spans: &[Range<usize>]) {
        let broken: Vec<usize> = spans.iter().map(|span| line_start(text, span.start)).collect();
        let sure_until = broken.iter().copied().find(|begin| text[*begin..].trim_start().starts_with('['));
        let certain = |span: &Range<usize>| {
            !broken.contains(&line_start(text, span.start)) && sure_until.is_none_or(|until| span.start < until)
        };
        let seems =
            |code: &str| matches!(code, "missing-key" | "unknown-bot" | "unknown-campaign" | "unknown-connection");
        self.unknown.borrow_mut().retain(|unknown| certain(&unknown.span));
        self.errors.borrow_mut().retain(|error| !seems(error.code) && certain(&error.span));
    }

    /// The value, if nothing was wrong with it but what is `excused`, by code; that comes beside it.
    pub(super) fn into_result<T>(
        self,
        value: T,
        file: &str,
        text: &str,
        excused: &[&str],
    ) -> Result<(T, Vec<ConfigError>), ConfigErrors> {
        let unknown = self.unknown.take();
        let known = self.known.take();
        let mut errors = self.errors.into_inner();
        errors.extend(unknown.into_iter().map(|unknown| unknown.into_error(&known)));
        errors.sort_by_key(|error| (error.span.start, error.span.end));
        if errors.iter().all(|error| excused.contains(&error.code)) {
            return Ok((value, errors));
        }
        Err(ConfigErrors { file: file.to_owned(), text: starred(text, &self.secrets.into_inner()), errors })
    }
}

impl UnknownKey {
    fn into_error(self, known: &KnownKeys) -> ConfigError {
        let Self { section, key, span } = self;
        let here: Vec<&str> = known.keys().filter_map(|path| child(&section, path)).collect();
        let elsewhere = known.keys().find_map(|path| path.rsplit_once('.').filter(|(_, name)| *name == key));
        let help = match (suggest::closest(&key, here.iter().copied()), elsewhere) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, Some((owner, _))) => format!("it belongs under `[{owner}]`"),
            (None, None) if here.is_empty() => "remove it".to_owned(),
            (None, None) => format!("remove it; known here: {}", suggest::list(here)),
        };
        let place = if section.is_empty() { "this file".to_owned() } else { format!("`[{section}]`") };
        ConfigError { code: "unknown-key", message: format!("`{key}` is not a key of {place}"), span, help }
    }
}

/// Where the line of this offset begins.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

fn child<'a>(section: &str, path: &'a str) -> Option<&'a str> {
    let rest = if section.is_empty() { path } else { path.strip_prefix(section)?.strip_prefix('.')? };
    (!rest.contains('.')).then_some(rest)
}

/// The text with stars over the spans, of the same length in bytes.
fn starred(text: &str, spans: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in spans.iter().filter_map(|span| text.get(span.clone()).map(|_| span)).flat_map(Range::clone) {
        if !matches!(bytes[byte], b'\n' | b'\r') {
            bytes[byte] = b'*';
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
