//! A webhook client that costs next to nothing: it shares the processor with what it measures.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sandbox::TOKEN;

/// One connection that is kept alive.
pub(super) struct Connection {
    tcp: TcpStream,
    answer: Vec<u8>,
}

/// What users say, each beginning at another place: an order looked up in the menu.
const SCRIPT: [&str; 4] = ["hi", "order", "A-12345", "12345"];

/// A user's external id.
#[must_use]
pub(super) fn user(number: usize) -> String {
    format!("user-{number:06}")
}

/// The body that `turnwise braze template` prints, as Braze fills it in. `visit` counts the user's messages.
#[must_use]
pub(super) fn body(number: usize, visit: usize) -> String {
    let text = SCRIPT[(number + visit) % SCRIPT.len()];
    format!(
        r#"{{"user_id":"{}","phone_number":"+4915{number:08}","dispatch_id":"{number:016x}{visit:016x}","language":"en","first_name":"Ada","profile_name":"Ada","media":"","flow_response":"","message":"{text}"}}"#,
        user(number)
    )
}

impl Connection {
    /// Connects to `http://HOST:PORT`.
    pub(super) async fn open(url: &str) -> io::Result<Self> {
        let tcp = TcpStream::connect(url.trim_start_matches("http://")).await?;
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, answer: Vec::with_capacity(1024) })
    }

    /// Posts a webhook and returns when it is acknowledged. Any other answer than 202 is an error.
    pub(super) async fn post(&mut self, body: &str) -> io::Result<()> {
        let request = format!(
            "POST /v1/inbound/whatsapp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.tcp.write_all(request.as_bytes()).await?;
        self.answer.clear();
        loop {
            if self.tcp.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(length) = answer_length(&self.answer)
                && self.answer.len() >= length
            {
                break;
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 202 ") {
            Ok(())
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&self.answer).into_owned()))
        }
    }
}

/// Of head and body together, once the head is there.
fn answer_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + length.unwrap_or_default())
}
