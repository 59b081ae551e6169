//! X4: guessing is slow, is written down in few lines, and keeps nobody out who has a session or waits a little.

use super::*;
use crate::limits::AUDIT_SUMMARY_INTERVAL;

fn address(number: u32) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
}

#[tokio::test]
async fn x4_ten_thousand_tries_are_throttled_and_summarised_and_the_right_one_gets_in() {
    let (world, session) = World::with_ada().await;
    let mut looked_at = 0;
    for number in 0..10_000_u32 {
        match world.people.sign_in("ada", &format!("guess number {number}"), HERE).await {
            Err(PeopleError::WrongPassword) => looked_at += 1,
            Err(PeopleError::Throttled { .. }) => {}
            other => panic!("{other:?}"),
        }
        world.clock.skip(Duration::from_millis(u64::from(number % 3 == 0)));
    }
    assert!(looked_at <= 20, "{looked_at} passwords were compared within seconds");
    assert!(world.caller(&session).await.is_some(), "whoever is in stays in");

    let throttled = world.people.sign_in("ada", PASSWORD, HERE).await;
    let Err(PeopleError::Throttled { wait }) = throttled else { panic!("{throttled:?}") };
    assert!(wait <= Duration::from_secs(5), "{wait:?}");
    world.clock.skip(wait);
    world.people.sign_in("ada", PASSWORD, HERE).await.expect("after a short wait");

    let log = world.audited().await;
    let refused: Vec<_> = log.iter().filter(|entry| entry.action == action::SIGN_IN_REFUSED).collect();
    assert!(refused.len() <= 3, "{refused:?}");
    assert_eq!(refused.iter().map(|entry| entry.count).sum::<u64>(), 10_001, "and none is missing");
    assert!(refused.iter().all(|entry| entry.name == "ada" && entry.from == HERE.to_string()));
}

#[tokio::test]
async fn an_attack_on_one_name_or_from_one_address_is_not_one_on_others() {
    let throttle = Throttle::default();
    let now = Timestamp(1_000_000);
    let one_name = (0..1000).filter(|number| throttle.admit(now, "ada", address(*number)).is_ok()).count();
    assert_eq!(one_name, 10);
    let throttle = Throttle::default();
    let one_address = (0..1000).filter(|number| throttle.admit(now, &format!("n{number}"), HERE).is_ok()).count();
    assert_eq!(one_address, 20);
    assert!(throttle.admit(now, "bob", address(1)).is_ok(), "somebody else, from elsewhere");
    let throttle = Throttle::default();
    let all = (0..10_000).filter(|number| throttle.admit(now, &format!("n{number}"), address(*number)).is_ok());
    assert_eq!(all.count(), 60, "all together, whatever they are called and wherever they are");
    let v6 = |low: u128| IpAddr::V6(((0x2001_0db8_u128 << 96) + low).into());
    let throttle = Throttle::default();
    let one_network = (0..1000).filter(|number| throttle.admit(now, &format!("n{number}"), v6(*number)).is_ok());
    assert_eq!(one_network.count(), 20);
}

#[tokio::test]
async fn signing_in_rightly_takes_nothing() {
    let (world, _) = World::with_ada().await;
    for _ in 0..15 {
        world.people.sign_in("ada", PASSWORD, HERE).await.expect("it is right each time");
    }
}

#[tokio::test]
async fn wrong_tokens_are_throttled_and_right_ones_are_not() {
    let (world, session) = World::with_ada().await;
    let ada = world.caller(&session).await.expect("signed in");
    let (_, token) = world.people.create_token("ci", Role::Viewer, &ada).await.expect("created");
    let mut refused = 0;
    for _ in 0..1000 {
        match world.people.by_bearer(&Key::random().text(), HERE).await {
            Ok(None) => refused += 1,
            Err(PeopleError::Throttled { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 50);
    let caller = world.people.by_bearer(&token.text(), HERE).await.expect("not throttled").expect("known");
    assert_eq!((caller.name.as_str(), caller.role), ("ci", Role::Viewer));
    world.clock.skip(AUDIT_SUMMARY_INTERVAL);
    world.people.tidy().await.expect("tidied");
    let log = world.audited().await;
    let counts: Vec<_> =
        log.iter().filter(|entry| entry.action == action::TOKEN_REFUSED).map(|entry| entry.count).collect();
    assert_eq!(counts, [1, 999]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_passwords_are_hashed_at_once_than_the_machine_can_spare() {
    let passwords = Arc::new(Passwords::default());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let passwords = Arc::clone(&passwords);
        tasks.spawn(async move { passwords.verify("anything at all", None).await.expect("hashed") });
    }
    while let Some(verified) = tasks.join_next().await {
        assert!(!verified.expect("no panic"));
    }
    assert_eq!(passwords.free_slots(), crate::limits::PASSWORD_HASHES_AT_ONCE, "each gives its slot back");
}

#[tokio::test]
async fn a_password_that_was_typed_as_a_name_is_not_in_the_log() {
    let (world, _) = World::with_ada().await;
    let _ = world.people.sign_in("correct horse battery", "", HERE).await;
    let log = world.audited().await;
    assert_eq!(log.last().expect("written").name, "cor…");
}
