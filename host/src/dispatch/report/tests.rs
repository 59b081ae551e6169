use super::*;
use crate::clock::Timestamp;
use crate::conversation::{Author, ConversationId};
use crate::outbox::{Action, Entry, OutboxSeq};

#[test]
fn what_braze_says_is_logged_without_whom_it_is_about() {
    let entry = Entry {
        conversation: ConversationId([1; 16]),
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::Alias { name: "+491701234567".into(), label: "phone".into() },
        action: Action::Track { attributes: Vec::new(), events: Vec::new() },
        created: Timestamp(0),
        expires: Timestamp(1),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    };
    let row = Row { seq: OutboxSeq(1), entry, status: Status::Ready, attempts: 0, ambiguous: 0 };
    assert_eq!(anonymous(&row, "no user with alias '+491701234567'"), "no user with alias '…'");
}
