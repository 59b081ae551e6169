//! What agents read first: why they were asked for, by whom, and what was said before.

use super::super::Telling;
use crate::conversation::{Author, DeskMessage};

/// The first note of a conversation.
pub(super) fn opening(telling: &Telling) -> String {
    let DeskMessage::Open { reason, summary, team, bot, step, .. } = &telling.message else { return String::new() };
    let user = &telling.user;
    let mut lines = Vec::new();
    if !summary.trim().is_empty() {
        lines.extend([summary.trim().to_owned(), String::new()]);
    }
    let facts = [
        ("Reason", Some(reason)),
        ("Team", team.as_ref()),
        ("Source", Some(&telling.source)),
        ("Bot", Some(bot)),
        ("Step", step.as_ref()),
        ("Phone", user.phone.as_ref()),
        ("Language", user.language.as_ref()),
    ];
    let told = facts.into_iter().filter_map(|(name, fact)| Some((name, fact.filter(|fact| !fact.trim().is_empty())?)));
    lines.extend(told.map(|(name, fact)| format!("{name}: {}", indented(fact))));
    if !telling.history.is_empty() {
        lines.extend([String::new(), "What was said before:".to_owned()]);
    }
    lines.extend(telling.history.iter().map(|line| {
        let author = match line.author {
            Author::User => "User",
            Author::Bot => "Bot",
            Author::Agent => "Agent",
        };
        format!("{author}: {}", indented(&line.text))
    }));
    lines.join("\n")
}

/// The last note of a conversation that ends here.
pub(super) fn closed(reason: &str) -> String {
    format!("Closed by Turnwise: {reason}")
}

/// What somebody wrote must not look like a line of its own.
fn indented(text: &str) -> String {
    text.trim().replace('\n', "\n  ")
}
