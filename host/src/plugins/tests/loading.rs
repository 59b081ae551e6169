use std::collections::BTreeMap;
use std::sync::Arc;

use super::guest::{component, foreign, handling, handling_with, keeping, module};
use super::{TempFile, compile, host};
use crate::clock::SystemClock;
use crate::config::{self, PluginLimits};
use crate::plugins::inspect::OFFERED;
use crate::plugins::{CONTRACT, Compiling, Folder, Plugin, Problem};

async fn loaded(bytes: &[u8]) -> Result<std::sync::Arc<Plugin>, Problem> {
    compile(&host(), "bot", bytes, PluginLimits::default()).await.map_err(|error| error.problem)
}

async fn problem(bytes: &[u8]) -> (Problem, String) {
    match loaded(bytes).await {
        Ok(_) => panic!("should be refused"),
        Err(problem) => {
            let told = problem.to_string();
            (problem, told)
        }
    }
}

#[tokio::test]
async fn a_plugin_is_told_by_what_it_is() {
    let bytes = keeping();
    let plugin = loaded(&bytes).await.expect("a plugin");
    assert_eq!(plugin.contract, "turnwise:bot@0.1.0");
    assert_eq!(plugin.interfaces.exports, ["turnwise:bot/bot@0.1.0"]);
    assert_eq!(plugin.file_bytes, bytes.len());
    assert_eq!(plugin.memory_bytes_at_start, 2 * 65536);
    assert_eq!(plugin.manifest, None);
    assert_eq!(plugin.digest_short(), plugin.digest[..8]);
}

#[tokio::test]
async fn a_manifest_is_read_once() {
    let items = "(func (export \"turnwise:bot/manifest@0.1.0#describe\") (result i32) (i32.const 2048))
        (data (i32.const 2048) \"\\00\\0c\\00\\00\\04\\00\\00\\00\\04\\0c\\00\\00\\05\\00\\00\\00\\03\\00\\00\\00\")
        (data (i32.const 3072) \"menu1.4.0\")";
    let bytes = handling_with("export manifest;", "(i32.const 1024)", items);
    let manifest = loaded(&bytes).await.expect("a plugin").manifest.clone().expect("a manifest");
    assert_eq!((manifest.name.as_str(), manifest.version.as_str(), manifest.state_version), ("menu", "1.4.0", 3));

    let trapping = "(func (export \"turnwise:bot/manifest@0.1.0#describe\") (result i32) unreachable)";
    let (_, told) = problem(&handling_with("export manifest;", "(i32.const 1024)", trapping)).await;
    assert!(told.starts_with("its manifest cannot be read: the plugin trapped"), "{told}");
}

#[tokio::test]
async fn g6_what_is_not_webassembly_is_told_for_what_it_is() {
    assert!(matches!(problem(b"").await.0, Problem::Empty));
    assert!(matches!(problem(b"(component)").await.0, Problem::Text));
    assert!(matches!(problem(b"\0as").await.0, Problem::Truncated(_)));
    assert!(matches!(problem(b"\0asm\x0d").await.0, Problem::Truncated(_)));
    let (_, told) = problem(b"\x7fELF\x02\x01\x01\0\0\0").await;
    assert!(told.contains("begins with 7f 45 4c 46"), "{told}");
}

#[tokio::test]
async fn g6_a_truncated_component_is_refused_wherever_it_ends() {
    let bytes = keeping();
    for len in (8..bytes.len()).step_by(bytes.len() / 20) {
        let (found, told) = problem(&bytes[..len]).await;
        let fits = matches!(found, Problem::Truncated(_) | Problem::MissingExport { .. } | Problem::Invalid(_));
        assert!(fits, "{len} of {} bytes: {told}", bytes.len());
    }
}

#[tokio::test]
async fn g6_a_core_module_is_told_how_to_become_a_component() {
    let bytes = wat::parse_str(module("handle", "(i32.const 1024)", "")).expect("a module");
    let (found, told) = problem(&bytes).await;
    assert!(matches!(found, Problem::CoreModule), "{told}");
    assert!(told.contains("wasm-tools component new"), "{told}");
}

#[tokio::test]
async fn g6_a_component_that_exports_no_bot_is_told_what_it_exports() {
    let (found, told) = problem(&wat::parse_str("(component)").expect("a component")).await;
    assert!(matches!(found, Problem::MissingExport { .. }), "{told}");
    assert!(told.contains("does not export `turnwise:bot/bot@0.1.0` with `handle`; it exports nothing"), "{told}");

    let wit = "package other:thing@1.0.0; interface run { go: func(); } world w { export run; }";
    let text = "(module (func (export \"other:thing/run@1.0.0#go\")))";
    let (_, told) = problem(&foreign(text, wit, "w")).await;
    assert!(told.contains("it exports other:thing/run@1.0.0"), "{told}");
}

#[tokio::test]
async fn g6_another_version_of_the_contract_is_named() {
    let wit = include_str!("../../../../wit/bot.wit").replace("bot@0.1.0", "bot@0.2.0");
    let text = module("turnwise:bot/bot@0.2.0#handle", "(i32.const 1024)", "");
    let (_, told) = problem(&foreign(&text, &wit, "plugin")).await;
    assert!(told.contains("built for turnwise:bot@0.2.0, and this host speaks turnwise:bot@0.1.x"), "{told}");
}

#[tokio::test]
async fn a_later_patch_of_the_contract_is_fine() {
    let wit = include_str!("../../../../wit/bot.wit").replace("bot@0.1.0", "bot@0.1.7");
    let text = module("turnwise:bot/bot@0.1.7#handle", "(i32.const 1024)", "");
    let plugin = loaded(&foreign(&text, &wit, "plugin")).await.expect("a plugin");
    assert_eq!(plugin.contract, "turnwise:bot@0.1.7");
}

#[tokio::test]
async fn g6_changed_types_are_refused_at_load_and_not_at_the_first_turn() {
    let wit = include_str!("../../../../wit/bot.wit").replace("step: option<string>", "step: string");
    let text = module("turnwise:bot/bot@0.1.0#handle", "(i32.const 1024)", "");
    let (_, told) = problem(&foreign(&text, &wit, "plugin")).await;
    assert!(
        told.contains("not those of turnwise:bot@0.1") && told.contains("expected `option` found `string`"),
        "{told}"
    );
    assert!(told.contains("wit/bot.wit"), "{told}");
}

#[tokio::test]
async fn g6_imports_nobody_has_are_named_with_the_closest() {
    let importing = |name: &str| {
        wat::parse_str(format!(
            "(component (import \"{name}\" (instance)) (component $c) (instance $i (instantiate $c))
                (export \"turnwise:bot/bot@0.1.0\" (instance $i)))"
        ))
        .expect("a component")
    };
    let cases = [
        ("turnwise:bot/logs@0.1.0", "the closest it has is `turnwise:bot/log@0.1`"),
        ("turnwise:bot/log@0.2.0", "it has version 0.1.x of it and not 0.2.0"),
        ("wasi:clocks/wall-clock@0.3.0", "it has version 0.2.x of it and not 0.3.0"),
        ("wasi:http/outgoing-handler@0.2.0", "returning a `request` effect"),
        ("acme:billing/charge@1.0.0", "it has wasi:*@0.2 (except http)"),
    ];
    for (name, hint) in cases {
        let (_, told) = problem(&importing(name)).await;
        assert!(told.contains(&format!("imports `{name}`")) && told.contains(hint), "{told}");
    }
}

#[tokio::test]
async fn what_is_offered_is_linked() {
    for (name, track) in OFFERED {
        let text = format!(
            "(component (import \"{name}@{track}.0\" (instance)) (component $c) (instance $i (instantiate $c))
                (export \"turnwise:bot/bot@0.1.0\" (instance $i)))"
        );
        // Everything but the missing `handle` is in order.
        let (found, told) = problem(&wat::parse_str(text).expect("a component")).await;
        assert!(matches!(found, Problem::Mismatch(_)) && told.contains("handle"), "{name}: {told}");
    }
}

#[tokio::test]
async fn g6_features_this_host_has_not_are_named() {
    let modules = [
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (type (struct)))", "garbage collection"),
        ("(module (tag))", "exception handling"),
        ("(module (memory i64 1))", "64-bit memories"),
    ];
    for (text, feature) in modules {
        let nested = wat::parse_str(format!("(component (core {}", &text[1..]) + ")").expect("a component");
        let (found, told) = problem(&nested).await;
        let Problem::NeedsFeature { feature: named, .. } = found else { panic!("{told}") };
        assert_eq!(named, feature, "{told}");
    }
    let asynchronous = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"f\") async (canon lift (core func $i \"f\") async)))";
    let (found, told) = problem(&wat::parse_str(asynchronous).expect("a component")).await;
    assert!(matches!(found, Problem::NeedsFeature { feature: "the component model's async", .. }), "{told}");
}

#[tokio::test]
async fn g6_what_is_too_large_for_a_place_is_refused() {
    let items: String = "(memory 1)".repeat(4);
    let (found, told) = problem(&handling_with("", "(i32.const 1024)", &items)).await;
    assert!(matches!(found, Problem::DoesNotFit(_)), "{told}");
    assert!(loaded(&handling_with("", "(i32.const 1024)", &"(memory 1)".repeat(3))).await.is_ok());
}

#[tokio::test]
async fn g1_a_plugin_that_traps_at_its_start_is_refused_at_load() {
    let (_, told) = problem(&handling_with("", "(i32.const 1024)", "(func $begin unreachable) (start $begin)")).await;
    assert!(told.contains("does not start: the plugin trapped") && told.contains("`begin`"), "{told}");
}

#[tokio::test]
async fn one_bad_file_costs_one_error() {
    let dir = std::env::temp_dir().join(format!("turnwise-plugins-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let elsewhere = TempFile::new("elsewhere", &keeping());
    for (name, bytes) in [("good.wasm", keeping()), ("bad.wasm", b"no".to_vec()), ("notes.txt", b"hi".to_vec())] {
        std::fs::write(dir.join(name), bytes).expect("a file");
    }
    let named = |file| config::Plugin::at(file);
    let config = config::Plugins {
        dir: dir.clone(),
        cache: None,
        named: BTreeMap::from([
            ("menu".to_owned(), named(elsewhere.0.clone())),
            ("gone".to_owned(), named(dir.join("gone.wasm"))),
        ]),
    };
    let plugins = Folder::open(config, Compiling::default(), Arc::new(SystemClock)).await.expect("an engine").plugins();
    std::fs::remove_dir_all(&dir).expect("the folder goes");
    assert_eq!(plugins.names(), ["good", "menu"]);
    let problems = plugins.standings().into_iter().filter_map(|(name, standing)| Some((name, standing.problem?)));
    let told: Vec<(String, String)> = problems.collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0 == "bad" && told[0].1.starts_with("it is text"), "{told:?}");
    assert!(told[1].0 == "gone" && told[1].1.starts_with("there is no such file"), "{told:?}");
}

#[tokio::test]
async fn an_entry_can_be_replaced() {
    let plugins = host();
    let first = compile(&plugins, "bot", &keeping(), PluginLimits::default()).await.expect("a plugin");
    let second = compile(&plugins, "bot", &handling("unreachable"), PluginLimits::default()).await.expect("a plugin");
    assert!(plugins.insert(first.clone()).is_none());
    let before = plugins.insert(second.clone()).expect("the first");
    assert_eq!(before.digest, first.digest);
    assert_eq!(plugins.get("bot").expect("the second").digest, second.digest);
    plugins.remove("bot");
    assert!(plugins.get("bot").is_none() && plugins.names().is_empty());
}

#[test]
fn the_contract_named_is_the_one_in_the_repository() {
    assert!(include_str!("../../../../wit/bot.wit").contains(&format!("package {CONTRACT}.0;")));
    assert!(!component(&module("turnwise:bot/bot@0.1.0#handle", "(i32.const 1024)", ""), "plugin", "").is_empty());
}
