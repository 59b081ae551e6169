use super::*;
use crate::conversation::{AttributeChange, ConversationId, NamedJson};
use crate::outbox::{Action, Entry, OutboxSeq, Recipient};

const NOW: Timestamp = Timestamp(1_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn reply(attributes: Vec<AttributeChange>) -> Action {
    Action::Reply {
        campaign: "reply".into(),
        text: "Hello".into(),
        choices: Vec::new(),
        media: None,
        properties: Vec::new(),
        attributes,
    }
}

fn row_of(action: Action) -> Row {
    let entry = Entry {
        conversation: ConversationId([7; 16]),
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId("u1".into()),
        action,
        created: NOW,
        expires: NOW.after(HOUR),
        fence: 3,
        author: Author::Bot,
        failure_is_told: true,
    };
    Row { seq: OutboxSeq(1), entry, status: Status::Ready, attempts: 0, ambiguous: 0 }
}

fn row() -> Row {
    row_of(reply(Vec::new()))
}

/// A step in words: status, attempts, ambiguous, and what the conversation hears.
fn told(next: &Next) -> String {
    let status = match &next.status {
        Status::Ready => "ready".into(),
        Status::Sending { .. } => "sending".into(),
        Status::RetryAt { at, .. } => format!("retry +{}ms", at.since(NOW).as_millis()),
        Status::Unknown { .. } => "unknown".into(),
        Status::Sent { .. } => "sent".into(),
        Status::Dead { .. } => "dead".to_owned(),
    };
    let heard = match &next.failure {
        None => "",
        Some(Failure { ambiguous: false, .. }) => ", failed",
        Some(Failure { ambiguous: true, .. }) => ", failed?",
    };
    format!("{status} {}/{}{heard}", next.attempts, next.ambiguous)
}

fn check(row: &Row, outcome: &SendOutcome, policy: &Policy, expected: &str) {
    let next = after_send(row, NOW, 0, outcome, policy);
    assert_eq!(told(&next), expected, "after {outcome:?} of {row:?}");
}

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { braze_dispatch_id: Some("d1".into()), notice: None, partial: None }
}

fn because(kind: fn(String) -> SendOutcome) -> SendOutcome {
    kind("because".into())
}

#[test]
fn each_outcome_of_a_first_call() {
    let policy = Policy::default();
    check(&row(), &accepted(), &policy, "sent 1/0");
    check(&row(), &because(SendOutcome::NotSent), &policy, "retry +500ms 0/0");
    check(&row(), &because(SendOutcome::Unauthorised), &policy, "retry +500ms 0/0");
    check(&row(), &SendOutcome::Throttled { until: None }, &policy, "retry +500ms 0/0");
    check(&row(), &SendOutcome::Throttled { until: Some(Timestamp(1_009_000)) }, &policy, "retry +9000ms 0/0");
    check(&row(), &because(SendOutcome::Rejected), &policy, "dead 1/0, failed");
    check(&row(), &because(SendOutcome::ServerError), &policy, "retry +500ms 1/0");
    check(&row(), &because(SendOutcome::Unknown), &policy, "unknown 1/1");
}

#[test]
fn server_errors_are_given_up_after_the_last_attempt() {
    let policy = Policy { attempts_max: 3, ..Policy::default() };
    let outcome = because(SendOutcome::ServerError);
    check(&Row { attempts: 1, ..row() }, &outcome, &policy, "retry +500ms 2/0");
    check(&Row { attempts: 2, ..row() }, &outcome, &policy, "dead 3/0, failed");
    check(&Row { attempts: 2, ambiguous: 1, ..row() }, &outcome, &policy, "dead 3/1, failed?");
}

#[test]
fn the_wait_grows_and_is_spread_over_its_span() {
    let policy = Policy { attempts_max: u32::MAX, ..Policy::default() };
    let wait = |attempts, random| {
        let next = after_send(&Row { attempts, ..row() }, NOW, random, &because(SendOutcome::ServerError), &policy);
        match next.status {
            Status::RetryAt { at, .. } => at.since(NOW).as_millis(),
            status => panic!("{status:?}"),
        }
    };
    let longest: Vec<_> = [0, 1, 2, 6, 7, 1000].map(|attempts| wait(attempts, u32::MAX)).into();
    assert_eq!(longest, [1000, 2000, 4000, 60_000, 60_000, 60_000]);
    assert_eq!(wait(6, 0), 500);
    assert_eq!(wait(6, u32::MAX / 2), 30_249);
}

#[test]
fn a_lost_answer_is_followed_by_two_repeats_at_most() {
    let policy = Policy::default();
    let outcome = because(SendOutcome::Unknown);
    check(&Row { attempts: 1, ambiguous: 1, ..row() }, &outcome, &policy, "unknown 2/2");
    check(&Row { attempts: 2, ambiguous: 2, ..row() }, &outcome, &policy, "dead 3/3, failed?");
}

#[test]
fn what_could_do_harm_twice_is_never_repeated_after_a_lost_answer() {
    let outcome = because(SendOutcome::Unknown);
    let increment = AttributeChange::Increment("orders".into(), 1);
    let event = NamedJson { name: "ordered".into(), value: "{}".into() };
    let harmful = [
        Action::Campaign { campaign: "coupon".into(), properties: Vec::new(), attributes: Vec::new() },
        Action::Canvas { canvas: "welcome".into(), properties: Vec::new(), attributes: Vec::new() },
        Action::Track { attributes: Vec::new(), events: vec![event] },
        Action::Track { attributes: vec![increment], events: Vec::new() },
    ];
    for action in harmful {
        check(&row_of(action), &outcome, &Policy::default(), "dead 1/1, failed?");
    }
    let careful = Policy { resend_unknown: false, ..Policy::default() };
    check(&row(), &outcome, &careful, "dead 1/1, failed?");
    check(&row(), &because(SendOutcome::ServerError), &careful, "retry +500ms 1/0");
}

#[test]
fn nothing_is_planned_beyond_its_expiry() {
    let mut soon = row();
    soon.entry.expires = NOW.after(Duration::from_millis(499));
    let policy = Policy::default();
    check(&soon, &because(SendOutcome::ServerError), &policy, "dead 1/0, failed");
    check(&soon, &because(SendOutcome::NotSent), &policy, "dead 0/0, failed");
    check(&soon, &SendOutcome::Throttled { until: Some(NOW.after(HOUR)) }, &policy, "dead 0/0, failed");
    check(&soon, &because(SendOutcome::Unknown), &policy, "dead 1/1, failed?");
    check(&soon, &accepted(), &policy, "sent 1/0");
}

#[test]
fn a_call_cut_off_by_a_crash_has_lost_its_answer() {
    let sending = Row { status: Status::Sending { since: NOW }, ..row() };
    let later = NOW.after(Duration::from_mins(1));
    let before = |row: &Row, policy: &Policy| before_send(row, later, policy).as_ref().map(told);
    let careful = Policy { resend_unknown: false, ..Policy::default() };

    assert_eq!(before(&sending, &Policy::default()).as_deref(), Some("unknown 1/1"));
    assert_eq!(before(&sending, &careful).as_deref(), Some("dead 1/1, failed?"));
    let third = Row { attempts: 2, ambiguous: 2, ..sending };
    assert_eq!(before(&third, &Policy::default()).as_deref(), Some("dead 3/3, failed?"));
}

#[test]
fn an_unknown_row_waits_and_then_follows_todays_policy() {
    let policy = Policy::default();
    let status = Status::Unknown { since: NOW, reason: "a timeout".into() };
    let unknown = Row { status, attempts: 1, ambiguous: 1, ..row() };
    assert_eq!(due(&unknown, &policy), NOW.after(Duration::from_secs(5)));
    assert_eq!(before_send(&unknown, NOW, &policy), None);
    let careful = Policy { resend_unknown: false, ..policy };
    assert_eq!(before_send(&unknown, NOW, &careful).as_ref().map(told).as_deref(), Some("dead 1/1, failed?"));
}

#[test]
fn what_has_expired_does_not_leave() {
    let late = NOW.after(HOUR * 2);
    let expired = before_send(&row(), late, &Policy::default()).expect("it has expired");
    assert_eq!(told(&expired), "dead 0/0, failed");
    assert_eq!(before_send(&row(), NOW.after(HOUR), &Policy::default()), None);

    let status = Status::RetryAt { at: NOW, reason: "503".into() };
    let failed = Row { status, attempts: 1, ambiguous: 1, ..row() };
    let expired = before_send(&failed, late, &Policy::default()).expect("it has expired");
    assert_eq!(told(&expired), "dead 1/1, failed?");
    assert_eq!(expired.status, Status::Dead { at: late, reason: "expired; before that: 503".into() });
}

#[test]
fn a_change_of_owner_drops_what_the_bot_said_but_no_profile_change() {
    let track = row_of(Action::Track { attributes: Vec::new(), events: Vec::new() });
    assert_eq!(at_the_fence(&row(), Some(3), NOW), None);
    assert_eq!(at_the_fence(&row(), Some(4), NOW).as_ref().map(told).as_deref(), Some("dead 0/0"));
    assert_eq!(at_the_fence(&track, Some(4), NOW), None);
    assert_eq!(at_the_fence(&track, None, NOW).as_ref().map(told).as_deref(), Some("dead 0/0"));
    assert_eq!(
        at_the_fence(&row(), Some(3), NOW.after(HOUR * 2)).as_ref().map(told).as_deref(),
        Some("dead 0/0, failed")
    );
}
