//! The same for C: a new project outside this repository, its build, its mistakes, and its tests in a component and under sanitizers.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use turnwise_tests::binary;

use crate::building::{Said, edit, run, turnwise};

async fn new_project() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = turnwise(&["plugin", "new", "parrot", "--lang", "c"], folder.path()).await;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let dir = folder.path().join("parrot");
    (folder, dir)
}

async fn make(goal: &str, dir: &Path) -> Said {
    run(Path::new("make"), &[goal], dir, &[("TURNWISE", binary().to_str().expect("UTF-8"))]).await
}

#[tokio::test]
async fn a_new_project_in_c_is_built_and_passes_its_own_tests() {
    let (_folder, dir) = new_project().await;
    let built = turnwise(&["plugin", "build", "--json"], &dir).await;
    assert_eq!((built.code, built.stderr.as_str()), (Some(0), ""), "{}", built.stdout);
    let built: Value = serde_json::from_str(&built.stdout).expect("JSON");
    assert_eq!(built[0]["ok"], json!(true));
    let wasm = std::fs::read(dir.join("parrot.wasm")).expect("it is built");
    assert!(wasm.len() < 128 * 1024, "{} bytes", wasm.len());
    assert!(!wasm.windows(5).any(|part| part == b"wasi:"), "a plugin that asks WASI for nothing imports nothing of it");

    let tested = make("test", &dir).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    assert!(tested.stdout.contains("ok      tests/remembers.chat"), "{}", tested.stdout);
    assert_eq!(std::fs::read(dir.join("parrot.wasm")).expect("it is built"), wasm, "a build can be repeated");

    let debugged = make("debug", &dir).await;
    assert_eq!(debugged.code, Some(0), "{}{}", debugged.stdout, debugged.stderr);
    assert!(debugged.stderr.contains("1 passed, 0 failed"), "{}", debugged.stderr);
    edit(&dir.join("plugin.c"), "Forgotten.", "Erased.");
    let debugged = make("debug", &dir).await;
    assert_eq!(debugged.code, Some(2), "make ends with 2 where a command fails");
    assert!(debugged.stderr.contains("Erased."), "{}", debugged.stderr);
}

#[tokio::test]
async fn a_mistake_in_c_is_shown_where_it_is_and_a_machine_without_clang_is_told_what_to_install() {
    let (_folder, dir) = new_project().await;
    edit(
        &dir.join("plugin.c"),
        "tw_reply(turn, \"Forgotten.\");",
        "tw_reply(turn, \"%d\", \"Forgotten.\"); forgotten();",
    );
    let built = turnwise(&["plugin", "build"], &dir).await;
    assert_eq!((built.code, built.stdout.as_str()), (Some(1), ""));
    assert!(built.stderr.contains("\nplugin.c:22:"), "as the author names it: {}", built.stderr);
    assert!(built.stderr.contains("undeclared function 'forgotten'"), "{}", built.stderr);
    assert!(!built.stderr.contains('\x1b'), "colours are for terminals: {}", built.stderr);
    let without = run(&binary(), &["plugin", "build"], &dir, &[("PATH", "")]).await;
    assert_eq!(without.code, Some(1));
    assert!(without.stderr.contains("to install it: apt-get install clang-19"), "{}", without.stderr);
}
