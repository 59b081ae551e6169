use std::fs;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::build::{Language, Silence};
use crate::config::Environment;

/// A machine with nothing on its PATH but this folder.
struct OnlyPath(PathBuf);

impl Environment for OnlyPath {
    fn var(&self, name: &str) -> Option<String> {
        (name == "PATH").then(|| self.0.display().to_string())
    }

    fn read(&self, _path: &Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    fn files(&self, _folder: &Path) -> Vec<String> {
        Vec::new()
    }
}

struct Bench {
    folder: TempDir,
    project: Project,
}

/// A project of these files in `project/`, beside an SDK in `sdk-c/`.
fn bench(flags: &str, files: &[&str]) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("it is there");
    for file in ["sdk-c/turnwise.h", "sdk-c/turn.c", "sdk-c/json.c", "sdk-c/tests/test.c", "bin/none"] {
        write(&root, file, "");
    }
    for file in files {
        write(&root.join("project"), file, "");
    }
    write(&root, "project/plugin.c", "");
    write(&root, "project/compile_flags.txt", flags);
    let project = Project { dir: root.join("project"), name: "bot".into(), language: Language::C, folder: None };
    Bench { folder, project }
}

fn write(root: &Path, file: &str, text: &str) {
    let file = root.join(file);
    fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
    fs::write(file, text).expect("it can be written");
}

async fn failure(bench: &Bench) -> String {
    let workshop = Workshop::new(Box::new(OnlyPath(bench.folder.path().join("bin"))), Arc::new(Silence), false);
    C.build(&bench.project, &workshop).await.expect_err("it cannot be built").to_string()
}

/// A compiler that says this version, and then does this.
fn install(bench: &Bench, name: &str, version: &str, then: &str) {
    use std::os::unix::fs::PermissionsExt;
    let program = bench.folder.path().join("bin").join(name);
    let script = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then echo clang version {version}; exit; fi\n{then}\n");
    fs::write(&program, script).expect("it can be written");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("they can be set");
}

#[test]
fn a_project_is_its_own_files_and_the_sdks() {
    let files = ["order.c", "src/intent.c", "src/intent.h", "tests/native.c", ".turnwise/plugin.c", "sdk/old.c"];
    let bench = bench("-Wall\n\n  -I../sdk-c  \n-DX=a b\n", &files);
    let sources = Sources::of(&bench.project).expect("they are there");
    assert_eq!(sources.flags, ["-Wall", "-I../sdk-c", "-DX=a b"]);
    assert_eq!(sources.files, ["order.c", "plugin.c", "src/intent.c"].map(PathBuf::from));
    let sdk = bench.folder.path().canonicalize().expect("it is there").join("sdk-c");
    assert_eq!(sources.sdk_files, [sdk.join("json.c"), sdk.join("turn.c")]);
    assert_eq!(sources.sdk_headers, [sdk.join("turnwise.h")]);
}

#[tokio::test]
async fn a_project_without_an_sdk_is_told_where_to_name_it() {
    let mut bench = bench("-Wall", &[]);
    let error = failure(&bench).await;
    assert!(error.contains("no turnwise.h") && error.contains("`-Isdk`"), "{error}");
    // Where `plugin new` puts it, it need not be named.
    write(&bench.project.dir, "sdk/turnwise.h", "");
    bench.project.dir = bench.project.dir.canonicalize().expect("it is there");
    assert_eq!(Sources::of(&bench.project).expect("it is there").flags, ["-Wall", "-Isdk"]);
}

#[tokio::test]
async fn a_machine_without_clang_is_told_what_to_install() {
    let bench = bench("-I../sdk-c", &[]);
    let error = failure(&bench).await;
    assert!(error.contains("`clang` is not installed") && error.contains(INSTALL), "{error}");
    install(&bench, "clang", "14.0.6", "exit 1");
    let error = failure(&bench).await;
    assert!(error.contains("bin/clang is 14.0, and 15.0 is needed"), "{error}");
}

#[tokio::test]
async fn a_clang_that_cannot_do_webassembly_is_told_from_a_mistake_in_the_source() {
    let bench = bench("-I../sdk-c", &[]);
    install(&bench, "clang-19", "19.1.7", "echo \"plugin.c:1:1: error: what is this\" >&2; exit 1");
    let error = failure(&bench).await;
    assert!(error.contains("`wasi-libc` is not installed") && error.contains(INSTALL), "{error}");
    install(&bench, "clang-19", "19.1.7", "case \"$*\" in *-fsyntax-only*) exit 0;; esac; exit 1");
    let error = failure(&bench).await;
    assert!(error.contains("`wasm-ld, or libclang-rt for wasm32` is not installed"), "{error}");
    install(
        &bench,
        "clang-19",
        "19.1.7",
        "case \"$*\" in */dev/null*) exit 0;; esac; echo plugin.c:1:1: error: what >&2; exit 1",
    );
    let error = failure(&bench).await;
    assert!(error.ends_with("plugin.c:1:1: error: what"), "{error}");
    // One that can is taken, whatever others there are.
    install(&bench, "clang-19", "19.1.7", "exit 1");
    install(
        &bench,
        "clang",
        "16.0.0",
        "case \"$*\" in */dev/null*) exit 0;; esac; echo plugin.c:2:2: error: that >&2; exit 1",
    );
    let error = failure(&bench).await;
    assert!(error.ends_with("plugin.c:2:2: error: that"), "{error}");
}
