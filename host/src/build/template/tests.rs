use super::*;

const ALL: [Language; 6] =
    [Language::Rust, Language::TypeScript, Language::JavaScript, Language::Python, Language::Go, Language::C];

fn text<'a>(project: &'a NewProject, path: &str) -> &'a str {
    let found = project.files.iter().find(|(file, _)| file == Path::new(path));
    let (_, contents) = found.unwrap_or_else(|| panic!("there is no {path} in {:?}", paths(project)));
    std::str::from_utf8(contents).expect("text")
}

fn paths(project: &NewProject) -> Vec<&Path> {
    project.files.iter().map(|(path, _)| path.as_path()).collect()
}

#[test]
fn names_of_bots_are_names_of_projects() {
    for name in ["menu", "order-bot", "Order_Bot2", &"x".repeat(64)] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for name in ["", "a b", "../up", "a/b", "bot.wasm", "größe", "-x", "2bots", "_private", "bot-", &"x".repeat(65)] {
        let error = check_name(name).expect_err(name);
        assert!(error.starts_with(&format!("`{name}` cannot be")), "{error}");
    }
}

#[test]
fn a_template_becomes_a_project_with_its_sdk() {
    let files: [(&str, &[u8]); 8] = [
        ("templates/ts/package.json.template", br#"{"name": "{{name}}", "x": {{}}}"#),
        ("templates/ts/src/{{snake_name}}.ts", b"class {{PascalName}} {}"),
        ("templates/ts/_gitignore", b"*.wasm"),
        ("templates/ts/logo.png", b"\xff{{name}}"),
        ("templates/js/package.json", b"not ours"),
        ("typescript/wit/bot.wit", b"the contract"),
        ("typescript/tests/all.ts", b"of the SDK itself"),
        ("python/sdk.py", b"not ours"),
    ];
    let project = from_files(&files, Language::TypeScript, "Order-bot").expect("it is there");
    assert_eq!(text(&project, "package.json"), r#"{"name": "Order-bot", "x": {{}}}"#);
    assert_eq!(text(&project, "src/order_bot.ts"), "class OrderBot {}");
    assert_eq!((text(&project, ".gitignore"), text(&project, "sdk/wit/bot.wit")), ("*.wasm", "the contract"));
    assert_eq!(project.files.len(), 5, "{:?}", paths(&project));
    assert_eq!(project.next, ["turnwise plugin build", "turnwise dev --plugins . --bot Order-bot"]);
    assert_eq!(from_files(&files, Language::Python, "x"), None, "an SDK without a template is no project");
}

#[test]
fn a_template_can_say_what_comes_next() {
    let files: [(&str, &[u8]); 2] = [("templates/c/plugin.c", b""), ("templates/c/_next", b"make\nplay {{name}}\n")];
    let project = from_files(&files, Language::C, "chess").expect("it is there");
    assert_eq!((project.next.len(), project.next[1].as_str()), (2, "play chess"));
    assert_eq!(paths(&project), [Path::new("plugin.c")]);
}

#[test]
fn every_embedded_template_is_a_complete_project() {
    assert!(new_project(Language::Rust, "parrot").is_some());
    for language in ALL {
        let Some(project) = new_project(language, "parrot") else { continue };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().join("parrot");
        project.write(&dir).expect("it can be written");
        assert_eq!(Language::of(&dir), Some(language), "it is recognised");
        let all = paths(&project);
        for needed in ["README.md", ".gitignore", "sdk/wit/bot.wit"] {
            assert!(all.contains(&Path::new(needed)), "{language}: {needed} is missing");
        }
        assert!(all.iter().any(|path| path.extension().is_some_and(|of| of == "chat")), "{language}: no transcript");
        assert_eq!(text(&project, "sdk/wit/bot.wit"), super::super::component::CONTRACT, "{language}: the contract");
        assert!(text(&project, "README.md").contains("turnwise plugin build"), "{language}: the one build command");
        for (path, contents) in &project.files {
            let made =
                ["target", "node_modules", "__pycache__"].iter().any(|name| path.iter().any(|part| part == *name));
            assert!(!made, "{language}: {} is made by tools", path.display());
            let unsubstituted = String::from_utf8_lossy(contents).contains("{{name}}");
            assert!(!unsubstituted || path.starts_with("sdk"), "{language}: {}", path.display());
        }
        let bytes: usize = project.files.iter().map(|(_, contents)| contents.len()).sum();
        assert!(bytes < 1024 * 1024, "{language}: {bytes} bytes are too many to copy into every project");
    }
}

#[test]
fn an_existing_folder_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = new_project(Language::Rust, "parrot").expect("it is there");
    let error = project.write(folder.path()).expect_err("it is there already");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    project.write(&folder.path().join("new/parrot")).expect("folders on the way are made");
}
