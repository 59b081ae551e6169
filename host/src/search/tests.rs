//! The index over a real database: what is found, in which order, and that nothing is found that is gone.

mod broken;
mod directory;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conversation::{Context, Decision, DeskStatus, Effect, Event, Message, NextState, Outcome, Reply, User};
use crate::limits::JOURNAL_RETENTION;
use crate::storage::TurnCommit;
use crate::storage::redb::{JournalKeep, Redb, Settings};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// Nothing here takes so long, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database and its index in a folder of their own.
struct Place {
    folder: tempfile::TempDir,
    storage: Arc<Redb>,
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// What the driver would tell.
struct Told(mpsc::UnboundedReceiver<Heard>);

#[async_trait::async_trait]
impl Changes for Told {
    async fn next(&mut self) -> Heard {
        self.0.recv().await.unwrap_or(Heard::Ended)
    }
}

/// An index that is being kept.
struct Kept {
    search: Arc<Search>,
    tell: mpsc::UnboundedSender<Heard>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Place {
    fn new() -> Self {
        Self::keeping(JournalKeep { retention: JOURNAL_RETENTION, bytes_max: u64::MAX })
    }

    fn keeping(journal: JournalKeep) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings { cache_bytes: 4 * 1024 * 1024, journal };
        let storage = Redb::open(&folder.path().join("turnwise.redb"), settings, NOW).expect("opens");
        Self { folder, storage: Arc::new(storage) }
    }

    fn index(&self) -> PathBuf {
        Search::folder_of(&self.folder.path().join("turnwise.redb"))
    }

    fn keep(&self) -> Kept {
        self.keep_in(self.index())
    }

    fn keep_in(&self, folder: PathBuf) -> Kept {
        let search = Arc::new(Search::new(folder, self.storage.clone(), Arc::new(Still)));
        let (tell, told) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let run = Indexer::new(Arc::clone(&search)).run(Told(told), stop.clone().cancelled_owned());
        Kept { search, tell, stop, running: tokio::spawn(run) }
    }

    /// A turn of this user's, so many seconds after NOW: what they said and what they were answered.
    async fn turn(&self, user: &str, seconds: u64, said: &str, answers: &[Effect]) -> ConversationId {
        self.commit(user, seconds, said, Ok(answers.to_vec()), |_| {}).await
    }

    async fn commit(
        &self,
        user: &str,
        seconds: u64,
        said: &str,
        answers: Result<Vec<Effect>, &str>,
        change: impl FnOnce(&mut Conversation),
    ) -> ConversationId {
        let id = ConversationId::of("whatsapp", user);
        let before = self.storage.read(id).await.expect("readable");
        let at = Timestamp(NOW.0 + seconds * 1_000);
        let mut conversation = before.clone().unwrap_or_default();
        conversation.version += 1;
        conversation.turns += 1;
        conversation.source = "whatsapp".into();
        conversation.user = User { external_id: Some(user.into()), ..conversation.user };
        conversation.bot = "menu".into();
        (conversation.last_turn, conversation.last_inbound) = (at, at);
        change(&mut conversation);
        let mut commit = TurnCommit::of(id, before.as_ref(), conversation);
        commit.journal = Some(entry(id, commit.conversation.turns, at, said, answers));
        self.storage.commit(vec![commit]).await.expect("committed");
        id
    }
}

fn entry(id: ConversationId, turn: u32, at: Timestamp, said: &str, answers: Result<Vec<Effect>, &str>) -> JournalEntry {
    let message = Message {
        id: format!("e_{turn}"),
        text: said.into(),
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: at,
    };
    JournalEntry {
        context: Context {
            conversation: id,
            session: 1,
            turn,
            user: User::default(),
            source: "whatsapp".into(),
            now: at,
            seed: 0,
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::None,
        },
        bot: "menu".into(),
        plugin_digest: [7; 8],
        state: None,
        state_version: None,
        event: Event::Message(message),
        outcome: match answers {
            Ok(effects) => Outcome::Decided(Decision { state: NextState::Keep, effects, step: None }),
            Err(reason) => Outcome::Failed { kind: "trap".into(), reason: reason.into() },
        },
        log: Vec::new(),
        unsupported: Vec::new(),
        duration_us: 0,
    }
}

fn reply(text: &str) -> Effect {
    Effect::Reply(Reply { text: text.into(), ..Reply::default() })
}

impl Kept {
    fn changed(&self, id: ConversationId) {
        self.tell.send(Heard::Changed(id)).expect("the indexer runs");
    }

    async fn until(&self, what: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !what().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        waited.await.expect("in time");
    }

    async fn until_complete(&self) {
        self.until(async || self.search.status() == Status::Complete).await;
    }

    /// The turns in which it was said.
    async fn find(&self, typed: &str) -> Vec<(ConversationId, u32)> {
        let page = self.page(typed, None, 10).await;
        page.rows.into_iter().map(|hit| (hit.conversation, hit.turn)).collect()
    }

    async fn page(&self, typed: &str, after: Option<Cursor>, max: usize) -> Page<Hit> {
        let wanted = Wanted::read(typed).expect("words");
        self.search.messages(&wanted, &MessageFilter::default(), after, max).await.expect("found")
    }

    async fn stop(self) {
        self.stop.cancel();
        self.running.await.expect("it ends");
    }
}

#[tokio::test]
async fn what_anybody_said_is_found() {
    let place = Place::new();
    let kept = place.keep();
    kept.until_complete().await;
    let answers = [reply("Un café, tout de suite"), Effect::Note("regular guest".into())];
    let ada = place.turn("ada", 0, "Bonjour, a coffee please", &answers).await;
    kept.changed(ada);
    kept.until(async || !kept.find("coffee").await.is_empty()).await;
    for typed in ["bonjour", "CAFE", "café", "\"tout de suite\"", "tout coff", "guest", "bonj", "please café regular"]
    {
        assert_eq!(kept.find(typed).await, [(ada, 1)], "{typed}");
    }
    for typed in ["tea", "\"suite de\"", "offee", "coffee tea", "\"please un\"", "whatsapp", "menu", "ada"] {
        assert_eq!(kept.find(typed).await, [], "{typed}");
    }
    kept.stop().await;
}

#[tokio::test]
async fn the_newest_is_first_and_pages_stay_where_they_are() {
    let place = Place::new();
    let kept = place.keep();
    for (user, seconds) in [("a", 30), ("b", 10), ("c", 50), ("d", 20), ("e", 40), ("f", 40)] {
        kept.changed(place.turn(user, seconds, "an order", &[]).await);
    }
    kept.until(async || kept.find("order").await.len() == 6).await;
    let times =
        |page: &Page<Hit>| page.rows.iter().map(|hit| (hit.entry.context.now.0 - NOW.0) / 1_000).collect::<Vec<_>>();
    let first = kept.page("order", None, 2).await;
    assert_eq!(times(&first), [50, 40]);
    assert_eq!(first.total, 6);
    kept.changed(place.turn("g", 60, "an order", &[]).await);
    kept.until(async || kept.find("order").await.len() == 7).await;
    let second = kept.page("order", first.next, 2).await;
    assert_eq!(times(&second), [40, 30], "what came meanwhile moves nothing");
    assert_ne!(first.rows[1], second.rows[0]);
    let third = kept.page("order", second.next, 2).await;
    assert_eq!(times(&third), [20, 10]);
    assert_eq!(kept.page("order", third.next, 2).await.rows, []);
    kept.stop().await;
}

#[tokio::test]
async fn what_was_committed_while_nobody_listened_is_found_after_a_start_and_after_a_gap() {
    let place = Place::new();
    let before = place.turn("ada", 0, "before there was an index", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    assert_eq!(kept.find("before").await, [(before, 1)]);
    kept.stop().await;

    let meanwhile = place.turn("ada", 1, "meanwhile", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    kept.until(async || kept.find("meanwhile").await == [(meanwhile, 2)]).await;
    assert_eq!(kept.find("before").await, [(before, 1)], "what was there still is");

    let missed = place.turn("bob", 2, "unheard", &[]).await;
    kept.tell.send(Heard::Missed).expect("it runs");
    kept.until(async || kept.find("unheard").await == [(missed, 1)]).await;
    kept.stop().await;
}

#[tokio::test]
async fn what_is_erased_is_gone_at_once_and_stays_gone() {
    let place = Place::new();
    let (ada, bob) = (place.turn("ada", 0, "a secret", &[]).await, place.turn("bob", 1, "a secret", &[]).await);
    let kept = place.keep();
    kept.until_complete().await;
    assert_eq!(kept.find("secret").await, [(bob, 1), (ada, 1)]);

    place.storage.erase(ada).await.expect("erased");
    kept.changed(ada);
    kept.search.erase(ada).await.expect("erased");
    assert_eq!(kept.page("secret", None, 10).await.total, 1, "not even counted");
    kept.tell.send(Heard::Missed).expect("it runs");
    kept.changed(place.turn("bob", 2, "marker", &[]).await);
    kept.until(async || !kept.find("marker").await.is_empty()).await;
    kept.until_complete().await;
    assert_eq!(kept.page("secret", None, 10).await.total, 1, "nothing brings it back");
    kept.stop().await;

    // Erased while there was no index.
    place.storage.erase(bob).await.expect("erased");
    let kept = place.keep();
    kept.until_complete().await;
    kept.until(async || kept.page("secret", None, 10).await.total == 0).await;
    // The same user again is somebody new.
    let bob = place.turn("bob", 3, "another secret", &[]).await;
    kept.changed(bob);
    kept.until(async || kept.find("secret").await == [(bob, 1)]).await;
    kept.stop().await;
}

#[tokio::test]
async fn what_the_journal_sweeps_leaves_the_index() {
    let place = Place::keeping(JournalKeep { retention: Duration::from_secs(100), bytes_max: u64::MAX });
    let ada = place.turn("ada", 0, "old words", &[]).await;
    place.turn("ada", 90, "newer words", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    assert_eq!(kept.page("words", None, 10).await.total, 2);
    kept.stop().await;
    place.storage.sweep(NOW.after(Duration::from_secs(150))).await.expect("swept");
    let kept = place.keep();
    kept.until_complete().await;
    kept.until(async || kept.page("words", None, 10).await.total == 1).await;
    assert_eq!(kept.find("words").await, [(ada, 2)]);
    kept.stop().await;
}

#[tokio::test]
async fn a_conversation_is_searched_by_itself() {
    let place = Place::new();
    let (ada, bob) = (place.turn("ada", 0, "hello there", &[]).await, place.turn("bob", 1, "hello", &[]).await);
    let kept = place.keep();
    kept.until_complete().await;
    let within = |filter| {
        let search = Arc::clone(&kept.search);
        async move {
            let page =
                search.messages(&Wanted::read("hello").expect("a word"), &filter, None, 10).await.expect("found");
            page.rows.into_iter().map(|hit| hit.conversation).collect::<Vec<_>>()
        }
    };
    let none = MessageFilter::default();
    assert_eq!(within(MessageFilter { conversation: Some(ada), ..none.clone() }).await, [ada]);
    assert_eq!(within(MessageFilter { bot: Some("menu".into()), ..none.clone() }).await, [bob, ada]);
    assert_eq!(within(MessageFilter { source: Some("other".into()), ..none }).await, []);
    kept.stop().await;
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let place = Place::new();
    place.turn("ada", 0, "select * from users; <script>alert(1)</script> (((", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    let hostile = [
        "\u{0}\u{ffff}x",
        "a\u{301}\u{301}\u{301}\u{301}",
        "%00%0a",
        "../../etc/passwd",
        "text:alert",
        "key:*",
        "\"alert 1\" AND NOT",
        "/.*/",
        "al?rt~2^9",
        "[a TO z]",
        "{* TO *}",
        "\"",
        "'\"'\"",
        "\u{202e}evil",
        "𝕏𝕏𝕏",
        "x\"y\"z\"",
        "1 2 3 4 5 6 7 8 9 10",
    ];
    for typed in hostile {
        if let Ok(wanted) = Wanted::read(typed) {
            kept.search.messages(&wanted, &MessageFilter::default(), None, 10).await.expect(typed);
        }
        if let Ok(who) = Who::read(typed) {
            let filter = ConversationFilter { who: Some(who), ..ConversationFilter::default() };
            kept.search.conversations(&filter, None, 10).await.expect(typed);
        }
    }
    assert_eq!(kept.find("\"script alert\"").await.len(), 1);
    let most = kept.page("alert", Some(Cursor(u64::MAX)), usize::MAX).await;
    assert_eq!(most.rows.len(), 1);
    assert_eq!(kept.page("alert", Some(Cursor(0)), 0).await.rows.len(), 0);
    kept.stop().await;
}
