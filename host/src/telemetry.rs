//! What the process says of itself while it runs: people read it on a terminal, machines as JSON. Never a message's text and never a
//! phone number: a keyed hash names the user.

mod terminal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tracing_subscriber::EnvFilter;

use crate::conversation::ConversationId;

/// wasmtime and its compiler have much to say that nobody here reads.
const DEFAULT_FILTER: &str = "info,cranelift=warn,wasmtime=warn,hyper=warn,reqwest=warn";

/// For `dev`, where no user is real: what plugins say, and why their turns fail.
pub const DEV_FILTER: &str = "info,turnwise::driver=debug,cranelift=warn,wasmtime=warn,hyper=warn,reqwest=warn";

static LOG_KEY: OnceLock<[u8; 32]> = OnceLock::new();

/// Sends log lines to stderr: short lines for people on a terminal, JSON otherwise. `filter` is `TURNWISE_LOG`.
pub fn start(filter: Option<&str>) {
    let filter =
        EnvFilter::try_new(filter.unwrap_or(DEFAULT_FILTER)).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process, as in tests, keeps the first subscriber.
    let _ = if std::io::stderr().is_terminal() {
        log.event_format(terminal::Lines).try_init()
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
}

/// Keys the names of users in logs by a secret of this installation, so that nobody can find a phone number by hashing them all.
/// Another secret unlinks new log lines from old ones.
pub fn key_log_names(secret: &str) {
    let mut key = keyed(secret.as_bytes());
    key.update(b"turnwise log names");
    // Set once for the life of the process: the first configuration wins.
    let _ = LOG_KEY.set(key.finalize().into_bytes().into());
}

/// A conversation's name in logs.
#[derive(Clone, Copy)]
pub struct LogName(ConversationId);

/// Who a log line is about.
#[must_use]
pub fn user(id: ConversationId) -> LogName {
    LogName(id)
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = keyed(LOG_KEY.get().map_or(&[], |key| key.as_slice()));
        name.update(&self.0.0);
        f.write_str("u_")?;
        name.finalize().into_bytes()[..6].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
