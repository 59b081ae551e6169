//! How files come to be changed: by copy tools, by editors, by links.

use super::*;
use crate::config::PluginLimits;

#[tokio::test]
async fn g10_a_rename_over_the_file() {
    let world = World::serving().await;
    replace(&world.file(), &saying("two"));
    world.says("two").await;
    let line = "replaces=\"- ";
    assert_eq!(world.logged(line), 1, "{}", world.log.text());
    assert_eq!(world.logged("contract=\"turnwise:bot@0.1.0\""), 2, "{}", world.log.text());
}

#[tokio::test]
async fn g10_a_new_file_is_a_new_bot() {
    let world = World::of(|_| {}).await;
    assert!(world.plugins.names().is_empty());
    replace(&world.file(), &saying("one"));
    world.until("the bot", |world| world.plugins.get("bot").is_some()).await;
    assert_eq!(world.answer().await, "one");
    let since = world.standing("bot").serving.expect("it serves").since;
    assert!(since.0 > 1_700_000_000_000, "{since}");
}

#[tokio::test]
async fn g10_a_folder_that_is_made_later() {
    let dir = |dir: &Path| config::Plugins { dir: dir.join("later"), cache: None, named: BTreeMap::new() };
    let world = World::configured(|_| {}, dir).await;
    assert!(world.standing("*").problem.is_some_and(|problem| problem.starts_with("it cannot be read")));
    fs::create_dir(world.path("later")).expect("a folder");
    fs::write(world.path("later/bot.wasm"), saying("one")).expect("a file");
    world.until("the bot", |world| world.plugins.get("bot").is_some()).await;
    assert!(!world.plugins.standings().contains_key("*"));
    // By now the folder is watched like one that always was.
    replace(&world.path("later/bot.wasm"), &saying("two"));
    world.says("two").await;
}

#[tokio::test]
async fn g10_a_file_outside_the_folder_is_watched_where_it_is() {
    let named = |dir: &Path| {
        let plugin = config::Plugin::at(dir.join("elsewhere/other.wasm"));
        config::Plugins { dir: dir.join("plugins"), cache: None, named: BTreeMap::from([("bot".to_owned(), plugin)]) }
    };
    let furnish = |dir: &Path| {
        fs::create_dir(dir.join("elsewhere")).expect("a folder");
        fs::write(dir.join("elsewhere/other.wasm"), saying("one")).expect("a file");
    };
    let world = World::configured(furnish, named).await;
    assert_eq!(world.answer().await, "one");
    replace(&world.path("elsewhere/other.wasm"), &saying("two"));
    world.says("two").await;
}

#[tokio::test]
async fn g10_a_link_that_leads_elsewhere() {
    let furnish = |dir: &Path| {
        fs::create_dir(dir.join("builds")).expect("a folder");
        for word in ["one", "two"] {
            fs::write(dir.join("builds").join(word), saying(word)).expect("a file");
        }
        relink(&dir.join("bot.wasm"), "builds/one");
    };
    let world = World::of(furnish).await;
    assert_eq!(world.answer().await, "one");
    relink(&world.file(), "builds/two");
    world.says("two").await;
    relink(&world.file(), "builds/one");
    world.says("one").await;
    // Nothing happens in the folder itself when the file behind the link changes.
    for word in ["new", "two", "end"] {
        fs::write(world.path("builds/one"), saying(word)).expect("it can be written");
        world.says(word).await;
    }
}

#[tokio::test]
async fn r5_a_config_map_that_is_updated() {
    let furnish = |dir: &Path| {
        for word in ["one", "two"] {
            let version = dir.join(format!("..{word}"));
            fs::create_dir(&version).expect("a folder");
            fs::write(version.join("bot.wasm"), saying(word)).expect("a file");
        }
        relink(&dir.join("..data"), "..one");
        relink(&dir.join("bot.wasm"), "..data/bot.wasm");
    };
    let world = World::of(furnish).await;
    assert_eq!(world.answer().await, "one");
    relink(&world.path("..data"), "..two");
    fs::remove_dir_all(world.path("..one")).expect("the old version goes");
    world.says("two").await;
}

#[tokio::test]
async fn r5_a_folder_whose_name_leads_elsewhere() {
    let furnish = |dir: &Path| {
        for word in ["one", "two"] {
            fs::create_dir(dir.join(word)).expect("a folder");
            fs::write(dir.join(word).join("bot.wasm"), saying(word)).expect("a file");
        }
        relink(&dir.join("current"), "one");
    };
    let current = |dir: &Path| config::Plugins { dir: dir.join("current"), cache: None, named: BTreeMap::new() };
    let world = World::configured(furnish, current).await;
    assert_eq!(world.answer().await, "one");
    // Nothing happens in either folder.
    for word in ["two", "one", "two"] {
        relink(&world.path("current"), word);
        world.says(word).await;
    }
    // From now on the other folder is watched.
    replace(&world.path("two/bot.wasm"), &saying("new"));
    world.says("new").await;
}

#[tokio::test]
async fn r5_vim_moves_the_file_away_and_writes_a_new_one() {
    let world = World::serving().await;
    let backup = world.path("bot.wasm~");
    fs::rename(world.file(), &backup).expect("renamed");
    fs::write(world.file(), saying("two")).expect("a file");
    fs::remove_file(backup).expect("removed");
    world.says("two").await;
}

#[tokio::test]
async fn r5_vs_code_empties_the_file_and_writes_it() {
    let world = World::serving().await;
    let mut open = fs::OpenOptions::new().write(true).truncate(true).open(world.file()).expect("it opens");
    for piece in saying("two").chunks(100) {
        open.write_all(piece).expect("it can be written");
    }
    drop(open);
    world.says("two").await;
}

#[tokio::test]
async fn r5_sed_writes_beside_the_file_and_renames() {
    let world = World::serving().await;
    let beside = world.path("sedXyZ123");
    fs::write(&beside, saying("two")).and_then(|()| fs::rename(&beside, world.file())).expect("replaced");
    world.says("two").await;
}

#[tokio::test]
async fn r5_rsync_writes_into_a_hidden_file_that_is_nobodys() {
    let world = World::serving().await;
    let hidden = world.path(".bot.wasm");
    fs::write(&hidden, &saying("two")[..100]).expect("a file");
    world.looked_again().await;
    assert!(!world.plugins.standings().keys().any(|name| name.starts_with('.')), "{}", world.log.text());
    fs::write(&hidden, saying("two")).and_then(|()| fs::rename(&hidden, world.file())).expect("replaced");
    world.says("two").await;
}

#[tokio::test]
async fn r5_a_file_time_of_another_day_with_the_same_size() {
    let world = World::serving().await;
    let bytes = ["two", "new", "old"].map(|word| (word, saying(word)));
    let size = saying("one").len();
    let hour = Duration::from_secs(3600);
    let now = fs::metadata(world.file()).and_then(|metadata| metadata.modified()).expect("times");
    // The second time is the first again.
    for ((word, bytes), time) in bytes.iter().zip([now - 9000 * hour, now - 9000 * hour, now + 9000 * hour]) {
        assert_eq!(bytes.len(), size);
        fs::write(world.file(), bytes).expect("it can be written");
        let open = fs::OpenOptions::new().write(true).open(world.file()).expect("it opens");
        open.set_modified(time).expect("times can be set");
        world.says(word).await;
    }
}

#[tokio::test]
async fn g10_a_turn_under_way_ends_on_the_version_it_began_with() {
    let limits = PluginLimits { deadline: Duration::from_secs(300), ..PluginLimits::default() };
    let named = move |dir: &Path| {
        let plugin = config::Plugin { limits, ..config::Plugin::at(dir.join("slow.wasm")) };
        config::Plugins { dir: dir.to_owned(), cache: None, named: BTreeMap::from([("slow".to_owned(), plugin)]) }
    };
    let mut rounds: u64 = 1 << 31;
    loop {
        let counting = format!(
            "(i64.store (i32.const 4096) (i64.const {rounds}))
             (loop $count
               (i64.store (i32.const 4096) (i64.sub (i64.load (i32.const 4096)) (i64.const 1)))
               (br_if $count (i64.ne (i64.load (i32.const 4096)) (i64.const 0))))"
        );
        let slow = handling_with("", &deciding("old", &counting), "(data (i32.const 2048) \"old\")");
        let world = World::configured(|dir| fs::write(dir.join("slow.wasm"), slow).expect("a file"), named).await;
        let before = world.plugins.get("slow").expect("it serves").digest_short();
        let free = world.plugins.runtime.places_free();
        let mut turns = JoinSet::new();
        let plugins = Arc::clone(&world.plugins);
        turns.spawn(async move { plugins.decide("slow", &context(), None, &message("hi")).await });
        world.until("the turn's begin", |world| world.plugins.runtime.places_free() < free).await;
        replace(&world.path("slow.wasm"), &saying("new"));
        let swapped = |world: &World| world.plugins.get("slow").is_some_and(|plugin| plugin.digest_short() != before);
        world.until("the swap", swapped).await;
        assert_eq!(world.answer_of("slow").await, "new");
        if let Some(ended) = turns.try_join_next() {
            ended.expect("a turn").outcome.expect("a decision");
            // This machine counts faster than it compiles.
            rounds *= 2;
            continue;
        }
        let result = turns.join_next().await.expect("one turn").expect("no panic");
        assert_eq!(result.plugin_digest, before);
        assert_eq!(result.outcome.expect("a decision").state, NextState::Replace("old".into()));
        break;
    }
}
