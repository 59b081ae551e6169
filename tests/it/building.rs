//! From nothing to a plugin, outside this repository: `plugin new`, `plugin build`, `plugin check`, and `dev` that builds what is saved.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use turnwise_tests::{Dev, binary, repository};

/// A first build compiles the SDK's dependencies, on a machine that does much else.
const BUILD_PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end in a folder; cargo finds the dependencies that `make guests` compiled.
pub(crate) async fn run(program: &Path, args: &[&str], folder: &Path, environment: &[(&str, &str)]) -> Said {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env("CARGO_TARGET_DIR", target()).envs(environment.iter().copied());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(BUILD_PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub(crate) async fn turnwise(args: &[&str], folder: &Path) -> Said {
    run(&binary(), args, folder, &[]).await
}

fn target() -> PathBuf {
    repository().join("target/plugins")
}

/// A new project in Rust, with the versions of the repository's plugins. Each test has its own name, since they share cargo's folder.
async fn new_project(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = turnwise(&["plugin", "new", name, "--lang", "rust"], folder.path()).await;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(said.stdout.contains(&format!("  cd {name}\n  turnwise plugin build\n")), "{}", said.stdout);
    let dir = folder.path().join(name);
    std::fs::copy(repository().join("plugins/menu/Cargo.lock"), dir.join("Cargo.lock")).expect("it can be copied");
    (folder, dir)
}

pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("it is there");
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).expect("it can be written");
}

#[tokio::test]
async fn a_new_project_is_built_checked_and_passes_its_own_tests() {
    let (_folder, dir) = new_project("new-parrot").await;
    let built = turnwise(&["plugin", "build"], &dir).await;
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    assert!(built.stdout.starts_with("new-parrot.wasm is built\n\nname        new-parrot 0.1.0\n"), "{}", built.stdout);
    assert!(!built.stdout.contains("wasi:"), "a plugin in Rust imports the contract alone: {}", built.stdout);

    let checked = turnwise(&["plugin", "check", "new-parrot.wasm", "--json"], &dir).await;
    let checked: Value = serde_json::from_str(&checked.stdout).expect("JSON");
    assert_eq!((&checked["ok"], &checked["contract"]), (&json!(true), &json!("turnwise:bot@0.1.0")));
    assert!(checked["file_bytes"].as_u64().is_some_and(|bytes| bytes < 256 * 1024), "{checked}");

    let again = turnwise(&["plugin", "build", "--json", "--out", "else/where.wasm"], &dir).await;
    let again: Value = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!((&again[0]["ok"], &again[0]["sha256"]), (&json!(true), &checked["sha256"]), "a build can be repeated");
    assert_eq!(std::fs::read(dir.join("else/where.wasm")).ok(), std::fs::read(dir.join("new-parrot.wasm")).ok());

    let native = repository().join("target/plugins-native");
    let native = [("CARGO_TARGET_DIR", native.to_str().expect("UTF-8"))];
    let tested = run(Path::new("cargo"), &["test"], &dir, &native).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    assert!(tested.stdout.contains("test transcripts ... ok"), "{}", tested.stdout);
}

#[tokio::test]
async fn a_project_that_does_not_compile_says_where_and_leaves_what_was_built() {
    let (_folder, dir) = new_project("new-broken").await;
    std::fs::write(dir.join("new-broken.wasm"), "as it was").expect("it can be written");
    edit(&dir.join("src/lib.rs"), "Ok(())", "Oh(())");
    let built = turnwise(&["plugin", "build"], &dir).await;
    assert_eq!((built.code, built.stdout.as_str()), (Some(1), ""));
    assert!(built.stderr.contains("error: new-broken is not built: `cargo rustc` failed"), "{}", built.stderr);
    assert!(built.stderr.contains("src/lib.rs:") && built.stderr.contains("Oh"), "{}", built.stderr);
    assert!(!built.stderr.contains('\x1b'), "colours are for terminals: {}", built.stderr);
    assert_eq!(std::fs::read(dir.join("new-broken.wasm")).expect("it is there"), b"as it was");
}

#[tokio::test]
async fn a_missing_toolchain_is_explained() {
    let (_folder, dir) = new_project("new-toolless").await;
    let built = run(&binary(), &["plugin", "build", "--json"], &dir, &[("PATH", "")]).await;
    assert_eq!(built.code, Some(1), "{}", built.stderr);
    for needed in ["`cargo` is not installed", "to install it: ", "rustup"] {
        assert!(built.stderr.contains(needed), "{needed}: {}", built.stderr);
    }
    let json: Value = serde_json::from_str(&built.stdout).expect("JSON");
    assert_eq!((&json[0]["ok"], &json[0]["kind"]), (&json!(false), &json!("missing-tool")));
}

#[tokio::test]
async fn wrong_use_is_told_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (args, said) in [
        (&["plugin", "new", "my bot", "--lang", "rust"][..], "`my bot` cannot be a bot's name"),
        (&["plugin", "new", "../bot", "--lang", "rust"], "`../bot` cannot be a bot's name"),
        (&["plugin", "new", "bot", "--lang", "cobol"], "rust, ts, js, python, go, c"),
        (&["plugin", "build"], "there is no plugin's source"),
        (&["plugin", "build", "missing"], "missing"),
    ] {
        let wrong = turnwise(args, folder.path()).await;
        assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(wrong.stderr.contains(said), "{args:?}: {}", wrong.stderr);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// Waits as long as a build may take.
async fn eventually(what: &str, dev: &Dev, mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(BUILD_PATIENCE, waiting).await;
    assert!(waited.is_ok(), "waited in vain for {what}: {}", dev.log());
}

/// Writes to the bot until it answers like this.
async fn answers(dev: &Dev, wanted: &str) {
    let writing = async {
        loop {
            let said = json!({ "user_id": "ada", "phone_number": "+4915112345678", "message": "hi" }).to_string();
            let url = format!("{}/sandbox/inbound?wait=true", dev.sandbox);
            dev.http.post(url).bearer_auth("dev").body(said).send().await.expect("the sandbox answers");
            let received = dev.http.get(format!("{}/sandbox/messages?user=ada", dev.sandbox)).send().await;
            let received = received.expect("the sandbox answers").text().await.expect("a body");
            if received.contains(wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let answered = tokio::time::timeout(BUILD_PATIENCE, writing).await;
    assert!(answered.is_ok(), "waited in vain for an answer with {wanted}: {}", dev.log());
}

#[tokio::test]
async fn dev_builds_what_it_finds_and_what_is_saved() {
    let (folder, dir) = new_project("new-sparrow").await;
    let (wasm, source) = (folder.path().join("new-sparrow.wasm"), dir.join("src/lib.rs"));
    std::fs::create_dir(folder.path().join("oak")).expect("it can be made");
    std::fs::write(folder.path().join("oak/Cargo.toml"), "[package\n").expect("it can be written");
    let dev = Dev::building(folder.path(), "new-sparrow", &target()).await;

    answers(&dev, "Hello! ").await;
    eventually("the project that is none", &dev, || {
        dev.log().lines().any(|line| line.contains("not built") && line.contains("oak"))
    })
    .await;
    edit(&source, "Hello! ", "Welcome! ");
    answers(&dev, "Welcome! ").await;

    let before = std::fs::read(&wasm).expect("it is there");
    edit(&source, "Ok(())", "Oh(())");
    eventually("the compiler's message", &dev, || dev.log().contains("src/lib.rs:")).await;
    assert_eq!(std::fs::read(&wasm).expect("it is there"), before, "a failed build leaves the file");

    // As many editors save: another file, renamed over the first.
    let text = std::fs::read_to_string(&source).expect("it is there").replace("Oh(())", "Ok(())");
    std::fs::write(dir.join("src/.lib.rs.new"), text.replace("Welcome! ", "Good day! ")).expect("it can be written");
    std::fs::rename(dir.join("src/.lib.rs.new"), &source).expect("it can be renamed");
    answers(&dev, "Good day! ").await;
    let built = || dev.log().lines().filter(|line| line.contains("plugin built")).count();
    eventually("a line for each build", &dev, || built() >= 3).await;
    assert_eq!(built(), 3, "nothing is built for nothing: {}", dev.log());
}
