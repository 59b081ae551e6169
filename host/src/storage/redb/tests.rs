//! What every storage must do, on redb files and on backends that lose, tear and refuse writes.

mod by_hand;
mod due;
mod power_loss;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::conversation::{
    Author, Context, Decision, DeskStatus, Event, JournalEntry, Message, NamedJson, NextState, Outcome, User,
};
use crate::inbound::DedupeKey;
use crate::limits::{DEDUPE_WINDOW, JOURNAL_RETENTION};
use crate::outbox::{Action, Entry, Recipient, Status};
use crate::storage::InboxItem;

pub(super) const SETTINGS: Settings = Settings {
    cache_bytes: 4 * 1024 * 1024,
    journal: JournalKeep { retention: JOURNAL_RETENTION, bytes_max: 1024 * 1024 },
};
pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_000);

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn open(&self) -> Redb {
        Redb::open(&self.file(), SETTINGS, NOW).expect("the database opens")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("turnwise.redb")
    }
}

pub(super) fn inbound(user: &str, dispatch: &str, text: &str) -> Inbound {
    Inbound {
        source: "whatsapp".into(),
        user: User { external_id: Some(user.into()), ..User::default() },
        text: text.into(),
        media: Vec::new(),
        flow_response: None,
        braze_dispatch_id: (!dispatch.is_empty()).then(|| dispatch.into()),
        fields: vec![NamedJson::from(("first_name", "\"Ada\""))],
        mended: false,
    }
}

/// A turn that consumes `row`, counts itself in the state, and replies once.
pub(super) fn turn_on(row: &InboxRow, before: Option<&Conversation>) -> TurnCommit {
    let InboxItem::Inbound { inbound, dedupe_key, received } = &row.item else { panic!("an inbound was expected") };
    let version = before.map_or(0, |conversation| conversation.version);
    let turn = u32::try_from(version + 1).expect("few turns");
    let state = format!("{{\"n\":{turn}}}");
    let message = Message {
        id: row.seq.to_string(),
        text: inbound.text.clone(),
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: *received,
    };
    let decision = Decision { state: NextState::Replace(state.clone()), effects: Vec::new(), step: None };
    TurnCommit {
        id: row.conversation,
        expected_version: version,
        conversation: Conversation {
            version: version + 1,
            source: inbound.source.clone(),
            user: inbound.user.clone(),
            session: 1,
            state: Some(state),
            ..Conversation::default()
        },
        alarm_before: before.and_then(|conversation| conversation.alarm),
        consumed: Some(row.seq),
        dedupe: Some((*dedupe_key, *received)),
        journal: Some(JournalEntry {
            context: Context {
                conversation: row.conversation,
                session: 1,
                turn,
                user: inbound.user.clone(),
                source: inbound.source.clone(),
                now: *received,
                seed: 7,
                settings: Vec::new(),
                fields: inbound.fields.clone(),
                desk: DeskStatus::None,
            },
            bot: "menu".into(),
            plugin_digest: [1; 8],
            state: before.and_then(|conversation| conversation.state.clone()),
            state_version: None,
            event: Event::Message(message),
            outcome: Outcome::Decided(decision),
            log: Vec::new(),
            unsupported: Vec::new(),
            duration_us: 50,
        }),
        outbox: vec![reply(row.conversation, turn)],
        calls: Vec::new(),
        desk: Vec::new(),
        was_at_desk: false,
        counts: Vec::new(),
    }
}

fn reply(conversation: ConversationId, turn: u32) -> Entry {
    Entry {
        conversation,
        turn,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId("u1".into()),
        action: Action::Reply {
            campaign: "reply".into(),
            text: format!("reply to turn {turn}"),
            choices: Vec::new(),
            media: None,
            properties: Vec::new(),
            attributes: Vec::new(),
        },
        created: NOW,
        expires: NOW.after(Duration::from_secs(60)),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    }
}

async fn accept_one(storage: &Redb, now: Timestamp, inbound: Inbound) -> Accepted {
    storage.accept(now, vec![inbound]).await.expect("accepted")[0]
}

/// Accepts a message and commits its turn.
async fn converse(storage: &Redb, user: &str, dispatch: &str) -> InboxRow {
    accept_one(storage, NOW, inbound(user, dispatch, "hi")).await;
    let row = storage.take(InboxSeq(0), 1).await.expect("rows")[0].clone();
    let before = storage.read(row.conversation).await.expect("readable");
    let committed = storage.commit(vec![turn_on(&row, before.as_ref())]).await.expect("committed");
    assert_eq!(committed, [Committed::Done]);
    row
}

#[tokio::test]
async fn conversations_are_listed_in_order_a_piece_at_a_time() {
    let folder = Folder::new();
    let storage = folder.open();
    assert_eq!(storage.conversations(None, 10).await.expect("listed"), []);
    for user in ["ada", "bob", "eve"] {
        storage.accept(NOW, vec![inbound(user, "", "hi")]).await.expect("accepted");
    }
    let rows = storage.take(InboxSeq(0), 10).await.expect("taken");
    let mut all: Vec<_> = rows.iter().map(|row| (row.conversation, 1)).collect();
    storage.commit(rows.iter().map(|row| turn_on(row, None)).collect()).await.expect("committed");
    all.sort_unstable();
    assert_eq!(storage.conversations(None, 10).await.expect("listed"), all, "each once, whatever else is kept of it");
    assert_eq!(storage.conversations(None, 2).await.expect("listed"), all[..2]);
    assert_eq!(storage.conversations(Some(all[1].0), 2).await.expect("listed"), all[2..]);
    assert_eq!(storage.conversations(Some(all[2].0), 2).await.expect("listed"), []);
}

#[tokio::test]
async fn an_accepted_message_is_there_after_a_restart() {
    let folder = Folder::new();
    let storage = folder.open();
    let Accepted::New(seq) = accept_one(&storage, NOW, inbound("u1", "d1", "hi")).await else { panic!("it is new") };
    storage.close().await.expect("closes");
    drop(storage);

    let storage = folder.open();
    let rows = storage.take(InboxSeq(0), 10).await.expect("rows");
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [seq]);
    let again = accept_one(&storage, NOW, inbound("u1", "d1", "hi")).await;
    assert_eq!(again, Accepted::Duplicate(seq), "the pending key survives the restart");
}

#[tokio::test]
async fn f1_the_same_message_a_hundred_times_at_once_is_one_message() {
    let folder = Folder::new();
    let storage = Arc::new(folder.open());
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let storage = Arc::clone(&storage);
        posts.spawn(async move { accept_one(&storage, NOW, inbound("u1", "d1", "hi")).await });
    }
    let answers = posts.join_all().await;
    let new = answers.iter().filter(|answer| matches!(answer, Accepted::New(_))).count();
    assert_eq!((new, answers.len()), (1, 100));
    assert_eq!(storage.take(InboxSeq(0), 1_000).await.expect("rows").len(), 1);
}

#[tokio::test]
async fn f2_duplicates_are_known_for_the_dedupe_window() {
    let folder = Folder::new();
    let storage = folder.open();
    let row = converse(&storage, "u1", "d1").await;
    for later in [Duration::from_secs(1), Duration::from_mins(30), Duration::from_hours(24)] {
        let again = accept_one(&storage, NOW.after(later), inbound("u1", "d1", "hi")).await;
        assert_eq!(again, Accepted::Duplicate(row.seq), "after {later:?}");
    }
    let again = accept_one(&storage, NOW.after(Duration::from_hours(80)), inbound("u1", "d1", "hi")).await;
    assert!(matches!(again, Accepted::New(_)), "the window has passed");
}

#[tokio::test]
async fn f3_a_dispatch_id_is_shared_by_users_and_a_text_may_be_said_again() {
    let folder = Folder::new();
    let storage = folder.open();
    for (user, dispatch) in [("u1", "d1"), ("u2", "d1"), ("u1", "d2")] {
        let answer = accept_one(&storage, NOW, inbound(user, dispatch, "ok")).await;
        assert!(matches!(answer, Accepted::New(_)), "{user} {dispatch}");
    }
}

#[tokio::test]
async fn without_a_dispatch_id_only_a_quick_repetition_is_a_duplicate() {
    let folder = Folder::new();
    let storage = folder.open();
    let Accepted::New(seq) = accept_one(&storage, NOW, inbound("u1", "", "1")).await else { panic!("it is new") };
    let quick = NOW.after(Duration::from_millis(500));
    assert_eq!(accept_one(&storage, quick, inbound("u1", "", "1")).await, Accepted::Duplicate(seq));
    let later = NOW.after(Duration::from_secs(3));
    assert!(matches!(accept_one(&storage, later, inbound("u1", "", "1")).await, Accepted::New(_)));
}

#[tokio::test]
async fn the_turn_of_one_message_forgets_no_other_of_the_same_text() {
    let folder = Folder::new();
    let storage = folder.open();
    let (second, retry) = (NOW.after(Duration::from_secs(3)), NOW.after(Duration::from_secs(4)));
    accept_one(&storage, NOW, inbound("u1", "", "yes")).await;
    let Accepted::New(seq) = accept_one(&storage, second, inbound("u1", "", "yes")).await else { panic!("it is new") };
    let row = storage.take(InboxSeq(0), 1).await.expect("rows")[0].clone();
    storage.commit(vec![turn_on(&row, None)]).await.expect("committed");
    assert_eq!(accept_one(&storage, retry, inbound("u1", "", "yes")).await, Accepted::Duplicate(seq));
}

#[tokio::test]
async fn a_turn_is_committed_whole() {
    let folder = Folder::new();
    let storage = folder.open();
    let row = converse(&storage, "u1", "d1").await;

    assert_eq!(storage.take(InboxSeq(0), 10).await.expect("rows"), []);
    let conversation = storage.read(row.conversation).await.expect("readable").expect("there");
    assert_eq!((conversation.version, conversation.state.as_deref()), (1, Some("{\"n\":1}")));
    assert_eq!(storage.journal(row.conversation, u32::MAX, 10).await.expect("journal").len(), 1);
    let due = storage.due(OutboxSeq(0), 10).await.expect("rows");
    assert_eq!((due.len(), &due[0].status, &due[0].entry), (1, &Status::Ready, &reply(row.conversation, 1)));
}

#[tokio::test]
async fn a_commit_from_another_version_writes_nothing() {
    let folder = Folder::new();
    let storage = folder.open();
    converse(&storage, "u1", "d1").await;
    accept_one(&storage, NOW, inbound("u1", "d2", "again")).await;
    let row = storage.take(InboxSeq(0), 1).await.expect("rows")[0].clone();

    let committed = storage.commit(vec![turn_on(&row, None)]).await.expect("answered");
    assert_eq!(committed, [Committed::Conflict]);
    assert_eq!(
        storage.take(InboxSeq(0), 10).await.expect("rows"),
        std::slice::from_ref(&row),
        "the message still waits"
    );
    assert_eq!(storage.journal(row.conversation, u32::MAX, 10).await.expect("journal").len(), 1);

    let before = storage.read(row.conversation).await.expect("readable");
    let turn = turn_on(&row, before.as_ref());
    assert_eq!(storage.commit(vec![turn.clone()]).await.expect("answered"), [Committed::Done]);
    assert_eq!(storage.commit(vec![turn]).await.expect("answered"), [Committed::Conflict], "once is enough");
}

#[tokio::test]
async fn a_call_that_a_crash_cut_off_is_unknown_afterwards() {
    let folder = Folder::new();
    let storage = folder.open();
    converse(&storage, "u1", "d1").await;
    let seq = storage.due(OutboxSeq(0), 1).await.expect("rows")[0].seq;
    let sending = Status::Sending { since: NOW };
    let settlement = Settlement { seq, status: sending, attempts: 1, ambiguous: 0, follow_up: None };
    storage.settle(vec![settlement]).await.expect("settled");
    storage.close().await.expect("closes");
    drop(storage);

    let row = folder.open().due(OutboxSeq(0), 1).await.expect("rows")[0].clone();
    assert!(matches!(row.status, Status::Unknown { .. }), "{:?}", row.status);
    assert_eq!((row.attempts, row.ambiguous), (1, 1));
}

#[tokio::test]
async fn a_settled_row_leaves_the_outbox_and_its_fate_is_kept() {
    let folder = Folder::new();
    let storage = folder.open();
    let row = converse(&storage, "u1", "d1").await;
    let seq = storage.due(OutboxSeq(0), 1).await.expect("rows")[0].seq;
    let event = Event::External(NamedJson::from(("told", "true")));
    let settlement = Settlement {
        seq,
        status: Status::Dead { at: NOW, reason: "no such campaign".into() },
        attempts: 1,
        ambiguous: 0,
        follow_up: Some((row.conversation, InboxItem::Event(event.clone()))),
    };
    storage.settle(vec![settlement.clone(), settlement]).await.expect("settling twice is harmless");

    assert_eq!(storage.due(OutboxSeq(0), 10).await.expect("rows"), []);
    let fates = storage.settled(10).await.expect("fates");
    assert_eq!((fates.len(), fates[0].turn, fates[0].entry.is_some()), (1, 1, true));
    let follow_ups = storage.take(InboxSeq(0), 10).await.expect("rows");
    assert_eq!(follow_ups.iter().map(|row| row.item.clone()).collect::<Vec<_>>(), [InboxItem::Event(event)]);
}

#[tokio::test]
async fn numbers_grow_across_restarts() {
    let folder = Folder::new();
    let mut last = InboxSeq(0);
    for round in 0..3 {
        let storage = folder.open();
        let accepted = accept_one(&storage, NOW, inbound("u1", &format!("d{round}"), "hi")).await;
        let Accepted::New(seq) = accepted else { panic!("it is new") };
        assert!(seq > last);
        last = seq;
        storage.close().await.expect("closes");
    }
}

#[tokio::test]
async fn quarantined_bytes_are_kept_as_they_came() {
    let folder = Folder::new();
    let storage = folder.open();
    let body = Quarantined {
        source: "whatsapp".into(),
        received: NOW,
        reason: "not JSON".into(),
        body: vec![0, 159, 146, 150],
    };
    storage.quarantine(vec![body.clone()]).await.expect("kept");
    assert_eq!(storage.quarantined(10).await.expect("rows"), [body]);
}

#[tokio::test]
async fn erasing_a_conversation_leaves_nothing_of_it_and_all_of_the_others() {
    let folder = Folder::new();
    let storage = folder.open();
    let erased = converse(&storage, "u1", "d1").await.conversation;
    let other = converse(&storage, "u2", "d1").await.conversation;
    accept_one(&storage, NOW, inbound("u1", "d2", "more")).await;
    storage.erase(erased).await.expect("erased");

    assert_eq!(storage.read(erased).await.expect("readable"), None);
    assert_eq!(storage.journal(erased, u32::MAX, 10).await.expect("journal"), []);
    assert!(storage.take(InboxSeq(0), 10).await.expect("rows").iter().all(|row| row.conversation != erased));
    assert!(storage.due(OutboxSeq(0), 10).await.expect("rows").iter().all(|row| row.entry.conversation == other));
    assert!(storage.read(other).await.expect("readable").is_some());
    let again = accept_one(&storage, NOW, inbound("u1", "d1", "hi")).await;
    assert!(matches!(again, Accepted::Duplicate(_)), "a late delivery begins nothing anew");
}

#[tokio::test]
async fn the_sweep_removes_what_has_outlived_its_retention() {
    let folder = Folder::new();
    let storage = folder.open();
    let id = converse(&storage, "u1", "d1").await.conversation;
    storage.sweep(NOW.after(DEDUPE_WINDOW)).await.expect("swept");
    assert_eq!(storage.journal(id, u32::MAX, 10).await.expect("journal").len(), 1, "turns are kept longer");
    assert!(matches!(accept_one(&storage, NOW, inbound("u1", "d1", "hi")).await, Accepted::New(_)), "the key is gone");

    // The first sweep after the end was reached starts again at the beginning.
    for _ in 0..2 {
        storage.sweep(NOW.after(JOURNAL_RETENTION)).await.expect("swept");
    }
    assert_eq!(storage.journal(id, u32::MAX, 10).await.expect("journal"), []);
    assert!(storage.read(id).await.expect("readable").is_some(), "the conversation itself stays");
}

/// Writes a row past the storage, as a bug or a bad disk would.
fn write_raw(folder: &Folder, table: redb::TableDefinition<'_, u64, &'static [u8]>, value: &[u8]) {
    let database = Database::open(folder.file()).expect("it opens");
    let transaction = database.begin_write().expect("it can be written");
    transaction.open_table(table).expect("the table").insert(3, value).expect("inserted");
    transaction.commit().expect("committed");
}

#[tokio::test]
async fn c5_a_damaged_row_is_passed_over_and_everybody_else_is_served() {
    let folder = Folder::new();
    let storage = folder.open();
    converse(&storage, "u1", "d1").await;
    accept_one(&storage, NOW, inbound("u2", "d2", "hi")).await;
    storage.close().await.expect("closes");
    drop(storage);
    write_raw(&folder, INBOX, &[1, 99, 99]);
    write_raw(&folder, OUTBOX, &[0, 9, 1]);

    let storage = folder.open();
    assert_eq!(storage.take(InboxSeq(0), 10).await.expect("rows").len(), 1);
    assert_eq!(storage.due(OutboxSeq(0), 10).await.expect("rows").len(), 1);
}

#[tokio::test]
async fn b7_a_row_of_a_newer_host_is_refused_at_start() {
    let folder = Folder::new();
    folder.open().close().await.expect("closes");
    write_raw(&folder, INBOX, &[9, 1, 2]);
    let error = Redb::open(&folder.file(), SETTINGS, NOW).expect_err("it is newer").to_string();
    assert!(error.contains("written by a newer host"), "{error}");
}

#[tokio::test]
async fn c6_a_second_process_is_refused_by_name() {
    let folder = Folder::new();
    let _open = folder.open();
    let error = Redb::open(&folder.file(), SETTINGS, NOW).expect_err("it is in use").to_string();
    assert!(error.contains("turnwise.redb is already open in another process"), "{error}");
    assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
}

#[test]
fn c5_a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.file(), b"not a database, but somebody's file").expect("written");
    let error = Redb::open(&folder.file(), SETTINGS, NOW).expect_err("it is no database").to_string();
    assert!(error.contains("does not open"), "{error}");
    assert_eq!(std::fs::read(folder.file()).expect("readable"), b"not a database, but somebody's file");
}

/// Rows outlive the host that wrote them: whoever changes these bytes must raise the version and keep reading the old ones.
#[test]
fn the_bytes_of_a_row_are_pinned() {
    let user = User { external_id: Some("u1".into()), ..User::default() };
    let conversation = Conversation {
        version: 300,
        source: "wa".into(),
        user,
        bot: "menu".into(),
        session: 1,
        state: Some("{}".into()),
        ..Conversation::default()
    };
    let bytes = record::encode(&conversation);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "01 ac02 00 00 00 027761 01027531 00000000 046d656e75 01 00 0000000000000000 01027b7d 00 00 00 00 00 00 00 00 00 00 00 00 \
                     00 00 00 00 00 00 00 00 00 00 00 00".replace(' ', ""));
    assert_eq!(record::decode::<Conversation>(&bytes), Ok(conversation));
    let alone = record::decode::<(u64, u32, Option<Timestamp>)>(&bytes);
    assert_eq!(alone, Ok((300, 0, None)), "version, fence and alarm can be read alone");
    assert_eq!(record::decode::<u64>(&[9, 1]), Err(record::Unreadable::Newer { found: 9 }));
    let entry = reply(ConversationId([7; 16]), 5);
    let named = record::decode::<(ConversationId, u32, u16)>(&record::encode(&entry));
    assert_eq!(named, Ok((entry.conversation, 5, 0)), "what names an entry can be read alone");
    let key = DedupeKey([0xab; 16]);
    assert_eq!(record::decode::<DedupeKey>(&record::encode(&key)), Ok(key));
}

/// A disk in memory whose driver panics, once it is armed, at the next sync.
#[derive(Debug)]
struct Panicking {
    disk: redb::backends::InMemoryBackend,
    armed: Arc<AtomicBool>,
}

impl StorageBackend for Panicking {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        assert!(!self.armed.swap(false, Ordering::AcqRel), "asked to panic");
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(offset, data)
    }
}

#[tokio::test]
async fn c2_a_writer_that_panics_is_a_storage_that_failed() {
    let armed = Arc::new(AtomicBool::new(false));
    let disk = Panicking { disk: redb::backends::InMemoryBackend::new(), armed: armed.clone() };
    let storage = Redb::open_backend(disk, SETTINGS, NOW).expect("opens");
    armed.store(true, Ordering::Release);
    storage.accept(NOW, vec![inbound("u1", "d1", "hi")]).await.expect_err("it is not durable");
    let reason = tokio::time::timeout(Duration::from_secs(30), storage.failed()).await.expect("it is noticed");
    assert!(reason.contains("panicked"), "{reason}");
}
