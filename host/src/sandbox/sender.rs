//! Delivers webhooks as Braze does: one user's first attempts in order, retries whenever they come due, the same bytes every time.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::memory::{Attempt, Outcome};
use super::retry::{self, HALTED_STATUS, Schedule, Status, Verdict};
use super::{SandboxConfig, Shared, views};

/// Of the host's answer, this much is kept.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a message that is to be overtaken waits for the next one.
const OVERTAKE_WAIT: Duration = Duration::from_secs(1);

/// The sending half of the fake.
pub(super) struct Sender {
    client: reqwest::Client,
    authorization: String,
    time_scale: f64,
    /// Users with first attempts to be made. A user's lane is there exactly while a task works it off.
    lanes: Mutex<HashMap<String, Lane>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A webhook on its way.
pub(super) struct Job {
    /// Its place in the record of deliveries.
    pub(super) place: u64,
    pub(super) body: Bytes,
    /// The user's next message shall be delivered first.
    pub(super) overtaken: bool,
    /// It shall be delivered a second time after it was received.
    pub(super) twice: bool,
    /// Told how it ended.
    pub(super) done: Option<oneshot::Sender<Finished>>,
    pub(super) schedule: Schedule,
}

/// How a delivery ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) outcome: Outcome,
    pub(super) status: Status,
    pub(super) attempts: u32,
    /// The host's last answer.
    pub(super) answer: Bytes,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    arrived: Arc<Notify>,
}

/// What one attempt brought back.
struct Reply {
    status: Status,
    retry_after: Option<Duration>,
    answer: Bytes,
}

impl Sender {
    pub(super) fn new(config: &SandboxConfig) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(config.webhook_timeout)
            .tcp_nodelay(true)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            client,
            authorization: format!("Bearer {}", config.token),
            time_scale: config.time_scale,
            lanes: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Gives up what is not delivered yet, and returns when nothing is under way.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next first attempt of this user; without one the lane is closed.
    fn next(&self, user: &str) -> Option<Job> {
        let mut lanes = self.lanes();
        let job = lanes.get_mut(user).and_then(|lane| lane.waiting.pop_front());
        if job.is_none() {
            lanes.remove(user);
        }
        job
    }

    /// The message that overtakes, if one arrives in time.
    async fn next_soon(&self, user: &str) -> Option<Job> {
        let arrived = Arc::clone(&self.lanes().get(user)?.arrived);
        let waiting = |sender: &Self| sender.lanes().get_mut(user).and_then(|lane| lane.waiting.pop_front());
        if let Some(job) = waiting(self) {
            return Some(job);
        }
        tokio::select! {
            () = arrived.notified() => {}
            () = tokio::time::sleep(OVERTAKE_WAIT) => {}
            () = self.stop.cancelled() => {}
        }
        waiting(self)
    }

    async fn post(&self, url: &str, body: Bytes) -> Reply {
        let request = self
            .client
            .post(url)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let unreachable = |error: reqwest::Error| {
            let mut why = error.without_url().to_string();
            why.insert_str(0, "no answer: ");
            Reply { status: None, retry_after: None, answer: why.into() }
        };
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return unreachable(error),
        };
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let status = Some(response.status().as_u16());
        let mut answer = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.len() < ANSWER_BYTES_MAX => answer.extend_from_slice(&chunk),
                Ok(Some(_)) | Ok(None) => break,
                Err(error) => return unreachable(error),
            }
        }
        answer.truncate(ANSWER_BYTES_MAX);
        Reply { status, retry_after: retry_after.map(Duration::from_secs), answer: answer.into() }
    }
}

/// Queues a webhook behind the user's earlier ones.
pub(super) fn deliver(shared: &Arc<Shared>, user: &str, job: Job) {
    let mut lanes = shared.sender.lanes();
    if let Some(lane) = lanes.get_mut(user) {
        lane.waiting.push_back(job);
        lane.arrived.notify_one();
        return;
    }
    let lane = Lane { waiting: VecDeque::from([job]), ..Lane::default() };
    lanes.insert(user.to_owned(), lane);
    drop(lanes);
    shared.sender.tasks.spawn(run_lane(Arc::clone(shared), user.to_owned()));
}

async fn run_lane(shared: Arc<Shared>, user: String) {
    while let Some(job) = shared.sender.next(&user) {
        if job.overtaken
            && let Some(next) = shared.sender.next_soon(&user).await
        {
            first_attempt(&shared, next).await;
        }
        first_attempt(&shared, job).await;
    }
}

/// The retries leave the lane, so that later messages of the user need not wait for them. Nor do they at Braze.
async fn first_attempt(shared: &Arc<Shared>, job: Job) {
    if let Some((job, wait)) = attempt(shared, job).await {
        shared.sender.tasks.spawn(retries(Arc::clone(shared), job, wait));
    }
}

async fn retries(shared: Arc<Shared>, mut job: Job, mut wait: Duration) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.sender.stop.cancelled() => return,
        }
        match attempt(&shared, job).await {
            Some(again) => (job, wait) = again,
            None => return,
        }
    }
}

/// One attempt, two where the delivery is to be doubled. Hands the job back with the time to wait where it is to be tried again.
async fn attempt(shared: &Shared, job: Job) -> Option<(Job, Duration)> {
    let reply = tokio::select! {
        reply = try_once(shared, &job) => reply,
        () = shared.sender.stop.cancelled() => return None,
    };
    let verdict = retry::verdict(reply.status);
    let job = settle(shared, job, reply, verdict);
    if let (Some((job, None)), Verdict::Received) = (&job, verdict) {
        let again = tokio::select! {
            reply = try_once(shared, job) => reply,
            () = shared.sender.stop.cancelled() => return None,
        };
        note(shared, job.place, &again, None);
        return None;
    }
    job.and_then(|(job, wait)| Some((job, wait?)))
}

async fn try_once(shared: &Shared, job: &Job) -> Reply {
    let now = shared.now();
    let url = {
        let state = shared.state();
        (!state.health.halted(now)).then(|| state.deliver_to.clone())
    };
    match url {
        Some(url) => shared.sender.post(&url, job.body.clone()).await,
        None => Reply {
            status: Some(HALTED_STATUS),
            retry_after: None,
            answer: Bytes::from_static(b"not sent: the host failed too often within a minute"),
        },
    }
}

/// Records the attempt and decides what follows: the job with a time to wait, the job without one where it is to be
/// delivered again at once, or nothing.
fn settle(shared: &Shared, mut job: Job, reply: Reply, verdict: Verdict) -> Option<(Job, Option<Duration>)> {
    let wait = match verdict {
        Verdict::Again => job.schedule.next(reply.retry_after),
        Verdict::Received | Verdict::Lost => None,
    };
    let outcome = match (verdict, wait) {
        (Verdict::Received, _) => Outcome::Delivered,
        (Verdict::Again, Some(_)) => Outcome::Retrying,
        (Verdict::Again, None) | (Verdict::Lost, _) => Outcome::Failed,
    };
    let attempts = note(shared, job.place, &reply, Some(outcome));
    if let Some(wait) = wait {
        return Some((job, Some(retry::scaled(wait, shared.sender.time_scale))));
    }
    if let Some(done) = job.done.take() {
        // Nobody may be waiting any more.
        done.send(Finished { outcome, status: reply.status, attempts, answer: reply.answer }).ok();
    }
    job.twice.then_some((job, None))
}

/// Returns how many attempts there have been.
fn note(shared: &Shared, place: u64, reply: &Reply, outcome: Option<Outcome>) -> u32 {
    let now = shared.now();
    let mut state = shared.state();
    let state = &mut *state;
    state.health.record(reply.status, now);
    let Some(delivery) = state.memory.deliveries.get_mut(place) else { return 0 };
    delivery.attempts.push(Attempt { at: now, status: reply.status, answer: reply.answer.clone() });
    if let Some(outcome) = outcome {
        delivery.outcome = outcome;
    }
    state.listeners.publish("delivery", || views::delivery(delivery));
    u32::try_from(delivery.attempts.len()).unwrap_or(u32::MAX)
}
