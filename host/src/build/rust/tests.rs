use std::fs;

use super::*;

fn plugin(folder: &Path, dir: &str, manifest: &str) -> Project {
    let dir = folder.join(dir);
    fs::create_dir_all(&dir).expect("it can be made");
    fs::write(dir.join("Cargo.toml"), manifest).expect("it can be written");
    Project::at(&dir).expect("it is there").expect("a project")
}

#[test]
fn two_crates_of_one_name_are_refused_where_they_would_overwrite_each_other() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let folder = root.path().join("plugins");
    let menu = plugin(&folder, "menu", "[package]\nname = \"my-menu\"");
    no_twin(&menu).expect("it is alone");
    let copy = plugin(&folder, "copy", "[package]\nname = \"other\"\n[lib]\nname = \"my_menu\"");
    let error = no_twin(&menu).expect_err("both are my_menu.wasm").to_string();
    assert!(error.contains("menu and copy both build a crate called `my_menu`"), "{error}");
    assert!(no_twin(&copy).is_err());
}

#[test]
fn the_module_is_the_projects_own() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let project = plugin(root.path(), "menu", "[package]\nname = \"menu\"");
    let made = |manifest: &Path, file: &str| {
        let manifest = manifest.display();
        format!(r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","filenames":["/t/menu.d","{file}"]}}"#)
    };
    let ours = project.dir.join("Cargo.toml");
    let messages = [
        made(Path::new("/elsewhere/Cargo.toml"), "/t/serde.wasm"),
        "not JSON".into(),
        made(&ours, "/t/menu.wasm"),
        r#"{"reason":"build-finished","success":true}"#.into(),
    ];
    assert_eq!(module(messages.join("\n").as_bytes(), &project).expect("it is told"), Path::new("/t/menu.wasm"));
    let error = module(made(&ours, "/t/libmenu.rlib").as_bytes(), &project).expect_err("none").to_string();
    assert!(error.contains("no WebAssembly"), "{error}");
}
