//! The configured desk, where it is another system: telling it, and hearing from it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::chatwoot::{Chatwoot, ChatwootError};
use super::delivery::{Delivery, Settings};
use super::{Webhooks, catch_up};
use crate::clock::Clock;
use crate::config;
use crate::storage::{Storage, StorageError};

/// A remote desk.
pub struct Remote {
    /// Its webhooks go to `/v1/desk/{name}`.
    pub name: &'static str,
    desk: Arc<Chatwoot>,
    unreachable_after: Duration,
}

impl Remote {
    /// None where there is no desk, or it is the console's inbox.
    ///
    /// # Errors
    /// A configuration that nothing can be sent with.
    pub fn new(desk: Option<&config::Desk>, clock: &Arc<dyn Clock>) -> Result<Option<Self>, ChatwootError> {
        let Some(config::Desk { kind: config::DeskKind::Chatwoot(settings), unreachable_after, .. }) = desk else {
            return Ok(None);
        };
        let desk = Arc::new(Chatwoot::new(settings.clone(), Arc::clone(clock))?);
        Ok(Some(Self { name: "chatwoot", desk, unreachable_after: *unreachable_after }))
    }

    /// Who reads its webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Arc<dyn Webhooks> {
        Arc::clone(&self.desk) as Arc<dyn Webhooks>
    }

    /// Tells it what turns committed, and asks it for what webhooks did not bring, until `shutdown`.
    ///
    /// # Errors
    /// Storage that keeps nothing more.
    pub async fn run(
        self,
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        drain_timeout: Duration,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), StorageError> {
        let back = Arc::new(Notify::new());
        let settings = Settings { unreachable_after: self.unreachable_after, drain_timeout };
        let (told, asked) = (Arc::clone(&self.desk), self.desk);
        let delivery = Delivery::new(Arc::clone(&storage), told, Arc::clone(&clock), settings, Arc::clone(&back));
        let stop = CancellationToken::new();
        let delivering = async {
            let ended = delivery.run(shutdown).await;
            stop.cancel();
            ended
        };
        tokio::try_join!(delivering, catch_up::run(storage, asked, clock, back, stop.cancelled())).map(drop)
    }
}
