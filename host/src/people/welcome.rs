//! One-time links: for the first admin, for whoever was invited, and into `turnwise dev`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Key, People, PeopleError, Person, Role, lock};
use crate::clock::Timestamp;
use crate::limits::INVITATION;
use crate::storage::record;
use crate::storage::{RecordChange, StorageError};

const KIND: &str = "invitation";

/// Kept under the digest of its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Invitation {
    person: String,
    /// The person's when it was made: where anything changed since, it is void.
    generation: u32,
    expires: Timestamp,
}

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The first admin chooses a name and a password.
    First,
    /// This person, by name, chooses a password.
    Invited(String),
    /// Whoever opens it is signed in.
    Dev,
}

impl People {
    /// The link for the first admin, or into `dev`; none where somebody can sign in already. The one before it is void.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn first_key(&self) -> Result<Option<Key>, StorageError> {
        if !self.dev && !self.is_empty().await? {
            return Ok(None);
        }
        let key = Key::random();
        *lock(&self.first) = Some(key.digest());
        Ok(Some(key))
    }

    /// What this key opens, without using it: programs that preview links open them, too.
    ///
    /// # Errors
    /// It opens nothing.
    pub async fn welcome(&self, key: &str) -> Result<Welcome, PeopleError> {
        let key = Key::read(key).ok_or(PeopleError::DeadLink)?;
        if self.opens_first(&key) {
            return Ok(if self.dev { Welcome::Dev } else { Welcome::First });
        }
        let (_, person) = self.invited(&key).await?;
        Ok(Welcome::Invited(person.name))
    }

    /// Uses a key. `name` counts where it is the first; the returned key is the session's.
    ///
    /// # Errors
    /// It opens nothing, or name or password cannot be.
    pub async fn enter(&self, key: &str, name: &str, password: &str, from: IpAddr) -> Result<Key, PeopleError> {
        let key = Key::read(key).ok_or(PeopleError::DeadLink)?;
        if self.dev && self.opens_first(&key) {
            return self.begin_dev_session().await;
        }
        if !self.opens_first(&key) {
            self.invited(&key).await?;
        }
        let password = Some(self.passwords.hash(password).await?);
        // Looked at again under the lock: two may open the same link.
        let changing = self.changing.lock().await;
        let person = if self.opens_first(&key) {
            if !self.is_empty().await? {
                return Err(PeopleError::DeadLink);
            }
            let person = self.new_person(name, Role::Admin, password).await?;
            self.write(vec![person.change(None)]).await?;
            *lock(&self.first) = None;
            person
        } else {
            let (used, before) = self.invited(&key).await?;
            let person = Person { password, generation: before.generation + 1, ..before.clone() };
            self.write(vec![person.change(Some(&before)), used]).await?;
            person
        };
        drop(changing);
        self.begin_session(&person, from).await
    }

    fn opens_first(&self, key: &Key) -> bool {
        lock(&self.first).is_some_and(|first| first.equals(&key.digest()))
    }

    /// Whom a key was made for, and the change that uses it up.
    async fn invited(&self, key: &Key) -> Result<(RecordChange, Person), PeopleError> {
        let key = key.digest().hex();
        let row = self.records.record(KIND, &key).await?.ok_or(PeopleError::DeadLink)?;
        let invitation = read(&row).filter(|invitation| self.now() < invitation.expires);
        let invitation = invitation.ok_or(PeopleError::DeadLink)?;
        let person = self.person(&invitation.person).await?;
        let person = person.filter(|person| !person.disabled && person.generation == invitation.generation);
        let person = person.ok_or(PeopleError::DeadLink)?;
        Ok((RecordChange { kind: KIND, key, expected: Some(row), value: None }, person))
    }

    /// A new invitation and the change that writes it.
    pub(super) fn invitation(&self, person: &Person) -> (Key, RecordChange) {
        let key = Key::random();
        let expires = self.now().after(INVITATION);
        let invitation = Invitation { person: person.id.clone(), generation: person.generation, expires };
        let value = Some(record::encode(&invitation));
        (key.clone(), RecordChange { kind: KIND, key: key.digest().hex(), expected: None, value })
    }

    pub(super) async fn remove_expired_invitations(&self) -> Result<(), StorageError> {
        let now = self.now();
        for (key, row) in self.records.records(KIND).await? {
            if read(&row).is_none_or(|invitation| invitation.expires <= now) {
                let gone = RecordChange { kind: KIND, key, expected: Some(row), value: None };
                self.records.write_records(vec![gone]).await?;
            }
        }
        Ok(())
    }
}

fn read(row: &[u8]) -> Option<Invitation> {
    record::decode(row).ok()
}
