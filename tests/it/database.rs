//! A database that the host cannot have: it says which and why, and touches nothing.

use std::path::Path;
use std::process::Output;

use turnwise_tests::{Host, HostOptions, TestSandbox, command, write_config};

/// Runs `turnwise serve`, which is expected to end by itself with 1; returns what it said.
async fn refused(folder: &Path, sandbox: &TestSandbox) -> String {
    let config = write_config(folder, &sandbox.url, &HostOptions::default());
    let output = command(&config, &HostOptions::default()).output();
    let output = tokio::time::timeout(turnwise_tests::PATIENCE, output).await.expect("it ends by itself");
    let Output { status, stdout, stderr } = output.expect("the binary starts");
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(stdout.is_empty(), "no address is given for a host that does not start");
    said
}

#[tokio::test]
async fn a_second_host_on_one_database_is_refused_with_file_and_process() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let said = refused(host.folder.path(), &sandbox).await;
    let file = host.folder.path().join("data/turnwise.redb");
    let expected = format!("error: {} is already open in another process, pid {}", file.display(), host.pid());
    assert!(said.contains(&expected), "{said}");

    sandbox.say("ada", "hello").await;
    sandbox.texts_once("ada", 1).await;
    let said = refused(host.folder.path(), &sandbox).await;
    assert!(said.contains(&format!("pid {}", host.pid())), "the first refusal left the owner's name: {said}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("data/turnwise.redb");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let precious = "somebody's notes, kept under a bad name\n".repeat(1000);
    std::fs::write(&file, &precious).expect("a file");

    let said = refused(folder.path(), &sandbox).await;
    assert!(said.contains(&format!("error: {} does not open", file.display())), "{said}");
    assert!(said.contains("restore a backup"), "it says what to do: {said}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file is there"), precious);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("data"), "in the way").expect("a file");
    let said = refused(folder.path(), &sandbox).await;
    let data = folder.path().join("data");
    assert!(said.contains(&format!("error: the folder {} cannot be made", data.display())), "{said}");
}
