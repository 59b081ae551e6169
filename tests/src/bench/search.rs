//! A million conversations with a message each: how long the index takes to be made, how large it is, and how quickly things are found.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;
use turnwise::clock::{Clock, SystemClock, Timestamp};
use turnwise::conversation::{
    Context, Conversation, ConversationId, Decision, DeskStatus, Effect, Event, JournalEntry, Message, NextState,
    Outcome, Reply, User,
};
use turnwise::feed::Feed;
use turnwise::search::{ConversationFilter, Indexer, MessageFilter, OwnerKind, Search, Status, Wanted, Who};
use turnwise::storage::redb::{Redb, Settings};
use turnwise::storage::{Storage, TurnCommit};

use super::figure::Figure;
use super::stats::Durations;

/// Fewer with `TURNWISE_BENCH_SEARCH`, for trying.
const CONVERSATIONS: usize = 1_000_000;
const BATCH: usize = 5_000;
/// Of each kind of question.
const QUESTIONS: usize = 100;
/// Different words that people use; the first are used most.
const WORDS: usize = 50_000;
const WORDS_IN_A_MESSAGE: usize = 12;
const PAGE: usize = 25;

pub(super) async fn measure(below: PathBuf, say: &impl Fn(&str)) -> Vec<Figure> {
    let count =
        std::env::var("TURNWISE_BENCH_SEARCH").ok().and_then(|count| count.parse().ok()).unwrap_or(CONVERSATIONS);
    let folder = tempfile::tempdir_in(below).expect("a folder");
    let file = folder.path().join("turnwise.redb");
    let storage = Arc::new(Redb::open(&file, Settings::default(), SystemClock.now()).expect("a new database"));
    let from = Timestamp(SystemClock.now().0 - 24 * 3_600 * 1_000);
    for first in (0..count).step_by(BATCH) {
        let turns = (first..(first + BATCH).min(count)).map(|number| turn(number, from)).collect();
        storage.commit(turns).await.expect("committed");
    }
    say(&format!("  {count} conversations are in storage"));

    let index = Search::folder_of(&file);
    let search = Arc::new(Search::new(index.clone(), storage.clone(), Arc::new(SystemClock)));
    let (stop, stopped) = oneshot::channel::<()>();
    let feed = Feed::default();
    let mut indexing = JoinSet::new();
    let began = Instant::now();
    indexing.spawn(Indexer::new(Arc::clone(&search)).run(feed.subscribe(), async {
        let _dropped = stopped.await;
    }));
    while search.status() != Status::Complete {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed();
    let size = bytes_of(&index) as f64 / 1024.0 / 1024.0;
    say(&format!("  the index is made: {took:?}, {size:.0} MiB"));

    let mut figures = vec![
        Figure::new("search: making the index from storage", took.as_secs_f64(), "s", None),
        Figure::new("search: size of the index", size, "MiB", None),
    ];
    figures.extend(found(&search).await);
    figures.extend(listed(&search, count).await);
    drop(stop);
    indexing.join_next().await;
    figures
}

/// Rare words, common ones, phrases, beginnings, in pages.
async fn found(search: &Search) -> Vec<Figure> {
    let mut took = Durations::default();
    for question in 0..QUESTIONS {
        let (rare, common) = (word(1_000 + question * 97), word(question % 20));
        let typed = match question % 5 {
            0 => rare,
            1 => common,
            2 => format!("{common} {rare}"),
            3 => format!("\"{common} {}\"", word(question % 7)),
            _ => rare.chars().take(3).collect(),
        };
        let wanted = Wanted::read(&typed).expect("words");
        let began = Instant::now();
        search.messages(&wanted, &MessageFilter::default(), None, PAGE).await.expect("found");
        took.add(began.elapsed());
    }
    figures("search: a page of messages, full text, p50", "search: a page of messages, full text, p99", took, 300.0)
}

async fn listed(search: &Search, count: usize) -> Vec<Figure> {
    let none = ConversationFilter::default;
    let mut all = Vec::new();
    let mut plain = Durations::default();
    let mut filtered = Durations::default();
    let mut person = Durations::default();
    let mut owners = Durations::default();
    let mut after = None;
    for question in 0..QUESTIONS {
        let began = Instant::now();
        let page = search.conversations(&none(), after, PAGE).await.expect("listed");
        plain.add(began.elapsed());
        after = page.next;
        let filter = match question % 4 {
            0 => ConversationFilter { bot: Some("orders".into()), ..none() },
            1 => ConversationFilter { stuck: true, owner: Some(OwnerKind::Bot), ..none() },
            2 => {
                ConversationFilter { step: Some(format!("step-{}", question % 20)), bot: Some("menu".into()), ..none() }
            }
            _ => ConversationFilter { source: Some("whatsapp".into()), owner: Some(OwnerKind::Bot), ..none() },
        };
        let began = Instant::now();
        search.conversations(&filter, None, PAGE).await.expect("listed");
        filtered.add(began.elapsed());
        let number = question * 7_919 % count;
        let typed = match question % 3 {
            0 => external_id(number),
            1 => format!("+{}", phone(number)),
            _ => word(number % WORDS),
        };
        let filter = ConversationFilter { who: Some(Who::read(&typed).expect("words")), ..none() };
        let began = Instant::now();
        search.conversations(&filter, None, PAGE).await.expect("listed");
        person.add(began.elapsed());
        let began = Instant::now();
        search.owners(&none()).await.expect("counted");
        owners.add(began.elapsed());
    }
    all.extend(figures("list: a page, p50", "list: a page, p99", plain, 100.0));
    all.extend(figures("list: a filtered page, p50", "list: a filtered page, p99", filtered, 100.0));
    all.extend(figures(
        "list: a person by id, number or name, p50",
        "list: a person by id, number or name, p99",
        person,
        100.0,
    ));
    all.extend(figures("list: counts by owner, p50", "list: counts by owner, p99", owners, 100.0));
    all
}

fn figures(p50: &'static str, p99: &'static str, took: Durations, at_most_ms: f64) -> Vec<Figure> {
    let took = took.percentiles();
    vec![Figure::new(p50, took.p50_ms, "ms", None), Figure::new(p99, took.p99_ms, "ms", Some(at_most_ms))]
}

fn external_id(number: usize) -> String {
    format!("user-{number:07}")
}

fn phone(number: usize) -> String {
    format!("49170{number:07}")
}

/// The word of this rank: short and pronounceable, the same each time.
fn word(rank: usize) -> String {
    let (consonants, vowels) = (b"bdfghjklmnprstvz", b"aeiou");
    let mut rest = rank + 80;
    let mut word = String::new();
    while rest > 0 {
        word.push(char::from(consonants[rest % 16]));
        word.push(char::from(vowels[rest / 16 % 5]));
        rest /= 80;
    }
    word
}

/// A message of words as they are used: the one of rank n about 1/n as often as the first.
fn text(number: usize) -> String {
    let mut seed = number as u64;
    let words = (0..WORDS_IN_A_MESSAGE).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let part = (seed >> 33) as f64 / f64::from(1u32 << 31);
        word((WORDS as f64).powf(part) as usize - 1)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn turn(number: usize, from: Timestamp) -> TurnCommit {
    let id = ConversationId::of("whatsapp", &external_id(number));
    let at = from.after(Duration::from_millis(number as u64 * 80));
    let user = User {
        external_id: Some(external_id(number)),
        phone: Some(phone(number)),
        profile_name: Some(format!("{} {}", word(number % WORDS), word(number % 977))),
        ..User::default()
    };
    let bot = if number.is_multiple_of(10) { "orders" } else { "menu" };
    let conversation = Conversation {
        version: 1,
        turns: 1,
        source: "whatsapp".into(),
        user: user.clone(),
        bot: bot.into(),
        session: 1,
        plugin_digest: [(number % 3) as u8 + 1; 8],
        step: Some(format!("step-{}", number % 20)),
        last_inbound: at,
        last_turn: at,
        ..Conversation::default()
    };
    let message = Message {
        id: "e_1".into(),
        text: text(number),
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: at,
    };
    let reply = Effect::Reply(Reply { text: "Thank you, we look into it.".into(), ..Reply::default() });
    let decision = Decision { state: NextState::Keep, effects: vec![reply], step: None };
    let failed = Outcome::Failed { kind: "trap".into(), reason: "unreachable".into() };
    let mut commit = TurnCommit::of(id, None, conversation);
    commit.journal = Some(JournalEntry {
        context: Context {
            conversation: id,
            session: 1,
            turn: 1,
            user,
            source: "whatsapp".into(),
            now: at,
            seed: 0,
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::None,
        },
        bot: bot.into(),
        plugin_digest: [1; 8],
        state: None,
        state_version: None,
        event: Event::Message(message),
        outcome: if number.is_multiple_of(50) { failed } else { Outcome::Decided(decision) },
        log: Vec::new(),
        unsupported: Vec::new(),
        duration_us: 0,
    });
    commit
}

fn bytes_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("a folder");
    files.map(|file| file.and_then(|file| file.metadata()).map_or(0, |about| about.len())).sum()
}
