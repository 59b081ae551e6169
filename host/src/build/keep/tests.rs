use std::fs;

use tokio::sync::mpsc;

use super::*;
use crate::build::Silence;
use crate::config::SystemEnvironment;

/// Hands on what it hears.
struct Heard(mpsc::UnboundedSender<String>);

impl Report for Heard {
    fn built(&self, project: &Project, _file_bytes: usize, _time: Duration, changed: bool) {
        let _ = self.0.send(format!("{} built, changed: {changed}", project.name));
    }

    fn failed(&self, project: &Project, error: &BuildError) {
        let _ = self.0.send(format!("{} failed: {}", project.name, error.kind()));
    }

    fn blind(&self, error: &dyn std::error::Error) {
        let _ = self.0.send(format!("blind: {error}"));
    }
}

fn kept(folder: &Path) -> (Kept, mpsc::UnboundedReceiver<String>) {
    let (heard, hears) = mpsc::unbounded_channel();
    let workshop = Arc::new(Workshop::new(Box::new(SystemEnvironment), Arc::new(Silence), false));
    let (folder, report) = (folder.to_owned(), Arc::new(Heard(heard)));
    (Kept { folder, workshop, report, known: BTreeMap::new(), builds: JoinSet::new() }, hears)
}

/// A project that cargo refuses at once.
fn broken(folder: &Path, name: &str) -> PathBuf {
    let dir = folder.join(name);
    fs::create_dir_all(&dir).expect("it can be made");
    fs::write(dir.join("Cargo.toml"), "[package\n").expect("it can be written");
    dir
}

async fn end_all(kept: &mut Kept) -> usize {
    let mut count = 0;
    while let Some(ended) = kept.builds.join_next().await {
        kept.ended(ended.expect("no panic"));
        count += 1;
    }
    count
}

#[tokio::test]
async fn each_project_is_built_once_for_each_state_of_its_sources() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (a, _) = (broken(folder.path(), "a"), broken(folder.path(), "b"));
    let (mut kept, mut hears) = kept(folder.path());
    kept.look().await;
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 2, "a build under way is not begun again");
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 0, "what failed is not built again until it changes");

    fs::write(a.join("Cargo.toml"), "[package]]\n").expect("it can be written");
    kept.look().await;
    // Saved while it builds: the look after its end builds it once more.
    fs::write(a.join("Cargo.toml"), "[package]]]\n").expect("it can be written");
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 1);
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 1);

    let mut heard: Vec<String> = std::iter::from_fn(|| hears.try_recv().ok()).collect();
    heard.sort();
    let failed = |name: &str| format!("{name} failed: tool-failed");
    assert_eq!(heard, [failed("a"), failed("a"), failed("a"), failed("b")]);
}

#[tokio::test]
async fn what_is_missing_is_said_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut kept, mut hears) = kept(folder.path());
    let project = Project::at(&broken(folder.path(), "a")).expect("it is there").expect("a project");
    let missing = || crate::build::Missing {
        tool: "go".into(),
        unfit: None,
        purpose: "compiles Go".into(),
        install: "apt-get install golang".into(),
    };
    for _ in 0..2 {
        let outcome = Err(BuildError::Missing(vec![missing()]));
        kept.ended(Ended { project: project.clone(), outcome });
    }
    assert_eq!(hears.try_recv().ok().as_deref(), Some("a failed: missing-tool"));
    assert!(hears.try_recv().is_err(), "it is known");
}

#[test]
fn what_is_built_goes_where_it_is_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("plugins");
    let dir = broken(&root, "a");
    for folder in [&root, &dir] {
        let found = projects(folder).expect("it is there");
        assert_eq!(found.len(), 1, "a folder of projects, or a project");
        assert_eq!(place(folder, &found[0]), folder.join("a.wasm"));
    }
    assert!(projects(&folder.path().join("missing")).is_err());
}

#[tokio::test]
async fn what_an_earlier_start_built_of_the_same_is_not_built_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("bot");
    fs::create_dir_all(dir.join(".turnwise")).expect("it can be made");
    fs::write(dir.join("pyproject.toml"), "").expect("it can be written");
    let project = Project::below(folder.path()).expect("it is there").remove(0);
    Stamp::of(&project, &digest(&dir)).expect("Python takes long").put(&project, b"component");
    fs::write(folder.path().join("bot.wasm"), "component").expect("it can be written");

    let (mut kept, _hears) = kept(folder.path());
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 0, "it is there");
    fs::write(folder.path().join("bot.wasm"), "another").expect("it can be written");
    let (mut kept, _hears) = self::kept(folder.path());
    kept.look().await;
    assert_eq!(end_all(&mut kept).await, 1, "it is another");
}
