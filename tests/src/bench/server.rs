//! The whole: the real binary in a process of its own, webhooks over HTTP, replies arriving at the sandbox.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::machine::{self, Busy, Usage};
use super::stats::Durations;
use super::webhook::{self, Connection};
use super::{IDLE_PAUSE, Row, USERS};
use crate::sandbox::API_KEY;
use crate::{Host, HostOptions, TestSandbox};

/// As the table has them.
pub(super) const NAME: &str = "turnwise serve, over HTTP";
pub(super) const IDLE_NAME: &str = "turnwise serve, a message now and then";

/// How many turns are under way while every user writes once.
const WARM_UP_IN_FLIGHT: usize = 64;

/// A host under load, with every user known to it.
pub(super) struct Server {
    sandbox: Arc<TestSandbox>,
    host: Host,
    turns: usize,
    /// Before the first message, and after the last measurement.
    pub(super) resident_idle_mib: f64,
    pub(super) resident_loaded_mib: f64,
}

#[derive(Default)]
struct Seen {
    ack: Durations,
    call: Durations,
    done: Durations,
    next: usize,
}

impl Server {
    /// Starts sandbox and host, and has every user write once.
    pub(super) async fn start() -> io::Result<Self> {
        let sandbox = TestSandbox::start(|config| {
            config.records_max = 1_000;
            config.track_objects_per_call_max = USERS;
        })
        .await;
        make_profiles(&sandbox).await;
        let mut options = HostOptions::default();
        options.environment.insert("TURNWISE_LOG".into(), "warn".into());
        let host = Host::start(&sandbox, options).await;
        let resident_idle_mib = machine::resident_mib(host.pid());
        let sandbox = Arc::new(sandbox);
        let mut server = Self { sandbox, host, turns: 0, resident_idle_mib, resident_loaded_mib: resident_idle_mib };
        while server.turns < USERS {
            server.run(WARM_UP_IN_FLIGHT, Duration::from_secs(1), Duration::ZERO).await?;
        }
        Ok(server)
    }

    #[must_use]
    pub(super) fn pid(&self) -> u32 {
        self.host.pid()
    }

    /// `in_flight` clients, each with one turn after another, for this long.
    pub(super) async fn measure(&mut self, in_flight: usize, span: Duration) -> io::Result<Row> {
        self.point(NAME, in_flight, span, Duration::ZERO).await
    }

    /// One turn now and then: between them the host has nothing left to do.
    pub(super) async fn measure_idle(&mut self, span: Duration) -> io::Result<Row> {
        let row = self.point(IDLE_NAME, 1, span, IDLE_PAUSE).await?;
        // How many there were says how long the pauses are, and nothing of the host.
        Ok(Row { per_second: None, ..row })
    }

    async fn point(&mut self, what: &str, in_flight: usize, span: Duration, pause: Duration) -> io::Result<Row> {
        let (busy, own, host) = (Busy::now(), Usage::own(), Usage::of(self.pid()));
        let (seen, took) = self.run(in_flight, span, pause).await?;
        let (own, host) = (Usage::own().since(own), Usage::of(self.pid()).since(host));
        let others = Busy::now().cpu_seconds - busy.cpu_seconds - own.cpu_seconds - host.cpu_seconds;
        self.resident_loaded_mib = self.resident_loaded_mib.max(machine::resident_mib(self.pid()));
        let turns = seen.call.len() as f64;
        Ok(Row {
            what: what.into(),
            in_flight,
            per_second: Some(turns / took.as_secs_f64()),
            ack: Some(seen.ack.percentiles()),
            call: Some(seen.call.percentiles()),
            done: Some(seen.done.percentiles()),
            cpu_us: Some(host.cpu_seconds * 1e6 / turns),
            bench_cpu_us: Some(own.cpu_seconds * 1e6 / turns),
            written_kib: Some(host.written_bytes / 1024.0 / turns),
            others_cores: Some((others / took.as_secs_f64()).max(0.0)),
        })
    }

    /// A turn is done when its webhook is acknowledged and its reply has reached the sandbox; only then its client goes on.
    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    async fn run(&mut self, in_flight: usize, span: Duration, pause: Duration) -> io::Result<(Seen, Duration)> {
        let mut connections = Vec::new();
        for _ in 0..in_flight {
            connections.push(Connection::open(&self.host.public).await?);
        }
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for (client, mut connection) in connections.into_iter().enumerate() {
            let (sandbox, mut turn) = (Arc::clone(&self.sandbox), self.turns + client);
            clients.spawn(async move {
                let mut seen = Seen::default();
                while started.elapsed() < span {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    let (user, visit) = (turn % USERS, turn / USERS);
                    let body = webhook::body(user, visit);
                    let received = sandbox.next_message(&webhook::user(user));
                    let begun = Instant::now();
                    let called = async {
                        received.await;
                        Ok(begun.elapsed())
                    };
                    let acked = async {
                        connection.post(&body).await?;
                        io::Result::Ok(begun.elapsed())
                    };
                    let (called, acked) = tokio::try_join!(called, acked)?;
                    seen.call.add(called);
                    seen.ack.add(acked);
                    seen.done.add(begun.elapsed());
                    turn += in_flight;
                }
                seen.next = turn;
                io::Result::Ok(seen)
            });
        }
        let mut all = Seen { next: self.turns, ..Seen::default() };
        while let Some(client) = clients.join_next().await {
            let seen = client.expect("a client does not panic")?;
            all.ack.append(seen.ack);
            all.call.append(seen.call);
            all.done.append(seen.done);
            all.next = all.next.max(seen.next);
        }
        self.turns = all.next;
        Ok((all, started.elapsed()))
    }
}

/// Braze sends nothing to people it does not know.
async fn make_profiles(sandbox: &TestSandbox) {
    let profiles: Vec<Value> = (0..USERS).map(|user| json!({ "external_id": webhook::user(user) })).collect();
    let request = sandbox.http.post(format!("{}/users/track", sandbox.url)).bearer_auth(API_KEY);
    let answer = request.body(json!({ "attributes": profiles }).to_string()).send().await.expect("the sandbox answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}
