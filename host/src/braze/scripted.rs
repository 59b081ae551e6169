//! A server for tests that does what it is told, byte for byte, so that hangs and resets are real ones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Answers properly and keeps the connection.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Does this after a while.
    Delayed(Duration, Box<Self>),
    /// Writes these bytes and closes.
    Raw(Vec<u8>),
    /// Writes these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Writes these bytes and then nothing, for good.
    Hang(Vec<u8>),
    /// Writes these bytes, then the same byte for ever at this interval.
    Drip(Vec<u8>, Duration),
    /// Writes these bytes, then 64 KiB at a time without end.
    Flood(Vec<u8>),
}

impl Behaviour {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn success() -> Self {
        Self::json(201, r#"{"message":"success","dispatch_id":"d1"}"#)
    }

    pub(crate) fn with_rate(self, limit: u64, remaining: u64, reset: u64) -> Self {
        let Self::Answer { status, mut headers, body } = self else { return self };
        headers.push(("x-ratelimit-limit", limit.to_string()));
        headers.push(("x-ratelimit-remaining", remaining.to_string()));
        headers.push(("x-ratelimit-reset", reset.to_string()));
        Self::Answer { status, headers, body }
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The request line and headers.
    pub head: String,
    pub body: serde_json::Value,
}

/// Stops when dropped.
pub(crate) struct Server {
    pub endpoint: String,
    received: Arc<Mutex<Vec<Received>>>,
    count: watch::Receiver<usize>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// `script` says what to do with each request, given its number from 0 and what it holds.
    pub(crate) async fn start(script: impl Fn(usize, &Received) -> Behaviour + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel(0);
        let (script, log) = (Arc::new(script), Arc::clone(&received));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let counted = Arc::new(counted);
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log, counted) = (Arc::clone(&script), Arc::clone(&log), Arc::clone(&counted));
                connections.spawn(async move {
                    let _closed = serve(stream, &*script, &log, &counted).await;
                });
            }
        });
        Self { endpoint, received, count, _tasks: tasks }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until this many requests have arrived.
    pub(crate) async fn arrived(&self, requests: usize) {
        let mut count = self.count.clone();
        count.wait_for(|count| *count >= requests).await.expect("the server runs");
    }
}

/// An address where nothing listens.
pub(crate) fn closed_endpoint() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    format!("http://{}", listener.local_addr().expect("a bound listener has an address"))
}

async fn serve(
    mut stream: TcpStream,
    script: &(impl Fn(usize, &Received) -> Behaviour + ?Sized),
    log: &Mutex<Vec<Received>>,
    counted: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        let number = {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push(request.clone());
            log.len() - 1
        };
        let behaviour = script(number, &request);
        counted.send_replace(number + 1);
        let behaviour = match behaviour {
            Behaviour::Delayed(span, behaviour) => {
                sleep(span).await;
                *behaviour
            }
            behaviour => behaviour,
        };
        match behaviour {
            Behaviour::Delayed(..) => unreachable!("delays are not nested"),
            Behaviour::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).await?;
            }
            Behaviour::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Behaviour::Reset(bytes) => {
                stream.write_all(&bytes).await?;
                stream.set_zero_linger()?;
                return Ok(());
            }
            Behaviour::Hang(bytes) => {
                stream.write_all(&bytes).await?;
                std::future::pending::<()>().await;
            }
            Behaviour::Drip(bytes, every) => {
                stream.write_all(&bytes).await?;
                loop {
                    sleep(every).await;
                    stream.write_all(b"x").await?;
                }
            }
            Behaviour::Flood(bytes) => {
                stream.write_all(&bytes).await?;
                loop {
                    stream.write_all(&[b'x'; 64 * 1024]).await?;
                }
            }
        }
    }
    Ok(())
}

/// The next request of the connection; none where it ended.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Received>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let all = end + 4 + length.unwrap_or(0);
            if buffer.len() >= all {
                let body = serde_json::from_slice(&buffer[end + 4..all]).unwrap_or_default();
                buffer.drain(..all);
                return Ok(Some(Received { head, body }));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
