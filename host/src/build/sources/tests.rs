use super::*;

fn write(dir: &Path, file: &str, contents: &str) {
    let file = dir.join(file);
    fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
    fs::write(file, contents).expect("it can be written");
}

#[test]
fn sources_are_their_names_and_contents_and_nothing_else_is_a_source() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path();
    write(dir, "src/lib.rs", "one");
    let first = digest(dir);
    for (file, contents) in [
        ("src/lib.rs", "one"),
        (".turnwise/target/x.rs", "x"),
        ("target/y.rs", "y"),
        ("node_modules/z/index.js", "z"),
        ("bot.wasm", "w"),
        ("src/.lib.rs.swp", "s"),
        ("Cargo.lock", "l"),
    ] {
        write(dir, file, contents);
        assert_eq!(digest(dir), first, "{file}");
    }
    write(dir, "src/lib.rs", "two");
    let second = digest(dir);
    assert_ne!(second, first);
    fs::rename(dir.join("src/lib.rs"), dir.join("src/main.rs")).expect("it can be renamed");
    assert_ne!(digest(dir), second, "a name is part of it");
    std::os::unix::fs::symlink("..", dir.join("src/round")).expect("a link can be made");
    let _ = digest(dir);
}

#[tokio::test]
async fn a_save_is_seen_and_a_build_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path();
    write(dir, "bot/src/lib.rs", "one");
    let mut watch = Watch::start(dir).expect("it can be watched");
    let events = |watch: &mut Watch| std::iter::from_fn(|| watch.events.try_recv().ok()).count();

    write(dir, "bot.wasm", "built");
    write(dir, "bot/.turnwise/x", "built");
    let _ = digest(dir);
    // The last event in order: when it is seen, those before it would have been.
    write(dir, "bot/src/lib.rs", "two");
    tokio::time::timeout(Duration::from_secs(60), watch.changed()).await.expect("it is seen");
    assert_eq!(events(&mut watch), 0, "a save is told once");

    // As editors do: beside it, then over it.
    write(dir, "bot/src/.lib.rs.new", "three");
    fs::rename(dir.join("bot/src/.lib.rs.new"), dir.join("bot/src/lib.rs")).expect("it can be renamed");
    tokio::time::timeout(Duration::from_secs(60), watch.changed()).await.expect("it is seen");

    write(dir, "new/src/deep/bot.go", "one");
    tokio::time::timeout(Duration::from_secs(60), watch.changed()).await.expect("it is seen");
    assert!(watch.watched.contains(&dir.join("new/src/deep")), "{:?}", watch.watched);
}

#[test]
fn events_of_builds_and_readers_concern_nobody() {
    use notify::event::{CreateKind, ModifyKind};
    let event = |kind, path: &str| notify::Event::new(kind).add_path(path.into());
    assert!(concerns_sources(&event(EventKind::Modify(ModifyKind::Any), "/p/bot/src/lib.rs")));
    assert!(concerns_sources(&event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/p/bot/src/lib.rs")));
    assert!(!concerns_sources(&event(EventKind::Access(AccessKind::Any), "/p/bot/src/lib.rs")));
    assert!(!concerns_sources(&event(EventKind::Create(CreateKind::File), "/p/bot.wasm")));
    assert!(!concerns_sources(&event(EventKind::Create(CreateKind::Folder), "/p/bot/target")));
}
