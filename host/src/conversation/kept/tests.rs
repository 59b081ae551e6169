//! What is carried over, and what a bot leaves behind.

use super::*;

#[test]
fn only_the_keys_that_are_named_outlive_a_session() {
    let keys = ["language".to_owned(), "name".to_owned()];
    assert_eq!(carried_over("{\"language\":\"de\",\"n\":1}", &keys).as_deref(), Some("{\"language\":\"de\"}"));
    for nothing in ["{\"n\":1}", "[]", "not JSON", ""] {
        assert_eq!(carried_over(nothing, &keys), None, "{nothing:?}");
    }
    assert_eq!(carried_over("{\"language\":\"de\"}", &[]), None);
}

#[test]
fn a_bot_that_has_no_state_leaves_none_behind() {
    let mut conversation = Conversation { bot: "menu".into(), ..Conversation::default() };
    conversation.hand_to("orders");
    assert!(conversation.shelved.is_empty());
    conversation.state = Some("1".into());
    conversation.hand_to("menu");
    conversation.hand_to("menu");
    assert_eq!(conversation.shelved.len(), 1);
    conversation.hand_to("orders");
    assert_eq!((conversation.state.as_deref(), conversation.shelved.len()), (Some("1"), 0));
}

#[test]
fn a_conversation_without_a_session_is_never_due() {
    assert_eq!(Conversation::default().next_due(Duration::ZERO), None);
    let ended = Conversation { session: 3, session_ended: true, ..Conversation::default() };
    assert_eq!(ended.next_due(Duration::ZERO), None);
}
