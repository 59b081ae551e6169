//! Dispatch over a storage in memory and a server that does what it is told. Waits are for conditions; the waits of the policy are
//! milliseconds here.

mod memory;

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::braze::scripted::{self, Behaviour, Received, Server};
use crate::clock::SystemClock;
use crate::config::{Campaign, Secret};
use crate::conversation::{AttributeChange, NamedJson};
use crate::outbox::Recipient;
use memory::Memory;

fn policy() -> Policy {
    Policy {
        resend_wait: Duration::from_millis(5),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(20),
        ..Policy::default()
    }
}

fn settings() -> Settings {
    let drain_timeout = Duration::from_secs(10);
    let probe_wait = Duration::from_secs(10);
    Settings { policy: policy(), probe_wait, requests_in_flight_max: 16, window_rows_max: 100, drain_timeout }
}

/// Dispatch at work, to be stopped.
struct Running {
    stop: oneshot::Sender<()>,
    /// Resolves once dispatch has seen the stop.
    noticed: oneshot::Receiver<()>,
    task: JoinHandle<Result<(), StorageError>>,
}

impl Running {
    fn start(storage: &Arc<Memory>, server: &Server, settings: Settings) -> Self {
        Self::with_timeout(storage, server, settings, Duration::from_secs(10))
    }

    fn with_timeout(storage: &Arc<Memory>, server: &Server, settings: Settings, request_timeout: Duration) -> Self {
        let campaign = Campaign { id: "campaign_id".into(), text_property: "text".into(), buttons: false };
        let config = config::Braze {
            endpoint: server.endpoint.clone(),
            api_key: Secret::new("key"),
            campaigns: [("reply".to_owned(), campaign)].into(),
            canvases: Default::default(),
            connect_timeout: Duration::from_secs(3),
            request_timeout,
            requests_in_flight_max: settings.requests_in_flight_max,
            resend_unknown: settings.policy.resend_unknown,
            resend_wait: settings.policy.resend_wait,
            probe_wait: settings.probe_wait,
        };
        let clock = Arc::new(SystemClock);
        let braze = Arc::new(Braze::new(&config, clock.clone()).expect("the endpoint is fine"));
        let storage: Arc<dyn Storage> = storage.clone();
        let dispatch = Dispatch::new(storage, braze, clock, settings, Feed::default(), 7);
        let (stop, stopped) = oneshot::channel();
        let (notice, noticed) = oneshot::channel();
        let task = tokio::spawn(dispatch.run(async {
            let _dropped = stopped.await;
            let _nobody_may_listen = notice.send(());
        }));
        Self { stop, noticed, task }
    }

    async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("dispatch does not panic").expect("storage works");
    }
}

fn entry(conversation: u8, turn: u32, action: Action) -> Entry {
    let now = SystemClock.now();
    Entry {
        conversation: ConversationId([conversation; 16]),
        turn,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId(format!("user-{conversation}")),
        action,
        created: now,
        expires: now.after(Duration::from_hours(1)),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    }
}

fn reply(conversation: u8, turn: u32) -> Entry {
    let action = Action::Reply {
        campaign: "reply".into(),
        text: format!("{conversation}/{turn}"),
        choices: Vec::new(),
        media: None,
        properties: Vec::new(),
        attributes: Vec::new(),
    };
    entry(conversation, turn, action)
}

fn increment(conversation: u8, turn: u32) -> Entry {
    let attributes = vec![AttributeChange::Increment("orders".into(), 1)];
    entry(conversation, turn, Action::Track { attributes, events: Vec::new() })
}

/// The texts of the replies the server received, in order.
fn texts(server: &Server) -> Vec<String> {
    let text =
        |body: &serde_json::Value| body["recipients"][0]["trigger_properties"]["text"].as_str().map(str::to_owned);
    server.received().iter().filter_map(|request| text(&request.body)).collect()
}

fn every_reply() -> Vec<Entry> {
    (1..=5).flat_map(|turn| (1..=20).map(move |conversation| reply(conversation, turn))).collect()
}

#[tokio::test]
async fn every_row_is_marked_then_sent_then_settled_in_order_within_its_conversation() {
    let storage = Memory::with(every_reply());
    let server = Server::start(|_, _| Behaviour::success()).await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(100).await;
    let texts = texts(&server);
    assert_eq!(texts.len(), 100);
    for conversation in 1..=20 {
        let own: Vec<_> = texts.iter().filter(|text| text.starts_with(&format!("{conversation}/"))).collect();
        let expected: Vec<_> = (1..=5).map(|turn| format!("{conversation}/{turn}")).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
    for (seq, history) in storage.histories() {
        let kinds: Vec<_> = history.iter().map(memory::kind).collect();
        assert_eq!(kinds, ["sending", "sent"], "row {seq:?}");
    }
    storage.add([reply(1, 6)]);
    storage.settled_rows(101).await;
    assert_eq!(server.received().len(), 101);
    running.stop().await;
}

#[tokio::test]
async fn the_window_bounds_memory_and_everything_passes_through_it() {
    let storage = Memory::with(every_reply());
    let server = Server::start(|_, _| Behaviour::success()).await;
    let settings = Settings { window_rows_max: 9, requests_in_flight_max: 4, ..settings() };
    let running = Running::start(&storage, &server, settings);
    storage.settled_rows(100).await;
    assert_eq!(texts(&server).len(), 100);
    assert!(storage.largest_read() <= 9);
    assert!(storage.rows_read() <= 100, "no row is read twice: {}", storage.rows_read());
    running.stop().await;
}

#[tokio::test]
async fn calls_in_flight_are_bounded_and_conversations_run_side_by_side() {
    let storage = Memory::with((1..=30).map(|conversation| reply(conversation, 1)));
    let server = Server::start(|_, _| Behaviour::Hang(Vec::new())).await;
    let settings = Settings { requests_in_flight_max: 5, drain_timeout: Duration::ZERO, ..settings() };
    let running = Running::start(&storage, &server, settings);
    server.arrived(5).await;
    assert_eq!(storage.with_status("sending"), 5);
    assert_eq!(storage.with_status("ready"), 25);
    running.stop().await;
    assert_eq!(server.received().len(), 5);
    assert_eq!(storage.with_status("sending"), 5, "what is cut off is found at the next start");
}

#[tokio::test]
async fn slow_profile_changes_leave_room_for_replies() {
    let entries = (1..=20).map(|id| increment(id, 1)).chain((1..=20).map(|id| reply(id, 1)));
    let storage = Memory::with(entries);
    let server = Server::start(|_, request| match request.head.contains("/users/track") {
        true => Behaviour::Hang(Vec::new()),
        false => Behaviour::success(),
    })
    .await;
    let settings = Settings { requests_in_flight_max: 4, drain_timeout: Duration::ZERO, ..settings() };
    let running = Running::start(&storage, &server, settings);
    storage.settled_rows(20).await;
    running.stop().await;
    assert_eq!((texts(&server).len(), storage.with_status("sending")), (20, 2));
}

#[tokio::test]
async fn profile_changes_that_braze_forbids_leave_replies_their_share_of_the_window() {
    let changes = |turn| (1..=200).map(move |conversation| increment(conversation, turn));
    let storage = Memory::with(changes(1).chain([reply(1, 2)]).chain(changes(3)).chain([reply(2, 4)]));
    let forbidden = Arc::new(AtomicBool::new(true));
    let server = Server::start({
        let forbidden = forbidden.clone();
        move |_, request| match request.head.contains("/users/track") && forbidden.load(Ordering::Acquire) {
            true => Behaviour::json(403, r#"{"message":"no permission"}"#),
            false => Behaviour::success(),
        }
    })
    .await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(2).await;
    assert_eq!(texts(&server), ["1/2", "2/4"]);
    running.stop().await;

    forbidden.store(false, Ordering::Release);
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(402).await;
    running.stop().await;
    assert_eq!(storage.with_status("sent"), 402, "what was left in storage is sent too, once");
    for conversation in 1..=200 {
        let own = storage.rows().into_iter().filter(|row| row.entry.conversation.0[0] == conversation);
        let sent: Vec<_> =
            own.filter(|row| matches!(row.entry.action, Action::Track { .. })).map(|row| row.attempts).collect();
        assert_eq!(sent, [1, 1]);
    }
}

#[tokio::test]
async fn a_stop_waits_for_the_calls_under_way_and_settles_them() {
    let storage = Memory::with([reply(1, 1), reply(1, 2)]);
    let server =
        Server::start(|_, _| Behaviour::Delayed(Duration::from_millis(50), Box::new(Behaviour::success()))).await;
    let running = Running::start(&storage, &server, settings());
    server.arrived(1).await;
    running.stop().await;
    assert_eq!((storage.with_status("sent"), storage.with_status("ready")), (1, 1));
    assert_eq!(server.received().len(), 1, "nothing is started after the stop");
}

#[tokio::test]
async fn a_stop_takes_back_marks_whose_call_has_not_begun() {
    let storage = Memory::with([reply(1, 1)]);
    let server = Server::start(|_, _| Behaviour::success()).await;
    let settling = storage.hold_settlements().await;
    let running = Running::start(&storage, &server, settings());
    storage.settlement_held().await;
    drop(running.stop);
    running.noticed.await.expect("dispatch hears of the stop");
    drop(settling);
    running.task.await.expect("dispatch does not panic").expect("storage works");
    assert_eq!(storage.history(OutboxSeq(1)), ["sending", "ready"]);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn what_a_crash_left_under_way_is_unknown_and_follows_the_policy() {
    let storage = Memory::with([reply(1, 1), increment(1, 1), reply(2, 1)]);
    storage.set(OutboxSeq(1), Status::Sending { since: SystemClock.now() });
    storage.set(OutboxSeq(2), Status::Sending { since: SystemClock.now() });
    let server = Server::start(|_, _| Behaviour::success()).await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(3).await;
    running.stop().await;
    let mut sent = texts(&server);
    sent.sort();
    assert_eq!(sent, ["1/1", "2/1"]);
    assert_eq!(server.received().len(), 2, "what could do harm twice was not sent again");
    assert_eq!(storage.history(OutboxSeq(1)), ["unknown", "sending", "sent"]);
    assert_eq!(storage.history(OutboxSeq(2)), ["dead"]);
    assert_eq!(storage.row(OutboxSeq(1)).ambiguous, 1);
    assert!(storage.failures().is_empty(), "a profile change is nothing the bot said");
}

#[tokio::test]
async fn fence_expiry_and_erasure_are_checked_before_leaving() {
    let late = Entry { expires: Timestamp(1), ..reply(2, 1) };
    let storage = Memory::with([reply(1, 1), late, reply(3, 1), increment(1, 2), reply(4, 1)]);
    storage.raise_fence(ConversationId([1; 16]), 1);
    storage.forget(ConversationId([3; 16]));
    let server = Server::start(|_, _| Behaviour::success()).await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(5).await;
    running.stop().await;
    assert_eq!(texts(&server), ["4/1"]);
    assert_eq!(server.received().len(), 2, "the profile change of the fenced conversation still holds");
    assert_eq!(storage.with_status("dead"), 3);
    let heard: Vec<_> = storage.failures().iter().map(|(id, failure)| (id.0[0], failure.ambiguous)).collect();
    assert_eq!(heard, [(2, false)], "of what was dropped nobody needs to hear");
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_waits_and_no_other_does() {
    let server = Server::start(|_, _| Behaviour::success()).await;
    let storage = Memory::with([reply(1, 1), reply(2, 1)]);
    storage.damage(ConversationId([1; 16]));
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(1).await;
    assert_eq!(texts(&server), ["2/1"]);
    storage.until(|rows| memory::kind(&rows[0].status) == "retry").await;
    storage.mend(ConversationId([1; 16]));
    storage.settled_rows(2).await;
    assert_eq!(texts(&server), ["2/1", "1/1"]);
    running.stop().await;
}

#[tokio::test]
async fn a_failed_storage_ends_dispatch() {
    let storage = Memory::with([reply(1, 1)]);
    storage.fail();
    let server = Server::start(|_, _| Behaviour::success()).await;
    let running = Running::start(&storage, &server, settings());
    let ended = running.task.await.expect("dispatch does not panic");
    assert!(matches!(ended, Err(StorageError::Failed(_))), "{ended:?}");
    assert!(server.received().is_empty(), "no call is made that could not be marked");
}

#[tokio::test]
async fn e1_a_429_waits_for_the_reset_burns_no_attempts_and_keeps_the_order() {
    let storage = Memory::with((1..=5).map(|turn| reply(1, turn)));
    let server = Server::start(|number, _| match number {
        1 => Behaviour::json(429, "{}").with_rate(100, 0, 1),
        3 => Behaviour::json(429, "{}"),
        _ => Behaviour::success(),
    })
    .await;
    let started = Instant::now();
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(5).await;
    running.stop().await;
    assert_eq!(texts(&server), ["1/1", "1/2", "1/2", "1/3", "1/3", "1/4", "1/5"]);
    assert!(started.elapsed() >= Duration::from_secs(2), "each 429 is waited out: {:?}", started.elapsed());
    assert!(storage.rows().iter().all(|row| row.attempts == 1), "a refusal is no attempt");
}

#[tokio::test]
async fn e2_server_errors_are_retried_within_the_budget() {
    let storage = Memory::with(every_reply());
    let server = Server::start(|number, _| match number % 10 {
        9 => Behaviour::json(503, r#"{"message":"Service Unavailable"}"#),
        _ => Behaviour::success(),
    })
    .await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(100).await;
    running.stop().await;
    assert_eq!(storage.with_status("sent"), 100);
    let repeats = server.received().len() - 100;
    assert!((10..=20).contains(&repeats), "{repeats} repeats of 100");
}

#[tokio::test]
async fn e2_a_braze_that_always_fails_is_left_alone() {
    let storage = Memory::with(every_reply());
    let server = Server::start(|_, _| Behaviour::json(500, r#"{"message":"Internal Server Error"}"#)).await;
    let settings = Settings { requests_in_flight_max: 4, ..settings() };
    let running = Running::start(&storage, &server, settings);
    server.arrived(20).await;
    storage.until(|rows| rows.iter().all(|row| memory::kind(&row.status) != "sending")).await;
    running.stop().await;
    let calls = server.received().len();
    assert!((20..=24).contains(&calls), "{calls} calls: the breaker opens after 20 and those under way");
    assert_eq!(storage.with_status("dead"), 0, "nothing is lost meanwhile");
}

#[tokio::test]
async fn e3_what_cannot_be_reached_waits_without_burning_attempts() {
    let storage = Memory::with([reply(1, 1)]);
    let mut server = Server::start(|_, _| Behaviour::success()).await;
    server.endpoint = scripted::closed_endpoint();
    let running = Running::start(&storage, &server, settings());
    storage.until(|rows| rows.iter().any(|row| memory::kind(&row.status) == "retry")).await;
    running.stop().await;
    assert_eq!((storage.rows()[0].attempts, storage.rows()[0].ambiguous), (0, 0));
}

#[tokio::test]
async fn e4_an_answer_that_never_comes_is_unknown_and_sent_again_at_most_twice() {
    let storage = Memory::with([reply(1, 1), increment(2, 1)]);
    let server = Server::start(|_, _| Behaviour::Hang(Vec::new())).await;
    let running = Running::with_timeout(&storage, &server, settings(), Duration::from_millis(500));
    storage.settled_rows(2).await;
    running.stop().await;
    assert_eq!(texts(&server).len(), 3);
    assert_eq!(server.received().len(), 4, "what could do harm twice is sent once");
    assert_eq!(storage.history(OutboxSeq(1)), ["sending", "unknown", "sending", "unknown", "sending", "dead"]);
    let [(conversation, failure)] = storage.failures().try_into().expect("one is told");
    assert_eq!(conversation, ConversationId([1; 16]));
    assert!(failure.ambiguous && failure.turn == 1 && failure.campaign == "reply", "{failure:?}");
}

#[tokio::test]
async fn e5_a_reset_after_the_request_is_unknown_and_duplicates_are_counted() {
    let storage = Memory::with([reply(1, 1), reply(1, 2)]);
    let server = Server::start(|number, _| match number {
        0 => Behaviour::Reset(Vec::new()),
        2 => Behaviour::Raw(b"HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{\"mess".to_vec()),
        _ => Behaviour::success(),
    })
    .await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(2).await;
    running.stop().await;
    assert_eq!(texts(&server), ["1/1", "1/1", "1/2", "1/2"]);
    assert!(storage.rows().iter().all(|row| (row.attempts, row.ambiguous) == (2, 1)));
    assert!(storage.failures().is_empty());
}

#[tokio::test]
async fn e5_what_counts_is_not_counted_again_with_a_repeated_reply() {
    let mut counting = reply(1, 1);
    if let Action::Reply { attributes, .. } = &mut counting.action {
        attributes.push(AttributeChange::Increment("orders".into(), 1));
        attributes.push(AttributeChange::Set(NamedJson::from(("plan", "\"gold\""))));
    }
    let storage = Memory::with([counting]);
    let server = Server::start(|number, _| match number {
        0 => Behaviour::Reset(Vec::new()),
        _ => Behaviour::success(),
    })
    .await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(1).await;
    running.stop().await;
    let sent = |request: &Received| request.body["recipients"][0]["attributes"].to_string();
    let attributes: Vec<_> = server.received().iter().map(sent).collect();
    assert_eq!(attributes, [r#"{"orders":{"inc":1},"plan":"gold"}"#, r#"{"plan":"gold"}"#]);
}

#[tokio::test]
async fn e5_at_most_once_by_configuration_never_repeats_a_lost_answer() {
    let storage = Memory::with([reply(1, 1), reply(1, 2)]);
    let server = Server::start(|number, _| match number {
        0 => Behaviour::Reset(Vec::new()),
        _ => Behaviour::success(),
    })
    .await;
    let policy = Policy { resend_unknown: false, ..policy() };
    let running = Running::start(&storage, &server, Settings { policy, ..settings() });
    storage.settled_rows(2).await;
    running.stop().await;
    assert_eq!(texts(&server), ["1/1", "1/2"]);
    assert!(storage.failures().iter().all(|(_, failure)| failure.ambiguous) && storage.failures().len() == 1);
}

#[tokio::test]
async fn e7_partial_success_is_success() {
    let storage = Memory::with([increment(1, 1)]);
    let body = r#"{"message":"success","attributes_processed":0,"errors":[{"type":"odd","index":0}]}"#;
    let server = Server::start(move |_, _| Behaviour::json(201, body)).await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(1).await;
    running.stop().await;
    assert_eq!(storage.with_status("sent"), 1);
}

#[tokio::test]
async fn e8_a_revoked_key_stops_its_endpoints_and_loses_nothing() {
    let storage = Memory::with((1..=20).flat_map(|id| [reply(id, 1), increment(id, 1)]));
    let server = Server::start(|_, request| match request.head.contains("/users/track") {
        true => Behaviour::success(),
        false => Behaviour::json(401, r#"{"message":"Invalid API key"}"#),
    })
    .await;
    let three = Settings { requests_in_flight_max: 3, ..settings() };
    let running = Running::start(&storage, &server, three);
    storage.settled_rows(20).await;
    storage.until(|rows| rows.iter().all(|row| memory::kind(&row.status) != "sending")).await;
    running.stop().await;
    let refused = texts(&server).len();
    assert!((1..=3).contains(&refused), "{refused} calls with the refused key");
    assert_eq!((storage.with_status("sent"), storage.with_status("dead")), (20, 0));

    let server = Server::start(|_, _| Behaviour::success()).await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(40).await;
    running.stop().await;
    assert_eq!(texts(&server).len(), 20, "with a new key everything is sent");
    assert!(storage.rows().iter().all(|row| row.attempts == 1), "and no attempt was burnt");
}

#[tokio::test]
async fn e9_a_refused_request_is_dead_at_once_and_the_next_one_leaves() {
    let storage = Memory::with([reply(1, 1), reply(1, 2)]);
    let server = Server::start(|number, _| match number {
        0 => Behaviour::json(400, r#"{"message":"Invalid Campaign ID"}"#),
        _ => Behaviour::success(),
    })
    .await;
    let running = Running::start(&storage, &server, settings());
    storage.settled_rows(2).await;
    running.stop().await;
    assert_eq!(texts(&server), ["1/1", "1/2"]);
    let [(_, failure)] = storage.failures().try_into().expect("one is told");
    assert!(
        !failure.ambiguous
            && failure.reason.contains("Invalid Campaign ID")
            && failure.reason.contains("API-triggered")
    );
}
