use super::*;

fn project(dir: &Path) -> Project {
    std::fs::create_dir_all(dir).expect("it can be made");
    std::fs::write(dir.join("plugin.c"), "").expect("it can be written");
    Project::at(dir).expect("it is there").expect("a project")
}

#[test]
fn one_project_or_all_of_a_folder_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = find(folder.path()).expect_err("it is empty");
    assert!(said.contains("Cargo.toml, package.json") && said.contains("turnwise plugin new"), "{said}");
    project(&folder.path().join("b"));
    project(&folder.path().join("a"));
    let names = |found: Result<Vec<Project>, String>| -> Vec<String> {
        found.expect("they are there").into_iter().map(|project| project.name).collect()
    };
    assert_eq!(names(find(folder.path())), ["a", "b"]);
    assert_eq!(names(find(&folder.path().join("a"))), ["a"]);
    assert!(find(&folder.path().join("c")).is_err());
}

#[test]
fn out_is_a_file_for_one_project_and_a_folder_for_several() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = project(&folder.path().join("a"));
    assert_eq!(place(&project, None, false), project.dir.join("a.wasm"));
    assert_eq!(place(&project, Some(Path::new("x/y.wasm")), false), Path::new("x/y.wasm"));
    assert_eq!(place(&project, Some(Path::new("x/")), false), Path::new("x/a.wasm"));
    assert_eq!(place(&project, Some(folder.path()), false), folder.path().join("a.wasm"));
    assert_eq!(place(&project, Some(Path::new("new")), true), Path::new("new/a.wasm"));
}

#[test]
fn sizes_are_in_the_unit_people_use() {
    assert_eq!((size(1), size(68_000), size(18_400_000)), ("1 KiB".into(), "67 KiB".into(), "18 MiB".into()));
}
