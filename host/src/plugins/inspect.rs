//! What a file is, seen before it runs, and what to say when it is not a plugin for this host.

use std::io;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::failure::{TurnFailure, cause};
use crate::limits;

/// Why a file is no plugin: what was found, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("it is larger than {} MiB; build it optimised and without debug information", bytes_max / (1024 * 1024))]
    TooLarge { bytes_max: usize },
    #[error("it is empty; the build that wrote it did not finish")]
    Empty,
    #[error("it is text and not WebAssembly; a plugin is built from its source with `turnwise plugin build`")]
    Text,
    #[error("it is not WebAssembly: it begins with {begins}; a plugin is a WebAssembly component")]
    NotWasm { begins: String },
    #[error(
        "it is a core WebAssembly module, and a plugin is a component. Build its source with `turnwise plugin \
         build`, or make a component of it with `wasm-tools component new`"
    )]
    CoreModule,
    #[error("it ends in the middle ({0}); copy or build it again")]
    Truncated(String),
    #[error("it needs {feature}, which this host does not have; rebuild it without ({detail})")]
    NeedsFeature { feature: &'static str, detail: String },
    #[error("it is not a valid component: {0}")]
    Invalid(String),
    #[error("it was built for {found}, and this host speaks {CONTRACT}.x; rebuild it with this host's wit/bot.wit")]
    OtherContract { found: String },
    #[error("it does not export `{CONTRACT_EXPORT}` with `handle`; {}. Build it for the world `plugin` of wit/bot.wit", exported(.exports))]
    MissingExport { exports: Vec<String> },
    #[error("it imports `{name}`, which this host does not have; {hint}")]
    UnknownImport { name: String, hint: String },
    #[error("its types are not those of {CONTRACT}: {0}. Rebuild it with this host's wit/bot.wit")]
    Mismatch(String),
    #[error("it does not fit into the place of one instance: {0}. Rebuild it with fewer modules or memories")]
    DoesNotFit(String),
    #[error("it does not start: {0}")]
    Start(TurnFailure),
    #[error("its manifest cannot be read: {0}")]
    Manifest(TurnFailure),
}

/// The contract this host speaks; any patch version of it will do.
pub const CONTRACT: &str = "turnwise:bot@0.1";

const CONTRACT_EXPORT: &str = "turnwise:bot/bot@0.1.0";

/// What is linked for plugins, with the version track of each. A test imports every one of them.
pub(super) const OFFERED: [(&str, &str); 29] = [
    ("turnwise:bot/log", "0.1"),
    ("turnwise:bot/types", "0.1"),
    ("wasi:cli/environment", "0.2"),
    ("wasi:cli/exit", "0.2"),
    ("wasi:cli/stderr", "0.2"),
    ("wasi:cli/stdin", "0.2"),
    ("wasi:cli/stdout", "0.2"),
    ("wasi:cli/terminal-input", "0.2"),
    ("wasi:cli/terminal-output", "0.2"),
    ("wasi:cli/terminal-stderr", "0.2"),
    ("wasi:cli/terminal-stdin", "0.2"),
    ("wasi:cli/terminal-stdout", "0.2"),
    ("wasi:clocks/monotonic-clock", "0.2"),
    ("wasi:clocks/wall-clock", "0.2"),
    ("wasi:filesystem/preopens", "0.2"),
    ("wasi:filesystem/types", "0.2"),
    ("wasi:io/error", "0.2"),
    ("wasi:io/poll", "0.2"),
    ("wasi:io/streams", "0.2"),
    ("wasi:random/insecure", "0.2"),
    ("wasi:random/insecure-seed", "0.2"),
    ("wasi:random/random", "0.2"),
    ("wasi:sockets/instance-network", "0.2"),
    ("wasi:sockets/ip-name-lookup", "0.2"),
    ("wasi:sockets/network", "0.2"),
    ("wasi:sockets/tcp", "0.2"),
    ("wasi:sockets/tcp-create-socket", "0.2"),
    ("wasi:sockets/udp", "0.2"),
    ("wasi:sockets/udp-create-socket", "0.2"),
];

/// The names a component imports and exports, e.g. "turnwise:bot/log@0.1.0".
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Interfaces {
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

impl Interfaces {
    pub fn of(component: &Component, engine: &Engine) -> Self {
        let of = component.component_type();
        Self {
            imports: of.imports(engine).map(|(name, _)| name.to_owned()).collect(),
            exports: of.exports(engine).map(|(name, _)| name.to_owned()).collect(),
        }
    }
}

/// Tells a component from everything else by its first eight bytes.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), Problem> {
    const MAGIC: &[u8] = b"\0asm";
    match bytes {
        [] => Err(Problem::Empty),
        [0, b'a', b's', b'm', _, _, layer, _] | [0, b'a', b's', b'm', _, _, layer, _, ..] => {
            if *layer == 0 {
                Err(Problem::CoreModule)
            } else {
                Ok(())
            }
        }
        _ if MAGIC.starts_with(bytes) || bytes.starts_with(MAGIC) => {
            Err(Problem::Truncated(format!("it has {} bytes", bytes.len())))
        }
        _ => {
            let head = &bytes[..bytes.len().min(256)];
            let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || *byte >= 0x80;
            if head.iter().all(printable) {
                return Err(Problem::Text);
            }
            let begins = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            Err(Problem::NotWasm { begins })
        }
    }
}

/// The contract the component was built for, if this host speaks it and has everything it imports.
pub(super) fn check_contract(interfaces: &Interfaces) -> Result<String, Problem> {
    let export = |name: &&String| name.strip_prefix("turnwise:bot/bot").is_some_and(|rest| rest.starts_with('@'));
    let contract = match interfaces.exports.iter().find(export) {
        Some(name) if offers("turnwise:bot/log", &name.replace("/bot@", "/log@")) => name.replace("/bot@", "@"),
        Some(name) => return Err(Problem::OtherContract { found: name.replace("/bot@", "@") }),
        None => return Err(Problem::MissingExport { exports: interfaces.exports.clone() }),
    };
    for name in &interfaces.imports {
        if !OFFERED.iter().any(|(offered, _)| offers(offered, name)) {
            return Err(Problem::UnknownImport { name: name.clone(), hint: hint(name) });
        }
    }
    Ok(contract)
}

/// Refuses what would not fit into the place of one instance, where there is no pool to say so.
pub(super) fn check_size(component: &Component) -> Result<(), Problem> {
    let Some(needs) = component.resources_required() else { return Ok(()) };
    let counted = [
        ("memories", needs.num_memories, limits::PLUGIN_MEMORIES_MAX),
        ("tables", needs.num_tables, limits::PLUGIN_TABLES_MAX),
    ];
    for (what, count, count_max) in counted {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > count_max {
            return Err(Problem::DoesNotFit(format!("it has {count} {what}, and {count_max} are allowed")));
        }
    }
    Ok(())
}

/// What the validator or compiler found wrong.
pub(super) fn invalid(error: &wasmtime::Error) -> Problem {
    const FEATURES: [(&str, &str); 8] = [
        ("shared memor", "threads"),
        ("threads", "threads"),
        ("exceptions", "exception handling"),
        ("memory64", "64-bit memories"),
        ("gc", "garbage collection"),
        ("component model async", "the component model's async"),
        ("component-model-async", "the component model's async"),
        ("async", "the component model's async"),
    ];
    let detail = cause(error);
    let ends_within_a_section = detail.contains("section range") && detail.contains("out of bounds");
    if detail.contains("unexpected end") || detail.contains("unexpected EOF") || ends_within_a_section {
        return Problem::Truncated(detail);
    }
    if detail.contains("exceeds the") {
        return Problem::DoesNotFit(detail);
    }
    let lower = detail.to_lowercase();
    let disabled = ["enabled", "support", "require", "disabled"].iter().any(|word| lower.contains(word));
    match FEATURES.iter().find(|(word, _)| disabled && lower.contains(word)) {
        Some((_, feature)) => Problem::NeedsFeature { feature, detail },
        None => Problem::Invalid(detail),
    }
}

/// Names fit, types do not. The outermost cause says where, the innermost what.
pub(super) fn mismatch(error: &wasmtime::Error) -> Problem {
    let place = error.to_string();
    let detail = cause(error);
    Problem::Mismatch(if place == detail { detail } else { format!("{place}: {detail}") })
}

/// Whether an interface of this name, offered on its version track, serves the import.
fn offers(offered: &str, import: &str) -> bool {
    let Some((name, version)) = import.split_once('@') else { return false };
    let track = OFFERED.iter().find(|(candidate, _)| *candidate == offered && *candidate == name);
    track.is_some_and(|(_, track)| {
        version.strip_prefix(track).is_some_and(|patch| patch.starts_with('.') && !patch.contains('-'))
    })
}

fn hint(import: &str) -> String {
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    if name.starts_with("wasi:http/") {
        return "a plugin reaches other systems by returning a `request` effect".into();
    }
    if !import.contains(':') {
        return "imports belong in an interface of wit/bot.wit, not beside it".into();
    }
    let closest = OFFERED.iter().min_by_key(|(offered, _)| distance(offered, name));
    match closest {
        Some((offered, track)) if *offered == name => {
            format!("it has version {track}.x of it and not {version}: rebuild for that one")
        }
        Some((offered, track)) if distance(offered, name) <= name.len() / 3 => {
            format!("the closest it has is `{offered}@{track}`")
        }
        _ => "it has wasi:*@0.2 (except http) and `turnwise:bot/log@0.1` only".into(),
    }
}

/// Levenshtein's distance, in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn exported(exports: &[String]) -> String {
    if exports.is_empty() { "it exports nothing".into() } else { format!("it exports {}", exports.join(", ")) }
}
