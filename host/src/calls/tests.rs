//! Calls over a real database and a real server on this machine.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::braze::scripted::{Behaviour, Server};
use crate::clock::{SystemClock, Timestamp};
use crate::config::Connection;
use crate::conversation::kept::PendingRequest;
use crate::conversation::{Conversation, ConversationId, WhileWaiting};
use crate::limits::JOURNAL_RETENTION;
use crate::storage::redb::{JournalKeep, Redb, Settings};
use crate::storage::{Committed, InboxItem, InboxSeq, TurnCommit};

const SETTINGS: Settings = Settings {
    cache_bytes: 4 * 1024 * 1024,
    journal: JournalKeep { retention: JOURNAL_RETENTION, bytes_max: 1024 * 1024 },
};
const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ID: ConversationId = ConversationId([7; 16]);

fn open(folder: &Path) -> Arc<Redb> {
    Arc::new(Redb::open(&folder.join("turnwise.redb"), SETTINGS, NOW).expect("the database opens"))
}

fn answering(body: &'static str) -> impl Fn(usize, &crate::braze::scripted::Received) -> Behaviour {
    move |_, _| Behaviour::Answer { status: 200, headers: Vec::new(), body: body.into() }
}

fn call(index: u16, method: &str) -> Call {
    let request = Request {
        id: format!("r{index}"),
        connection: "api".into(),
        method: method.into(),
        path: "/orders".into(),
        headers: Vec::new(),
        body: None,
        timeout_seconds: 30,
        while_waiting: WhileWaiting::Deliver,
    };
    Call { conversation: ID, turn: 1, index, bot: "menu".into(), request, created: NOW }
}

/// A turn that asked for these calls and awaits the answers of some of them.
async fn ask(storage: &Redb, calls: Vec<Call>, awaited: &[u16]) {
    let pending = |index: &u16| PendingRequest { turn: 1, index: *index, while_waiting: WhileWaiting::Deliver };
    let conversation = Conversation { requests: awaited.iter().map(pending).collect(), ..Conversation::default() };
    let commit = TurnCommit { calls, ..TurnCommit::of(ID, None, conversation) };
    assert_eq!(storage.commit(vec![commit]).await.expect("committed"), [Committed::Done]);
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StorageError>>,
}

impl Running {
    fn start(storage: &Arc<Redb>, endpoint: &str, denies: Denies, drain_timeout: Duration) -> Self {
        let connection = Connection {
            retries_max: 0,
            methods: vec!["GET".into(), "POST".into()],
            allow_private: vec!["127.0.0.1/32".parse().expect("a network")],
            ..Connection::to(endpoint)
        };
        let configured = BTreeMap::from([("api".to_owned(), connection)]);
        let connections = Connections::new(&configured, Arc::new(SystemClock)).expect("it can be called");
        let (stop, stopped) = oneshot::channel();
        let storage: Arc<dyn Storage> = Arc::<Redb>::clone(storage);
        let calls = Calls::new(storage, Arc::new(connections), denies, drain_timeout);
        let task = tokio::spawn(calls.run(async {
            let _dropped = stopped.await;
        }));
        Self { stop, task }
    }

    async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("no panic").expect("storage works");
    }
}

fn granted() -> Denies {
    Arc::new(|_, _| None)
}

async fn left(storage: &Redb) -> Vec<CallRow> {
    storage.calls(CallSeq::default(), usize::MAX).await.expect("read")
}

/// The answers in the inbox once no call is left, by request.
async fn answers(storage: &Redb) -> Vec<(String, Result<String, RequestError>)> {
    let done = async {
        while !left(storage).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("every call ends");
    let rows = storage.take(InboxSeq::default(), usize::MAX).await.expect("read");
    let mut answers: Vec<_> = (rows.into_iter())
        .map(|row| match row.item {
            InboxItem::Answer { turn: 1, response, .. } => (response.id, response.outcome.map(|answer| answer.body)),
            other => panic!("{other:?}"),
        })
        .collect();
    answers.sort_by(|(a, _), (b, _)| a.cmp(b));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_made_once_and_its_answer_handed_to_the_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let (storage, server) = (open(folder.path()), Server::start(answering("here")).await);
    let running = Running::start(&storage, &server.endpoint, granted(), Duration::ZERO);
    ask(&storage, (0..3).map(|index| call(index, "GET")).collect(), &[0, 1, 2]).await;
    let here = |index: u16| (format!("r{index}"), Ok("here".to_owned()));
    assert_eq!(answers(&storage).await, [here(0), here(1), here(2)]);
    running.stop().await;
    assert_eq!(server.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_nobody_awaits_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let (storage, server) = (open(folder.path()), Server::start(answering("here")).await);
    ask(&storage, vec![call(0, "GET"), call(1, "GET")], &[1]).await;
    let running = Running::start(&storage, &server.endpoint, granted(), Duration::ZERO);
    assert_eq!(answers(&storage).await, [("r1".to_owned(), Ok("here".to_owned()))]);
    running.stop().await;
    assert_eq!(server.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_no_more_is_not_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let (storage, server) = (open(folder.path()), Server::start(answering("here")).await);
    ask(&storage, vec![call(0, "GET")], &[0]).await;
    let denies: Denies = Arc::new(|bot, connection| Some(format!("{bot} may not call {connection}")));
    let running = Running::start(&storage, &server.endpoint, denies, Duration::ZERO);
    let denied = Err(RequestError::Denied("menu may not call api".into()));
    assert_eq!(answers(&storage).await, [("r0".to_owned(), denied)]);
    running.stop().await;
    assert!(server.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_cut_off_by_a_stop_is_made_again_only_where_twice_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = open(folder.path());
    ask(&storage, vec![call(0, "GET"), call(1, "POST")], &[0, 1]).await;
    let silent = Server::start(|_, _| Behaviour::Hang(Vec::new())).await;
    let running = Running::start(&storage, &silent.endpoint, granted(), Duration::ZERO);
    while silent.received().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop().await;
    storage.close().await.expect("closed");
    drop(storage);

    let (storage, server) = (open(folder.path()), Server::start(answering("here")).await);
    assert!(left(&storage).await.iter().all(|row| row.started));
    let running = Running::start(&storage, &server.endpoint, granted(), Duration::ZERO);
    let [(_, get), (_, post)] = answers(&storage).await.try_into().expect("two answers");
    assert_eq!(get, Ok("here".to_owned()));
    assert!(
        matches!(&post, Err(RequestError::Unreachable(reason)) if reason.contains("may have been made")),
        "{post:?}"
    );
    running.stop().await;
    assert_eq!(server.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_calls_under_way_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (storage, server) = (open(folder.path()), Server::start(answering("here")).await);
    ask(&storage, vec![call(0, "GET")], &[0]).await;
    let running = Running::start(&storage, &server.endpoint, granted(), Duration::from_secs(60));
    while server.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.stop().await;
    assert!(left(&storage).await.is_empty());
    assert_eq!(answers(&storage).await.len(), 1);
}
