use std::fs;

use super::*;

fn project(folder: &Path, manifest: &str) -> Project {
    let dir = folder.join("parrot");
    fs::create_dir_all(dir.join("sdk/turnwise_plugin")).expect("it can be made");
    fs::write(dir.join("sdk/turnwise_plugin/__init__.py"), "").expect("it can be written");
    fs::write(dir.join("pyproject.toml"), manifest).expect("it can be written");
    fs::write(dir.join("bot.py"), "").expect("it can be written");
    Project::at(&dir).expect("it is there").expect("a project")
}

#[test]
fn name_and_version_are_those_of_the_project() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = project(
        folder.path(),
        "[project]\nname = \"the \\\"parrot\\\"\"\nversion = \"1.2.3\"\n[tool.mypy]\nstrict = true",
    );
    let manifest = Manifest::read(&project).expect("it can be read");
    let entry = manifest.entry(&project);
    assert!(
        entry.ends_with("import bot as module\nserve(module, name=\"the \\\"parrot\\\"\", version=\"1.2.3\")\n"),
        "{entry}"
    );
    manifest.check_module(&project).expect("bot.py is there");
    assert_eq!(manifest.sdk(&project).expect("it is there"), project.dir.join("sdk"));
}

#[test]
fn a_project_that_says_nothing_is_named_after_its_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = project(folder.path(), "");
    let entry = Manifest::read(&project).expect("it can be read").entry(&project);
    assert!(entry.contains("name=\"parrot\", version=\"0.0.0\""), "{entry}");
}

#[test]
fn what_is_wrong_with_a_project_is_said_with_how_to_mend_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (manifest, expected) in [
        ("[tool.turnwise]\nmodul = \"x\"", "unknown field `modul`"),
        ("[tool.turnwise]\nmodule = 5", "expected a string"),
        ("[tool.turnwise", "pyproject.toml: "),
    ] {
        let project = project(folder.path(), manifest);
        let error = Manifest::read(&project).expect_err(manifest).to_string();
        assert!(error.contains(expected), "{error}");
    }
    for module in ["gone", "bot; import os", "bot.gone", "../bot", "", "7bot"] {
        let project = project(folder.path(), &format!("[tool.turnwise]\nmodule = {module:?}"));
        let error = Manifest::read(&project).expect("it can be read").check_module(&project).expect_err(module);
        assert!(error.to_string().contains(&format!("there is no module {module}\nwrite bot.py")), "{error}");
    }
    let project = project(folder.path(), "[tool.turnwise]\nsdk = \"../elsewhere\"");
    let error =
        Manifest::read(&project).expect("it can be read").sdk(&project).expect_err("it is not there").to_string();
    assert!(error.contains("elsewhere holds no turnwise_plugin\nsay in pyproject.toml"), "{error}");
}

#[test]
fn a_traceback_is_the_authors_own() {
    let said = "Traceback (most recent call last):\n  File \"/venv/bin/componentize-py\", line 8, in <module>\n    \
                sys.exit(script())\nAssertionError: Traceback (most recent call last):\n  File \"/2/turnwise_entry.py\", line 3, in \
                <module>\n    import bot as module\n  File \"/0/bot.py\", line 7\n    def answer(turn\n              ^\nSyntaxError: '(' was never \
                closed\n\n\nCaused by:\n    SyntaxError: '(' was never closed\n\nStack backtrace:\n   0: <anyhow::Error>::msg\n";
    let roots = [&PathBuf::from("/home/ada/parrot"), &PathBuf::from("/home/ada/parrot/sdk"), &PathBuf::from("/e")];
    assert_eq!(
        readable(said, roots),
        "Traceback (most recent call last):\n  \
         File \"/home/ada/parrot/bot.py\", line 7\n    def answer(turn\n              ^\nSyntaxError: '(' was never closed"
    );
    assert_eq!(readable("error: no such file\n", roots), "error: no such file");
}
