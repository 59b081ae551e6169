//! The same for Python: a new project outside this repository, its build, its tests natively and as a component, and its mistakes.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use turnwise_tests::{binary, repository};

use crate::building::{Said, edit, run, turnwise};
use crate::support::wasm;

async fn new_project() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = turnwise(&["plugin", "new", "parrot", "--lang", "python"], folder.path()).await;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout.contains("\n  python3 -m venv .venv && .venv/bin/pip install componentize-py=="),
        "{}",
        said.stdout
    );
    let dir = folder.path().join("parrot");
    (folder, dir)
}

/// The tests as the project's README has them: with nothing but Python and the host.
async fn unittest(dir: &Path) -> Said {
    let environment = [("TURNWISE", binary()), ("PYTHONDONTWRITEBYTECODE", "1".into())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.to_str().expect("UTF-8")));
    run(Path::new("python3"), &["-m", "unittest"], dir, &environment).await
}

#[tokio::test]
async fn a_new_project_in_python_is_built_and_passes_its_own_tests() {
    let (_folder, dir) = new_project().await;
    let tested = unittest(&dir).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stderr);
    assert!(tested.stderr.contains("Ran 1 test") && tested.stderr.ends_with("OK\n"), "{}", tested.stderr);

    let built = turnwise(&["plugin", "build"], &dir).await;
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    assert!(built.stdout.starts_with("parrot.wasm is built\n\nname        parrot 0.1.0\n"), "{}", built.stdout);
    let played = turnwise(&["test", "--plugin", "parrot.wasm", "tests"], &dir).await;
    assert_eq!(played.code, Some(0), "{}{}", played.stdout, played.stderr);
    assert!(played.stdout.contains("ok      tests/remembers.chat"), "{}", played.stdout);

    edit(&dir.join("bot.py"), "Forgotten.", "Erased.");
    let tested = unittest(&dir).await;
    assert_eq!(tested.code, Some(1));
    assert!(tested.stderr.contains("- < Forgotten.") && tested.stderr.contains("+ < Erased."), "{}", tested.stderr);
}

#[tokio::test]
async fn a_mistake_in_python_is_shown_where_it_is_and_a_machine_without_the_tool_is_told_what_to_install() {
    let (_folder, dir) = new_project().await;
    edit(&dir.join("bot.py"), "def answer(turn: Turn[State], message: Message) -> None:", "def answer(turn:");
    let built = turnwise(&["plugin", "build"], &dir).await;
    assert_eq!((built.code, built.stdout.as_str()), (Some(1), ""));
    let place = format!("File \"{}\", line 19\n", dir.canonicalize().expect("it is there").join("bot.py").display());
    assert!(built.stderr.contains(&place) && built.stderr.contains("SyntaxError: "), "{}", built.stderr);
    for inside in ["Caused by", "backtrace", "turnwise_entry", "sys.exit", "\x1b"] {
        assert!(!built.stderr.contains(inside), "{inside:?} is no business of the author's: {}", built.stderr);
    }
    let without = run(&binary(), &["plugin", "build"], &dir, &[("PATH", "")]).await;
    assert_eq!(without.code, Some(1));
    let install = "to install it: python3 -m venv .venv && .venv/bin/pip install componentize-py==";
    assert!(without.stderr.contains(install), "{}", without.stderr);
}

#[tokio::test]
async fn the_menu_in_python_passes_the_transcripts_of_the_menu() {
    let plugin = wasm("menu-python");
    let played =
        turnwise(&["test", "--plugin", plugin.to_str().expect("UTF-8"), "plugins/menu/tests"], &repository()).await;
    assert_eq!(played.code, Some(0), "{}{}", played.stdout, played.stderr);
}
