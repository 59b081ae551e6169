//! `[plugins.NAME.release]`: what is done with a candidate, and with sessions that began before a release.

use super::super::super::report::Report;
use super::super::super::section::Section;
use super::super::super::suggest;
use crate::conversation::release::{CandidateRule, ReleaseRule, SessionRule};

const SHADOW: &str = "shadow";
const CANARY: &str = "canary";
/// Enough to see what goes wrong, and few enough to bear it.
const PERCENT: usize = 10;

pub(super) fn read(mut section: Section<'_>, report: &Report) -> ReleaseRule {
    let candidate = read_candidate(&mut section, report);
    let sessions = read_sessions(&mut section, report);
    section.finish();
    ReleaseRule { candidate, sessions }
}

fn read_candidate(section: &mut Section<'_>, report: &Report) -> CandidateRule {
    let mode = section.text("mode", Some(SHADOW), CANARY);
    let has_percent = section.has("percent");
    let percent = section.count("percent", PERCENT, 1..=100);
    let canary = CandidateRule::Canary { percent: u8::try_from(percent).unwrap_or(100) };
    match mode.as_ref().map(|mode| mode.get_ref().as_str()) {
        Some(CANARY) => canary,
        Some(SHADOW) | None => {
            if has_percent {
                let help = "write `mode = \"canary\"` to give the candidate a share, or take `percent` out";
                report.error(
                    "unused-percent",
                    section.span(),
                    "a shadow has no share of the sessions".to_owned(),
                    help,
                );
            }
            CandidateRule::Shadow
        }
        Some(other) => {
            let help = match suggest::closest(other, [SHADOW, CANARY]) {
                Some(near) => format!("did you mean `mode = \"{near}\"`?"),
                None => format!("write {}", suggest::list([SHADOW, CANARY])),
            };
            let span = mode.as_ref().map_or_else(|| section.span(), toml::Spanned::span);
            report.error("bad-mode", span, format!("`{other}` is nothing a candidate can be for"), help);
            CandidateRule::Shadow
        }
    }
}

fn read_sessions(section: &mut Section<'_>, report: &Report) -> SessionRule {
    let default = SessionRule::Migrate;
    let Some(given) = section.text("sessions", Some(default.name()), "pin") else { return default };
    let found = SessionRule::ALL.into_iter().find(|rule| rule.name() == given.get_ref());
    found.unwrap_or_else(|| {
        let names = SessionRule::ALL.map(SessionRule::name);
        let help = match suggest::closest(given.get_ref(), names) {
            Some(near) => format!("did you mean `sessions = \"{near}\"`?"),
            None => format!("write one of {}", suggest::list(names)),
        };
        let message = format!("`{}` is nothing that can become of sessions", given.get_ref());
        report.error("bad-sessions", given.span(), message, help);
        default
    })
}
