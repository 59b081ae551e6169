//! Who may do what on the admin listener: people with their roles and passwords, the sessions of their browsers, tokens of machines,
//! how guessing is slowed down, and the log of who did or looked at what.

mod audit;
mod caller;
pub mod cookie;
mod error;
mod key;
mod local;
mod password;
mod person;
mod sessions;
mod throttle;
mod tokens;
mod tries;
mod welcome;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Timestamp};
use crate::storage::{Records, StorageError};

pub use audit::{Auditor, action};
pub use caller::{Address, Caller, Role};
pub use error::PeopleError;
pub use key::{Key, random_id};
pub use local::{LocalToken, token_file};
pub use person::{Listed, Person};
pub use tokens::ListedToken;
pub use welcome::Welcome;

use audit::Views;
use key::Digest;
use password::Passwords;
use throttle::Throttle;
use tries::Tries;

/// Everybody who may call the admin listener.
pub struct People {
    records: Arc<dyn Records>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    throttle: Throttle,
    tries: Tries,
    views: Views,
    /// What opens the first page: until it is used in `serve`, for the whole run in `dev`.
    first: Mutex<Option<Digest>>,
    /// The token of commands on this machine.
    local: Option<Digest>,
    dev: bool,
    /// Held while people change, so that the last admin cannot go twice at once.
    changing: tokio::sync::Mutex<()>,
}

impl People {
    /// `dev`: loopback only, where whoever is on this machine is an admin.
    #[must_use]
    pub fn new(records: Arc<dyn Records>, clock: Arc<dyn Clock>, dev: bool, local: Option<&LocalToken>) -> Self {
        Self {
            records,
            clock,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            tries: Tries::default(),
            views: Views::default(),
            first: Mutex::new(None),
            local: local.map(|token| token.key().digest()),
            dev,
            changing: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether this is `dev`.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        self.dev
    }

    /// Who carries this bearer token; an unknown one counts as a guess.
    ///
    /// # Errors
    /// Storage fails, or this address guesses too much.
    pub async fn by_bearer(&self, token: &str, from: IpAddr) -> Result<Option<Caller>, PeopleError> {
        if self.dev && token == crate::config::dev::DEV_SECRET {
            return Ok(Some(Caller::dev()));
        }
        let digest = Key::read(token).map(|key| key.digest());
        if let Some(digest) = digest {
            if self.local.as_ref().is_some_and(|local| local.equals(&digest)) {
                return Ok(Some(Caller::local()));
            }
            if let Some(caller) = self.by_token(&digest).await? {
                return Ok(Some(caller));
            }
        }
        self.refused(action::TOKEN_REFUSED, "", from).await?;
        match self.throttle.admit_token(self.now(), from) {
            Ok(()) => Ok(None),
            Err(wait) => Err(PeopleError::Throttled { wait }),
        }
    }

    /// Removes what has expired and writes down what was guessed; called now and then.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn tidy(&self) -> Result<(), StorageError> {
        let now = self.now();
        let tries = self.tries.due(now);
        if !tries.is_empty() {
            self.records.audit(tries).await?;
        }
        self.views.forget_old(now);
        self.remove_expired_sessions().await?;
        self.remove_expired_invitations().await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody tried something and was not let in.
    async fn refused(&self, action: &'static str, name: &str, from: IpAddr) -> Result<(), StorageError> {
        match self.tries.count(self.now(), action, name, from) {
            Some(entry) => self.records.audit(vec![entry]).await,
            None => Ok(()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests;
