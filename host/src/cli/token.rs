//! What commands show the host they ask: the token somebody gave them, else the one that a host on this machine leaves beside its
//! database.

use std::path::Path;

use crate::config::{Environment, SystemEnvironment};
use crate::people::token_file;

const VARIABLE: &str = "TURNWISE_TOKEN";

/// Of the host with this database.
#[must_use]
pub fn beside(database: &Path) -> Option<String> {
    given().or_else(|| {
        let text = SystemEnvironment.read(&token_file(database)).ok()?;
        Some(text.trim().to_owned())
    })
}

/// Of a host named by its address: another host's token is none of its business.
#[must_use]
pub fn given() -> Option<String> {
    SystemEnvironment.var(VARIABLE).filter(|token| !token.is_empty())
}
