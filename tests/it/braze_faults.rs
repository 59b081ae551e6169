//! What Braze and the way to it can do wrong, one test or more for each of the rows E1 to E9 of the fault matrix: E1 rate limits,
//! E2 failures, E3 no connection, E4 answers without end, E5 resets, E6 answers that are not Braze's, E7 partial success,
//! E8 a refused key, E9 refused requests.

mod answers;
mod failures;
mod limits;
mod refusals;

use serde_json::{Value, json};
use turnwise::conversation::Event;
use turnwise::outbox::Status;
use turnwise_tests::{Host, HostOptions, Stored, TestSandbox, until};

/// The path of replies.
const TRIGGER: &str = "/campaigns/trigger/send";
const SENT: &str = r#""status":"sent""#;
const DEAD: &str = r#""status":"dead""#;

/// One fault and what must follow from it.
struct Case {
    name: &'static str,
    /// One rule of chaos; it hits the first call only.
    fault: Value,
    /// How often the user reads the reply.
    copies: usize,
    /// Calls that Braze answered or may have received, and of these the ones whose answer was lost.
    attempts: u32,
    ambiguous: u32,
    /// None: it is sent in the end. Else words of the reason it was given up for.
    dead: Option<&'static str>,
}

/// A host that waits as briefly as it can be told to, and has the echo answer.
fn quick(braze: &str) -> HostOptions {
    let waits = r#"resend_wait = "100ms""#.to_owned() + "\n" + r#"probe_wait = "200ms""#;
    HostOptions { bot: "echo".into(), braze: format!("{waits}\n{braze}\n"), ..HostOptions::default() }
}

/// Plays the cases one after the other, each with a user of its own, and checks what users read, what was recorded, and what
/// the plugin heard.
async fn play(sandbox: &TestSandbox, options: HostOptions, cases: &[Case]) {
    let host = Host::start(sandbox, options).await;
    for (index, case) in cases.iter().enumerate() {
        let mut rule = case.fault.clone();
        (rule["path"], rule["times"]) = (TRIGGER.into(), 1.into());
        sandbox.chaos(rule).await;
        sandbox.say(&user(index), case.name).await;
        let what = format!("an end of {:?}", case.name);
        until(&what, || std::future::ready((settled(&host) > index).then_some(()))).await;
    }
    let failures = cases.iter().filter(|case| case.dead.is_some()).count();
    host.logged(r#""event":"delivery-failed""#, failures).await;
    let stored = host.stop().await;
    for (index, case) in cases.iter().enumerate() {
        check(sandbox, &stored, &user(index), case).await;
    }
    assert!(stored.unsent.is_empty() && stored.untaken.is_empty());
}

async fn check(sandbox: &TestSandbox, stored: &Stored, user: &str, case: &Case) {
    let Case { name, copies, attempts, ambiguous, dead, .. } = case;
    let reply = format!("1: {name}");
    assert_eq!(sandbox.texts(user).await, vec![reply; *copies], "{name}: what the user reads");
    let fates = stored.fates_of(user);
    let [fate] = fates.as_slice() else { panic!("{name}: one reply has one fate: {fates:?}") };
    assert_eq!((fate.attempts, fate.ambiguous), (*attempts, *ambiguous), "{name}: {fate:?}");
    let heard = stored.journal(user).await.into_iter().find_map(|entry| match entry.event {
        Event::DeliveryFailed(failure) => Some(failure),
        _ => None,
    });
    match (dead, &fate.status) {
        (None, Status::Sent { .. }) => assert_eq!(heard, None, "{name}"),
        (Some(words), Status::Dead { reason, .. }) => {
            assert!(reason.contains(words), "{name}: {reason:?} says {words:?}");
            let heard = heard.unwrap_or_else(|| panic!("{name}: the plugin hears of it"));
            assert_eq!((heard.turn, heard.ambiguous), (1, *ambiguous > 0), "{name}");
            assert_eq!(heard.reason, *reason, "{name}");
        }
        (_, status) => panic!("{name}: ends as {status:?}"),
    }
}

fn user(index: usize) -> String {
    format!("user-{index}")
}

/// How many replies have come to an end.
fn settled(host: &Host) -> usize {
    host.log().lines().filter(|line| line.contains(SENT) || line.contains(DEAD)).count()
}

/// The calls for replies: when each came, in milliseconds, and the status it was answered with.
async fn calls(sandbox: &TestSandbox) -> Vec<(u64, Option<u64>)> {
    let requests = sandbox.requests().await;
    let replies = requests.iter().filter(|request| request["path"] == json!(TRIGGER));
    replies.map(|request| (request["at"].as_u64().expect("a time"), request["status"].as_u64())).collect()
}

/// When the calls with this answer came.
async fn calls_answered(sandbox: &TestSandbox, status: u64) -> Vec<u64> {
    calls(sandbox).await.into_iter().filter(|(_, answer)| *answer == Some(status)).map(|(at, _)| at).collect()
}

/// Says one message for each of so many users, all at once.
async fn all_say(sandbox: &TestSandbox, users: impl Iterator<Item = String>) {
    for user in users {
        sandbox.say(&user, "hello").await;
    }
}
