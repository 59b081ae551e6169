//! Tokens for machines: shown once, kept as a hash, revocable.

use serde::{Deserialize, Serialize};

use super::key::{Digest, random_id};
use super::{Caller, Key, People, PeopleError, Role};
use crate::clock::Timestamp;
use crate::limits::{PERSON_NAME_CHARS_MAX, TOKEN_USE_INTERVAL};
use crate::storage::record;
use crate::storage::{RecordChange, StorageError};

const KIND: &str = "token";

/// Kept under the digest of the token.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    id: String,
    name: String,
    role: Role,
    created: Timestamp,
    created_by: String,
    /// To the minute.
    last_used: Option<Timestamp>,
}

/// A token for those who look after tokens; it does not say the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedToken {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub created: Timestamp,
    pub created_by: String,
    pub last_used: Option<Timestamp>,
}

impl People {
    /// A new token; its text is not to be had again.
    ///
    /// # Errors
    /// It has no name.
    pub async fn create_token(&self, name: &str, role: Role, by: &Caller) -> Result<(ListedToken, Key), PeopleError> {
        let name = name.trim();
        if !(1..=PERSON_NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let message =
                format!("a token has a name of 1 to {PERSON_NAME_CHARS_MAX} characters, which says who uses it");
            return Err(PeopleError::Invalid(message));
        }
        let key = Key::random();
        let token = Token {
            id: random_id("t_"),
            name: name.to_owned(),
            role,
            created: self.now(),
            created_by: by.name.clone(),
            last_used: None,
        };
        let value = Some(record::encode(&token));
        self.write(vec![RecordChange { kind: KIND, key: key.digest().hex(), expected: None, value }]).await?;
        Ok((token.listed(), key))
    }

    /// All tokens, the oldest first.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn tokens(&self) -> Result<Vec<ListedToken>, StorageError> {
        let rows = self.records.records(KIND).await?;
        let mut tokens: Vec<_> = rows.iter().filter_map(|(_, row)| read(row)).map(|token| token.listed()).collect();
        tokens.sort_by_key(|token| token.created);
        Ok(tokens)
    }

    /// Nobody is let in by this token any more.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn revoke_token(&self, id: &str) -> Result<ListedToken, PeopleError> {
        let absent = PeopleError::Absent("such token");
        let rows = self.records.records(KIND).await?;
        let found = rows.into_iter().find_map(|(key, row)| {
            let token = read(&row).filter(|token| token.id == id)?;
            Some((key, row, token))
        });
        let (key, mut row, token) = found.ok_or(absent)?;
        // Its last use may be written at the same time.
        loop {
            let gone = RecordChange { kind: KIND, key: key.clone(), expected: Some(row), value: None };
            if self.records.write_records(vec![gone]).await? {
                return Ok(token.listed());
            }
            row = self.records.record(KIND, &key).await?.ok_or(PeopleError::Absent("such token"))?;
        }
    }

    pub(super) async fn by_token(&self, digest: &Digest) -> Result<Option<Caller>, StorageError> {
        let key = digest.hex();
        let Some(row) = self.records.record(KIND, &key).await? else { return Ok(None) };
        let Some(token) = read(&row) else { return Ok(None) };
        let now = self.now();
        let caller = Caller { id: token.id.clone(), name: token.name.clone(), role: token.role };
        if token.last_used.is_none_or(|last| now.since(last) >= TOKEN_USE_INTERVAL) {
            let used = record::encode(&Token { last_used: Some(now), ..token });
            // Where it was revoked or used at the same time, that is what stands.
            self.records
                .write_records(vec![RecordChange { kind: KIND, key, expected: Some(row), value: Some(used) }])
                .await?;
        }
        Ok(Some(caller))
    }
}

impl Token {
    fn listed(&self) -> ListedToken {
        let Self { id, name, role, created, created_by, last_used } = self.clone();
        ListedToken { id, name, role, created, created_by, last_used }
    }
}

/// A token that cannot be read lets nobody in.
fn read(row: &[u8]) -> Option<Token> {
    record::decode(row).ok()
}
