//! Secrets: a reference in the configuration, its value elsewhere.

use std::path::Path;

use toml::Spanned;

use super::Secret;
use super::environment::Environment;
use super::report::Report;

/// What a reference is followed with.
pub(super) struct References<'a> {
    pub(super) report: &'a Report,
    pub(super) environment: &'a dyn Environment,
    /// The configuration file's; relative paths begin there.
    pub(super) folder: &'a Path,
}

impl References<'_> {
    /// The secret that the value of `key` refers to. `example` is an environment variable's name.
    pub(super) fn resolve(&self, key: &str, reference: &Spanned<String>, example: &str) -> Option<Secret> {
        let text = reference.get_ref().as_str();
        let value = if let Some(name) = text.strip_prefix("env:") {
            self.variable(key, reference, name, example)?
        } else if let Some(path) = text.strip_prefix("file:") {
            self.file(key, reference, path)?
        } else {
            self.literal(key, reference, example);
            return None;
        };
        if let Some((code, flaw, help)) = flaw(&value) {
            self.report.error(code, reference.span(), format!("the secret behind `{text}` {flaw}"), help);
            return None;
        }
        Some(Secret::referred(value, text))
    }

    fn variable(&self, key: &str, reference: &Spanned<String>, name: &str, example: &str) -> Option<String> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let message = format!("`{key}` does not name an environment variable");
            let help = format!("a name has letters, digits and `_`: `\"env:{example}\"`");
            self.report.error("bad-reference", reference.span(), message, help);
            return None;
        }
        let value = self.environment.var(name);
        if value.is_none() {
            let help = format!("set it where turnwise is started, e.g. `export {name}=…`");
            self.report.error(
                "missing-variable",
                reference.span(),
                format!("the environment variable `{name}` is not set"),
                help,
            );
        }
        value
    }

    /// A file's last line break is not part of the secret: nearly every editor adds one.
    fn file(&self, key: &str, reference: &Spanned<String>, path: &str) -> Option<String> {
        if path.is_empty() {
            let message = format!("`{key}` does not name a file");
            self.report.error("bad-reference", reference.span(), message, "write `\"file:/run/secrets/NAME\"`");
            return None;
        }
        match self.environment.read(&self.folder.join(path)) {
            Ok(text) => {
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Some(line.strip_suffix('\r').unwrap_or(line).to_owned())
            }
            Err(error) => {
                let help =
                    "create the file, or let the user that runs turnwise read it; a relative path begins at this file";
                self.report.error(
                    "unreadable-secret",
                    reference.span(),
                    format!("cannot read `{path}`: {error}"),
                    help,
                );
                None
            }
        }
    }

    fn literal(&self, key: &str, value: &Spanned<String>, example: &str) {
        let text = value.get_ref();
        if text.is_empty() {
            let help = format!("write `\"env:{example}\"` or `\"file:/run/secrets/NAME\"`");
            return self.report.error("bad-reference", value.span(), format!("`{key}` is empty"), help);
        }
        let variable = text.trim().trim_start_matches(['$', '{']).trim_end_matches('}');
        let is_name = !variable.is_empty() && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if text.trim().starts_with('$') && is_name {
            let message = format!("`{key}` names an environment variable in a way that is not read here");
            return self.report.error("bad-reference", value.span(), message, format!("write `\"env:{variable}\"`"));
        }
        self.report.secret(value.span());
        let message = format!("`{key}` holds a secret itself; only a reference may be written here");
        let place = if key == "tokens" { format!("[\"env:{example}\"]") } else { format!("\"env:{example}\"") };
        let help = format!(
            "`export {example}=…` and write `{key} = {place}`, or put it into a file and write `\"file:PATH\"`; \
             replace the secret if this file was ever shared"
        );
        self.report.error("literal-secret", value.span(), message, help);
    }
}

/// What makes a value useless in an HTTP header, and how it usually came about.
fn flaw(value: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let quotes = ['"', '\'', '`', '“', '”', '‘', '’'];
    if value.trim().is_empty() {
        return Some(("empty-secret", "is empty", "set it to the secret"));
    }
    if value.trim() != value {
        return Some((
            "secret-whitespace",
            "has whitespace around it",
            "set it without the spaces or line breaks around it",
        ));
    }
    if value.starts_with(quotes) || value.ends_with(quotes) {
        return Some((
            "secret-quotes",
            "has quotes around it",
            "set it without the quotes: they would be sent as a part of it",
        ));
    }
    if value.starts_with("Bearer ") {
        return Some(("secret-characters", "begins with `Bearer `", "set it to the part behind `Bearer `"));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some((
            "secret-characters",
            "has a space, or a character that no HTTP header can carry",
            "copy it again: ASCII letters, digits and signs only",
        ));
    }
    None
}
