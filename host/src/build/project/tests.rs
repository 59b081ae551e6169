use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with these files, all empty.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        fs::write(file, "").expect("it can be written");
    }
    folder
}

#[test]
fn a_language_is_recognised_by_the_file_its_tools_need() {
    for (files, language) in [
        (["Cargo.toml", "src/lib.rs"], Some(Language::Rust)),
        (["package.json", "tsconfig.json"], Some(Language::TypeScript)),
        (["package.json", "bot.js"], Some(Language::JavaScript)),
        (["pyproject.toml", "bot.py"], Some(Language::Python)),
        (["go.mod", "bot.go"], Some(Language::Go)),
        (["plugin.c", "turnwise.h"], Some(Language::C)),
        (["Cargo.toml", "package.json"], Some(Language::Rust)),
        (["README.md", "bot.py"], None),
        (["plugin.c/x", "go.mod/x"], None),
    ] {
        assert_eq!(Language::of(folder(&files).path()), language, "{files:?}");
    }
}

#[test]
fn what_is_built_goes_into_the_project_or_beside_it_in_a_folder_of_plugins() {
    let folder = folder(&["parrot/Cargo.toml", "plugins/menu/go.mod", "plugins/notes.txt"]);
    let root = folder.path().canonicalize().expect("it is there");
    let at = |dir: &str| Project::at(&root.join(dir)).expect("it is there");

    let parrot = at("parrot").expect("a project");
    assert_eq!((parrot.name.as_str(), parrot.output()), ("parrot", root.join("parrot/parrot.wasm")));
    assert_eq!(parrot.shared_scratch(), root.join("parrot/.turnwise"));

    let menu = at("plugins/menu").expect("a project");
    assert_eq!(menu.output(), root.join("plugins/menu.wasm"));
    assert_eq!(
        (menu.scratch(), menu.shared_scratch()),
        (root.join("plugins/menu/.turnwise"), root.join("plugins/.turnwise"))
    );

    assert_eq!(at("plugins"), None, "a folder of projects is none itself");
    assert!(Project::at(&root.join("missing")).is_err());
}

#[test]
fn the_projects_of_a_folder_are_those_directly_below_it() {
    let folder = folder(&[
        "b/Cargo.toml",
        "a/plugin.c",
        "a/sdk/Cargo.toml",
        "node_modules/Cargo.toml",
        ".hidden/Cargo.toml",
        "docs/README.md",
        "c.wasm",
    ]);
    let projects = Project::below(folder.path()).expect("a folder");
    let found: Vec<_> = projects.iter().map(|project| (project.name.as_str(), project.language)).collect();
    assert_eq!(found, [("a", Language::C), ("b", Language::Rust)]);
    let root = folder.path().canonicalize().expect("it is there");
    assert!(projects.iter().all(|project| project.folder.as_ref() == Some(&root)));
    assert_eq!(projects[0].output(), root.join("a.wasm"));
}

#[test]
fn what_builds_and_editors_leave_is_no_source() {
    for name in [
        "target",
        "node_modules",
        "__pycache__",
        ".turnwise",
        ".git",
        "x.wasm",
        ".lib.rs.swp",
        "lib.rs~",
        "4913",
        "#lib.rs#",
    ] {
        assert!(is_ignored(name), "{name}");
    }
    for name in ["lib.rs", "bot.py", "__init__.py", "Cargo.toml", "target.rs", "plugin.c"] {
        assert!(!is_ignored(name), "{name}");
    }
}
