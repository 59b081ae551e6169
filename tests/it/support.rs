//! What several of these tests need beside the harness: a webhook as anybody could post it, profiles that Braze knows, a folder of
//! chosen plugins, a server that keeps every byte, the database of a host that has stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use turnwise::clock::{Clock, SystemClock};
use turnwise::storage::redb::{Redb, Settings};
use turnwise_tests::{API_KEY, TOKEN, TestSandbox, repository, until};

/// Posts a body to a source with the right token; returns the status and the answer.
pub(crate) async fn post(public: &str, source: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{public}/v1/inbound/{source}")).bearer_auth(TOKEN);
    let answer = request.body(body).send().await.expect("the host answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"))
}

/// The body of Braze's documentation as Braze renders it: nothing is escaped.
pub(crate) fn documented(user_id: &str, phone_number: &str, message: &str) -> String {
    format!(r#"{{"user_id":"{user_id}","phone_number":"{phone_number}","message":"{message}"}}"#)
}

/// A body with a dispatch id, all of it escaped.
pub(crate) fn escaped(dispatch_id: &str, user_id: &str, message: &str) -> String {
    json!({ "user_id": user_id, "dispatch_id": dispatch_id, "message": message }).to_string()
}

/// Braze skips recipients it has no profile of; these it has from now on.
pub(crate) async fn introduce(sandbox: &TestSandbox, users: &[&str]) {
    let attributes: Vec<Value> = users.iter().map(|user| json!({ "external_id": user, "first_name": "Ada" })).collect();
    let body = json!({ "attributes": attributes }).to_string();
    let request = sandbox.http.post(format!("{}/users/track", sandbox.url)).bearer_auth(API_KEY).body(body);
    let answer = request.send().await.expect("the sandbox answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

/// A folder with these plugins as they were built: bots by their names, or guests whose names begin with `hostile`.
pub(crate) fn plugins(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in names {
        let file = format!("{name}.wasm");
        std::os::unix::fs::symlink(wasm(name), folder.path().join(file)).expect("a link can be made");
    }
    folder
}

/// Where a plugin was built to.
pub(crate) fn wasm(name: &str) -> PathBuf {
    let folder = if name.starts_with("hostile") { "target/guests" } else { "plugins" };
    let file = repository().join(folder).join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is missing: `make guests` builds it", file.display());
    file
}

/// The database in the folder of a host that has stopped.
pub(crate) fn database(folder: &Path) -> Redb {
    let file = folder.join("data/turnwise.redb");
    Redb::open(&file, Settings::default(), SystemClock.now()).expect("the host has closed its database")
}

/// A server that answers every request like Braze and keeps it byte for byte.
pub(crate) struct Recorder {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Recorded>>>,
    _running: JoinSet<()>,
}

/// One request: its first line, its headers with names in lower case, its body.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut running = JoinSet::new();
        running.spawn({
            let requests = Arc::clone(&requests);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    // The host sends a conversation's calls one after another, and these tests have one conversation.
                    if let Some(recorded) = record(stream).await {
                        requests.lock().expect("the requests").push(recorded);
                    }
                }
            }
        });
        Self { url, requests, _running: running }
    }

    /// The first `count` requests, once they are there.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Recorded> {
        let so_far = || self.requests.lock().expect("the requests").clone();
        until("requests to Braze", || std::future::ready(Some(so_far()).filter(|all| all.len() >= count))).await
    }
}

async fn record(mut stream: TcpStream) -> Option<Recorded> {
    let mut bytes = Vec::new();
    loop {
        if let Some(recorded) = whole(&bytes) {
            let answer = r#"{"dispatch_id":"d-1","message":"success"}"#;
            let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
            stream.write_all(answer.as_bytes()).await.ok()?;
            return Some(recorded);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A request whose body is complete.
fn whole(bytes: &[u8]) -> Option<Recorded> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, headers) = head.split_once("\r\n")?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let recorded =
        Recorded { line: line.into(), headers: headers.lines().filter_map(header).collect(), body: body.into() };
    (recorded.header("content-length")?.parse() == Ok(body.len())).then_some(recorded)
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
