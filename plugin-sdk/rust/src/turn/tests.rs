use super::Turn;
use crate::bindings::turnwise::bot::types::{Context, DeskStatus, NextState, User};

fn context(seed: u32) -> Context {
    let user = User { external_id: None, alias: None, phone: None, language: None, profile_name: None };
    Context {
        conversation: "c".to_owned(),
        session: 1,
        turn: 1,
        user,
        source: "whatsapp".to_owned(),
        now: 0,
        seed,
        settings: vec![],
        fields: vec![],
        desk: DeskStatus::None,
    }
}

#[test]
fn a_state_that_cannot_be_read_says_why() {
    let Err(error) = Turn::<u32>::begin(context(0), Some("\"seven\"")) else { panic!("a text is no number") };
    assert_eq!(error.to_string(), "invalid type: string \"seven\", expected u32 at line 1 column 7");
}

#[test]
fn state_is_written_only_where_it_changed() {
    let next = |before: Option<&str>, after: u32, expired: bool| {
        let mut turn = Turn::<u32>::begin(context(0), before).expect("the state is a number");
        turn.state = after;
        turn.finish(before, expired).expect("a number is JSON").state
    };
    assert_eq!(next(None, 0, false), NextState::Keep);
    assert_eq!(next(None, 1, false), NextState::Replace("1".to_owned()));
    assert_eq!(next(Some("1"), 1, false), NextState::Keep);
    assert_eq!(next(Some("1"), 2, false), NextState::Replace("2".to_owned()));
    assert_eq!(next(Some("1"), 0, false), NextState::Clear);
    // After a session has expired the contract reads "keep" as "clear, but for what is carried over".
    assert_eq!(next(Some("1"), 1, true), NextState::Replace("1".to_owned()));
    assert_eq!(next(Some("1"), 0, true), NextState::Keep);
}

#[test]
fn random_numbers_repeat_with_their_seed_and_stay_below_their_end() {
    let draw = |seed| {
        let mut turn = Turn::<()>::begin(context(seed), None).expect("there is no state to read");
        (0..50).map(|_| turn.random_below(6)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let drawn = draw(0);
    assert!((0..6).all(|face| drawn.contains(&face)) && drawn.iter().all(|face| *face < 6), "{drawn:?}");
    let mut turn = Turn::<()>::begin(context(1), None).expect("there is no state to read");
    assert_eq!(turn.random_below(0), 0);
}
