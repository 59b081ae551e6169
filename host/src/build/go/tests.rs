use std::fs;

use super::*;
use crate::build::Language;

fn project(dir: &Path) -> Project {
    Project { dir: dir.to_owned(), name: "order \"bot\"".into(), language: Language::Go, folder: None }
}

#[test]
fn what_is_laid_over_is_there_and_names_nothing_of_elsewhere() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let overlay =
        guest::write(&root.path().join("scratch"), &project(root.path()), Path::new("/sdk")).expect("written");
    let overlay: serde_json::Value = serde_json::from_slice(&fs::read(overlay).expect("it is there")).expect("JSON");
    let replace = overlay["Replace"].as_object().expect("an object");
    for over in [
        "/sdk/guest/convert/effect.go",
        "/sdk/guest/exports/wit_exports/wit_exports.go",
        "/sdk/guest/imports/turnwise_bot_types/wit_bindings.go",
        "/sdk/guest/wit/runtime/runtime.go",
    ] {
        assert!(replace.contains_key(over), "{over} in {replace:#?}");
    }
    for (over, file) in replace {
        let text = fs::read_to_string(file.as_str().expect("a path")).expect("it is there");
        assert!(!text.contains("go.bytecodealliance.org"), "{over} needs a module that nobody has");
    }
    let main = replace[&root.path().join("turnwise_wasip1.go").display().to_string()].as_str().expect("a path");
    let main = fs::read_to_string(main).expect("it is there");
    assert!(main.contains(r#"const turnwisePluginName = "order \"bot\"""#), "{main}");
}
