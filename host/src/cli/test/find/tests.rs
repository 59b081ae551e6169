use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with these files, each of one byte; a path that ends in `/` is a folder.
fn folder(paths: &[&str]) -> TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for path in paths {
        let whole = root.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(whole).expect("a folder");
        } else {
            fs::create_dir_all(whole.parent().expect("a parent")).expect("a folder");
            fs::write(whole, "\n").expect("a file");
        }
    }
    root
}

fn found(root: &Path, paths: &[&str]) -> Result<Vec<String>, String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let short = |transcript: Transcript| transcript.name.replace(&format!("{}/", root.display()), "");
    transcripts(&paths).map(|found| found.into_iter().map(short).collect())
}

#[test]
fn folders_are_sorted_and_files_taken_as_they_are_named() {
    let root = folder(&["t/b.chat", "t/a.chat", "t/notes.md", "u/c.txt", "empty/", "p/tests/a.chat"]);
    assert_eq!(
        found(root.path(), &["u/c.txt", "t"]).as_deref(),
        Ok(&["u/c.txt", "t/a.chat", "t/b.chat"].map(Into::into)[..])
    );
    let none = found(root.path(), &["empty"]).expect_err("there is none");
    assert!(none.ends_with("empty holds no transcript (*.chat): name one, or a folder of them"), "{none}");
    let meant = found(root.path(), &["p"]).expect_err("there is none");
    assert!(meant.contains("did you mean ") && meant.ends_with("p/tests?"), "{meant}");
    let missing = found(root.path(), &["t", "nowhere"]).expect_err("it is not there");
    assert!(missing.contains("nowhere: No such file") && missing.contains("*.chat"), "{missing}");
}

fn component_of(root: &Path, transcript: &str) -> Result<String, String> {
    let file = component(&Transcript::new(root.join(transcript)))?;
    let root = root.canonicalize().expect("it is there");
    Ok(file.strip_prefix(root).expect("below the root").display().to_string())
}

#[test]
fn a_project_has_its_component_in_it_or_beside_it_in_plugins() {
    let root = folder(&[
        "plugins/menu/tests/x/",
        "plugins/menu/tests/a.chat",
        "plugins/menu.wasm",
        "bot/tests/a.chat",
        "bot/bot.wasm",
    ]);
    let root = root.path();
    assert_eq!(component_of(root, "plugins/menu/tests/a.chat").as_deref(), Ok("plugins/menu.wasm"));
    assert_eq!(component_of(root, "bot/tests/a.chat").as_deref(), Ok("bot/bot.wasm"));
    assert_eq!(component_of(root, "bot/../plugins/menu/tests/a.chat").as_deref(), Ok("plugins/menu.wasm"));
    assert_eq!(component_of(root, "plugins/menu/tests/x/../a.chat").as_deref(), Ok("plugins/menu.wasm"));
}

#[test]
fn a_link_to_anothers_tests_still_tests_the_own_plugin() {
    let root = folder(&["plugins/menu/tests/a.chat", "plugins/menu-ts/", "plugins/menu.wasm", "plugins/menu-ts.wasm"]);
    let root = root.path();
    std::os::unix::fs::symlink("../menu/tests", root.join("plugins/menu-ts/tests")).expect("a link can be made");
    assert_eq!(component_of(root, "plugins/menu-ts/tests/a.chat").as_deref(), Ok("plugins/menu-ts.wasm"));
}

#[test]
fn where_nothing_is_built_it_says_where_it_looked() {
    let root = folder(&["plugins/menu/tests/a.chat"]);
    let told = component_of(root.path(), "plugins/menu/tests/a.chat").expect_err("there is none");
    for part in ["plugins/menu.wasm and ", "plugins/menu/menu.wasm", "--plugin FILE.wasm"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
