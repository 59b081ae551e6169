use super::*;

fn options(name: &str, dir: &Path) -> Options {
    Options { name: name.into(), lang: Language::Rust, dir: dir.into() }
}

#[test]
fn a_project_is_written_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = run(&options("parrot", folder.path()));
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let parrot = folder.path().join("parrot");
    let commands: Vec<&str> = said.stdout.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let cd = format!("cd {}", parrot.display());
    assert_eq!(commands, [cd.as_str(), "turnwise plugin build", "turnwise dev --plugins . --bot parrot"]);
    assert!(parrot.join("src/lib.rs").is_file() && parrot.join("sdk/wit/bot.wit").is_file());

    let again = run(&options("parrot", folder.path()));
    assert_eq!((again.code, again.stdout.as_str()), (2, ""));
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn a_bad_name_writes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = run(&options("../parrot", folder.path()));
    assert_eq!(said.code, 2);
    assert!(said.stderr.starts_with("error: `../parrot` cannot be a bot's name"), "{}", said.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
