//! The document, section by section. A value that is wrong is reported and stands in as its default or as nothing, so
//! that reading goes on; only a report without errors lets the result out.

mod braze;
mod connection_headers;
mod connections;
mod console;
mod desk;
mod plugins;
mod routing;
mod server;
mod sources;

use std::io;
use std::path::Path;

use toml::de::{DeTable, Error};

use super::environment::Environment;
use super::reference::References;
use super::report::{Report, line_start};
use super::section::Section;
use super::{Config, ConfigError, ConfigErrors};

pub(super) use braze::TEXT_PROPERTY;
pub(crate) use braze::is_loopback;
pub(super) use sources::FALLBACK_TEXT;

/// Far more than any configuration; less than what makes reading one slow.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// Text that is no TOML at all has an error at nearly every character.
const SYNTAX_ERRORS_MAX: usize = 100;

/// That the file of a plugin is not there.
pub const ABSENT_PLUGINS: [&str; 2] = ["unknown-bot", "missing-plugin"];
/// That a secret is not there.
pub const ABSENT_SECRETS: [&str; 2] = ["missing-variable", "unreadable-secret"];

/// Reads a configuration.
///
/// `file_name` is as the user named the file; relative paths in it begin at its folder.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn parse(file_name: &str, text: &str, environment: &dyn Environment) -> Result<Config, ConfigErrors> {
    parse_excusing(&[], file_name, text, environment).map(|(config, _)| config)
}

/// [`parse`], but what is `excused`, by code, comes beside the configuration instead of in its place.
pub(super) fn parse_excusing(
    excused: &[&str],
    file_name: &str,
    text: &str,
    environment: &dyn Environment,
) -> Result<(Config, Vec<ConfigError>), ConfigErrors> {
    let report = Report::default();
    let config = examine(&report, file_name, text, environment);
    report.into_result(config, file_name, if text.len() > FILE_BYTES_MAX { "" } else { text }, excused)
}

/// [`parse`], of the file itself.
///
/// # Errors
/// Every mistake, in the order of the file; also that there is no such file.
pub fn load(file: &Path, environment: &dyn Environment) -> Result<Config, ConfigErrors> {
    load_excusing(&[], file, environment).map(|(config, _)| config)
}

/// [`load`], but what is `excused`, by code, comes beside the configuration instead of in its place: [`ABSENT_PLUGINS`], for
/// a host that loads them once they are there, and [`ABSENT_SECRETS`], for who needs none.
///
/// # Errors
/// Every mistake, in the order of the file, if one of them is not excused.
pub fn load_excusing(
    excused: &[&str],
    file: &Path,
    environment: &dyn Environment,
) -> Result<(Config, Vec<ConfigError>), ConfigErrors> {
    let name = file.display().to_string();
    match environment.read(file) {
        Ok(text) => parse_excusing(excused, &name, &text, environment),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let message = "this file is not UTF-8 text".to_owned();
            Err(ConfigErrors::of_file(&name, "not-utf8", message, "save it as UTF-8"))
        }
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let message = "this file is far too large for a configuration".to_owned();
            Err(ConfigErrors::of_file(&name, "file-too-large", message, "name the right file with `--config FILE`"))
        }
        Err(error) => {
            let help = "name another with `--config FILE`; `turnwise dev` needs none";
            Err(ConfigErrors::of_file(
                &name,
                "unreadable-file",
                format!("cannot read the configuration: {error}"),
                help,
            ))
        }
    }
}

/// Every default, and nothing that has none: no sources, no campaigns, no secrets.
pub(super) fn defaults() -> Config {
    let report = Report::default();
    let table = DeTable::new();
    read(
        Section::root(&table, 0, &report),
        &References { report: &report, environment: &Nothing, folder: Path::new("") },
    )
}

/// What the text says, with stand-ins for all that is reported.
pub(super) fn examine(report: &Report, file_name: &str, text: &str, environment: &dyn Environment) -> Config {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("this file has {} bytes; a configuration has at most 1 MiB", text.len());
        report.error("file-too-large", 0..0, message, "name the right file with `--config FILE`");
        return defaults();
    }
    if let Some(at) = text.find('\0') {
        let help = "this is not a text file, or not saved as UTF-8";
        report.error("nul-byte", at..at + 1, "there is a NUL byte here", help);
        return defaults();
    }
    let (table, syntax) = DeTable::parse_recoverable(text);
    let folder = Path::new(file_name).parent().unwrap_or(Path::new(""));
    let references = References { report, environment, folder };
    let end = text.trim_end().len();
    let config = read(Section::root(table.get_ref(), end, report), &references);
    report_syntax(&syntax, text, report);
    config
}

fn read(mut root: Section<'_>, references: &References<'_>) -> Config {
    let server = server::read(root.section("server"), references.report);
    let storage = server::read_storage(root.section("storage"), references);
    let braze = braze::read(root.section("braze"), references);
    let connections = connections::read(root.section("connections"), references);
    let plugins = plugins::read(root.section("plugins"), &storage, &braze, &connections, references);
    let sources = sources::read(root.section("sources"), &plugins, &braze, references);
    let console = console::read(root.section("console"), references);
    let desk = desk::read(root.section("desk"), references);
    root.finish();
    Config {
        server,
        storage,
        braze,
        sources,
        plugins,
        connections,
        connections_of_all: Vec::new(),
        console,
        dev: false,
        desk,
    }
}

/// TOML's own messages, the first of each line: one slip often breaks the rest of its line.
fn report_syntax(errors: &[Error], text: &str, report: &Report) {
    if errors.is_empty() {
        return;
    }
    let errors = &errors[..errors.len().min(SYNTAX_ERRORS_MAX)];
    let spans: Vec<_> = errors.iter().map(|error| error.span().unwrap_or(text.len()..text.len())).collect();
    report.keep_certain(text, &spans);
    let mut lines = Vec::new();
    for (error, span) in errors.iter().zip(spans) {
        let begin = line_start(text, span.start);
        if lines.contains(&begin) {
            continue;
        }
        lines.push(begin);
        let line = text[begin..].split('\n').next().unwrap_or_default();
        hide_secret(line, begin, report);
        report.error("syntax", span, error.message(), syntax_help(line, error.message()));
    }
}

/// A line that cannot be read may still hold a secret: what stands behind a key for secrets is not shown.
fn hide_secret(line: &str, begin: usize, report: &Report) {
    let Some((key, value)) = line.split_once('=') else { return };
    let name = key.trim().trim_matches(['"', '\'']);
    let secret = matches!(name, "api_key" | "tokens" | "token" | "webhook_secret" | "proxy_secret")
        || connection_headers::is_secret(name);
    // A table of headers may hold a reference beside what is none.
    if name == "headers" || secret && !value.contains("env:") && !value.contains("file:") {
        let start = begin + key.len() + 1;
        report.secret(start..start + value.len());
    }
}

fn syntax_help(line: &str, message: &str) -> String {
    if message.contains("duplicate key") {
        return "keep one of the two; a table is opened once and holds all its keys".to_owned();
    }
    let line = line.trim();
    if let Some(table) = line.strip_prefix('[').filter(|_| !line.contains('=')) {
        return format!("write `[{}]`", table.trim_matches(['[', ']', ' ']));
    }
    let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(':')) else {
        return "a line is `key = value`, `[table]` or `# comment`".to_owned();
    };
    let (key, value) = (key.trim(), value.trim());
    match (key, value.chars().next()) {
        ("api_key", _) => "write a reference in quotes: `api_key = \"env:BRAZE_API_KEY\"`".to_owned(),
        ("token" | "webhook_secret", _) => format!("write a reference in quotes: `{key} = \"env:NAME\"`"),
        ("tokens", _) => "write references in quotes: `tokens = [\"env:WEBHOOK_TOKEN\"]`".to_owned(),
        // What was meant may be repeated only where it is no secret.
        ("headers", _) => "write references in quotes: `headers = { authorization = \"Bearer env:NAME\" }`".to_owned(),
        (key, _) if connection_headers::is_secret(key.trim_matches(['"', '\''])) => {
            format!("write a reference in quotes: `{key} = \"env:NAME\"`")
        }
        (_, Some('[' | '{')) => {
            format!("close every quote and bracket: `{key} = [\"one\", \"two\"]`, `{key} = {{ name = \"value\" }}`")
        }
        _ => format!("write `{key} = \"{}\"`", value.trim_matches(['"', '\'', ' '])),
    }
}

/// An environment in which nothing is there.
struct Nothing;

impl Environment for Nothing {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }

    fn read(&self, _path: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn files(&self, _folder: &Path) -> Vec<String> {
        Vec::new()
    }
}
