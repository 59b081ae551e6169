//! People as they are kept, and how they come, change and stop.

use serde::{Deserialize, Serialize};

use super::{Caller, Key, People, PeopleError, Role, key};
use crate::clock::Timestamp;
use crate::limits::PERSON_NAME_CHARS_MAX;
use crate::storage::record;
use crate::storage::{RecordChange, StorageError};

pub(super) const KIND: &str = "person";

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    /// Unique, whatever its case; what is signed in with.
    pub name: String,
    pub role: Role,
    /// In the PHC format; none until the invitation was accepted.
    pub(super) password: Option<String>,
    pub disabled: bool,
    pub created: Timestamp,
    /// Raised with role, password and disabling: a session of an earlier generation is over.
    pub(super) generation: u32,
}

/// A person for those who look after people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub disabled: bool,
    /// Whether the invitation was accepted.
    pub has_password: bool,
    pub created: Timestamp,
}

impl Person {
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { id: self.id.clone(), name: self.name.clone(), role: self.role }
    }

    fn is_working_admin(&self) -> bool {
        self.role == Role::Admin && !self.disabled && self.password.is_some()
    }

    /// The change from what was read to this.
    pub(super) fn change(&self, before: Option<&Self>) -> RecordChange {
        let (key, expected) = (self.id.clone(), before.map(record::encode));
        RecordChange { kind: KIND, key, expected, value: Some(record::encode(self)) }
    }
}

impl People {
    /// Somebody who answers users, by id or by name; none where nobody is called so, or may not.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn agent(&self, called: &str) -> Result<Option<Caller>, StorageError> {
        let found = self.list().await?.into_iter().find(|listed| {
            (listed.id == called || listed.name == called) && !listed.disabled && listed.role >= Role::Agent
        });
        Ok(found.map(|listed| Caller { id: listed.id, name: listed.name, role: listed.role }))
    }

    /// Everybody, in the order of their names.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn list(&self) -> Result<Vec<Listed>, StorageError> {
        let mut people = self.persons().await?;
        people.sort_by_key(|person| person.name.to_lowercase());
        let listed = people.into_iter().map(|person| Listed {
            has_password: person.password.is_some(),
            id: person.id,
            name: person.name,
            role: person.role,
            disabled: person.disabled,
            created: person.created,
        });
        Ok(listed.collect())
    }

    /// Adds a person, who sets a password with the link that this key opens.
    ///
    /// # Errors
    /// The name is taken or none.
    pub async fn add(&self, name: &str, role: Role) -> Result<(Person, Key), PeopleError> {
        let _changing = self.changing.lock().await;
        let person = self.new_person(name, role, None).await?;
        let (key, invitation) = self.invitation(&person);
        self.write(vec![person.change(None), invitation]).await?;
        Ok((person, key))
    }

    /// Another role. Ends all sessions of the person.
    ///
    /// # Errors
    /// There is no such person, or it is the last admin.
    pub async fn set_role(&self, id: &str, role: Role) -> Result<Person, PeopleError> {
        self.change(id, |person| person.role = role).await
    }

    /// Nobody signs in as a disabled person. Ends all sessions of the person.
    ///
    /// # Errors
    /// There is no such person, or it is the last admin.
    pub async fn set_disabled(&self, id: &str, disabled: bool) -> Result<Person, PeopleError> {
        self.change(id, |person| person.disabled = disabled).await
    }

    /// A link with which the person sets a password, another one if there was one.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn invite(&self, id: &str) -> Result<(Person, Key), PeopleError> {
        let person = self.person(id).await?.ok_or(PeopleError::Absent("such person"))?;
        let (key, invitation) = self.invitation(&person);
        self.write(vec![invitation]).await?;
        Ok((person, key))
    }

    /// Another password, by its owner. Ends all sessions of the person.
    ///
    /// # Errors
    /// The password until now is wrong, or the new one is too short.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<(), PeopleError> {
        let person = self.person(&caller.id).await?.ok_or(PeopleError::Absent("password of this caller"))?;
        let taken = self.throttle.admit(self.now(), &person.name, std::net::IpAddr::from([0, 0, 0, 0]));
        let taken = taken.map_err(|wait| PeopleError::Throttled { wait })?;
        if !self.passwords.verify(old, person.password.clone()).await? {
            return Err(PeopleError::WrongPassword);
        }
        self.throttle.give_back(&taken);
        let password = self.passwords.hash(new).await?;
        self.change(&person.id, |person| person.password = Some(password)).await.map(drop)
    }

    /// Whether nobody can sign in yet.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn is_empty(&self) -> Result<bool, StorageError> {
        Ok(!self.persons().await?.iter().any(|person| person.password.is_some()))
    }

    /// Who has this name.
    pub(super) async fn by_name(&self, name: &str) -> Result<Option<Person>, StorageError> {
        let name = name.trim().to_lowercase();
        Ok(self.persons().await?.into_iter().find(|person| person.name.to_lowercase() == name))
    }

    /// Whom a proxy vouches for: the person of this name, else somebody with the role for names that nobody has.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn vouched(&self, name: &str, unknown: Option<Role>) -> Result<Option<Caller>, StorageError> {
        Ok(match self.by_name(name).await? {
            Some(person) if person.disabled => None,
            Some(person) => Some(person.caller()),
            None => unknown.map(|role| Caller { id: format!("proxy:{name}"), name: name.to_owned(), role }),
        })
    }

    pub(super) async fn person(&self, id: &str) -> Result<Option<Person>, StorageError> {
        let row = self.records.record(KIND, id).await?;
        row.map(|row| read(&row)).transpose()
    }

    pub(super) async fn new_person(
        &self,
        name: &str,
        role: Role,
        password: Option<String>,
    ) -> Result<Person, PeopleError> {
        let name = name.trim();
        if !(1..=PERSON_NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let message = format!("a name has 1 to {PERSON_NAME_CHARS_MAX} characters, on one line");
            return Err(PeopleError::Invalid(message));
        }
        if self.by_name(name).await?.is_some() {
            return Err(PeopleError::Invalid(format!("somebody is called {name} already")));
        }
        let (id, name, created) = (key::random_id("p_"), name.to_owned(), self.now());
        Ok(Person { id, name, role, password, disabled: false, created, generation: 0 })
    }

    /// Changes a person and ends the sessions it had.
    async fn change(&self, id: &str, change: impl FnOnce(&mut Person)) -> Result<Person, PeopleError> {
        let _changing = self.changing.lock().await;
        let before = self.person(id).await?.ok_or(PeopleError::Absent("such person"))?;
        let mut after = before.clone();
        change(&mut after);
        after.generation += 1;
        if before.is_working_admin() && !after.is_working_admin() {
            let others = self.persons().await?.into_iter().filter(|other| other.id != after.id);
            if !others.into_iter().any(|other| other.is_working_admin()) {
                return Err(PeopleError::LastAdmin);
            }
        }
        self.write(vec![after.change(Some(&before))]).await?;
        Ok(after)
    }

    pub(super) async fn write(&self, changes: Vec<RecordChange>) -> Result<(), PeopleError> {
        if self.records.write_records(changes).await? { Ok(()) } else { Err(PeopleError::Conflict) }
    }

    async fn persons(&self) -> Result<Vec<Person>, StorageError> {
        self.records.records(KIND).await?.iter().map(|(_, row)| read(row)).collect()
    }
}

fn read(row: &[u8]) -> Result<Person, StorageError> {
    record::decode(row).map_err(|why| StorageError::Unreadable { what: "people".into(), why })
}
