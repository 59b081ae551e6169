//! Folders that are damaged, foreign, taken or cannot be written.

use std::fs;

use super::*;

async fn unavailable(kept: &Kept) -> String {
    kept.until(async || matches!(kept.search.status(), Status::Unavailable(_))).await;
    let wanted = Wanted::read("word").expect("a word");
    let error = kept.search.messages(&wanted, &MessageFilter::default(), None, 1).await.expect_err("there is no index");
    error.to_string()
}

#[tokio::test]
async fn a_damaged_index_is_made_anew() {
    let place = Place::new();
    let ada = place.turn("ada", 0, "still there", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    kept.stop().await;

    let files = || fs::read_dir(place.index()).expect("the index").map(|file| file.expect("a file").path());
    let ends = |end: &str| files().find(|path| path.to_string_lossy().ends_with(end)).expect(end);
    for damage in ["cut", "changed", "missing", "no meta"] {
        match damage {
            "cut" => fs::write(ends(".term"), b"x").expect("written"),
            "changed" => {
                let mut bytes = fs::read(ends(".store")).expect("read");
                bytes[0] ^= 1;
                fs::write(ends(".store"), bytes).expect("written");
            }
            "missing" => fs::remove_file(ends(".idx")).expect("removed"),
            _ => fs::write(place.index().join("meta.json"), b"{").expect("written"),
        }
        let kept = place.keep();
        kept.until(async || kept.search.status() == Status::Complete).await;
        assert_eq!(kept.find("still").await, [(ada, 1)], "{damage}");
        kept.stop().await;
    }
}

#[tokio::test]
async fn an_index_of_another_version_is_made_anew() {
    let place = Place::new();
    let ada = place.turn("ada", 0, "still there", &[]).await;
    fs::create_dir_all(place.index()).expect("made");
    let mut other = tantivy::schema::Schema::builder();
    other.add_text_field("body", tantivy::schema::TEXT);
    tantivy::Index::create_in_dir(place.index(), other.build()).expect("another index");
    let kept = place.keep();
    kept.until_complete().await;
    assert_eq!(kept.find("still").await, [(ada, 1)]);
    kept.stop().await;
}

#[tokio::test]
async fn an_index_that_another_process_has_is_left_alone() {
    let place = Place::new();
    let ada = place.turn("ada", 0, "still there", &[]).await;
    let first = place.keep();
    first.until_complete().await;
    let second = place.keep();
    let why = unavailable(&second).await;
    assert!(why.contains("another process has it open"), "{why}");
    assert!(second.search.erase(ada).await.is_err(), "nobody is told that it is gone");
    assert_eq!(first.find("still").await, [(ada, 1)]);
    second.stop().await;
    first.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_a_reason_and_no_end() {
    let place = Place::new();
    let in_the_way = place.folder.path().join("file");
    fs::write(&in_the_way, b"").expect("written");
    let kept = place.keep_in(in_the_way.join("index"));
    let why = unavailable(&kept).await;
    assert!(why.contains("Not a directory") && why.contains("file/index"), "{why}");
    assert!(!kept.running.is_finished());
    kept.stop().await;
}
