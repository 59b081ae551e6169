//! The boundaries of ARCHITECTURE.md, held by reading the sources.

use std::path::{Path, PathBuf};

use turnwise_tests::repository;

const FILE_LINES_MAX: usize = 600;
const ARCHITECTURE_LINES_MAX: usize = 120;

struct Source {
    /// From the repository's root, e.g. "host/src/outbox.rs".
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Of a file or folder without its ending, e.g. "host/src/outbox".
    fn is_of(&self, module: &str) -> bool {
        self.path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// Code lines with their numbers; what comments say binds nobody.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .zip(1..)
            .map(|(line, number)| (number, line))
            .filter(|(_, line)| !line.trim().starts_with("//"))
    }

    /// Where the code has one of these words, as `path:line: text`.
    fn naming(&self, words: &[&str]) -> Vec<String> {
        let names = |line: &str| words.iter().any(|word| has_word(line, word));
        let place = |(number, line): (usize, &str)| format!("{}:{number}: {}", self.path, line.trim());
        self.code().filter(|(_, line)| names(line)).map(place).collect()
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word))
}

/// Every Rust source we wrote.
fn sources() -> Vec<Source> {
    let root = repository();
    let mut folders: Vec<PathBuf> = ["host", "plugin-sdk", "plugins", "tests"].map(|name| root.join(name)).into();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let path = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
                sources.push(Source { path, text });
            }
        }
    }
    assert!(sources.len() > 100, "the sources are where they were");
    sources
}

fn none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

fn host_without_tests() -> impl Iterator<Item = Source> {
    sources().into_iter().filter(|source| source.path.starts_with("host/src/") && !source.is_test())
}

#[test]
fn the_core_is_pure() {
    let outside = [
        "tokio",
        "axum",
        "hyper",
        "redb",
        "wasmtime",
        "reqwest",
        "SystemTime",
        "Instant::now",
        "async fn",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "tracing",
    ];
    let core =
        ["breaker", "conversation", "graph", "inbound", "outbox", "replay"].map(|module| format!("host/src/{module}"));
    let pure = host_without_tests().filter(|source| core.iter().any(|module| source.is_of(module)));
    none(pure.flat_map(|source| source.naming(&outside)).collect(), "what a turn means knows of nothing outside");
}

#[test]
fn the_sandbox_knows_nothing_of_the_host_but_the_clock() {
    let others = |line: &str| {
        line.match_indices("crate::").any(|(at, _)| {
            let rest = &line[at + "crate::".len()..];
            !["clock", "sandbox"].iter().any(|module| has_word(&rest[..rest.len().min(module.len() + 1)], module))
        })
    };
    let sandbox = sources().into_iter().filter(|source| source.is_of("host/src/sandbox"));
    let found = sandbox.flat_map(|source| {
        let lines = source.code().filter(|(_, line)| others(line));
        lines.map(|(number, line)| format!("{}:{number}: {line}", source.path)).collect::<Vec<_>>()
    });
    none(found.collect(), "a fake Braze that shares code with the host would share its mistakes");
}

#[test]
fn each_adapter_keeps_its_library_to_itself() {
    // Names of log targets, of the storage's own module and URL and of the SDK's Python package are not uses.
    let not_uses = |line: &String| {
        let text = line.as_str();
        !["redb:", "storage::redb", "mod redb", "wasmtime=", "turnwise.redb", "in redb only", "const PACKAGE"]
            .iter()
            .any(|harmless| text.contains(harmless))
    };
    for (library, module) in [
        ("wasmtime", "plugins"),
        ("wasmtime_wasi", "plugins"),
        ("redb", "storage/redb"),
        ("tantivy", "search"),
        ("turnwise_plugin", "transcript"),
        // Alone it is a word of Braze's as well.
        ("use layout", "graph"),
    ] {
        let home = format!("host/src/{module}");
        let strangers = host_without_tests().filter(|source| !source.is_of(&home));
        let found = strangers.flat_map(|source| source.naming(&[library])).filter(not_uses);
        none(found.collect(), &format!("{library} is named outside {home}"));
    }
}

#[test]
fn nobody_calls_out_but_those_who_check_where() {
    // Beside the adapters, of which the desk calls the one system it is configured with: a fake Braze that delivers webhooks, and commands that ask a running host.
    let homes = ["braze", "connections", "desk", "sandbox", "cli"].map(|module| format!("host/src/{module}"));
    let strangers = host_without_tests().filter(|source| !homes.iter().any(|home| source.is_of(home)));
    // Reading a URL calls nobody, and neither does the name of a log target.
    let a_call = |line: &String| !line.contains("use reqwest::Url;") && !line.contains("reqwest=warn");
    let found = strangers.flat_map(|source| source.naming(&["reqwest"])).filter(a_call);
    none(found.collect(), "a call that does not go through `connections` can be led anywhere");
}

#[test]
fn nothing_can_reach_everyone() {
    let words = ["broadcast", "audience", "segment_id", "segment"];
    let found = sources()
        .into_iter()
        .filter(|source| !source.is_test() && !source.path.starts_with("tests/") && !source.is_of("host/src/sandbox"))
        .filter(|source| !source.is_of("host/src/feed"))
        .flat_map(|source| source.naming(&words))
        // A channel with several receivers is no message to anybody.
        .filter(|line| !line.contains("sync::broadcast::"));
    none(found.collect(), "a call that names nobody reaches everybody");
}

#[test]
fn files_stay_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long = sources().into_iter().filter(|source| lines(source) > FILE_LINES_MAX);
    none(long.map(|source| format!("{}: {} lines", source.path, lines(&source))).collect(), "one idea a file");
    assert!(!sources().iter().any(|source| source.path.ends_with("/mod.rs")), "modules are foo.rs and foo/");
    if let Ok(text) = std::fs::read_to_string(repository().join("ARCHITECTURE.md")) {
        assert!(text.lines().count() <= ARCHITECTURE_LINES_MAX, "ARCHITECTURE.md is to be read in one sitting");
    }
}

#[test]
fn every_item_of_the_contract_says_what_it_is() {
    let text = std::fs::read_to_string(repository().join("wit/bot.wit")).expect("the contract");
    none(undocumented(&text, Path::new("wit/bot.wit")), "plugin authors read this file");
    let bare =
        "interface a {\n  /// Said.\n  type b = u8;\n  record c {\n    /// Said.\n    d: u8,\n    e: u8,\n  }\n}\n";
    assert_eq!(undocumented(bare, Path::new("x")).len(), 3, "interface a, record c and its field e");
}

/// Items, fields and cases that no doc comment stands before.
fn undocumented(text: &str, file: &Path) -> Vec<String> {
    let mut previous = "";
    let mut found = Vec::new();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        let silent = ["", "}", "//", "use ", "import ", "export "].iter().any(|start| match *start {
            "" => line.is_empty(),
            start => line.starts_with(start),
        });
        if !silent && !previous.starts_with("///") {
            found.push(format!("{}:{number}: {line}", file.display()));
        }
        previous = line;
    }
    found
}
