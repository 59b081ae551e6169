use std::fs;

use super::*;

fn project(package: &str, files: &[&str]) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("greeter");
    for file in files.iter().chain(&["package.json"]) {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        fs::write(file, "").expect("it can be written");
    }
    fs::write(dir.join("package.json"), package).expect("it can be written");
    let project = Project::at(&dir).expect("it is there").expect("a project");
    (folder, project)
}

#[test]
fn the_bot_is_where_the_package_says_or_where_it_is_expected() {
    let (_folder, named) = project(r#"{"main":"lib/menu.ts"}"#, &["lib/menu.ts", "src/bot.ts"]);
    assert_eq!(Package::read(&named).expect("it parses").main(&named).expect("found"), Path::new("lib/menu.ts"));
    let (_folder, usual) = project("{}", &["index.js", "src/bot.js"]);
    assert_eq!(Package::read(&usual).expect("it parses").main(&usual).expect("found"), Path::new("src/bot.js"));
    let (_folder, gone) = project(r#"{"main":"bot.ts"}"#, &["src/bot.ts"]);
    let error = Package::read(&gone).expect("it parses").main(&gone).expect_err("it is not there").to_string();
    assert!(error.contains("bot.ts, which is not there"), "{error}");
}

#[test]
fn the_entry_survives_odd_names() {
    let (_folder, odd) = project(r#"{"name":"a\"b"}"#, &["src/bot.ts"]);
    let package = Package::read(&odd).expect("it parses");
    let entry = package.entry(&odd, Path::new("a\"b/bot.ts"));
    assert!(entry.contains(r#"import plugin from "../a\"b/bot.ts";"#), "{entry}");
    assert!(entry.contains(r#"{ name: "a\"b", version: "0.0.0" }"#), "{entry}");
}

#[test]
fn what_is_missing_is_installed_by_one_command_whether_listed_or_not() {
    let tool = |tool: &str| Missing {
        tool: tool.into(),
        unfit: None,
        purpose: "is needed".into(),
        install: "npm install".into(),
    };
    let (_folder, listing) = project(r#"{"devDependencies":{"rolldown":"1.3.2"}}"#, &[]);
    let package = Package::read(&listing).expect("it parses");
    let error = package.explain(BuildError::Missing(vec![tool("rolldown"), tool("componentize-qjs")])).to_string();
    assert_eq!(
        error,
        "`rolldown` is not installed, and it is needed\nto install it: npm install\n\
         `componentize-qjs` is not installed, and it is needed\nto install it: npm install --save-dev componentize-qjs"
    );
}

#[test]
fn a_package_that_is_no_json_says_where() {
    let (_folder, broken) = project("{\n  name: 1\n}", &[]);
    let error = Package::read(&broken).expect_err("it is broken").to_string();
    assert!(error.contains("package.json cannot be read") && error.contains("line 2"), "{error}");
}

#[test]
fn the_stack_of_the_tool_is_left_out() {
    let said =
        "[PARSE_ERROR] Expected `;`\n   ╭─[ src/bot.ts:3:9 ]\n    at unwrap (/p/node_modules/rolldown/cli.mjs:1:2)\n";
    let error = without_tool_stack(BuildError::Failed { command: "`rolldown`".into(), said: said.into() }).to_string();
    assert!(error.contains("src/bot.ts:3:9") && !error.contains("unwrap"), "{error}");
}
