//! `[plugins.NAME.release]`: what is done with a candidate, and with sessions that began before a release.

use super::super::super::report::Report;
use super::super::super::section::Section;
use crate::conversation::release::{CandidateRule, ReleaseRule, SessionRule};

/// Enough to see what goes wrong, and few enough to bear it.
const PERCENT: usize = 10;

#[derive(Clone, Copy)]
enum Mode {
    Shadow,
    Canary,
}

impl Mode {
    const ALL: [Self; 2] = [Self::Shadow, Self::Canary];

    fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Canary => "canary",
        }
    }
}

pub(super) fn read(mut section: Section<'_>, report: &Report) -> ReleaseRule {
    let candidate = read_candidate(&mut section, report);
    let wrong = "nothing that can become of sessions";
    let sessions =
        section.choice("sessions", &SessionRule::ALL, SessionRule::name, SessionRule::Migrate, "bad-sessions", wrong);
    section.finish();
    ReleaseRule { candidate, sessions: sessions.unwrap_or(SessionRule::Migrate) }
}

fn read_candidate(section: &mut Section<'_>, report: &Report) -> CandidateRule {
    let wrong = "nothing a candidate can be for";
    let mode = section.choice("mode", &Mode::ALL, Mode::name, Mode::Shadow, "bad-mode", wrong);
    let has_percent = section.has("percent");
    let percent = section.count("percent", PERCENT, 1..=100);
    match mode {
        Some(Mode::Canary) => CandidateRule::Canary { percent: u8::try_from(percent).unwrap_or(100) },
        Some(Mode::Shadow) => {
            if has_percent {
                let help = "write `mode = \"canary\"` to give the candidate a share, or take `percent` out";
                report.error("unused-percent", section.span(), "a shadow has no share of the sessions", help);
            }
            CandidateRule::Shadow
        }
        None => CandidateRule::Shadow,
    }
}
