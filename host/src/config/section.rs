//! One table of the document, read key by key: a wrong value is reported and its default read in its place.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Report;
use super::{suggest, units};
use crate::limits::NAME_CHARS_MAX;

pub(super) struct Section<'a> {
    /// e.g. `braze.campaigns.reply`; empty for the document itself.
    path: String,
    /// None if the document has no such table.
    table: Option<&'a DeTable<'a>>,
    /// Where a missing key is reported.
    span: Range<usize>,
    asked: BTreeSet<&'static str>,
    report: &'a Report,
}

/// Whether a source, a bot or anything else that has a table of its own can be called this.
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

pub(super) type Value<'a> = Spanned<&'a DeValue<'a>>;

/// How a kind of quantity is written.
struct Scale<T> {
    parse: fn(&str) -> Option<T>,
    written: fn(T) -> String,
    /// What a number without a unit probably meant.
    guess: fn(&str) -> String,
    kinds: &'static str,
}

impl<'a> Section<'a> {
    /// The document itself. `end` is where a missing table is reported.
    pub(super) fn root(table: &'a DeTable<'a>, end: usize, report: &'a Report) -> Self {
        Self { path: String::new(), table: Some(table), span: end..end, asked: BTreeSet::new(), report }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// `[path.key]`
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let path = self.path_of(key);
        let found = self.take(key, None);
        let Some((key_span, value)) = found else {
            return Self { path, table: None, span: self.span(), asked: BTreeSet::new(), report: self.report };
        };
        self.child(path, key_span, &value)
    }

    /// Each table under a key that nobody has asked for: `[path.NAME]`, `[path.OTHER]`.
    pub(super) fn named(&mut self) -> Vec<(&'a str, Self)> {
        let mut sections = Vec::new();
        for (key, value) in self.table.into_iter().flat_map(DeTable::iter) {
            let name = key.get_ref().as_ref();
            if self.asked.contains(name) {
                continue;
            }
            let path = self.path_of(name);
            if !matches!(value.get_ref(), DeValue::Table(_)) {
                let near = suggest::closest(name, self.asked.iter().copied());
                let help = near.map_or_else(
                    || format!("write `[{path}]` and its keys below it"),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{name}` is not a key of `[{}]`, whose tables are names", self.path);
                self.report.error("unknown-key", key.span(), message, help);
                continue;
            }
            if !is_name(name) {
                let help = format!("use up to 64 letters, digits, `-` and `_`: `[{}.my-name]`", self.path);
                self.report.error("bad-name", key.span(), format!("`{name}` cannot be a name here"), help);
            }
            sections.push((name, self.child(path, key.span(), &Spanned::new(value.span(), value.get_ref()))));
        }
        sections
    }

    /// The table itself, whose keys are not ours to know.
    pub(super) fn whole(self) -> Option<&'a DeTable<'a>> {
        self.table
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(self) {
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            if !self.asked.contains(key.get_ref().as_ref()) {
                self.report.unknown_key(&self.path, key.get_ref(), key.span());
            }
        }
    }

    /// The value of a key, whatever its kind. `default` is as it would be written.
    pub(super) fn take(&mut self, key: &'static str, default: Option<String>) -> Option<(Range<usize>, Value<'a>)> {
        self.asked.insert(key);
        self.report.known(self.path_of(key), default);
        let (key, value) = self.table?.get_key_value(key)?;
        Some((key.span(), Spanned::new(value.span(), value.get_ref())))
    }

    /// A text, if it is there; `example` is a value to paste where the type is wrong.
    pub(super) fn text(&mut self, key: &'static str, default: Option<&str>, example: &str) -> Option<Spanned<String>> {
        let (_, value) = self.take(key, default.map(|text| format!("{text:?}")))?;
        let text = value.get_ref().as_str().map(|text| Spanned::new(value.span(), text.to_owned()));
        if text.is_none() {
            self.wrong_type(key, &value, "a text in quotes", &format!("{example:?}"));
        }
        text
    }

    /// A text or a list of texts, if it is there; `example` is a value to paste where the type is wrong.
    pub(super) fn texts(&mut self, key: &'static str, example: &str) -> Option<Vec<Spanned<String>>> {
        self.texts_or(key, None, example)
    }

    /// The same, of a list that has a default. Where that is not empty, an empty one is a mistake: it would allow nothing.
    pub(super) fn texts_or(
        &mut self,
        key: &'static str,
        default: Option<&[String]>,
        example: &str,
    ) -> Option<Vec<Spanned<String>>> {
        let (_, value) = self.take(key, default.map(|texts| format!("{texts:?}")))?;
        let text = |span: Range<usize>, value: &DeValue<'_>| Some(Spanned::new(span, value.as_str()?.to_owned()));
        let texts = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| text(item.span(), item.get_ref())).collect(),
            one => text(value.span(), one).map(|text| vec![text]),
        };
        if texts.is_none() {
            self.wrong_type(key, &value, "a text or a list of texts", example);
        } else if texts.as_ref().is_some_and(Vec::is_empty) && default.is_some_and(|default| !default.is_empty()) {
            let message = format!("`{key}` is an empty list, which allows nothing");
            self.report.error("empty-list", value.span(), message, format!("remove it, or write `{key} = {example}`"));
        }
        texts
    }

    /// The tables of a list, if it is there: `key = [{ … }, { … }]` or `[[path.key]]`.
    pub(super) fn tables(&mut self, key: &'static str, example: &str) -> Vec<Self> {
        let path = self.path_of(key);
        let Some((_, value)) = self.take(key, None) else { return Vec::new() };
        let DeValue::Array(items) = *value.get_ref() else {
            self.wrong_type(key, &value, "a list of tables", example);
            return Vec::new();
        };
        let table = |item: &'a Spanned<DeValue<'a>>| {
            self.child(path.clone(), item.span(), &Spanned::new(item.span(), item.get_ref()))
        };
        items.iter().map(table).collect()
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Whether `false` stands where there could be a table.
    pub(super) fn is_switched_off(&mut self, key: &'static str) -> bool {
        let value = self.table.and_then(|table| table.get(key));
        let off = value.is_some_and(|value| matches!(value.get_ref(), DeValue::Boolean(false)));
        if off {
            let _ = self.take(key, None);
        }
        off
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Spanned<String>> {
        let text = self.text(key, None, example);
        // A section that is missing altogether is reported by whoever needs it.
        if self.table.is_some_and(|table| !table.contains_key(key)) {
            let message = format!("`[{}]` has no `{key}`", self.path);
            self.report.error("missing-key", self.span(), message, format!("add `{key} = {example:?}`"));
        }
        text
    }

    /// One of a few, by its name. `wrong` says what another word is not, e.g. "no rule for trying again"; then it is none.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
        default: T,
        code: &'static str,
        wrong: &str,
    ) -> Option<T> {
        let Some(given) = self.text(key, Some(name(default)), name(default)) else { return Some(default) };
        if let Some(found) = all.iter().find(|one| name(**one) == given.get_ref()) {
            return Some(*found);
        }
        let names = || all.iter().map(|one| name(*one));
        let help = match suggest::closest(given.get_ref(), names()) {
            Some(near) => format!("did you mean `{key} = \"{near}\"`?"),
            None => format!("write one of {}", suggest::list(names())),
        };
        self.report.error(code, given.span(), format!("`{}` is {wrong}", given.get_ref()), help);
        None
    }

    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some((_, value)) = self.take(key, Some(default.to_string())) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, &value, "`true` or `false`", &default.to_string());
            default
        })
    }

    pub(super) fn count(&mut self, key: &'static str, default: usize, range: RangeInclusive<usize>) -> usize {
        let Some((_, value)) = self.take(key, Some(default.to_string())) else { return default };
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, &value, "a whole number", &default.to_string());
            return default;
        };
        let count = usize::from_str_radix(integer.as_str(), integer.radix()).ok();
        count.filter(|count| range.contains(count)).unwrap_or_else(|| {
            self.out_of_range(
                key,
                value.span(),
                &range.start().to_string(),
                &range.end().to_string(),
                &default.to_string(),
            );
            default
        })
    }

    pub(super) fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let scale = Scale {
            parse: units::duration,
            written: units::duration_text,
            guess: |number| format!("{number}s"),
            kinds: "`ms`, `s`, `m`, `h` or `d`",
        };
        self.scaled(key, default, &range, &scale)
    }

    pub(super) fn bytes(&mut self, key: &'static str, default: usize, range: RangeInclusive<usize>) -> usize {
        let scale = Scale {
            parse: units::bytes,
            written: units::bytes_text,
            guess: |number| {
                number.parse().ok().filter(|n| *n >= 1024).map_or_else(|| format!("{number}KiB"), units::bytes_text)
            },
            kinds: "`B`, `KiB`, `MiB` or `GiB`",
        };
        self.scaled(key, default, &range, &scale)
    }

    /// `IP:PORT`
    pub(super) fn address(&mut self, key: &'static str, default: SocketAddr) -> Spanned<SocketAddr> {
        let shown = default.to_string();
        let Some(text) = self.text(key, Some(&shown), &shown) else { return Spanned::new(self.span(), default) };
        let given = text.get_ref();
        let address = given.parse().unwrap_or_else(|_| {
            let port = given.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).unwrap_or(default.port());
            let help = format!("write an IP address and a port: `{key} = \"{}:{port}\"`", default.ip());
            self.report.error("bad-address", text.span(), format!("`{key}` is not an IP address and port"), help);
            // Stands in with a port that clashes with none.
            SocketAddr::new(default.ip(), 0)
        });
        Spanned::new(text.span(), address)
    }

    pub(super) fn wrong_type(&self, key: &str, value: &Value<'_>, wanted: &str, example: &str) {
        let kind = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` is {kind}; it must be {wanted}");
        self.report.error("wrong-type", value.span(), message, format!("for example `{key} = {example}`"));
    }

    fn scaled<T: PartialOrd + Copy>(
        &mut self,
        key: &'static str,
        default: T,
        range: &RangeInclusive<T>,
        scale: &Scale<T>,
    ) -> T {
        let shown = (scale.written)(default);
        let Some((_, value)) = self.take(key, Some(format!("{shown:?}"))) else { return default };
        if let Some(number) = value.get_ref().as_integer() {
            let help = format!("write the unit: `{key} = \"{}\"`", (scale.guess)(number.as_str()));
            self.report.error("missing-unit", value.span(), format!("`{key}` has no unit"), help);
            return default;
        }
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, &value, "a number and its unit in quotes", &format!("{shown:?}"));
            return default;
        };
        let Some(found) = (scale.parse)(text) else {
            let help = format!("write a whole number and {}, without a space: `{key} = \"{shown}\"`", scale.kinds);
            self.report.error("bad-unit", value.span(), format!("`{key}` is not a number and a known unit"), help);
            return default;
        };
        if !range.contains(&found) {
            let [least, most] = [*range.start(), *range.end()].map(scale.written);
            self.out_of_range(key, value.span(), &least, &most, &format!("{shown:?}"));
            return default;
        }
        found
    }

    fn out_of_range(&self, key: &str, span: Range<usize>, least: &str, most: &str, example: &str) {
        let message = format!("`{key}` must be from {least} to {most}");
        self.report.error("out-of-range", span, message, format!("for example `{key} = {example}`"));
    }

    fn child(&self, path: String, key_span: Range<usize>, value: &Value<'a>) -> Self {
        let table = match *value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
        if table.is_none() {
            let message = format!("`{path}` is not a table");
            self.report.error("wrong-type", value.span(), message, format!("write `[{path}]` and its keys below it"));
        }
        Self { path, table, span: key_span, asked: BTreeSet::new(), report: self.report }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
