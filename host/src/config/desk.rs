//! `[desk]`: where agents work, when, and how long anybody waits for them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Secret;
use crate::conversation::desk::DeskRules;
use crate::limits::DESK_UNREACHABLE_AFTER;

/// `[desk]`
#[derive(Clone, Debug)]
pub struct Desk {
    pub kind: DeskKind,
    pub rules: DeskRules,
    /// How long a remote desk may be out of reach before an offer has failed.
    pub unreachable_after: Duration,
}

/// Which desk it is.
#[derive(Clone, Debug)]
pub enum DeskKind {
    /// The console's inbox.
    BuiltIn,
    Chatwoot(Chatwoot),
}

/// `[desk.chatwoot]`
#[derive(Clone, Debug)]
pub struct Chatwoot {
    /// e.g. `https://app.chatwoot.com`, without a trailing slash; a path where it is served below one.
    pub url: String,
    pub account: u64,
    /// An inbox of the kind "API".
    pub inbox: u64,
    /// An agent bot's or a user's access token.
    pub token: Secret,
    /// What its webhooks are signed with: one secret, or that of the inbox and that of the account's webhook.
    pub webhook_secrets: Vec<Secret>,
    /// `[desk.teams.NAME]`: what plugins call a team → its number there.
    pub teams: BTreeMap<String, u64>,
}

impl Desk {
    /// The console's inbox, with every default.
    #[must_use]
    pub fn built_in() -> Self {
        Self { kind: DeskKind::BuiltIn, rules: DeskRules::default(), unreachable_after: DESK_UNREACHABLE_AFTER }
    }
}
