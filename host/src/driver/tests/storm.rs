//! G12: a plugin that mostly fails.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A clock that stands still until it is moved.
struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// One turn of each user; how the turns are recorded.
async fn turns(world: &World, driver: &Driver, users: std::ops::Range<u32>, text: &str) -> Vec<String> {
    let mut kinds = Vec::new();
    for user in users {
        let user = format!("u{user}");
        let id = ConversationId::of("hostile", &user);
        world.accept([("hostile", user.clone(), text.to_owned())]).await;
        let row = world.waiting().await.remove(0);
        let stored = world.storage.read(id).await.expect("read");
        driver.row(id, stored, row).await.expect("storage works");
        let newest = world.journal("hostile", &user).await.into_iter().max_by_key(|entry| entry.context.turn);
        kinds.push(match newest.expect("a turn").outcome {
            Outcome::Failed { kind, .. } => kind,
            Outcome::Decided(_) => "decided".into(),
        });
    }
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_a_storm_of_traps_stops_the_plugin_until_it_works_again() {
    let world = World::new().await;
    let clock = Arc::new(HandClock(AtomicU64::new(NOW.0)));
    let driver = world.driver_at(Duration::ZERO, clock.clone());
    let broken = || world.plugins.get("hostile").expect("loaded").breaker.opened();

    let storm = turns(&world, &driver, 0..30, "panic").await;
    let trapped = storm.iter().take_while(|kind| *kind == "trapped").count();
    assert_eq!(trapped, 22, "{storm:?}");
    assert!(storm[trapped..].iter().all(|kind| kind == "stopped"), "{storm:?}");
    assert_eq!(broken().expect("stopped").kind, "trapped");

    // Nobody is left without an answer, and nobody else's plugin is stopped.
    assert_eq!(turns(&world, &driver, 30..31, "hello").await, ["stopped"]);
    assert_eq!(world.said("hostile", "u30").await, ["fallback"]);
    assert_eq!(world.journal("hostile", "u30").await[0].plugin_digest, [0; 8], "it was not asked");
    assert!(world.plugins.get("echo").expect("loaded").breaker.opened().is_none());

    clock.0.fetch_add(10_000, Ordering::Relaxed);
    assert_eq!(turns(&world, &driver, 31..33, "panic").await, ["trapped", "stopped"], "one turn tries it again");
    clock.0.fetch_add(20_000, Ordering::Relaxed);
    assert_eq!(turns(&world, &driver, 33..36, "hello").await, ["decided"; 3]);
    assert_eq!(broken(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_another_version_is_asked_at_once() {
    let world = World::new().await;
    let driver = world.driver_at(Duration::ZERO, Arc::new(HandClock(AtomicU64::new(NOW.0))));
    turns(&world, &driver, 0..30, "panic").await;
    let broken = world.plugins.get("hostile").expect("loaded");
    assert!(broken.breaker.opened().is_some());
    let (name, file) = (broken.name.clone(), broken.file.clone());
    let wanted = Wanted { name, file, settings: Vec::new(), limits: PluginLimits::default() };
    world.plugins.insert(world.plugins.compile(wanted).await.expect("a plugin"));
    assert_eq!(turns(&world, &driver, 30..31, "hello").await, ["decided"]);
}
