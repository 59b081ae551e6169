//! The loop over a real database, with a desk that answers as it is told.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::{Delivered, Heard, Telling};
use super::*;
use crate::conversation::desk::{Act, Agent};
use crate::conversation::{Author, Conversation, ConversationId, DeskMessage, Priority};
use crate::outbox::desk::DeskEntry;
use crate::storage::redb::{Redb, Settings as RedbSettings};
use crate::storage::{InboxItem, InboxSeq, TurnCommit};

#[derive(Default)]
struct FakeDesk {
    /// What comes of the next tellings; then each is done.
    script: Mutex<VecDeque<Delivered>>,
    told: Mutex<Vec<Telling>>,
}

#[async_trait]
impl RemoteDesk for FakeDesk {
    async fn deliver(&self, telling: &Telling) -> Delivered {
        self.told.lock().unwrap().push(telling.clone());
        let scripted = self.script.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| Delivered::Done { remote_id: format!("r{}", telling.handoff) })
    }

    async fn since(&self, _remote_id: &str, _since: Timestamp) -> Result<Vec<Heard>, Delivered> {
        Ok(Vec::new())
    }
}

struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

struct World {
    storage: Arc<Redb>,
    desk: Arc<FakeDesk>,
    clock: Arc<HandClock>,
    running: Option<(CancellationToken, JoinHandle<Result<(), StorageError>>)>,
    _folder: TempDir,
}

const START: u64 = 1_795_431_540_000;

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock(AtomicU64::new(START)));
        let storage = Redb::open(&folder.path().join("x.redb"), RedbSettings::default(), clock.now()).unwrap();
        Self { storage: Arc::new(storage), desk: Arc::default(), clock, running: None, _folder: folder }
    }

    fn scripted(self, script: impl IntoIterator<Item = Delivered>) -> Self {
        self.desk.script.lock().unwrap().extend(script);
        self
    }

    fn run(&mut self) {
        let settings = Settings { unreachable_after: Duration::from_secs(60), drain_timeout: Duration::from_secs(5) };
        let storage: Arc<dyn Storage> = self.storage.clone();
        let delivery = Delivery::new(storage, self.desk.clone(), self.clock.clone(), settings, Arc::default());
        let stop = CancellationToken::new();
        let running = tokio::spawn(delivery.run(stop.clone().cancelled_owned()));
        self.running = Some((stop, running));
    }

    /// Commits messages for a conversation, in one turn.
    async fn commit(&self, user: &str, turn: u32, handoff: u32, messages: Vec<DeskMessage>) {
        let id = ConversationId::of("whatsapp", user);
        let before = self.storage.read(id).await.unwrap();
        let mut conversation = before.clone().unwrap_or_default();
        conversation.version += 1;
        conversation.turns = turn;
        conversation.source = "whatsapp".into();
        let entry =
            |(index, message)| DeskEntry { conversation: id, turn, index, handoff, message, created: self.clock.now() };
        let mut commit = TurnCommit::of(id, before.as_ref(), conversation);
        commit.desk = (0..).zip(messages).map(entry).collect();
        self.storage.commit(vec![commit]).await.unwrap();
    }

    fn advance(&self, span: Duration) {
        self.clock.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }

    fn told(&self) -> Vec<Telling> {
        self.desk.told.lock().unwrap().clone()
    }

    async fn told_times(&self, count: usize) -> Vec<Telling> {
        until(|| async { Some(self.told()).filter(|told| told.len() >= count) }).await
    }

    async fn nothing_left(&self) {
        until(|| async { self.storage.desk_due(DeskSeq::default(), 10).await.unwrap().is_empty().then_some(()) }).await;
    }

    /// What conversations heard.
    async fn acts(&self, count: usize) -> Vec<Act> {
        let taken = until(|| async {
            Some(self.storage.take(InboxSeq::default(), 100).await.unwrap()).filter(|rows| rows.len() >= count)
        })
        .await;
        let act = |item| match item {
            InboxItem::Desk { act, .. } => act.act,
            other => panic!("{other:?}"),
        };
        taken.into_iter().map(|row| act(row.item)).collect()
    }

    async fn end(self) {
        let (stop, running) = self.running.expect("it runs");
        stop.cancel();
        running.await.unwrap().unwrap();
        self.storage.close().await.unwrap();
    }
}

async fn until<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect("it comes in time")
}

fn open() -> DeskMessage {
    let (reason, summary, bot) = ("asked".into(), "Asked for an agent".into(), "menu".into());
    DeskMessage::Open { reason, summary, team: None, priority: Priority::Normal, user: Box::default(), bot, step: None }
}

fn line(text: &str) -> DeskMessage {
    DeskMessage::Line { author: Author::User, text: text.into(), media: Vec::new() }
}

fn failing() -> Delivered {
    Delivered::Failing("down".into())
}

#[tokio::test]
async fn what_is_committed_is_told_in_order_and_the_conversation_hears_its_id() {
    let mut world = World::new();
    world.run();
    world.commit("ada", 1, 1, vec![open(), line("one"), line("two")]).await;
    let told = world.told_times(3).await;
    world.nothing_left().await;
    assert_eq!(told.iter().map(|one| one.mark.as_str()).collect::<Vec<_>>(), ["1.0", "1.1", "1.2"]);
    assert_eq!(told[0].remote_id, None);
    assert!(told[1..].iter().all(|one| one.remote_id.as_deref() == Some("r1") && !one.again));
    assert_eq!(world.acts(1).await, [Act::Opened { handoff: 1 }]);
    world.end().await;
}

#[tokio::test]
async fn a_failure_is_tried_again_and_holds_up_its_conversation_only() {
    let mut world = World::new().scripted([failing(), failing()]);
    world.commit("ada", 1, 1, vec![open(), line("one")]).await;
    world.run();
    world.told_times(1).await;
    world.commit("bob", 1, 1, vec![open()]).await;
    world.told_times(2).await;
    let bob = ConversationId::of("whatsapp", "bob");
    until(|| async { world.told().iter().any(|one| one.conversation == bob).then_some(()) }).await;
    until(|| async {
        world.advance(Duration::from_secs(1));
        (world.told().len() >= 5).then_some(())
    })
    .await;
    world.nothing_left().await;
    let ada: Vec<_> = world.told().into_iter().filter(|one| one.conversation != bob).collect();
    let marks: Vec<_> = ada.iter().map(|one| (one.mark.as_str(), one.again)).collect();
    assert_eq!(marks.last(), Some(&("1.1", false)), "what was not tried before is not looked for: {marks:?}");
    assert!(marks[1..marks.len() - 1].iter().all(|(mark, again)| *mark == "1.0" && *again), "{marks:?}");
    world.end().await;
}

#[tokio::test]
async fn an_offer_that_cannot_be_delivered_in_time_has_failed_with_all_that_belongs_to_it() {
    let mut world = World::new().scripted((0..50).map(|_| failing()));
    world.commit("ada", 1, 1, vec![open(), line("one")]).await;
    world.run();
    world.told_times(1).await;
    world.advance(Duration::from_secs(61));
    let acts = world.acts(1).await;
    assert_eq!(acts, [Act::Unreachable { handoff: 1, reason: "down".into() }]);
    world.nothing_left().await;
    assert!(world.told().iter().all(|one| one.mark == "1.0"), "the line is told to nobody");
    world.end().await;
}

#[tokio::test]
async fn an_offer_behind_lines_that_wait_fails_in_time_too() {
    let mut world = World::new().scripted((0..50).map(|_| failing()));
    world.commit("ada", 1, 1, vec![line("to an agent")]).await;
    world.commit("ada", 2, 2, vec![open()]).await;
    world.run();
    world.told_times(1).await;
    world.advance(Duration::from_secs(61));
    assert_eq!(world.acts(1).await, [Act::Unreachable { handoff: 2, reason: "down".into() }]);
    let left = world.storage.desk_due(DeskSeq::default(), 10).await.unwrap();
    assert_eq!(left.len(), 1, "the line to an agent is kept");
    world.end().await;
}

#[tokio::test]
async fn who_may_not_even_be_tried_waits_no_longer() {
    let mut world = World::new().scripted([Delivered::Unauthorised("refused".into())]);
    world.commit("ada", 1, 1, vec![line("to an agent")]).await;
    world.run();
    world.told_times(1).await;
    // The desk may not be called now. This is not at its turn before its time is up.
    world.commit("bob", 1, 1, vec![open()]).await;
    let blocked = || Delivered::Busy { after: Some(Duration::from_secs(3_600)), reason: "too often".into() };
    world.desk.script.lock().unwrap().push_back(blocked());
    until(|| async {
        world.advance(Duration::from_secs(1));
        (world.told().len() >= 2).then_some(())
    })
    .await;
    world.advance(Duration::from_secs(61));
    let acts = world.acts(1).await;
    assert!(matches!(&acts[0], Act::Unreachable { handoff: 1, .. }), "{acts:?}");
    world.end().await;
}

#[tokio::test]
async fn a_desk_that_refuses_the_token_is_probed_and_nothing_is_lost() {
    let refused = || Delivered::Unauthorised("refused".into());
    let mut world = World::new().scripted([refused(), refused(), refused()]);
    world.run();
    for n in 0..5 {
        world.commit(&format!("user {n}"), 1, 1, vec![line("hello")]).await;
    }
    world.told_times(1).await;
    until(|| async {
        world.advance(Duration::from_secs(5));
        world.storage.desk_due(DeskSeq::default(), 10).await.unwrap().is_empty().then_some(())
    })
    .await;
    let users: std::collections::BTreeSet<_> = world.told().iter().map(|one| one.conversation).collect();
    assert_eq!(users.len(), 5);
    world.end().await;
}

#[tokio::test]
async fn what_is_never_taken_is_passed_over_and_what_is_gone_comes_back() {
    let world =
        World::new().scripted([Delivered::Refused("too long".into()), Delivered::Done { remote_id: "r1".into() }]);
    let mut world = world;
    world.commit("ada", 1, 1, vec![line("refused"), line("taken")]).await;
    world.run();
    world.told_times(2).await;
    world.nothing_left().await;

    // At the desk, whose conversation was deleted there.
    let id = ConversationId::of("whatsapp", "ada");
    let before = world.storage.read(id).await.unwrap();
    let mut conversation = Conversation { version: 2, ..before.clone().unwrap() };
    conversation.control.owner = crate::conversation::Owner::Agent(Agent { id: "a".into(), name: None });
    (conversation.control.handoffs, conversation.control.remote_id) = (1, Some("r1".into()));
    world.storage.commit(vec![TurnCommit::of(id, before.as_ref(), conversation)]).await.unwrap();
    world.desk.script.lock().unwrap().push_back(Delivered::Gone);
    world.commit("ada", 3, 1, vec![line("to nobody")]).await;
    let acts = world.acts(1).await;
    assert!(matches!(&acts[0], Act::Return { note: Some(_) }), "{acts:?}");
    world.nothing_left().await;
    world.end().await;
}

#[tokio::test]
async fn what_an_earlier_host_may_have_told_is_looked_for() {
    let mut world = World::new();
    world.commit("ada", 1, 1, vec![open()]).await;
    world.advance(Duration::from_secs(1));
    world.run();
    assert!(world.told_times(1).await[0].again);
    world.commit("bob", 1, 1, vec![open()]).await;
    assert!(!world.told_times(2).await[1].again);
    world.end().await;
}

#[tokio::test]
async fn nobody_is_told_of_who_was_erased() {
    let mut world = World::new();
    world.commit("ada", 1, 1, vec![open(), line("one")]).await;
    world.storage.erase(ConversationId::of("whatsapp", "ada")).await.unwrap();
    world.run();
    world.nothing_left().await;
    assert!(world.told().is_empty());
    world.end().await;
}
