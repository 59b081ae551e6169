//! What a build says: while it runs, and of what came of it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::plugin_check::{names, table};
use super::{Done, NotDone};
use crate::build::{Project, Talk};
use crate::plugins::hex;

/// Of a tool's last line.
const PROGRESS_CHARS_MAX: usize = 80;

/// Talks on stderr.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct OnStderr;

impl Talk for OnStderr {
    fn progress(&self, project: &Project, elapsed: Duration, last_line: &str) {
        let line: String = last_line.chars().take(PROGRESS_CHARS_MAX).collect();
        eprintln!("    {}: {} s  {line}", project.name, elapsed.as_secs());
    }

    fn warned(&self, project: &Project, said: &str) {
        eprintln!("{}:\n{}", project.name, said.trim_end());
    }
}

pub(super) fn as_text(project: &Project, done: &Done, several: bool) -> String {
    let Done { plugin, file, changed, time } = done;
    let verdict = if *changed { "is built" } else { "is up to date" };
    let manifest = plugin.manifest.as_ref();
    let name =
        manifest.map_or_else(|| project.name.clone(), |manifest| format!("{} {}", manifest.name, manifest.version));
    let rows = table(&[
        ("name", name),
        ("language", project.language.to_string()),
        ("contract", plugin.contract.clone()),
        ("imports", names(&plugin.interfaces.imports)),
        ("size", size(plugin.file_bytes)),
        ("sha256", hex(&plugin.digest)),
        ("built", format!("in {:.1} s, and compiled in {} ms", time.as_secs_f32(), plugin.compile_time.as_millis())),
    ]);
    format!("{} {verdict}\n\n{rows}{}", shown(file), if several { "\n" } else { "" })
}

pub(super) fn as_json(project: &Project, outcome: &Result<Done, NotDone>) -> Value {
    let (name, language) = (&project.name, project.language.short_name());
    match outcome {
        Ok(Done { plugin, file, changed, time }) => json!({
            "ok": true,
            "name": name,
            "language": language,
            "file": file,
            "changed": changed,
            "file_bytes": plugin.file_bytes,
            "sha256": hex(&plugin.digest),
            "contract": plugin.contract,
            "imports": plugin.interfaces.imports,
            "exports": plugin.interfaces.exports,
            "build_ms": time.as_millis(),
            "compile_ms": plugin.compile_time.as_millis(),
        }),
        Err(NotDone { kind, text }) => {
            json!({ "ok": false, "name": name, "language": language, "kind": kind, "error": text })
        }
    }
}

/// As people say it: KiB, and MiB from ten of them on.
pub(in crate::cli) fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    if bytes < 10 * MIB { format!("{} KiB", bytes.div_ceil(KIB)) } else { format!("{} MiB", bytes.div_ceil(MIB)) }
}

/// From here where it is below, as a person would type it.
pub(super) fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here).unwrap_or(file).display().to_string()
}
