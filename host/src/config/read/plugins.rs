//! `[plugins]`: where they are, and what each is given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::{Section, is_name};
use super::super::{Braze, Connection, Plugin, PluginLimits, Plugins, Storage, suggest};
use crate::conversation::NamedJson;
use crate::limits::BURST_WINDOW_MAX;

mod release;

const DIR: &str = "plugins";
const SHA256_EXAMPLE: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) fn read(
    mut section: Section<'_>,
    storage: &Storage,
    braze: &Braze,
    connections: &BTreeMap<String, Connection>,
    references: &References<'_>,
) -> Plugins {
    let dir = section.text("dir", Some(DIR), DIR).map_or_else(|| DIR.to_owned(), Spanned::into_inner);
    let dir = references.folder.join(dir);
    let cache = read_cache(&mut section, storage, references);
    let mut named = BTreeMap::new();
    for (name, mut section) in section.named() {
        let file = read_file(&mut section, name, &dir, references);
        let sha256 = read_sha256(&mut section, references.report);
        let settings = read_settings(section.section("settings"), references.report);
        let limits = read_limits(section.section("limits"));
        let (connections, campaigns) = read_grants(&mut section, braze, connections, references.report);
        let burst_window = read_burst_window(&mut section);
        let release = release::read(section.section("release"), references.report);
        section.finish();
        let plugin = Plugin { file, sha256, settings, limits, connections, campaigns, burst_window, release };
        named.insert(name.to_owned(), plugin);
    }
    Plugins { dir, cache, named }
}

/// The connections it may call, none by default, and the campaigns and Canvases it may trigger, all by default.
fn read_grants(
    section: &mut Section<'_>,
    braze: &Braze,
    connections: &BTreeMap<String, Connection>,
    report: &Report,
) -> (Vec<String>, Option<Vec<String>>) {
    let known = connections.keys().map(String::as_str);
    let place = "connections";
    let connections = granted(section, "connections", "unknown-connection", known, place, report).unwrap_or_default();
    let known = braze.campaigns.keys().chain(braze.canvases.keys()).map(String::as_str);
    let campaigns = granted(section, "campaigns", "unknown-campaign", known, "braze.campaigns", report);
    (connections, campaigns)
}

/// The names of a list, each of which has to be `known`; `place` is where they are configured.
fn granted<'a>(
    section: &mut Section<'_>,
    key: &'static str,
    code: &'static str,
    known: impl Iterator<Item = &'a str> + Clone,
    place: &str,
    report: &Report,
) -> Option<Vec<String>> {
    let names = section.texts(key, "[\"NAME\"]")?;
    for name in &names {
        let given = name.get_ref().as_str();
        if known.clone().any(|known| known == given) {
            continue;
        }
        let help = match suggest::closest(given, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.clone().next().is_none() => format!("add `[{place}.{given}]`"),
            None => format!("name one of {}, or add `[{place}.{given}]`", suggest::list(known.clone())),
        };
        report.error(code, name.span(), format!("there is no `[{place}.{given}]` to grant"), help);
    }
    Some(names.into_iter().map(Spanned::into_inner).collect())
}

/// The plugins that a source may name: those configured, and every `.wasm` in the folder.
pub(super) fn known(plugins: &Plugins, references: &References<'_>) -> Vec<String> {
    let files = references.environment.files(&plugins.dir);
    let mut names: Vec<String> = files.iter().filter_map(|file| Some(file.strip_suffix(".wasm")?.to_owned())).collect();
    names.retain(|name| is_name(name));
    names.extend(plugins.named.keys().cloned());
    names.sort();
    names.dedup();
    names
}

/// A folder, or `false` for none.
fn read_cache(section: &mut Section<'_>, storage: &Storage, references: &References<'_>) -> Option<PathBuf> {
    let beside = || storage.path.with_file_name("cache");
    let Some((_, value)) = section.take("cache", Some("\"data/cache\"".to_owned())) else { return Some(beside()) };
    match value.get_ref() {
        DeValue::Boolean(false) => None,
        DeValue::String(dir) if !dir.is_empty() => Some(references.folder.join(dir.as_ref())),
        _ => {
            section.wrong_type("cache", &value, "a folder in quotes, or `false`", "\"data/cache\"");
            None
        }
    }
}

fn read_file(section: &mut Section<'_>, name: &str, dir: &Path, references: &References<'_>) -> PathBuf {
    let given = section.text("file", Some("plugins/NAME.wasm"), "plugins/menu.wasm");
    let file =
        given.as_ref().map_or_else(|| dir.join(format!("{name}.wasm")), |file| references.folder.join(file.get_ref()));
    let folder = file.parent().unwrap_or(Path::new(""));
    let files = references.environment.files(folder);
    if !file.file_name().is_some_and(|name| files.iter().any(|file| name == file.as_str())) {
        let there: Vec<&str> = files.iter().filter_map(|file| file.strip_suffix(".wasm")).collect();
        let help = match suggest::closest(name, there.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if there.is_empty() => format!("put the plugin there; `{}` holds none", folder.display()),
            None => format!("put the plugin there; in `{}` are {}", folder.display(), suggest::list(there)),
        };
        let span = given.map_or_else(|| section.span(), |file| file.span());
        references.report.error("missing-plugin", span, format!("there is no file `{}`", file.display()), help);
    }
    file
}

/// A digest as `sha256sum` prints it.
fn read_sha256(section: &mut Section<'_>, report: &Report) -> Option<[u8; 32]> {
    let text = section.text("sha256", None, SHA256_EXAMPLE)?;
    let given = text.get_ref();
    let digest = digest(given);
    if digest.is_none() {
        let flaw = match given.chars().find(|character| !character.is_ascii_hexdigit()) {
            Some(character) => format!("has a {character:?}, which is no hexadecimal digit"),
            None => format!("has {} digits, and a SHA-256 has 64", given.len()),
        };
        let help = "write what `sha256sum FILE` prints before the file's name";
        report.error("bad-digest", text.span(), format!("`sha256` {flaw}"), help);
    }
    digest
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

/// Off unless there is one: waiting for more makes every answer later.
fn read_burst_window(section: &mut Section<'_>) -> Option<Duration> {
    let window = section.duration("burst_window", Duration::ZERO, Duration::ZERO..=BURST_WINDOW_MAX);
    (!window.is_zero()).then_some(window)
}

fn read_limits(mut section: Section<'_>) -> PluginLimits {
    let default = PluginLimits::default();
    let limits = PluginLimits {
        memory_bytes_max: section.bytes("memory", default.memory_bytes_max, MIB..=4096 * MIB),
        hostcall_fuel: section.bytes("hostcall_fuel", default.hostcall_fuel, 64 * KIB..=1024 * MIB),
        deadline: section.duration("deadline", default.deadline, Duration::from_millis(1)..=Duration::from_mins(1)),
        log_bytes_max: section.bytes("log", default.log_bytes_max, 1..=MIB),
    };
    section.finish();
    limits
}

fn read_settings(section: Section<'_>, report: &Report) -> Vec<NamedJson> {
    let table = section.whole();
    let entry = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let value = to_json(value, report).to_string();
        NamedJson { name: String::from(AsRef::<str>::as_ref(name.get_ref())), value }
    };
    table.into_iter().flat_map(DeTable::iter).map(entry).collect()
}

/// TOML has two things that JSON has not: dates become texts, and numbers that are none are refused.
pub(super) fn to_json(value: &Spanned<DeValue<'_>>, report: &Report) -> Json {
    let refuse = |what: &str| {
        report.error(
            "bad-setting",
            value.span(),
            format!("JSON has no {what}, and settings reach plugins as JSON"),
            "write it as a text in quotes",
        );
        Json::Null
    };
    match value.get_ref() {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| refuse("whole number this large"), Json::from),
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            number.map_or_else(|| refuse("such number"), Json::Number)
        }
        DeValue::Boolean(flag) => Json::from(*flag),
        DeValue::Datetime(date) => Json::from(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| to_json(item, report)).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(name, value)| (name.get_ref().as_ref().to_owned(), to_json(value, report))).collect()
        }
    }
}
