//! A server on a free port, and an HTTP client that sees and sends every byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::fake_storage::FakeStorage;
use crate::clock::{Clock, Timestamp};
use crate::config::{Secret, Server, Source};
use crate::ingress::{Ingress, serve};

pub(super) const INBOUND: &str = "/v1/inbound/whatsapp";
pub(super) const TOKEN: &str = "turnwise_new";
pub(super) const OLD_TOKEN: &str = "turnwise_old";
pub(super) const HELLO: &str =
    r#"{"dispatch_id":"d","user_id":"ada","phone_number":"+491701234567","message":"hello"}"#;

/// Far longer than anything here takes: reaching it is a failure, told instead of hanging.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }
}

/// A server that is shut down in order at the end of its test.
pub(super) struct Running {
    pub addr: SocketAddr,
    pub storage: Arc<FakeStorage>,
    pub shutdown: oneshot::Sender<()>,
    pub serving: JoinHandle<()>,
}

pub(super) fn server_config() -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Server {
        listen: any,
        admin: any,
        admin_hosts: Vec::new(),
        connections_max: 4096,
        header_timeout: Duration::from_secs(10),
        body_timeout: Duration::from_secs(10),
        body_bytes_max: 64 * 1024,
        drain_timeout: PATIENCE,
    }
}

pub(super) fn ingress(server: &Server, storage: Arc<FakeStorage>) -> Arc<Ingress> {
    let source =
        |tokens: &[&str]| Source::answered_by("menu".into(), tokens.iter().map(|&token| Secret::new(token)).collect());
    let sources = BTreeMap::from([
        ("whatsapp".to_owned(), source(&[TOKEN, OLD_TOKEN])),
        ("sms".to_owned(), source(&["turnwise_sms"])),
    ]);
    Arc::new(Ingress::new(server, &sources, storage, Arc::new(Noon)))
}

impl Running {
    pub(super) async fn start() -> Self {
        Self::with(server_config()).await
    }

    pub(super) async fn with(server: Server) -> Self {
        let storage = Arc::new(FakeStorage::default());
        let listener = TcpListener::bind(server.listen).await.expect("a port is free");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let (shutdown, asked) = oneshot::channel::<()>();
        let ingress = ingress(&server, storage.clone());
        let serving = tokio::spawn(serve(listener, ingress, async { drop(asked.await) }));
        Self { addr, storage, shutdown, serving }
    }

    pub(super) async fn connect(&self) -> Client {
        Client::connect(self.addr).await
    }

    /// Delivers `body` with the right token on a connection of its own.
    pub(super) async fn deliver(&self, body: impl AsRef<[u8]>) -> Answered {
        let mut client = self.connect().await;
        client.post(INBOUND, &[&bearer(TOKEN)], body.as_ref()).await;
        client.answer().await
    }

    /// Sends a head and no body.
    pub(super) async fn ask(&self, head: &str) -> Answered {
        let mut client = self.connect().await;
        client.send(head.as_bytes()).await;
        client.answer().await
    }

    pub(super) async fn stop(self) {
        drop(self.shutdown);
        within(self.serving).await.expect("the server does not panic");
    }
}

pub(super) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes no time")
}

#[derive(Debug)]
pub(super) struct Answered {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the answer is JSON")
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }
}

pub(super) struct Client {
    pub tcp: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        Self { tcp: within(TcpStream::connect(addr)).await.expect("the server listens"), unread: Vec::new() }
    }

    pub(super) async fn post(&mut self, path: &str, headers: &[&str], body: &[u8]) {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.send(&[head.as_bytes(), body].concat()).await;
    }

    /// The server may have closed meanwhile; what it answered tells.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = within(self.tcp.write_all(bytes)).await;
    }

    pub(super) async fn answer(&mut self) -> Answered {
        self.answer_or_end().await.expect("the connection ended without an answer")
    }

    /// The next answer; none where the connection ends before it is whole.
    pub(super) async fn answer_or_end(&mut self) -> Option<Answered> {
        let head_end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8(self.unread.drain(..head_end).collect()).expect("heads are ASCII");
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status is a number");
        let headers: BTreeMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length is a number"));
        while self.unread.len() < length {
            self.read_more().await?;
        }
        let body = String::from_utf8(self.unread.drain(..length).collect()).expect("answers are UTF-8");
        Some(Answered { status, headers, body })
    }

    async fn read_more(&mut self) -> Option<()> {
        match within(self.tcp.read_buf(&mut self.unread)).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}
