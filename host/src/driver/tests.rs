//! The driver over a real database and real plugins. Built by `make plugins` and `make guests`.

mod limits;
mod stored;
mod storm;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::report::log_turn;
use super::*;
use crate::clock::{SystemClock, Timestamp};
use crate::config::PluginLimits;
use crate::conversation::{Context, Conversation, DeskStatus, Event, JournalEntry, NamedJson, Outcome, User};
use crate::inbound::Inbound;
use crate::limits::JOURNAL_RETENTION;
use crate::outbox::{Action, OutboxSeq};
use crate::plugins::Wanted;
use crate::storage::redb::{JournalKeep, Redb, Settings};
use crate::storage::{Accepted, InboxRow};

const SETTINGS: Settings = Settings {
    cache_bytes: 4 * 1024 * 1024,
    journal: JournalKeep { retention: JOURNAL_RETENTION, bytes_max: 1024 * 1024 },
};
const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// The host itself panics over turns of this source.
const CURSED: &str = "cursed";

/// A database in a folder of its own, and the bots `echo` and `hostile`, each with a source of its name.
struct World {
    folder: tempfile::TempDir,
    storage: Arc<Redb>,
    plugins: Arc<Plugins>,
}

/// A driver at work, to be stopped.
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StorageError>>,
}

struct Catalogue;

impl Catalog for Catalogue {
    fn denies_campaign(&self, _bot: &str, name: &str) -> Option<String> {
        assert_ne!(name, CURSED, "asked to panic");
        None
    }

    fn denies_canvas(&self, _bot: &str, _name: &str) -> Option<String> {
        Some("it is not there".into())
    }

    fn denies_connection(&self, _bot: &str, name: &str) -> Option<String> {
        (name != "open").then(|| "it is not open".into())
    }

    fn has_bot(&self, name: &str) -> bool {
        ["echo", "hostile", "scripted"].contains(&name)
    }

    fn settings(&self, _bot: &str) -> Vec<NamedJson> {
        Vec::new()
    }

    fn burst_window(&self, _bot: &str) -> Option<Duration> {
        None
    }

    fn handles_commands(&self, _bot: &str) -> bool {
        false
    }
}

impl World {
    async fn new() -> Self {
        let plugins = Plugins::new(crate::limits::PLUGIN_MEMORY_BYTES_MAX).expect("an engine");
        for (name, file) in [("echo", "plugins/echo.wasm"), ("hostile", "target/guests/hostile.wasm")] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            let wanted = Wanted { name: name.into(), file, settings: Vec::new(), limits: PluginLimits::default() };
            plugins
                .insert(plugins.compile(wanted).await.unwrap_or_else(|error| panic!("{error}; `make plugins guests`")));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { storage: open(folder.path()), folder, plugins: Arc::new(plugins) }
    }

    /// The same folder, closed and opened again.
    async fn restarted(self) -> Self {
        let Self { folder, storage, plugins } = self;
        storage.close().await.expect("closed");
        drop(storage);
        Self { storage: open(folder.path()), folder, plugins }
    }

    fn driver(&self, drain_timeout: Duration) -> Driver {
        self.driver_at(drain_timeout, Arc::new(SystemClock))
    }

    fn driver_at(&self, drain_timeout: Duration, clock: Arc<dyn Clock>) -> Driver {
        let route = |source: &str, bot: &str| {
            let route = Route { bot: bot.into(), campaign: source.into(), ..Route::unknown(source) };
            (source.to_owned(), Arc::new(Route { fallback_text: "fallback".into(), ..route }))
        };
        let routes = [route("echo", "echo"), route("hostile", "hostile"), route(CURSED, "echo")].into();
        let (storage, plugins) = (self.storage.clone(), self.plugins.clone());
        Driver::new(storage, plugins, routes, Arc::new(Catalogue), clock, Feed::default(), drain_timeout)
    }

    fn start(&self) -> Running {
        self.start_with(Duration::from_secs(60))
    }

    fn start_with(&self, drain_timeout: Duration) -> Running {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.driver(drain_timeout).run(async {
            let _dropped = stopped.await;
        }));
        Running { stop, task }
    }

    /// Accepts messages, each `(source, user, text)`, in this order.
    async fn accept(&self, messages: impl IntoIterator<Item = (&str, String, String)>) {
        let inbounds: Vec<_> = messages.into_iter().zip(0..).map(|(message, nth)| inbound(message, nth)).collect();
        let accepted = self.storage.accept(SystemClock.now(), inbounds).await.expect("accepted");
        assert!(accepted.iter().all(|accepted| matches!(accepted, Accepted::New(_))));
    }

    /// What each turn of a conversation was told to say, oldest first.
    async fn said(&self, source: &str, user: &str) -> Vec<String> {
        let rows = self.storage.due(OutboxSeq::default(), usize::MAX).await.expect("read");
        let id = ConversationId::of(source, user);
        let texts = rows.into_iter().filter(|row| row.entry.conversation == id).map(|row| match row.entry.action {
            Action::Reply { text, .. } => text,
            other => panic!("{other:?}"),
        });
        texts.collect()
    }

    async fn journal(&self, source: &str, user: &str) -> Vec<JournalEntry> {
        let turns = self.storage.journal(ConversationId::of(source, user), u32::MAX, usize::MAX).await.expect("read");
        turns.into_iter().map(|(_, entry)| entry.expect("readable")).collect()
    }

    async fn waiting(&self) -> Vec<InboxRow> {
        self.storage.take(InboxSeq::default(), usize::MAX).await.expect("read")
    }

    /// Until no more rows wait than this.
    async fn until_waiting(&self, wanted: usize) {
        let reached = async {
            while self.waiting().await.len() > wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(120), reached).await;
        assert!(in_time.is_ok(), "{} rows wait, {wanted} were expected", self.waiting().await.len());
    }
}

impl Running {
    async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("the driver does not panic").expect("storage works");
    }
}

fn open(folder: &Path) -> Arc<Redb> {
    Arc::new(Redb::open(&folder.join("turnwise.redb"), SETTINGS, NOW).expect("the database opens"))
}

fn inbound((source, user, text): (&str, String, String), nth: u32) -> Inbound {
    Inbound {
        source: source.into(),
        user: User { external_id: Some(user), ..User::default() },
        text,
        media: Vec::new(),
        flow_response: None,
        braze_dispatch_id: Some(format!("dispatch {nth}")),
        fields: Vec::new(),
        mended: false,
    }
}

fn message<'a>(source: &'a str, user: &str, text: &str) -> (&'a str, String, String) {
    (source, user.into(), text.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn pain1_turns_of_a_conversation_run_in_order_and_of_many_side_by_side() {
    let world = World::new().await;
    let running = world.start();
    let users: Vec<_> = (0..40).map(|user| format!("u{user}")).collect();
    for round in 0..5 {
        world.accept(users.iter().map(|user| ("echo", user.clone(), format!("round {round}")))).await;
    }
    world.until_waiting(0).await;
    for user in &users {
        let expected: Vec<_> = (0..5).map(|round| format!("{}: round {round}", round + 1)).collect();
        assert_eq!(world.said("echo", user).await, expected);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_that_trap_and_loop_cost_their_turns_only() {
    let world = World::new().await;
    let running = world.start();
    let attacks = ["panic", "loop", "stack overflow", "grow memory", "hello"];
    let attackers = (0..3).flat_map(|user| attacks.map(|text| ("hostile", format!("h{user}"), text.to_owned())));
    let others = (0..10).map(|user| message("echo", &format!("u{user}"), "hi"));
    world.accept(attackers.chain(others)).await;
    world.until_waiting(0).await;
    for user in 0..3 {
        let said = world.said("hostile", &format!("h{user}")).await;
        assert_eq!(said, ["fallback", "fallback", "fallback", "fallback", "hello"]);
    }
    for user in 0..10 {
        assert_eq!(world.said("echo", &format!("u{user}")).await, ["1: hi"]);
    }
    let kinds: Vec<_> = (world.journal("hostile", "h0").await.into_iter().rev())
        .map(|entry| match entry.outcome {
            Outcome::Failed { kind, .. } => kind,
            Outcome::Decided(_) => "decided".into(),
        })
        .collect();
    // On a machine that is busy elsewhere a loop may end by the wall clock.
    let looped = kinds[1].as_str();
    assert!(["deadline-exceeded", "stalled"].contains(&looped), "{looped}");
    assert_eq!(kinds, ["trapped", looped, "trapped", "out-of-memory", "decided"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_fit_into_memory_have_their_turns_all_the_same() {
    let world = World::new().await;
    let rows = ROWS_IN_MEMORY_MAX + 2 * ROWS_PER_TAKE_MAX;
    world.accept((0..rows).map(|row| message("echo", &format!("u{}", row % 16), &format!("row {row}")))).await;
    let running = world.start();
    world.until_waiting(0).await;
    for user in 0..16 {
        let expected: Vec<_> =
            (user..rows).step_by(16).zip(1..).map(|(row, count)| format!("{count}: row {row}")).collect();
        assert_eq!(world.said("echo", &format!("u{user}")).await, expected);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_the_rest_in_the_inbox_and_a_restart_goes_on_with_it() {
    let world = World::new().await;
    let slow = (0..6).map(|nth| message("hostile", "u1", if nth < 3 { "loop" } else { "hello" }));
    world.accept(slow).await;
    let running = world.start();
    world.until_waiting(5).await;
    running.stop().await;
    let left = world.waiting().await.len();
    assert!((1..=4).contains(&left), "{left} rows are left after the turn under way");
    assert_eq!(world.said("hostile", "u1").await.len(), 6 - left);

    let world = world.restarted().await;
    let running = world.start();
    world.until_waiting(0).await;
    assert_eq!(world.said("hostile", "u1").await, ["fallback", "fallback", "fallback", "hello", "hello", "hello"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_turns_beyond_the_drain_timeout() {
    let world = World::new().await;
    // Of two conversations, so that the plugin is not stopped for them.
    world.accept((0..400).map(|nth| message("hostile", &format!("u{}", nth % 2), "loop"))).await;
    let running = world.start_with(Duration::from_millis(100));
    world.until_waiting(399).await;
    tokio::time::timeout(Duration::from_secs(30), running.stop()).await.expect("400 loops take longer than that");
    assert!(world.waiting().await.len() > 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pain2_a_conversation_the_host_panics_over_waits_and_no_other_does() {
    let world = World::new().await;
    let running = world.start();
    world.accept([message(CURSED, "u1", "first")]).await;
    world.accept((0..2 * ROWS_IN_MEMORY_MAX).map(|row| message(CURSED, "u1", &format!("row {row}")))).await;
    world.accept([message("echo", "u2", "hi")]).await;
    world.until_waiting(2 * ROWS_IN_MEMORY_MAX + 1).await;
    assert_eq!(world.said("echo", "u2").await, ["1: hi"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_after_an_erasure_has_its_turn_on_a_new_conversation() {
    let world = World::new().await;
    let driver = world.driver(Duration::ZERO);
    let id = ConversationId::of("echo", "u1");
    world.accept([message("echo", "u1", "before")]).await;
    let first = world.waiting().await.remove(0);
    let before = driver.row(id, None, first).await.expect("storage works");
    assert_eq!(before.as_ref().map(|conversation| conversation.version), Some(1));

    world.storage.erase(id).await.expect("erased");
    world.accept([message("echo", "u1", "after")]).await;
    let second = world.waiting().await.remove(0);
    let after = driver.row(id, before, second).await.expect("storage works");
    assert_eq!(after.map(|conversation| conversation.version), Some(1));
    assert!(world.waiting().await.is_empty(), "the message is not left behind");
    assert_eq!(world.said("echo", "u1").await, ["1: after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_erased_during_its_turn_is_not_answered() {
    let world = World::new().await;
    let driver = world.driver(Duration::ZERO);
    let id = ConversationId::of("echo", "u1");
    world.accept([message("echo", "u1", "hi")]).await;
    let row = world.waiting().await.remove(0);
    world.storage.erase(id).await.expect("erased");
    assert_eq!(driver.row(id, None, row).await.expect("storage works"), None);
    assert!(world.said("echo", "u1").await.is_empty());
}

/// What `log_turn` writes of a failed turn at the level everybody sees.
fn logged(kind: &str, reason: &str) -> String {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(move || writer.clone());
    let entry = JournalEntry {
        context: Context {
            conversation: ConversationId([1; 16]),
            session: 1,
            turn: 1,
            user: User::default(),
            source: "echo".into(),
            now: NOW,
            seed: 7,
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::None,
        },
        bot: "menu".into(),
        plugin_digest: [0; 8],
        state: None,
        state_version: None,
        event: Event::External(NamedJson::from(("pushed", "{}"))),
        outcome: Outcome::Failed { kind: kind.into(), reason: reason.into() },
        log: vec!["error: what the plugin logged".into()],
        unsupported: Vec::new(),
        duration_us: 1,
    };
    tracing::subscriber::with_default(subscriber.finish(), || log_turn(ConversationId([1; 16]), &entry));
    let bytes = lines.0.lock().expect("one thread").clone();
    String::from_utf8(bytes).expect("log lines are text")
}

#[test]
fn the_log_repeats_no_words_of_a_plugin_since_they_may_be_the_users() {
    for kind in ["refused", "bad-output"] {
        let line = logged(kind, "cannot parse \"my number is 0151\"");
        assert!(line.contains(kind) && !line.contains("0151") && !line.contains("plugin logged"), "{line}");
    }
    assert!(logged("deadline-exceeded", "the plugin ran longer than its 250 ms").contains("250 ms"));
}
