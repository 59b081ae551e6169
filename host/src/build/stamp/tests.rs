use super::*;

fn project(dir: &Path, marker: &str) -> Project {
    fs::create_dir_all(dir.join(".turnwise")).expect("it can be made");
    fs::write(dir.join(marker), "").expect("it can be written");
    Project::at(dir).expect("it is there").expect("a project")
}

#[test]
fn the_same_sources_and_the_same_file_need_no_build() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = project(&folder.path().join("bot"), "pyproject.toml");
    let file = project.output();
    let stamp = Stamp::of(&project, &[1; 32]).expect("Python takes long");
    assert!(!stamp.is_on(&project, &file), "nothing is built");
    fs::write(&file, "component").expect("it can be written");
    assert!(!stamp.is_on(&project, &file), "nobody knows what of");
    stamp.put(&project, b"component");
    assert!(stamp.is_on(&project, &file));

    let other = Stamp::of(&project, &[2; 32]).expect("Python takes long");
    assert!(!other.is_on(&project, &file), "other sources");
    fs::write(project.dir.join("uv.lock"), "another version").expect("it can be written");
    assert_ne!(Stamp::of(&project, &[1; 32]), Some(stamp.clone()), "other dependencies");
    fs::write(&file, "another").expect("it can be written");
    assert!(!stamp.is_on(&project, &file), "another file");
}

#[test]
fn quick_tools_are_always_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = project(&folder.path().join("bot"), "Cargo.toml");
    assert_eq!(Stamp::of(&project, &[1; 32]), None);
}
