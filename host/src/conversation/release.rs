//! Which version of its bot has a turn, while a new one is being released.
//!
//! A session stays with the version it began with, as far as that is there; only a session that begins can go to the candidate.

use super::ConversationId;
use super::id::hash128;

/// The first bytes of a plugin's SHA-256; all zero: none.
pub type ShortDigest = [u8; 8];

/// What is done with a candidate, and with sessions that began before a release. `[plugins.NAME.release]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseRule {
    pub candidate: CandidateRule,
    pub sessions: SessionRule,
}

impl Default for ReleaseRule {
    fn default() -> Self {
        Self { candidate: CandidateRule::Shadow, sessions: SessionRule::Migrate }
    }
}

/// What a candidate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateRule {
    /// It gets every event, and nothing of what it decides is done; how often it decides otherwise is counted.
    Shadow,
    /// It has this share of the sessions that begin, the same users every time.
    Canary { percent: u8 },
}

/// What becomes of a session whose version no longer has the bot's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRule {
    /// It goes on with the version that has, which migrates its state.
    Migrate,
    /// It ends with the version it began with, if that is kept as the previous one.
    Pin,
    /// It ends; the user's next message begins a session with the version that has.
    Restart,
}

impl SessionRule {
    pub const ALL: [Self; 3] = [Self::Migrate, Self::Pin, Self::Restart];

    /// As it is written in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::Pin => "pin",
            Self::Restart => "restart",
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The plugin of the bot's name.
    #[default]
    Stable,
    Candidate,
    Previous,
}

impl Version {
    /// The bot and the version that a plugin of this name is.
    #[must_use]
    pub fn of_plugin(name: &str) -> Option<(&str, Self)> {
        match name.split_once('@') {
            None => Some((name, Self::Stable)),
            Some((bot, "candidate")) => Some((bot, Self::Candidate)),
            Some((bot, "previous")) => Some((bot, Self::Previous)),
            Some(_) => None,
        }
    }

    /// What its plugin is called: `menu`, `menu@candidate`, `menu@previous`.
    #[must_use]
    pub fn plugin(self, bot: &str) -> String {
        match self {
            Self::Stable => bot.to_owned(),
            Self::Candidate => format!("{bot}@candidate"),
            Self::Previous => format!("{bot}@previous"),
        }
    }
}

/// The versions of a bot that are there, and what is done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Release {
    pub stable: Option<ShortDigest>,
    pub candidate: Option<ShortDigest>,
    pub previous: Option<ShortDigest>,
    /// The candidate mostly fails: no further session begins with it.
    pub candidate_is_stopped: bool,
    pub rule: ReleaseRule,
}

impl Release {
    /// Whose turn it is in a session that began with this version; all zero: it begins now.
    #[must_use]
    pub fn version(&self, id: ConversationId, bot: &str, began_with: ShortDigest) -> Version {
        let is = |version: Option<ShortDigest>| version == Some(began_with);
        let canary = matches!(self.rule.candidate, CandidateRule::Canary { .. }) && self.candidate.is_some();
        if is(self.stable) {
            Version::Stable
        } else if canary && is(self.candidate) {
            Version::Candidate
        } else if is(self.previous) {
            if self.rule.sessions == SessionRule::Pin { Version::Previous } else { Version::Stable }
        } else if canary && !self.candidate_is_stopped && self.is_chosen(id, bot) {
            Version::Candidate
        } else {
            Version::Stable
        }
    }

    /// Whether a session that began with this version ends now, so that the message at hand begins another.
    #[must_use]
    pub fn restarts(&self, began_with: ShortDigest) -> bool {
        let there = [self.stable, self.candidate].contains(&Some(began_with));
        self.rule.sessions == SessionRule::Restart && began_with != [0; 8] && self.stable.is_some() && !there
    }

    /// Whether the candidate is asked about a turn that another version had.
    #[must_use]
    pub fn shadows(&self) -> bool {
        self.rule.candidate == CandidateRule::Shadow && self.candidate.is_some()
    }

    /// The same users at each share, and more of them at a larger one.
    fn is_chosen(&self, id: ConversationId, bot: &str) -> bool {
        let CandidateRule::Canary { percent } = self.rule.candidate else { return false };
        let hash = hash128("canary", &[&id.0, bot.as_bytes()]);
        u16::from_be_bytes([hash[0], hash[1]]) % 100 < u16::from(percent)
    }
}

#[cfg(test)]
mod tests;
