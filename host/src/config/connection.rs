//! `[connections.NAME]`: another system that plugins may call.

use std::time::Duration;

use ipnet::IpNet;

use super::Secret;
use crate::limits;

/// `[connections.NAME]`
#[derive(Clone, Debug)]
pub struct Connection {
    /// e.g. `https://api.example.com/v1`, without a trailing slash, query or user.
    pub base_url: String,
    /// Sent with every call.
    pub headers: Vec<Header>,
    /// Upper case.
    pub methods: Vec<String>,
    /// Below the base URL, as [`crate::connections::target`] reads them.
    pub paths: Vec<String>,
    /// A call in all: waiting for its turn, every try, and the answer's last byte.
    pub timeout: Duration,
    pub request_bytes_max: usize,
    pub response_bytes_max: usize,
    pub calls_in_flight_max: usize,
    /// After the first try.
    pub retries_max: u32,
    pub retry: RetryRule,
    /// Networks of one's own that the base URL's host may be in.
    pub allow_private: Vec<IpNet>,
}

impl Connection {
    /// Every default, for a base URL that is given.
    #[must_use]
    pub fn to(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            headers: Vec::new(),
            methods: ["GET", "POST"].map(str::to_owned).into(),
            paths: vec!["/".to_owned()],
            timeout: limits::CALL_TIMEOUT,
            request_bytes_max: limits::CALL_REQUEST_BYTES_MAX,
            response_bytes_max: limits::CALL_RESPONSE_BYTES_MAX,
            calls_in_flight_max: limits::CALLS_IN_FLIGHT_MAX,
            retries_max: limits::CALL_RETRIES_MAX,
            retry: RetryRule::Safe,
            allow_private: Vec::new(),
        }
    }
}

/// One header of a connection.
#[derive(Clone, Debug)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// As it is sent; its reference is what the configuration says, e.g. `Bearer env:LLM_KEY`.
    pub value: Secret,
    /// What its references led to, which nobody may see.
    pub secrets: Vec<Secret>,
}

/// When a call that failed is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryRule {
    /// Where making it twice does no harm: methods that are idempotent, and others if the call certainly never arrived.
    Safe,
    /// Whatever the method.
    Always,
    Never,
}

impl RetryRule {
    pub const ALL: [Self; 3] = [Self::Safe, Self::Always, Self::Never];

    /// As it is written in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}
