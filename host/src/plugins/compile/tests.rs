use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::plugins::Plugins;
use crate::plugins::tests::guest::{answer, handling, keeping};
use crate::plugins::tests::{compile, turn};

fn kept_in(dir: &Path) -> Plugins {
    let compiling = Compiling::default().kept_in(Some(dir.to_owned()));
    Plugins::compiling(crate::limits::PLUGIN_MEMORY_BYTES_MAX, compiling).expect("an engine")
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "code")).collect()
}

/// Loads the plugin in a new host, runs a turn of it, and says whether its code was there.
async fn answers(dir: &Path, bytes: &[u8]) -> bool {
    let plugins = kept_in(dir);
    let plugin = compile(&plugins, "bot", bytes, Default::default()).await.expect("a plugin");
    let compiled_before = plugin.compiled_before;
    plugins.insert(plugin);
    turn(&plugins).await.outcome.expect("a decision");
    compiled_before
}

#[tokio::test]
async fn a_plugin_is_compiled_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path().join("cache");
    assert!(!answers(&dir, &keeping()).await);
    assert!(answers(&dir, &keeping()).await);
    assert!(!answers(&dir, &handling(&format!("(nop) {}", answer(&[])))).await, "what it was compiled from is another");
    assert_eq!(entries(&dir).len(), 2);
}

#[tokio::test]
async fn a_damaged_truncated_or_foreign_entry_is_compiled_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path().join("cache");
    assert!(!answers(&dir, &keeping()).await);
    let whole = fs::read(&entries(&dir)[0]).expect("an entry");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for bytes in [&whole[..whole.len() / 2], &flipped, b""] {
        let path = &entries(&dir)[0];
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("ours");
        fs::write(path, bytes).expect("damaged");
        assert!(!answers(&dir, &keeping()).await);
        assert!(answers(&dir, &keeping()).await, "and kept again");
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    let elsewhere = elsewhere.path().join("cache");
    assert!(!answers(&elsewhere, &keeping()).await);
    let (ours, foreign) = (&entries(&dir)[0], &entries(&elsewhere)[0]);
    assert_ne!(ours.file_name(), foreign.file_name(), "the keys differ");
    fs::remove_file(ours).expect("removed");
    fs::copy(foreign, dir.join(foreign.file_name().expect("a name"))).expect("brought from elsewhere");
    assert!(!answers(&dir, &keeping()).await);
}

#[tokio::test]
async fn a_folder_that_others_can_write_is_not_used() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("ours");
    for _ in 0..2 {
        assert!(!answers(dir.path(), &keeping()).await);
    }
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn code_in_use_outlives_its_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path().join("cache");
    answers(&dir, &keeping()).await;
    let plugins = kept_in(&dir);
    plugins.insert(compile(&plugins, "bot", &keeping(), Default::default()).await.expect("a plugin"));
    fs::remove_dir_all(&dir).expect("removed");
    turn(&plugins).await.outcome.expect("a decision");
}

#[tokio::test]
async fn without_a_process_a_plugin_is_compiled_here() {
    for program in ["/nowhere/turnwise", "/bin/true"] {
        let compiling = Compiling { program: Some(program.into()), ..Compiling::default() };
        let plugins = Plugins::compiling(crate::limits::PLUGIN_MEMORY_BYTES_MAX, compiling).expect("an engine");
        compile(&plugins, "bot", &keeping(), Default::default()).await.expect("a plugin");
    }
}

#[test]
fn whoever_compiles_and_whoever_runs_have_the_same_engine() {
    let pooled = crate::plugins::engine::Runtime::new(crate::limits::PLUGIN_MEMORY_BYTES_MAX, Compiling::default());
    let plain = Engine::new(&crate::plugins::engine::config()).expect("an engine");
    assert_eq!(EngineId::of(&pooled.expect("a runtime").engine), EngineId::of(&plain));
}
