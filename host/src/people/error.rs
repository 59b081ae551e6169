//! Why something about people is not done.

use std::time::Duration;

use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Name or password, nobody says which.
    #[error("name or password is wrong")]
    WrongPassword,
    #[error("too many tries: try again in {} s", wait.as_secs().max(1))]
    Throttled { wait: Duration },
    /// A one-time link that was used, has expired, or never was.
    #[error(
        "this link was used already, or is too old: ask an admin for another, or restart the host where there is nobody yet"
    )]
    DeadLink,
    /// What was given cannot be; the sentence says what could.
    #[error("{0}")]
    Invalid(String),
    #[error("there is no {0}")]
    Absent(&'static str),
    #[error("this is the last admin: make somebody else an admin first")]
    LastAdmin,
    /// Somebody else changed the same at the same time.
    #[error("somebody changed this at the same time: look again")]
    Conflict,
}
