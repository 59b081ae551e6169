//! `[connections.NAME.headers]`: texts in which every word may be a reference to a secret: `"Bearer env:LLM_KEY"`.

use toml::Spanned;
use toml::de::DeTable;

use super::super::reference::References;
use super::super::section::Section;
use super::super::{Header, Secret};
use crate::connections::headers::{is_name, is_value, reserved_to_host};

/// Endings of names whose value is nobody's to read.
const SECRET_ENDINGS: [&str; 8] =
    ["authorization", "cookie", "key", "password", "secret", "signature", "token", "auth"];

/// Whether a header of this name holds a secret, so that it may not be written out.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

pub(super) fn read(section: Section<'_>, connection: &str, references: &References<'_>) -> Vec<Header> {
    let table = section.whole();
    let mut headers: Vec<Header> = Vec::new();
    let mut entries: Vec<_> = table.into_iter().flat_map(DeTable::iter).collect();
    // In the order of the file, not of the names: the second of two is the one too many.
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let name = Spanned::new(key.span(), key.get_ref().as_ref().to_owned());
        check_name(&name, &headers, references);
        let Some(text) = value.get_ref().as_str() else {
            let help = format!("for example `{} = \"Bearer env:{}\"`", name.get_ref(), variable(connection));
            let message = format!("the header `{}` must be a text in quotes", name.get_ref());
            references.report.error("wrong-type", value.span(), message, help);
            continue;
        };
        let text = Spanned::new(value.span(), text.to_owned());
        headers.extend(read_header(name.get_ref(), &text, connection, references));
    }
    headers
}

fn check_name(name: &Spanned<String>, before: &[Header], references: &References<'_>) {
    let given = name.get_ref().as_str();
    let wrong = |message: String, help: &str| references.report.error("bad-header", name.span(), message, help);
    if !is_name(given) {
        wrong(format!("{given:?} is not a header's name"), "use letters, digits and `-`: `x-api-key = \"env:NAME\"`");
    } else if let Some(reason) = reserved_to_host(given) {
        wrong(format!("the header `{given}` cannot be set: {reason}"), "remove it");
    } else if before.iter().any(|header| header.name.eq_ignore_ascii_case(given)) {
        wrong(format!("the header `{given}` is there twice"), "keep one; headers are the same in either case");
    }
}

fn read_header(name: &str, text: &Spanned<String>, connection: &str, references: &References<'_>) -> Option<Header> {
    let report = references.report;
    let example = variable(connection);
    let mut words = Vec::new();
    let mut secrets = Vec::new();
    for word in text.get_ref().split(' ') {
        if word.starts_with("env:") || word.starts_with("file:") {
            let reference = Spanned::new(text.span(), word.to_owned());
            let secret = references.resolve(name, &reference, &example)?;
            words.push(secret.expose().to_owned());
            secrets.push(secret);
        } else if let Some(variable) = word.strip_prefix('$') {
            let message = format!("`{name}` names an environment variable in a way that is not read here");
            let help = format!("write `env:{}`", variable.trim_matches(['{', '}']));
            report.error("bad-reference", text.span(), message, help);
            return None;
        } else {
            words.push(word.to_owned());
        }
    }
    if secrets.is_empty() && is_secret(name) {
        report.secret(text.span());
        let scheme = text.get_ref().split_once(' ').map_or("", |(scheme, _)| scheme);
        let scheme = if ["Bearer", "Basic", "Token"].contains(&scheme) { format!("{scheme} ") } else { String::new() };
        let message = format!("the header `{name}` holds a secret itself; only a reference may be written here");
        let help = format!(
            "`export {example}=…` and write `{name} = \"{scheme}env:{example}\"`; replace the secret if this file was ever shared"
        );
        report.error("literal-secret", text.span(), message, help);
        return None;
    }
    let value = words.join(" ");
    if value.trim().is_empty() || !is_value(&value) {
        let message = format!("the header `{name}` is empty or has a character that no header can carry");
        report.error("bad-header", text.span(), message, "use ASCII letters, digits, signs and spaces");
        return None;
    }
    Some(Header { name: name.to_ascii_lowercase(), value: Secret::referred(value, text.get_ref()), secrets })
}

/// What its secret's variable would be called.
fn variable(connection: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{}_KEY", connection.chars().map(plain).collect::<String>())
}
