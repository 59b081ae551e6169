//! `[desk]`: where agents work, when, and how long anybody waits for them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Secret;
use crate::conversation::routing::Hours;
use crate::limits;

/// `[desk]`
#[derive(Clone, Debug)]
pub struct Desk {
    pub kind: DeskKind,
    /// When agents are there; always where none are given.
    pub hours: Vec<Hours>,
    /// Of the holidays; the hours have it too.
    pub time_zone: TimeZone,
    /// Days on which nobody is there, whatever the hours say.
    pub holidays: Vec<Date>,
    /// How long an offer waits for an agent.
    pub offer_timeout: Duration,
    /// How long an agent's conversation may rest, with nobody writing.
    pub idle_timeout: Duration,
    /// Told to a user who writes while waiting; empty for nothing.
    pub queue_notice: String,
    /// Between two such notices of one conversation.
    pub queue_notice_interval: Duration,
    /// The custom attribute that says on the profile who has the conversation; none where nobody wants it.
    pub owner_attribute: Option<String>,
    /// What plugins call the teams; any name will do where none are listed.
    pub teams: BTreeMap<String, Team>,
    pub on_resolve: OnResolve,
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
}

/// `[desk.teams.NAME]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Its number at a remote desk.
    pub id: Option<u64>,
    /// In place of the desk's own.
    pub offer_timeout: Option<Duration>,
}

/// What follows when an agent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnResolve {
    /// The bot has the conversation again, and hears what was said.
    Return,
    /// The session ends; the next message begins another.
    Close,
}

impl OnResolve {
    pub const ALL: [Self; 2] = [Self::Return, Self::Close];

    /// As it is written in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Close => "close",
        }
    }
}

/// Said once to who waits.
pub(super) const QUEUE_NOTICE: &str = "You are in the queue. Somebody will be with you soon.";
pub(super) const OWNER_ATTRIBUTE: &str = "turnwise_owner";

impl Desk {
    /// The console's inbox, with every default.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            kind: DeskKind::BuiltIn,
            hours: Vec::new(),
            time_zone: TimeZone::UTC,
            holidays: Vec::new(),
            offer_timeout: limits::DESK_OFFER_TIMEOUT,
            idle_timeout: limits::DESK_IDLE_TIMEOUT,
            queue_notice: QUEUE_NOTICE.to_owned(),
            queue_notice_interval: limits::DESK_QUEUE_NOTICE_INTERVAL,
            owner_attribute: Some(OWNER_ATTRIBUTE.to_owned()),
            teams: BTreeMap::new(),
            on_resolve: OnResolve::Close,
            unreachable_after: limits::DESK_UNREACHABLE_AFTER,
        }
    }
}
