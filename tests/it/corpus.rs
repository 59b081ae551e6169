//! Plugins built for a version of the contract that was released run on every later host: the promise of the freeze.

use std::path::{Path, PathBuf};

use turnwise_tests::repository;

use crate::building::{run, turnwise};

/// One folder a version, named after it.
fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("tests/corpus")).expect("the corpus");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
}

/// The plugins of a version as they were, each checked against its digest.
async fn unpack(version: &Path, into: &Path) -> Vec<String> {
    let sums = std::fs::read_to_string(version.join("SHA256SUMS")).expect("the digests");
    let names: Vec<String> = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1.to_owned())).collect();
    for name in &names {
        let mut packed = std::io::BufReader::new(std::fs::File::open(version.join(format!("{name}.xz"))).expect(name));
        let mut plugin = std::fs::File::create(into.join(name)).expect("a file");
        lzma_rs::xz_decompress(&mut packed, &mut plugin).expect(name);
    }
    std::fs::write(into.join("SHA256SUMS"), sums).expect("a file");
    let checked = run(Path::new("sha256sum"), &["--check", "SHA256SUMS"], into, &[]).await;
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    names
}

#[tokio::test]
async fn plugins_of_every_released_contract_still_hold_their_conversations() {
    let versions = versions();
    assert!(!versions.is_empty(), "the corpus is where it was");
    for version in versions {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names = unpack(&version, folder.path()).await;
        assert_eq!(names.len(), 5, "one for each language");
        let transcripts = version.join("transcripts");
        for name in names {
            let arguments = ["test", "--plugin", &name, transcripts.to_str().expect("UTF-8")];
            let played = turnwise(&arguments, folder.path()).await;
            assert_eq!(played.code, Some(0), "{name} of {}: {}{}", version.display(), played.stdout, played.stderr);
        }
    }
}
