//! The one error of a plugin's handlers.

use std::fmt;

/// What a handler returns; `()` because everything a handler says is collected by its turn.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why a turn has no decision. `?` makes one of any standard error.
///
/// A turn that ends in an error leaves no trace but this text in the journal: the state stays as it was, no effect is
/// done, and the user gets the configured fallback text. So an error is for what should not happen; what a user may do
/// wrong is answered with a reply.
pub struct Error {
    message: String,
}

impl Error {
    /// An error in words. Never put in them what the user typed: journals are seen by more people than conversations.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// Says what was being done, before what went wrong.
    #[must_use]
    pub fn context(self, doing: impl fmt::Display) -> Self {
        Self { message: format!("{doing}: {}", self.message) }
    }
}

// `Error` itself is deliberately no `std::error::Error`: only so can `?` convert from every type that is one.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self { message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
