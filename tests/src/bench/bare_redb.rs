//! redb with nothing around it: the same rows under the same keys as a turn's, one writer thread, group commit without a timer.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use redb::{Database, Durability, ReadableTable, TableDefinition, WriteTransaction};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use turnwise::limits::{STORAGE_BATCH_MAX, STORAGE_CACHE_BYTES};

use super::machine::{Busy, Usage};
use super::rows::{self, TurnRows};
use super::stats::Durations;
use super::{IDLE_PAUSE, Row, USERS};

const CONVERSATION: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("conversation");
const INBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("inbox");
const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
const SETTLED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("settled");

/// As the table has it.
pub(super) const IDLE_NAME: &str = "bare redb, one commit now and then";

/// In how many commits a turn becomes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// All that a turn writes at once: the least that any design could do.
    OneCommit,
    /// As the promises need it: the message before it is acknowledged, the turn before its reply may leave, the mark before the
    /// call, the outcome after it. Each waits for the one before.
    FourCommits,
}

/// A database with a conversation for every user.
pub(super) struct BareRedb {
    queue: Option<mpsc::Sender<Op>>,
    writer: Option<JoinHandle<()>>,
    turns: usize,
}

struct Op {
    steps: &'static [Step],
    turn: u64,
    durable: oneshot::Sender<()>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Accept,
    Turn,
    Mark,
    Settle,
}

impl Shape {
    pub(super) const ALL: [Self; 2] = [Self::OneCommit, Self::FourCommits];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OneCommit => "bare redb, a turn in 1 commit",
            Self::FourCommits => "bare redb, a turn in 4 commits",
        }
    }

    /// Each inner list is one commit.
    fn commits(self) -> &'static [&'static [Step]] {
        match self {
            Self::OneCommit => &[&[Step::Accept, Step::Turn, Step::Mark, Step::Settle]],
            Self::FourCommits => &[&[Step::Accept], &[Step::Turn], &[Step::Mark], &[Step::Settle]],
        }
    }
}

impl BareRedb {
    /// Creates the file, and gives every user a turn.
    pub(super) async fn create(file: &Path, rows: TurnRows) -> Self {
        let database = Database::builder().set_cache_size(STORAGE_CACHE_BYTES).create(file).expect("a new database");
        let (queue, ops) = mpsc::channel(4 * STORAGE_BATCH_MAX);
        let writer = std::thread::Builder::new()
            .name("bare-writer".into())
            .spawn(move || write(&database, ops, &rows))
            .expect("a thread can be started");
        let mut bare = Self { queue: Some(queue), writer: Some(writer), turns: 0 };
        while bare.turns < USERS {
            bare.run(Shape::OneCommit, STORAGE_BATCH_MAX, Duration::from_millis(100), Duration::ZERO).await;
        }
        bare
    }

    /// `in_flight` clients, each with one turn after another, for this long.
    pub(super) async fn measure(&mut self, shape: Shape, in_flight: usize, span: Duration) -> Row {
        self.point(shape.name(), shape, in_flight, span, Duration::ZERO).await
    }

    /// One commit now and then, as the idle server is measured: caches are as cold, and the processor as fast asleep.
    pub(super) async fn measure_idle(&mut self, span: Duration) -> Row {
        let row = self.point(IDLE_NAME, Shape::OneCommit, 1, span, IDLE_PAUSE).await;
        Row { per_second: None, ..row }
    }

    async fn point(&mut self, what: &str, shape: Shape, in_flight: usize, span: Duration, pause: Duration) -> Row {
        let (busy, own) = (Busy::now(), Usage::own());
        let (ack, turn, turns, took) = self.run(shape, in_flight, span, pause).await;
        let used = Usage::own().since(own);
        let others = (Busy::now().cpu_seconds - busy.cpu_seconds - used.cpu_seconds) / took.as_secs_f64();
        Row {
            what: what.into(),
            in_flight,
            per_second: Some(turns as f64 / took.as_secs_f64()),
            ack: Some(ack.percentiles()),
            done: Some(turn.percentiles()),
            cpu_us: Some(used.cpu_seconds * 1e6 / turns as f64),
            written_kib: Some(used.written_bytes / 1024.0 / turns as f64),
            others_cores: Some(others.max(0.0)),
            ..Row::default()
        }
    }

    /// Until the first commit of each turn, until its last, how many turns, and in what time.
    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    async fn run(
        &mut self,
        shape: Shape,
        in_flight: usize,
        span: Duration,
        pause: Duration,
    ) -> (Durations, Durations, usize, Duration) {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for client in 0..in_flight {
            let (queue, first) = (self.queue.clone().expect("it is open"), self.turns + client);
            clients.spawn(async move {
                let (mut ack, mut turn) = (Durations::default(), Durations::default());
                let mut number = first as u64;
                while started.elapsed() < span {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    let begun = Instant::now();
                    for (place, steps) in shape.commits().iter().enumerate() {
                        let (durable, done) = oneshot::channel();
                        let op = Op { steps, turn: number, durable };
                        queue.send(op).await.expect("the writer runs");
                        done.await.expect("the writer commits");
                        if place == 0 {
                            ack.add(begun.elapsed());
                        }
                    }
                    turn.add(begun.elapsed());
                    number += in_flight as u64;
                }
                (ack, turn, number)
            });
        }
        let (mut ack, mut turn) = (Durations::default(), Durations::default());
        let mut next = self.turns;
        while let Some(client) = clients.join_next().await {
            let (its_ack, its_turn, number) = client.expect("a client does not panic");
            ack.append(its_ack);
            turn.append(its_turn);
            next = next.max(usize::try_from(number).expect("a count of turns"));
        }
        self.turns = next;
        let turns = turn.len();
        (ack, turn, turns, started.elapsed())
    }

    /// Closes the file.
    pub(super) fn close(mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the writer does not panic");
        }
    }
}

fn write(database: &Database, mut ops: mpsc::Receiver<Op>, rows: &TurnRows) {
    let ids: Vec<[u8; 16]> = (0..USERS).map(|user| rows::conversation(user).0).collect();
    let mut batch = Vec::with_capacity(STORAGE_BATCH_MAX);
    while let Some(first) = ops.blocking_recv() {
        batch.push(first);
        while batch.len() < STORAGE_BATCH_MAX {
            let Ok(next) = ops.try_recv() else { break };
            batch.push(next);
        }
        let mut transaction = database.begin_write().expect("redb begins");
        transaction.set_durability(Durability::Immediate).expect("before anything was written");
        transaction.set_quick_repair(true);
        apply(&transaction, &batch, &ids, rows).expect("redb writes");
        transaction.commit().expect("redb commits");
        for op in batch.drain(..) {
            op.durable.send(()).expect("its client waits");
        }
    }
}

fn apply(transaction: &WriteTransaction, batch: &[Op], ids: &[[u8; 16]], rows: &TurnRows) -> Result<(), redb::Error> {
    let mut conversation = transaction.open_table(CONVERSATION)?;
    let mut inbox = transaction.open_table(INBOX)?;
    let mut outbox = transaction.open_table(OUTBOX)?;
    let mut settled = transaction.open_table(SETTLED)?;
    for op in batch {
        let id = &ids[usize::try_from(op.turn).expect("a count of turns") % USERS];
        let visit = u32::try_from(op.turn / USERS as u64).expect("not that many");
        let state_key = [id.as_slice(), b"S"].concat();
        let dedupe_key = [id.as_slice(), b"D", &u128::from(op.turn).to_be_bytes()].concat();
        for step in op.steps {
            match step {
                Step::Accept => {
                    conversation.get(dedupe_key.as_slice())?;
                    inbox.insert(op.turn, rows.inbox.as_slice())?;
                }
                Step::Turn => {
                    conversation.get(state_key.as_slice())?;
                    inbox.remove(op.turn)?;
                    conversation.insert(state_key.as_slice(), rows.conversation.as_slice())?;
                    let journal_key = [id.as_slice(), b"H", &visit.to_be_bytes()].concat();
                    conversation.insert(journal_key.as_slice(), rows.journal.as_slice())?;
                    conversation.insert(dedupe_key.as_slice(), rows.dedupe.as_slice())?;
                    outbox.insert(op.turn, rows.outbox_ready.as_slice())?;
                }
                Step::Mark => {
                    outbox.get(op.turn)?;
                    outbox.insert(op.turn, rows.outbox_sending.as_slice())?;
                }
                Step::Settle => {
                    outbox.remove(op.turn)?;
                    settled.insert(op.turn, rows.settled.as_slice())?;
                }
            }
        }
    }
    Ok(())
}
