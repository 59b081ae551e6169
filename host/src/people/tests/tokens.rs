//! Tokens, and the token of this machine.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::limits::TOKEN_USE_INTERVAL;

#[tokio::test]
async fn a_token_is_known_until_it_is_revoked_and_kept_as_a_hash() {
    let (world, session) = World::with_ada().await;
    let ada = world.caller(&session).await.expect("signed in");
    let (listed, token) = world.people.create_token("deploy", Role::Operator, &ada).await.expect("created");
    let caller = world.people.by_bearer(&token.text(), HERE).await.expect("storage works").expect("known");
    assert_eq!((caller.id.as_str(), caller.role), (listed.id.as_str(), Role::Operator));
    let used = world.people.tokens().await.expect("readable").remove(0);
    assert_eq!((used.created_by.as_str(), used.last_used), ("Ada", Some(world.clock.now())));
    world.clock.skip(TOKEN_USE_INTERVAL);
    world.people.by_bearer(&token.text(), HERE).await.expect("storage works").expect("known");
    assert_eq!(world.people.tokens().await.expect("readable")[0].last_used, Some(world.clock.now()));

    let kept = world.storage.records("token").await.expect("readable");
    assert!(!kept.iter().any(|(key, row)| format!("{key}{row:?}").contains(&token.text())));
    world.people.revoke_token(&listed.id).await.expect("revoked");
    assert_eq!(world.people.by_bearer(&token.text(), HERE).await.expect("storage works"), None);
    assert!(matches!(world.people.revoke_token(&listed.id).await, Err(PeopleError::Absent(_))));
}

#[tokio::test]
async fn the_token_of_this_machine_is_its_owners_and_goes_with_the_host() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("turnwise.redb");
    let file = token_file(&database);
    std::fs::write(&file, "of a host that was killed").expect("written");
    let token = LocalToken::write(&database).expect("written");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("readable");

    let world = World::new(false);
    let records = Arc::clone(&world.storage) as Arc<dyn Records>;
    let people = People::new(records, Arc::clone(&world.clock) as _, false, Some(&token));
    let caller = people.by_bearer(text.trim(), HERE).await.expect("storage works").expect("known");
    assert_eq!((caller.id.as_str(), caller.role), ("local", Role::Admin));
    assert_eq!(world.people.by_bearer(text.trim(), HERE).await.expect("storage works"), None, "another host");
    drop(token);
    assert!(!file.exists());
}

#[test]
fn a_key_is_read_from_its_own_text_only() {
    let key = Key::random();
    assert!(Key::read(&key.text()).is_some_and(|read| read.digest().equals(&key.digest())));
    for wrong in ["", "tw_", "dev", &key.text()[1..], &format!("{}A", key.text()), &format!("{} ", key.text())] {
        assert!(Key::read(wrong).is_none(), "{wrong:?}");
    }
    assert_eq!(format!("{key:?}"), "***");
}
