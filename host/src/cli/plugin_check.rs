//! `turnwise plugin check FILE`: whether a file is a plugin for this host, and what it says of itself.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::config::PluginLimits;
use crate::plugins::{Compiling, Plugin, Plugins, Problem, Wanted, hex};

/// 0 for a plugin, 1 for a file that is none, 2 where there is no file to look at.
pub async fn run(file: &Path, json: bool) -> u8 {
    let limits = PluginLimits::default();
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plugins = match Plugins::compiling(limits.memory_bytes_max, Compiling::in_processes()) {
        Ok(plugins) => plugins,
        Err(error) => {
            eprintln!("{error}");
            return 2;
        }
    };
    match plugins.compile(Wanted { name, file: file.to_owned(), settings: Vec::new(), limits }).await {
        Ok(plugin) if json => {
            println!("{:#}", as_json(&plugin));
            0
        }
        Ok(plugin) => {
            print!("{}", as_text(&plugin));
            0
        }
        Err(error) => {
            if json {
                println!("{:#}", json!({ "ok": false, "file": file, "error": error.problem.to_string() }));
            }
            eprintln!("error: {}: {}", file.display(), error.problem);
            if matches!(error.problem, Problem::Unreadable(_)) { 2 } else { 1 }
        }
    }
}

fn as_json(plugin: &Plugin) -> Value {
    json!({
        "ok": true,
        "file": plugin.file,
        "contract": plugin.contract,
        "manifest": plugin.manifest,
        "exports": plugin.interfaces.exports,
        "imports": plugin.interfaces.imports,
        "file_bytes": plugin.file_bytes,
        "sha256": hex(&plugin.digest),
        "compile_ms": plugin.compile_time.as_millis(),
        "memory_bytes_at_start": plugin.memory_bytes_at_start,
    })
}

fn as_text(plugin: &Plugin) -> String {
    let of_manifest = |field: fn(&crate::plugins::Manifest) -> &str| plugin.manifest.as_ref().map_or("-", field);
    let verdict = format!("{} is a plugin for this host\n\n", plugin.file.display());
    verdict
        + &table(&[
            ("name", of_manifest(|manifest| &manifest.name).to_owned()),
            ("version", of_manifest(|manifest| &manifest.version).to_owned()),
            ("contract", plugin.contract.clone()),
            ("exports", names(&plugin.interfaces.exports)),
            ("imports", names(&plugin.interfaces.imports)),
            ("size", format!("{} KiB", plugin.file_bytes.div_ceil(1024))),
            ("sha256", hex(&plugin.digest)),
            ("compiled", format!("in {} ms", plugin.compile_time.as_millis())),
            ("memory", format!("{} KiB at start", plugin.memory_bytes_at_start / 1024)),
        ])
}

pub(super) fn table(rows: &[(&str, String)]) -> String {
    rows.iter().fold(String::new(), |mut text, (key, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key:<11} {value}");
        text
    })
}

/// One a line, below the first.
pub(super) fn names(names: &[String]) -> String {
    if names.is_empty() { "-".into() } else { names.join("\n            ") }
}

#[cfg(test)]
mod tests;
