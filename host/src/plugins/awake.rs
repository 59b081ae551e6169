//! A limit on waiting that a pause of the whole process does not use up: of a debugger, or of a machine that sleeps.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

/// It took too long.
pub(super) struct TooLong;

/// A pause uses up one of these at most.
const STEPS: u32 = 8;

/// What comes of it, if that comes within the limit.
pub(super) async fn within<F: Future>(limit: Duration, called: F) -> Result<F::Output, TooLong> {
    let mut called = pin!(called);
    for _ in 0..STEPS {
        if let Ok(output) = timeout(limit / STEPS, &mut called).await {
            return Ok(output);
        }
    }
    Err(TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_never_comes_is_given_up() {
        assert!(within(Duration::from_millis(20), std::future::pending::<()>()).await.is_err());
        assert!(within(Duration::from_secs(60), std::future::ready(())).await.is_ok());
    }

    #[tokio::test]
    async fn a_pause_of_everything_is_not_counted() {
        // On one thread nothing goes on meanwhile, as in a process that is stopped.
        let paused = async {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_millis(1_500));
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        assert!(within(Duration::from_secs(1), paused).await.is_ok());
    }
}
