use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::build::Language;
use crate::build::tool::Oldest;

/// An environment of these variables.
struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn read(&self, _path: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn files(&self, _folder: &Path) -> Vec<String> {
        Vec::new()
    }
}

/// Keeps what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Talk for Told {
    fn progress(&self, _project: &Project, _elapsed: Duration, last_line: &str) {
        self.0.lock().expect("what was told").push(last_line.to_owned());
    }

    fn warned(&self, _project: &Project, said: &str) {
        self.0.lock().expect("what was told").push(said.to_owned());
    }
}

struct Bench {
    folder: TempDir,
    project: Project,
    workshop: Workshop,
    told: Arc<Told>,
}

/// A project in `project/`, and a PATH of `bin/` and the system's shell.
fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("project");
    fs::create_dir(&dir).expect("it can be made");
    let project = Project { dir, name: "bot".into(), language: Language::Go, folder: None };
    let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
    let told = Arc::new(Told::default());
    let variables = Variables([("PATH".to_owned(), path), ("EMPTY".to_owned(), String::new())].into());
    let workshop = Workshop::new(Box::new(variables), Arc::<Told>::clone(&told), false);
    Bench { folder, project, workshop, told }
}

impl Bench {
    /// Installs a program that runs this shell script.
    fn install(&self, file: &str, script: &str) -> PathBuf {
        let file = self.folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("ours");
        file
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = self.workshop.command(&self.project, "sh");
        command.args(["-c", script]);
        command
    }
}

const TOOL: Tool = Tool {
    names: &["turnwise-tool-19", "turnwise-tool"],
    oldest: Some(Oldest { version: Version(19, 1), arguments: &["--version"] }),
    purpose: "does what is tested",
    install: "apt-get install turnwise-tool-19",
};

#[tokio::test]
async fn a_missing_tool_is_explained_with_the_command_that_installs_it() {
    let bench = bench();
    let error = bench.workshop.find(&bench.project, &TOOL).await.expect_err("nobody has it");
    assert_eq!(
        error.to_string(),
        "`turnwise-tool-19` is not installed, and it does what is tested\n\
         to install it: apt-get install turnwise-tool-19"
    );
    let other = Tool { names: &["turnwise-other"], oldest: None, ..TOOL };
    let error =
        bench.workshop.find_all(&bench.project, [&TOOL, &other]).await.expect_err("nobody has them").to_string();
    assert!(error.contains("turnwise-tool-19`") && error.contains("turnwise-other`"), "both at once: {error}");
}

#[tokio::test]
async fn a_tool_that_is_too_old_is_passed_over_for_one_that_is_not() {
    let bench = bench();
    let old = bench.install("bin/turnwise-tool-19", "echo tool version 18.9.1");
    let error = bench.workshop.find(&bench.project, &TOOL).await.expect_err("it is too old").to_string();
    assert!(error.starts_with(&format!("{} is 18.9, and 19.1 is needed", old.display())), "{error}");
    let new = bench.install("bin/turnwise-tool", "echo tool version 19.1.4");
    assert_eq!(bench.workshop.find(&bench.project, &TOOL).await.expect("it will do"), new);
}

#[tokio::test]
async fn the_projects_own_installation_comes_first() {
    let bench = bench();
    let everybodys = bench.install("bin/turnwise-tool-19", "echo 20.1");
    assert_eq!(bench.workshop.which(&bench.project, "turnwise-tool-19"), Some(everybodys));
    let own = bench.install("project/.venv/bin/turnwise-tool-19", "echo 20.2");
    assert_eq!(bench.workshop.which(&bench.project, "turnwise-tool-19"), Some(own.clone()));
    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).expect("ours");
    assert_ne!(bench.workshop.which(&bench.project, "turnwise-tool-19"), Some(own), "what does not run is no tool");
    assert_eq!(bench.workshop.var("EMPTY"), None);
}

#[tokio::test]
async fn what_a_failing_tool_said_is_kept_and_what_a_good_one_said_is_not() {
    let bench = bench();
    bench.workshop.run(&bench.project, bench.shell("echo all is well")).await.expect("it ends well");
    assert!(bench.told.0.lock().expect("what was told").is_empty());

    let error = bench.workshop.run(&bench.project, bench.shell("echo out; echo 'src/bot.go:3: bad' >&2; exit 3")).await;
    let Err(BuildError::Failed { command, said }) = error else { panic!("it fails: {error:?}") };
    assert_eq!(command, "`sh -c`");
    assert!(said.contains("src/bot.go:3: bad\n") && said.contains("out\n"), "{said}");

    bench.workshop.run(&bench.project, bench.shell("echo 'Warning: old' >&2")).await.expect("it ends well");
    assert_eq!(*bench.told.0.lock().expect("what was told"), ["Warning: old\n"]);
}

#[tokio::test]
async fn data_is_apart_from_talk_and_both_are_bounded() {
    let bench = bench();
    let data =
        bench.workshop.read(&bench.project, bench.shell("echo data; echo talk >&2")).await.expect("it ends well");
    assert_eq!(data, b"data\n");

    let flood = "yes 'a long line of an endless complaint' | head -c 9000000 >&2; exit 1";
    let error = bench.workshop.run(&bench.project, bench.shell(flood)).await.expect_err("it fails").to_string();
    assert!(error.len() < BUILD_TALK_BYTES_MAX + 1024 && error.ends_with("… and more"), "{}", error.len());
}

#[tokio::test]
async fn a_tool_has_nothing_to_read_and_runs_in_the_project() {
    let bench = bench();
    let said = bench.workshop.read(&bench.project, bench.shell("cat; pwd; echo $NO_COLOR")).await.expect("it ends");
    let dir = bench.project.dir.canonicalize().expect("it is there");
    assert_eq!(String::from_utf8_lossy(&said), format!("{}\n1\n", dir.display()));
}

#[tokio::test]
async fn a_scratch_folder_is_ignored_by_git() {
    let bench = bench();
    let scratch = bench.workshop.scratch(&bench.project).expect("it can be made");
    assert_eq!(fs::read_to_string(scratch.join(".gitignore")).expect("it is there"), "*\n");
    assert_eq!(bench.workshop.scratch(&bench.project).expect("it is there"), scratch);
}

#[test]
fn progress_is_the_last_line_without_its_colours() {
    let mut heard = Heard::new(1024);
    heard.hear(b"first\n\x1b[1m\x1b[32m   Compiling\x1b[0m serde v1\r\n\n");
    assert_eq!(heard.last_line(), "Compiling serde v1");
    assert_eq!(Heard::new(1).last_line(), "");
}
