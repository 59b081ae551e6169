//! When to stop: SIGTERM and Ctrl-C drain, a second one stops at once, which is safe because `kill -9` is.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A token that is cancelled by the first signal. The handle listens for as long as it lives.
pub fn shutdown() -> std::io::Result<(CancellationToken, AbortOnDropHandle<()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    #[allow(clippy::disallowed_methods, reason = "the handle ends it with whoever asked for it")]
    let listening = tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if !first {
                std::process::exit(130);
            }
            stop.cancel();
        }
    });
    Ok((token, AbortOnDropHandle::new(listening)))
}
