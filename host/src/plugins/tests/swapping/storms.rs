//! A hundred changes a second for a while, and turns all the time.

use std::collections::BTreeSet;
use std::thread;

use super::*;

const CHANGES: usize = 250;
const BETWEEN: Duration = Duration::from_millis(10);

/// Changes the file from a thread of its own. Every turn meanwhile gets an answer of some whole version; the last one stays.
async fn survives(change: impl Fn(&Path, &[u8]) + Send + 'static, bad: Option<&[u8]>) {
    let words: Vec<String> = (0..40).map(|number| format!("v{number:02}")).collect();
    let mut contents: Vec<Vec<u8>> = words.iter().map(|word| saying(word)).collect();
    if let Some(bad) = bad {
        contents = contents.into_iter().flat_map(|good| [good, bad.to_vec()]).collect();
    }
    let world = World::serving().await;
    let file = world.file();
    let writing = thread::spawn(move || {
        for content in contents.iter().cycle().take(CHANGES) {
            change(&file, content);
            thread::sleep(BETWEEN);
        }
        change(&file, &saying("end"));
    });
    let mut answers = BTreeSet::new();
    let mut turns = 0;
    while !writing.is_finished() {
        answers.insert(world.answer().await);
        turns += 1;
        // Often enough to meet every swap; the tests beside this one need the machine too.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    writing.join().expect("every change was made");
    world.says("end").await;
    assert!(turns > 20, "{turns} turns");
    let known = |answer: &String| answer == "one" || words.contains(answer);
    assert!(answers.iter().all(known), "{answers:?}");
    // Whoever watches is not worn out by it: what comes after is loaded too.
    replace(&world.file(), &saying("new"));
    world.says("new").await;
}

#[tokio::test]
async fn g10_a_hundred_renames_a_second() {
    survives(replace, None).await;
}

#[tokio::test]
async fn g10_a_hundred_writes_into_the_file_a_second() {
    survives(|file, bytes| fs::write(file, bytes).expect("it can be written"), None).await;
}

#[tokio::test]
async fn g10_good_and_bad_files_in_rapid_change() {
    let half = saying("bad");
    survives(replace, Some(&half[..half.len() / 2])).await;
}

#[tokio::test]
async fn g10_renames_without_a_pause_do_not_keep_every_version_from_being_loaded() {
    let world = World::serving().await;
    let file = world.file();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let contents = ["two", "new"].map(saying);
    let writing = thread::spawn(move || {
        for content in contents.iter().cycle() {
            replace(&file, content);
            if stopped.recv_timeout(BETWEEN) == Err(std::sync::mpsc::RecvTimeoutError::Disconnected) {
                return;
            }
        }
    });
    let one = world.plugins.get("bot").expect("it serves").digest;
    world.until("another version", |world| world.plugins.get("bot").is_some_and(|plugin| plugin.digest != one)).await;
    drop(stop);
    writing.join().expect("every change was made");
}
