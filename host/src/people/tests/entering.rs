//! Links, passwords and sessions.

use super::*;
use crate::limits::{INVITATION, SIGNED_IN};

#[tokio::test]
async fn the_first_link_is_used_once_and_makes_an_admin() {
    let (world, session) = World::with_ada().await;
    let ada = world.caller(&session).await.expect("she is signed in");
    assert_eq!((ada.name.as_str(), ada.role), ("Ada", Role::Admin));
    assert!(world.people.first_key().await.expect("storage works").is_none(), "somebody is there");
}

#[tokio::test]
async fn of_two_who_open_the_first_link_at_once_one_gets_in() {
    let world = World::new(false);
    let key = world.people.first_key().await.expect("storage works").expect("nobody is there").text();
    let (one, two) =
        tokio::join!(world.people.enter(&key, "ada", PASSWORD, HERE), world.people.enter(&key, "eve", PASSWORD, HERE));
    assert_eq!([&one, &two].iter().filter(|entered| entered.is_ok()).count(), 1, "{one:?} {two:?}");
    assert!([one, two].iter().any(|entered| matches!(entered, Err(PeopleError::DeadLink))));
}

#[tokio::test]
async fn the_next_start_makes_the_link_before_it_void() {
    let world = World::new(false);
    let first = world.people.first_key().await.expect("storage works").expect("nobody is there");
    let second = world.people.first_key().await.expect("storage works").expect("nobody is there");
    assert!(matches!(world.people.welcome(&first.text()).await, Err(PeopleError::DeadLink)));
    assert_eq!(world.people.welcome(&second.text()).await.expect("it opens"), Welcome::First);
    let short = world.people.enter(&second.text(), "ada", "short", HERE).await;
    assert!(matches!(short, Err(PeopleError::Invalid(_))), "a mistake does not use it up");
    world.people.enter(&second.text(), "ada", PASSWORD, HERE).await.expect("she enters");
}

#[tokio::test]
async fn a_session_ends_with_time_sign_out_role_password_and_disabling() {
    let (world, ada) = World::with_ada().await;
    let (bob, first) = world.add("Bob", Role::Agent).await;
    assert_eq!(world.caller(&first).await.expect("signed in").role, Role::Agent);
    world.people.set_role(&bob.id, Role::Operator).await.expect("changed");
    assert_eq!(world.caller(&first).await, None, "another role");

    let second = world.people.sign_in("BOB", PASSWORD, HERE).await.expect("names have no case");
    let caller = world.caller(&second).await.expect("signed in");
    world.people.change_password(&caller, PASSWORD, "another long password").await.expect("changed");
    assert_eq!(world.caller(&second).await, None, "another password");
    assert!(matches!(world.people.sign_in("bob", PASSWORD, HERE).await, Err(PeopleError::WrongPassword)));

    let third = world.people.sign_in("bob", "another long password", HERE).await.expect("signed in");
    world.people.set_disabled(&bob.id, true).await.expect("disabled");
    assert_eq!(world.caller(&third).await, None, "disabled");
    let refused = world.people.sign_in("bob", "another long password", HERE).await;
    assert!(matches!(refused, Err(PeopleError::WrongPassword)), "and nobody is told why");
    world.people.set_disabled(&bob.id, false).await.expect("enabled");
    assert_eq!(world.caller(&third).await, None, "what has ended does not begin again");

    let caller = world.caller(&ada).await.expect("ada is not concerned");
    let other = world.people.sign_in("ada", PASSWORD, HERE).await.expect("signed in");
    world.people.sign_out(&other.text(), &caller, HERE).await.expect("signed out");
    assert_eq!(world.caller(&other).await, None);
    assert!(world.caller(&ada).await.is_some(), "another browser");
    world.clock.skip(SIGNED_IN);
    assert_eq!(world.caller(&ada).await, None, "over night");
    world.people.tidy().await.expect("tidied");
    assert_eq!(world.storage.records("session").await.expect("readable"), [], "and nothing is left of it");
}

#[tokio::test]
async fn an_invitation_is_used_once_and_void_where_anything_changed() {
    let (world, _) = World::with_ada().await;
    let (bob, key) = world.people.add("bob", Role::Agent).await.expect("added");
    assert_eq!(world.people.welcome(&key.text()).await.expect("it opens"), Welcome::Invited("bob".into()));
    world.people.enter(&key.text(), "ignored", PASSWORD, HERE).await.expect("he enters");
    assert!(matches!(world.people.enter(&key.text(), "", PASSWORD, HERE).await, Err(PeopleError::DeadLink)));

    let (_, again) = world.people.invite(&bob.id).await.expect("invited");
    world.people.set_disabled(&bob.id, true).await.expect("disabled");
    assert!(matches!(world.people.welcome(&again.text()).await, Err(PeopleError::DeadLink)));
    world.people.set_disabled(&bob.id, false).await.expect("enabled");
    let (_, late) = world.people.invite(&bob.id).await.expect("invited");
    world.clock.skip(INVITATION);
    assert!(matches!(world.people.welcome(&late.text()).await, Err(PeopleError::DeadLink)));
    world.people.tidy().await.expect("tidied");
    assert_eq!(world.storage.records("invitation").await.expect("readable"), []);
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let (world, session) = World::with_ada().await;
    let ada = world.caller(&session).await.expect("signed in");
    assert!(matches!(world.people.set_role(&ada.id, Role::Viewer).await, Err(PeopleError::LastAdmin)));
    assert!(matches!(world.people.set_disabled(&ada.id, true).await, Err(PeopleError::LastAdmin)));
    world.people.add("invited", Role::Admin).await.expect("added");
    assert!(
        matches!(world.people.set_disabled(&ada.id, true).await, Err(PeopleError::LastAdmin)),
        "an admin without a password is none yet"
    );
    let (bob, _) = world.add("bob", Role::Admin).await;
    let (one, two) = tokio::join!(world.people.set_disabled(&ada.id, true), world.people.set_disabled(&bob.id, true));
    assert!(one.is_ok() != two.is_ok(), "not both at once");
}

#[tokio::test]
async fn names_are_unique_and_names() {
    let (world, _) = World::with_ada().await;
    for name in ["ADA", " ada ", "", " ", "a\nb", &"a".repeat(101)] {
        let added = world.people.add(name, Role::Viewer).await;
        assert!(matches!(added, Err(PeopleError::Invalid(_))), "{name:?}: {added:?}");
    }
}

#[tokio::test]
async fn the_link_of_dev_signs_in_again_and_again_and_means_nothing_to_serve() {
    let world = World::new(true);
    let key = world.people.first_key().await.expect("storage works").expect("always");
    assert_eq!(world.people.welcome(&key.text()).await.expect("it opens"), Welcome::Dev);
    let session = world.people.enter(&key.text(), "", "", HERE).await.expect("entered");
    world.people.enter(&key.text(), "", "", HERE).await.expect("entered again");
    assert_eq!(world.caller(&session).await, Some(Caller::dev()));
    let clock = Arc::clone(&world.clock);
    let serve = People::new(Arc::clone(&world.storage) as Arc<dyn Records>, clock, false, None);
    assert_eq!(serve.by_session(&session.text()).await.expect("storage works"), None);
    assert_eq!(serve.by_bearer("dev", HERE).await.expect("storage works"), None);
    assert_eq!(world.people.by_bearer("dev", HERE).await.expect("storage works"), Some(Caller::dev()));
}

#[tokio::test]
async fn whom_a_proxy_vouches_for() {
    let (world, _) = World::with_ada().await;
    let (bob, _) = world.people.add("bob@example.com", Role::Agent).await.expect("added");
    let vouched = async |name| world.people.vouched(name, Some(Role::Viewer)).await.expect("storage works");
    assert_eq!(vouched("Bob@example.com").await, Some(bob.caller()), "a password is not needed");
    assert_eq!(vouched("eve@example.com").await.map(|caller| caller.role), Some(Role::Viewer));
    assert_eq!(world.people.vouched("eve@example.com", None).await.expect("storage works"), None);
    world.people.set_disabled(&bob.id, true).await.expect("disabled");
    assert_eq!(vouched("bob@example.com").await, None);
}
