//! Who a request is from.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// What somebody may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks at everything.
    Viewer,
    /// Writes to users, in the inbox.
    Agent,
    /// Takes over, and changes what the host does: outbox, quarantine, plugins, sessions.
    Operator,
    /// People, tokens, erasure.
    Admin,
}

impl Role {
    /// The least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Operator, Self::Admin];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or("a role is viewer, agent, operator or admin")
    }
}

/// Who a request is from. As an argument of a handler it is whom the guard let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Stable: of a person, of a token, "local" for commands on this machine, "dev" in `turnwise dev`.
    pub id: String,
    /// For people to read.
    pub name: String,
    pub role: Role,
}

impl Caller {
    pub(super) fn local() -> Self {
        Self { id: "local".into(), name: "a command on this machine".into(), role: Role::Admin }
    }

    /// Whoever uses `turnwise dev`.
    #[must_use]
    pub fn dev() -> Self {
        Self { id: "dev".into(), name: "dev".into(), role: Role::Admin }
    }

    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        // Only a route that is not behind the guard has none.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}

/// Where a request comes from, as far as we know.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into())))
    }
}
