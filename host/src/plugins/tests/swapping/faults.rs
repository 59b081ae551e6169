//! Files that cannot serve: what did goes on, and it is said once why.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::plugins::hex;

/// The old version serves, the reason is known, and it was logged once however often the file was looked at.
async fn refused_once(world: &World, words: &str) {
    world.refuses(words).await;
    world.looked_again().await;
    assert_eq!(world.answer().await, "one");
    assert_eq!(world.logged(words), 1, "{}", world.log.text());
    let standing = world.standing("bot");
    assert!(standing.serving.is_some() && standing.problem.is_some_and(|problem| problem.contains(words)));
}

#[tokio::test]
async fn g10_a_file_written_in_two_halves() {
    let world = World::serving().await;
    let bytes = saying("two");
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut open = fs::File::create(world.file()).expect("it opens");
    open.write_all(first).expect("it can be written");
    // Whoever writes takes longer than anybody would wait.
    world.until("a problem", |world| world.problem().is_some_and(|problem| !problem.contains("still being"))).await;
    assert_eq!(world.answer().await, "one");
    open.write_all(rest).expect("it can be written");
    world.says("two").await;
    assert_eq!(world.logged("plugin replaced"), 1, "{}", world.log.text());
}

#[tokio::test]
async fn g10_a_file_that_ends_in_the_middle() {
    let world = World::serving().await;
    replace(&world.file(), &saying("two")[..200]);
    refused_once(&world, "it ends in the middle").await;
    replace(&world.file(), &saying("two"));
    world.says("two").await;
}

#[tokio::test]
async fn g10_an_empty_file() {
    let world = World::serving().await;
    fs::write(world.file(), b"").expect("it can be written");
    refused_once(&world, "it is empty").await;
}

#[tokio::test]
async fn g10_a_file_that_is_too_large() {
    let world = World::serving().await;
    fs::OpenOptions::new().write(true).open(world.file()).and_then(|open| open.set_len(1 << 33)).expect("a hole");
    refused_once(&world, "it is larger than 64 MiB").await;
}

#[tokio::test]
async fn g10_a_plugin_that_does_not_start() {
    let world = World::serving().await;
    replace(&world.file(), &handling_with("", "(i32.const 1024)", "(func $begin unreachable) (start $begin)"));
    refused_once(&world, "it does not start").await;
}

#[tokio::test]
async fn g10_a_folder_in_the_place_of_the_file() {
    let world = World::serving().await;
    fs::remove_file(world.file()).and_then(|()| fs::create_dir(world.file())).expect("a folder");
    refused_once(&world, "it is a folder").await;
}

#[tokio::test]
async fn g10_a_deleted_file_serves_on_and_is_missed() {
    let world = World::serving().await;
    fs::remove_file(world.file()).expect("removed");
    refused_once(&world, "it is gone").await;
    assert_eq!(world.logged("WARN"), 1, "{}", world.log.text());
    replace(&world.file(), &saying("one"));
    world.says("one").await;
    assert_eq!(world.logged("plugin replaced"), 0, "it is what serves: {}", world.log.text());
    fs::remove_file(world.file()).expect("removed");
    world.refuses("it is gone").await;
    replace(&world.file(), &saying("two"));
    world.says("two").await;
}

#[tokio::test]
async fn g10_a_link_to_nowhere() {
    let world = World::serving().await;
    fs::remove_file(world.file()).expect("removed");
    relink(&world.file(), "nowhere");
    refused_once(&world, "where it leads there is no file").await;
    fs::write(world.path("nowhere"), saying("two")).expect("a file");
    world.says("two").await;
}

#[tokio::test]
async fn g10_a_file_that_may_not_be_read_any_more() {
    let world = World::serving().await;
    replace(&world.file(), &saying("two"));
    world.says("two").await;
    let beside = world.path("new");
    fs::write(&beside, saying("new")).expect("a file");
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o000)).expect("permissions");
    fs::rename(&beside, world.file()).expect("renamed");
    if fs::read(world.file()).is_ok() {
        // Root reads everything: then the file is as good as any.
        return world.says("new").await;
    }
    world.refuses("it cannot be read: Permission denied").await;
    assert_eq!(world.answer().await, "two");
    fs::set_permissions(world.file(), fs::Permissions::from_mode(0o644)).expect("permissions");
    world.says("new").await;
}

#[tokio::test]
async fn g10_a_bad_file_that_becomes_good_again() {
    let world = World::serving().await;
    for round in 0..3 {
        fs::write(world.file(), b"not WebAssembly").expect("it can be written");
        world.refuses("it is text").await;
        assert_eq!(world.answer().await, "one");
        replace(&world.file(), &saying("one"));
        world.says("one").await;
        assert_eq!(world.logged("plugin not loaded"), round + 1, "{}", world.log.text());
    }
    assert_eq!(world.logged("plugin replaced"), 0, "{}", world.log.text());
}

#[tokio::test]
async fn g10_a_bad_first_file_is_forgotten_with_it() {
    let world = World::of(|dir| fs::write(dir.join("bot.wasm"), b"text").expect("a file")).await;
    assert!(world.problem().is_some_and(|problem| problem.starts_with("it is text")));
    fs::remove_file(world.file()).expect("removed");
    world.until("nothing", |world| !world.plugins.standings().contains_key("bot")).await;
}

#[tokio::test]
async fn g10_a_name_that_no_bot_can_have() {
    let world = World::serving().await;
    fs::copy(world.file(), world.path("bot (copy).wasm")).expect("a copy");
    let problem = |world: &World| world.standing("bot (copy)").problem;
    world.until("the problem", |world| problem(world).is_some_and(|told| told.contains("rename it"))).await;
    assert_eq!(world.plugins.names(), ["bot"]);
    fs::remove_file(world.path("bot (copy).wasm")).expect("removed");
    world.until("no problem", |world| problem(world).is_none()).await;
}

#[tokio::test]
async fn g10_a_pin_refuses_anything_else() {
    let digest = |word: &str| crate::plugins::look::Content::of(saying(word)).digest;
    let pinned = |dir: &Path| {
        let plugin = config::Plugin { sha256: Some(digest("one")), ..config::Plugin::at(dir.join("bot.wasm")) };
        config::Plugins { dir: dir.to_owned(), cache: None, named: BTreeMap::from([("bot".to_owned(), plugin)]) }
    };
    let furnish = |dir: &Path| fs::write(dir.join("bot.wasm"), saying("two")).expect("a file");
    let world = World::configured(furnish, pinned).await;
    let (one, two) = (hex(&digest("one")), hex(&digest("two")));
    let both = |problem: String| problem.contains(&one) && problem.contains(&two);
    assert!(world.problem().is_some_and(both) && world.plugins.get("bot").is_none(), "not even at the start");

    replace(&world.file(), &saying("one"));
    world.until("the pinned", |world| world.plugins.get("bot").is_some()).await;
    world.says("one").await;
    replace(&world.file(), &saying("new"));
    refused_once(&world, &hex(&digest("new"))).await;
}
