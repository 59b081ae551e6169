//! Browsers that are signed in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Caller, Key, People, PeopleError, Person, action};
use crate::clock::Timestamp;
use crate::limits::SIGNED_IN;
use crate::storage::record;
use crate::storage::{RecordChange, StorageError};

const KIND: &str = "session";

/// Kept under the digest of its cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    person: String,
    /// The person's when it began.
    generation: u32,
    expires: Timestamp,
}

impl People {
    /// Signs in; the key is for the browser's cookie.
    ///
    /// # Errors
    /// Name or password are wrong, or there were too many tries.
    pub async fn sign_in(&self, name: &str, password: &str, from: IpAddr) -> Result<Key, PeopleError> {
        let taken = match self.throttle.admit(self.now(), name, from) {
            Ok(taken) => taken,
            Err(wait) => {
                self.refused(action::SIGN_IN_REFUSED, name, from).await?;
                return Err(PeopleError::Throttled { wait });
            }
        };
        let person = self.by_name(name).await?.filter(|person| !person.disabled);
        let kept = person.as_ref().and_then(|person| person.password.clone());
        let verified = self.passwords.verify(password, kept).await?;
        match person.filter(|_| verified) {
            Some(person) => {
                self.throttle.give_back(&taken);
                self.begin_session(&person, from).await
            }
            None => {
                self.refused(action::SIGN_IN_REFUSED, name, from).await?;
                Err(PeopleError::WrongPassword)
            }
        }
    }

    /// Who has the session of this cookie.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn by_session(&self, cookie: &str) -> Result<Option<Caller>, StorageError> {
        let Some(key) = Key::read(cookie) else { return Ok(None) };
        let Some(row) = self.records.record(KIND, &key.digest().hex()).await? else { return Ok(None) };
        let Some(session) = read(&row).filter(|session| self.now() < session.expires) else { return Ok(None) };
        if session.person == Caller::dev().id {
            return Ok(self.dev.then(Caller::dev));
        }
        let person = self.person(&session.person).await?;
        let person = person.filter(|person| !person.disabled && person.generation == session.generation);
        Ok(person.map(|person| person.caller()))
    }

    /// Ends the session of this cookie.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn sign_out(&self, cookie: &str, caller: &Caller, from: IpAddr) -> Result<(), StorageError> {
        let Some(key) = Key::read(cookie) else { return Ok(()) };
        let key = key.digest().hex();
        let expected = self.records.record(KIND, &key).await?;
        if expected.is_some() {
            // Where somebody else was quicker, it is gone as well.
            self.records.write_records(vec![RecordChange { kind: KIND, key, expected, value: None }]).await?;
            self.audit(caller, action::SIGNED_OUT, None, from).await?;
        }
        Ok(())
    }

    /// A new session of somebody whose password, or link, was right.
    pub(super) async fn begin_session(&self, person: &Person, from: IpAddr) -> Result<Key, PeopleError> {
        let key = self.write_session(person.id.clone(), person.generation).await?;
        let tries = self.tries.of(self.now(), from);
        if !tries.is_empty() {
            self.records.audit(tries).await?;
        }
        self.audit(&person.caller(), action::SIGNED_IN, None, from).await?;
        Ok(key)
    }

    /// The session of whoever opened the link of `turnwise dev`.
    pub(super) async fn begin_dev_session(&self) -> Result<Key, PeopleError> {
        self.write_session(Caller::dev().id, 0).await
    }

    async fn write_session(&self, person: String, generation: u32) -> Result<Key, PeopleError> {
        let key = Key::random();
        let session = Session { person, generation, expires: self.now().after(SIGNED_IN) };
        let value = Some(record::encode(&session));
        self.write(vec![RecordChange { kind: KIND, key: key.digest().hex(), expected: None, value }]).await?;
        Ok(key)
    }

    pub(super) async fn remove_expired_sessions(&self) -> Result<(), StorageError> {
        let now = self.now();
        for (key, row) in self.records.records(KIND).await? {
            if read(&row).is_none_or(|session| session.expires <= now) {
                let gone = RecordChange { kind: KIND, key, expected: Some(row), value: None };
                self.records.write_records(vec![gone]).await?;
            }
        }
        Ok(())
    }
}

/// A session that cannot be read is over.
fn read(row: &[u8]) -> Option<Session> {
    record::decode(row).ok()
}
