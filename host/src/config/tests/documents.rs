//! docs/configuration.md and the parser know the same keys with the same defaults, and what the documents show is right.

use std::collections::BTreeMap;

use super::super::read::{defaults, examine};
use super::super::report::Report;
use super::{Fake, completed, read};

const DOCUMENT: &str = include_str!("../../../../docs/configuration.md");
const SETUP: &str = include_str!("../../../../docs/braze-setup.md");
const PLUGINS: &str = include_str!("../../../../docs/plugins.md");
const CONNECTIONS: &str = include_str!("../../../../docs/connections.md");
const DESK: &str = include_str!("../../../../docs/desk.md");
const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

/// Every section by its heading, and every key by its full path with its default as written.
fn documented() -> (Vec<String>, BTreeMap<String, String>) {
    let mut sections = Vec::new();
    let mut keys = BTreeMap::new();
    for line in DOCUMENT.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push(heading.trim_matches(['`', '[', ']']).to_owned());
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.split(" | ").collect();
            let path = format!("{}.{}", sections.last().expect("a heading"), cells[0].trim_end_matches('`'));
            assert!(cells.len() == 4 && cells[3].len() > 10, "{line}");
            keys.insert(path, cells[2].to_owned());
        }
    }
    (sections, keys)
}

#[test]
fn every_key_is_documented_with_its_default() {
    let text = completed(
        "[braze.campaigns.NAME]\n[braze.canvases.NAME]\n[sources.NAME]\n[plugins.NAME]\n[connections.NAME]\n[desk.teams.NAME]",
    );
    let report = Report::default();
    examine(&report, "conf/turnwise.toml", &text, &Fake::new());
    let (sections, mut documented) = documented();
    for (path, default) in report.known_keys() {
        // A table is documented by what is in it.
        let within = format!("{path}.");
        if sections.iter().any(|section| *section == path || section.starts_with(&within))
            || (default.is_none() && documented.keys().any(|key| key.starts_with(&within)))
        {
            continue;
        }
        let shown = documented.remove(&path).unwrap_or_else(|| panic!("`{path}` is not in docs/configuration.md"));
        match default {
            Some(default) => assert_eq!(shown, format!("`{default}`"), "the default of `{path}`"),
            None => assert!(matches!(shown.as_str(), "required" | "none"), "`{path}` has no default"),
        }
    }
    assert!(documented.is_empty(), "documented, but not read: {documented:?}");
}

#[test]
fn every_example_is_a_valid_configuration() {
    for document in [DOCUMENT, SETUP] {
        examples(document).for_each(|example| drop(read(example).expect("valid")));
    }
    // These show a part of a file, and one shows a plugin's manifest.
    for document in [PLUGINS, CONNECTIONS, DESK, OPERATIONS] {
        let parts = examples(document).filter(|example| !example.starts_with("[package]"));
        // The reader's plugin is not there; another is.
        parts.for_each(|part| drop(read(&completed(&part.replace("plugins.parrot", "plugins.menu"))).expect("valid")));
    }
}

#[test]
fn the_documented_plugin_is_the_tutorial() {
    let source = include_str!("../../../../plugins/echo/src/lib.rs");
    let code = &source[source.find("use ").expect("the tutorial uses the SDK")..];
    for part in [
        include_str!("../../../../plugins/echo/Cargo.toml"),
        code,
        include_str!("../../../../plugins/echo/tests/echo.chat"),
    ] {
        assert!(PLUGINS.contains(&format!("\n{part}```\n")), "docs/plugins.md shows what is no longer so:\n{part}");
    }
}

fn examples(document: &str) -> impl Iterator<Item = &str> {
    document.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn the_documented_webhook_body_is_the_printed_one() {
    assert!(SETUP.contains(&format!("```\n{}\n```\n", crate::braze::recipe::BODY)));
    assert!(SETUP.contains("\n{{api_trigger_properties.${external_system_msg_body}}}\n"));
}

#[test]
fn defaults_have_nothing_that_needs_a_person() {
    let config = defaults();
    assert!(config.sources.is_empty() && config.braze.campaigns.is_empty() && config.braze.endpoint.is_empty());
}
