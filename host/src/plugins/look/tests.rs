use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;

/// Long after any file of a test was written, so that none may still be written to.
const LATER: Timestamp = Timestamp(u64::MAX);

fn file_of(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bot.wasm");
    fs::write(&file, bytes).expect("a file");
    (folder, file)
}

fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

fn content(look: Look) -> Vec<u8> {
    match look {
        Look::Read(content) => {
            assert_eq!(content.digest, digest(&content.bytes));
            content.bytes.to_vec()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_read_until_its_times_can_be_believed() {
    let (_folder, file) = file_of(b"one");
    let (first, seen) = look(&file, None, LATER);
    assert_eq!(content(first), b"one");
    // So soon after the first look somebody may still write without any time being another afterwards.
    let (again, seen) = look(&file, seen, LATER);
    assert_eq!(content(again), b"one");
    let longer_ago = seen.map(|seen| Seen { since: seen.since - limits::PLUGIN_FILE_TIMES_APART, ..seen });
    let (once_more, seen) = look(&file, longer_ago, LATER);
    assert_eq!(content(once_more), b"one");
    let (same, _) = look(&file, seen, LATER);
    assert!(matches!(same, Look::Same(known) if known == digest(b"one")), "{same:?}");
}

/// What a look later believes without reading.
fn believed(file: &Path) -> Option<Seen> {
    look(file, None, LATER).1.map(|seen| Seen { certain: true, ..seen })
}

#[test]
fn r5_a_change_is_seen_whatever_times_are_set() {
    let (_folder, file) = file_of(b"one");
    let modified = || fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("times");
    const DAYS: Duration = Duration::from_secs(100 * 24 * 3600);
    let shifts: [fn(SystemTime) -> SystemTime; 3] = [|time| time, |time| time - DAYS, |time| time + DAYS];
    for shift in shifts {
        fs::write(&file, b"one").expect("it can be written");
        let (seen, time) = (believed(&file), modified());
        fs::write(&file, b"two").expect("it can be written");
        let open = fs::File::options().write(true).open(&file).expect("it opens");
        open.set_modified(shift(time)).expect("times can be set");
        assert_eq!(content(look(&file, seen, LATER).0), b"two");
    }
}

#[test]
fn another_file_of_the_same_name_is_another_file() {
    let (folder, file) = file_of(b"one");
    let other = folder.path().join("new");
    fs::write(&other, b"two").expect("a file");
    let seen = believed(&file);
    fs::rename(&other, &file).expect("it can be renamed");
    assert_eq!(content(look(&file, seen, LATER).0), b"two");
}

#[test]
fn what_is_written_between_two_readings_is_not_settled() {
    let (_folder, file) = file_of(b"half");
    let mut open = File::open(&file).expect("it opens");
    let first = Content::of(read(&mut open).expect("it can be read"));
    assert!(settle(&mut open, &first.digest, Duration::ZERO).is_ok());
    fs::OpenOptions::new()
        .append(true)
        .open(&file)
        .and_then(|mut open| io::Write::write_all(&mut open, b" more"))
        .expect("written");
    assert!(matches!(settle(&mut open, &first.digest, Duration::ZERO), Err(Problem::Unsettled)));
}

#[test]
fn what_is_renamed_into_its_place_between_two_readings_does_not_count() {
    let (folder, file) = file_of(b"one");
    let mut open = File::open(&file).expect("it opens");
    let first = Content::of(read(&mut open).expect("it can be read"));
    let other = folder.path().join("new");
    fs::write(&other, b"two").and_then(|()| fs::rename(&other, &file)).expect("replaced");
    assert!(settle(&mut open, &first.digest, Duration::ZERO).is_ok());
}

#[test]
fn a_file_that_was_touched_lately_or_in_the_future_is_read_twice() {
    let (_folder, file) = file_of(b"one");
    let print = Fingerprint::of(&file.metadata().expect("it is there"));
    let seconds = u64::try_from(print.changed.0).expect("after 1970");
    let quiet = limits::PLUGIN_FILE_QUIET.as_secs();
    assert!(print.is_quiet(Timestamp((seconds + quiet) * 1000)));
    assert!(!print.is_quiet(Timestamp((seconds + quiet) * 1000 - 1)));
    assert!(!print.is_quiet(Timestamp(0)), "of the future");
}

#[test]
fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(look(folder.path(), None, LATER).0, Look::Faulty(Problem::NotAFile)));
    assert!(matches!(look(&folder.path().join("none"), None, LATER).0, Look::Missing));
    let pipe = folder.path().join("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    assert!(matches!(look(&pipe, None, LATER).0, Look::Faulty(Problem::NotAFile)), "and nobody waits for a writer");
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let (_folder, file) = file_of(b"");
    let open = fs::OpenOptions::new().write(true).open(&file).expect("it opens");
    open.set_len(1 << 40).expect("a file with a hole");
    assert!(matches!(look(&file, None, LATER).0, Look::Faulty(Problem::TooLarge { .. })));
}
