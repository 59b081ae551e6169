use super::*;
use crate::conversation::{AttributeChange, Author, NamedJson};
use crate::outbox::{Action, Entry, OutboxSeq, Recipient, Status};

const NOW: Timestamp = Timestamp(1000);
const FIRST: Queue = Queue { group: EndpointGroup::Trigger, repeats: false };
const REPEATS: Queue = Queue { group: EndpointGroup::Trigger, repeats: true };
const TRACK: Queue = Queue { group: EndpointGroup::Track, repeats: false };

fn row(seq: u64, conversation: u8, action: Action) -> Row {
    let entry = Entry {
        conversation: ConversationId([conversation; 16]),
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId("u".into()),
        action,
        created: NOW,
        expires: Timestamp(u64::MAX),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    };
    Row { seq: OutboxSeq(seq), entry, status: Status::Ready, attempts: 0, ambiguous: 0 }
}

fn reply(seq: u64, conversation: u8) -> Row {
    row(seq, conversation, Action::Campaign { campaign: "c".into(), properties: Vec::new(), attributes: Vec::new() })
}

fn track(seq: u64, conversation: u8) -> Row {
    let set = AttributeChange::Set(NamedJson { name: "a".into(), value: "1".into() });
    row(seq, conversation, Action::Track { attributes: vec![set], events: Vec::new() })
}

fn lanes(rows: impl IntoIterator<Item = Row>) -> Lanes {
    let mut lanes = Lanes::default();
    rows.into_iter().for_each(|row| lanes.push(row, Timestamp::default(), NOW));
    lanes
}

fn all(lanes: &mut Lanes, queue: Queue) -> Vec<u64> {
    std::iter::from_fn(|| lanes.pop(queue)).map(|row| row.seq.0).collect()
}

#[test]
fn conversations_leave_side_by_side_and_each_in_order() {
    let mut lanes = lanes([reply(1, 1), reply(2, 1), reply(3, 2), reply(4, 1), reply(5, 3)]);
    assert_eq!(lanes.len(), 5);
    assert_eq!(all(&mut lanes, FIRST), [1, 3, 5]);
    let first = LaneKey::of(&reply(1, 1));
    lanes.remove(first, NOW);
    assert_eq!(all(&mut lanes, FIRST), [2]);
    lanes.remove(first, NOW);
    assert_eq!(all(&mut lanes, FIRST), [4]);
    lanes.remove(first, NOW);
    assert_eq!(lanes.len(), 2);
    assert!(all(&mut lanes, FIRST).is_empty());
    lanes.push(reply(6, 1), Timestamp::default(), NOW);
    assert_eq!(all(&mut lanes, FIRST), [6], "an emptied lane begins anew");
}

#[test]
fn a_waiting_head_holds_back_its_lane_only() {
    let mut lanes = lanes([reply(1, 1), reply(2, 1), reply(3, 2)]);
    let failed = lanes.pop(FIRST).expect("row 1");
    let at = Timestamp(1500);
    let status = Status::RetryAt { at, reason: "503".into() };
    lanes.put_back(Row { status, attempts: 1, ..failed }, at, NOW);
    assert_eq!(all(&mut lanes, FIRST), [3]);
    assert_eq!(lanes.next_due(), Some(at));
    lanes.wake(Timestamp(1499));
    assert!(all(&mut lanes, REPEATS).is_empty());
    lanes.wake(at);
    assert_eq!(lanes.peek(REPEATS).map(|row| row.seq), Some(OutboxSeq(1)));
    assert_eq!(all(&mut lanes, REPEATS), [1]);
    assert_eq!(lanes.next_due(), None);
    lanes.remove(LaneKey::of(&reply(1, 1)), at);
    assert_eq!(all(&mut lanes, FIRST), [2]);
}

#[test]
fn profile_changes_do_not_hold_back_replies() {
    let mut lanes = lanes([track(1, 1), track(2, 1), reply(3, 1)]);
    assert_eq!(all(&mut lanes, FIRST), [3]);
    assert_eq!(all(&mut lanes, TRACK), [1]);
}

#[test]
fn a_row_that_is_due_later_waits_from_the_start() {
    let mut lanes = Lanes::default();
    lanes.push(reply(1, 1), Timestamp(3000), NOW);
    lanes.push(reply(2, 1), Timestamp::default(), NOW);
    lanes.push(reply(3, 2), Timestamp(2000), NOW);
    assert_eq!(lanes.next_due(), Some(Timestamp(2000)));
    lanes.wake(Timestamp(2000));
    assert_eq!(all(&mut lanes, FIRST), [3]);
    lanes.wake(Timestamp(3000));
    assert_eq!(all(&mut lanes, FIRST), [1]);
}
