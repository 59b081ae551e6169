//! How soon an agent sees what a user wrote: the real binary, a hundred messages a second into conversations at the desk, and somebody who
//! looks at the inbox as the console's script does: it hears that something changed, and fetches the page again.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::figure::Figure;
use super::stats::Durations;
use super::webhook::Connection;
use crate::sandbox::API_KEY;
use crate::{Host, HostOptions, TestSandbox, until};

/// Each writes once a second.
const USERS: usize = 100;
const DESK: &str = "[desk]\nkind = \"builtin\"\noffer_timeout = \"1h\"\n";
/// Between two messages, of whomever.
const PAUSE: Duration = Duration::from_millis(10);
/// The script waits as long between two fetches.
const QUIET: Duration = Duration::from_millis(100);

#[expect(clippy::disallowed_methods, reason = "it measures time")]
pub(super) async fn measure(span: Duration) -> io::Result<Vec<Figure>> {
    let sandbox = TestSandbox::start(|config| config.records_max = 1_000).await;
    let profiles: Vec<Value> = (0..USERS).map(|user| json!({ "external_id": name(user) })).collect();
    for some in profiles.chunks(50) {
        let request = sandbox.http.post(format!("{}/users/track", sandbox.url)).bearer_auth(API_KEY);
        request.body(json!({ "attributes": some }).to_string()).send().await.map_err(io::Error::other)?;
    }
    let mut options = HostOptions { more: DESK.into(), ..HostOptions::default() };
    options.environment.insert("TURNWISE_LOG".into(), "warn".into());
    let host = Host::start(&sandbox, options).await;
    let mut connection = Connection::open(&host.public).await?;
    for user in 0..USERS {
        connection.post(&body(user, "Talk to an agent")).await?;
    }
    until("everybody at the desk", || async {
        let desk: Value = json_of(host.ask(reqwest::Method::GET, "/v1/desk")).await.ok()?;
        (desk["conversations"].as_array()?.len() == USERS).then_some(())
    })
    .await;

    let (seen, mut found) = mpsc::unbounded_channel();
    let mut looking = JoinSet::new();
    looking.spawn(look(host.admin.clone(), host.token(), seen));
    // The stream's greeting, and the first page.
    found.recv().await;
    let mut sent = HashMap::new();
    let mut took = Durations::default();
    let mut pages = Durations::default();
    let mut bytes = 0;
    let begun = Instant::now();
    let mut number = 0;
    let mut ticks = tokio::time::interval(PAUSE);
    while begun.elapsed() < span || !sent.is_empty() {
        tokio::select! {
            Some(page) = found.recv() => {
                let Page { text, at, fetched } = page;
                pages.add(fetched);
                bytes = bytes.max(text.len());
                for message in messages(&text) {
                    if let Some(posted) = sent.remove(&message) {
                        took.add(at.duration_since(posted));
                    }
                }
                if begun.elapsed() > span + Duration::from_secs(5) {
                    break;
                }
            }
            _ = ticks.tick(), if begun.elapsed() < span => {
                let user = number % USERS;
                // What the same user wrote before is not the last line any more.
                sent.retain(|earlier: &usize, _| earlier % USERS != user);
                sent.insert(number, Instant::now());
                connection.post(&body(user, &format!("message m{number}."))).await?;
                number += 1;
            }
        }
    }
    looking.shutdown().await;
    let (took, pages) = (took.percentiles(), pages.percentiles());
    Ok(vec![
        Figure::new("inbox: messages a second", number as f64 / span.as_secs_f64(), "/s", None),
        Figure::new("inbox: from posting to the agent's page, p50", took.p50_ms, "ms", None),
        Figure::new("inbox: from posting to the agent's page, p99 (the aim is of p95)", took.p99_ms, "ms", Some(300.0)),
        Figure::new("inbox: fetching the page, p50", pages.p50_ms, "ms", None),
        Figure::new("inbox: the page's size", bytes as f64 / 1024.0, "KiB", Some(150.0)),
    ])
}

/// A page as it was fetched.
struct Page {
    text: String,
    at: Instant,
    fetched: Duration,
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
async fn look(admin: String, token: String, seen: mpsc::UnboundedSender<Page>) {
    let http = Client::new();
    let live = http.get(format!("{admin}/console/live?topic=inbox")).bearer_auth(&token);
    let mut stream = live.send().await.expect("the stream of changes");
    loop {
        if stream.chunk().await.ok().flatten().is_none() {
            return;
        }
        let begun = Instant::now();
        let page = http.get(format!("{admin}/console/inbox")).bearer_auth(&token).header("x-turnwise-region", "1");
        let Ok(answer) = page.send().await else { return };
        let Ok(text) = answer.text().await else { return };
        if seen.send(Page { text, at: Instant::now(), fetched: begun.elapsed() }).is_err() {
            return;
        }
        tokio::time::sleep(QUIET.saturating_sub(begun.elapsed())).await;
    }
}

/// The numbers of the messages that are on the page.
fn messages(page: &str) -> impl Iterator<Item = usize> {
    page.split("message m").skip(1).filter_map(|rest| rest.split('.').next()?.parse().ok())
}

async fn json_of(request: RequestBuilder) -> io::Result<Value> {
    let bytes = request.send().await.map_err(io::Error::other)?.bytes().await.map_err(io::Error::other)?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

fn name(user: usize) -> String {
    format!("inbox-{user:03}")
}

fn body(user: usize, text: &str) -> String {
    json!({ "user_id": name(user), "phone_number": format!("+4916{user:08}"), "message": text, "dispatch_id": text })
        .to_string()
}
