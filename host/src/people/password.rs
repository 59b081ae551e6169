//! Passwords: argon2id, off the threads that serve, and never more of it at once than the machine can spare.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::PeopleError;
use crate::limits::{
    PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PASSWORD_HASH_KIB, PASSWORD_HASH_PASSES, PASSWORD_HASHES_AT_ONCE,
};
use crate::storage::StorageError;

pub(super) struct Passwords {
    slots: Arc<Semaphore>,
    /// Of a password that nobody has.
    nobody: Arc<OnceLock<String>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(PASSWORD_HASHES_AT_ONCE)), nobody: Arc::default() }
    }
}

impl Passwords {
    /// A new password as it is kept.
    pub(super) async fn hash(&self, password: &str) -> Result<String, PeopleError> {
        check(password)?;
        let password = password.to_owned();
        Ok(self.compute(move || hash(password.as_bytes())).await?)
    }

    /// Whether this is the password. Where there is none to compare with it takes the same time, so that names cannot be found out.
    pub(super) async fn verify(&self, password: &str, kept: Option<String>) -> Result<bool, PeopleError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let (password, nobody) = (password.to_owned(), Arc::clone(&self.nobody));
        let verified = self.compute(move || {
            let nobodys = || nobody.get_or_init(|| hash(super::Key::random().text().as_bytes())).clone();
            let known = kept.is_some();
            let kept = kept.unwrap_or_else(nobodys);
            let parsed = PasswordHash::new(&kept);
            let equal = parsed.is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok());
            equal && known
        });
        Ok(verified.await?)
    }

    #[cfg(test)]
    pub(super) fn free_slots(&self) -> usize {
        self.slots.available_permits()
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, StorageError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        // The slot is free when the work is done, also where nobody waits for it any more.
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(slot);
            done
        });
        work.await.map_err(|error| StorageError::Failed(format!("a password could not be hashed: {error}")))
    }
}

fn check(password: &str) -> Result<(), PeopleError> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PeopleError::Invalid(format!("a password has at least {PASSWORD_CHARS_MIN} characters")));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PeopleError::Invalid(format!("a password has at most {PASSWORD_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(PASSWORD_HASH_KIB, PASSWORD_HASH_PASSES, 1, None).expect("our parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8]) -> String {
    let hashed: PasswordHash =
        argon2().hash_password(password).expect("the length was checked, and there is randomness");
    hashed.to_string()
}
