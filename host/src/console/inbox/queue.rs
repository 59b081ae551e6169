//! The queue: who waits, for how long, and whether that is too long.

use crate::clock::Timestamp;
use crate::conversation::control::Case;
use crate::conversation::{ConversationId, DeskRules, Owner, Priority};

/// Which part of the queue is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Waiting,
    Mine,
    Others,
    Parked,
}

impl View {
    const ALL: [Self; 4] = [Self::Waiting, Self::Mine, Self::Others, Self::Parked];

    /// Whoever waits, where the name is none of these.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|view| view.name() == name).unwrap_or(Self::Waiting)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Mine => "mine",
            Self::Others => "others",
            Self::Parked => "parked",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Mine => "Mine",
            Self::Others => "Others",
            Self::Parked => "Parked",
        }
    }

    /// What to read where nobody is in it.
    pub(super) fn empty(self) -> &'static str {
        match self {
            Self::Waiting => "Nobody is waiting. When a bot asks for a person, the conversation is here.",
            Self::Mine => "You have no conversation. Accept one that is waiting, or take one over from its page.",
            Self::Others => "No other agent has a conversation.",
            Self::Parked => "Nothing is put aside.",
        }
    }

    /// The view that a conversation of this owner is in, for this caller.
    pub(super) fn of(owner: &Owner, caller: &str) -> Self {
        match owner {
            Owner::Agent(agent) if agent.id == caller => Self::Mine,
            Owner::Agent(_) => Self::Others,
            Owner::Parked { .. } => Self::Parked,
            Owner::Bot | Owner::Offered | Owner::Closed => Self::Waiting,
        }
    }
}

/// A view with how many are in it.
pub(super) struct Tab {
    pub name: &'static str,
    pub title: &'static str,
    pub count: usize,
    pub is_current: bool,
}

pub(super) fn tabs(cases: &[(ConversationId, Case)], caller: &str, current: View) -> Vec<Tab> {
    let tab = |view: View| Tab {
        name: view.name(),
        title: view.title(),
        count: cases.iter().filter(|(_, case)| View::of(&case.owner, caller) == view).count(),
        is_current: view == current,
    };
    View::ALL.into_iter().map(tab).collect()
}

/// One conversation of the queue.
pub(super) struct Row {
    pub id: ConversationId,
    pub name: String,
    pub initial: String,
    pub reason: String,
    pub team: Option<String>,
    pub priority: &'static str,
    /// Of an agent who has it, or should.
    pub agent: Option<String>,
    /// Since when the user waits for an answer.
    pub since: Timestamp,
    /// "late", "soon" or nothing.
    pub lateness: &'static str,
    pub last: String,
    pub unanswered: u32,
    pub is_open: bool,
}

/// The conversations of a view; whoever should be answered first is first.
pub(super) fn rows(
    cases: &[(ConversationId, Case)],
    caller: &str,
    view: View,
    open: Option<ConversationId>,
    rules: &DeskRules,
    now: Timestamp,
) -> Vec<Row> {
    let mut shown: Vec<_> = cases.iter().filter(|(_, case)| View::of(&case.owner, caller) == view).collect();
    shown.sort_by_key(|(id, case)| {
        let is_read = case.unanswered == 0 && !matches!(case.owner, Owner::Offered);
        let for_another = case.handoff.preferred.as_ref().is_some_and(|agent| agent.id != caller);
        (is_read, for_another, std::cmp::Reverse(rank(case.handoff.priority)), waits_since(case), id.0)
    });
    shown.into_iter().map(|(id, case)| row(*id, case, open, rules, now)).collect()
}

fn row(id: ConversationId, case: &Case, open: Option<ConversationId>, rules: &DeskRules, now: Timestamp) -> Row {
    let name = name(&case.user);
    let since = waits_since(case);
    let waits = case.unanswered > 0 || matches!(case.owner, Owner::Offered);
    let waited = now.since(since);
    let lateness = if !waits {
        ""
    } else if waited >= rules.answer_within {
        "late"
    } else if waited * 2 >= rules.answer_within {
        "soon"
    } else {
        ""
    };
    let agent = case.owner.agent().or(case.handoff.preferred.as_ref());
    Row {
        id,
        initial: initial(&name),
        name,
        reason: case.handoff.reason.clone(),
        team: case.handoff.team.clone(),
        priority: priority(case.handoff.priority),
        agent: agent.map(|agent| agent.called().to_owned()),
        since,
        lateness,
        last: case.last_line.as_ref().map_or_else(|| case.handoff.summary.clone(), |line| line.text.clone()),
        unanswered: case.unanswered,
        is_open: open == Some(id),
    }
}

fn waits_since(case: &Case) -> Timestamp {
    match case.owner {
        Owner::Offered => case.unanswered_since.unwrap_or(case.since).min(case.handoff.opened.max(case.since)),
        _ => case.unanswered_since.unwrap_or(case.since),
    }
}

fn rank(priority: Priority) -> u8 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Urgent => 3,
    }
}

/// How it is called; nothing for what is usual.
pub(super) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}

/// How a user is called: by name, else by number, else by id.
pub(super) fn name(user: &crate::conversation::User) -> String {
    let named = user.profile_name.as_deref().filter(|name| !name.trim().is_empty());
    let known = named.or(user.phone.as_deref()).or(user.external_id.as_deref());
    known.unwrap_or("Somebody").to_owned()
}

pub(super) fn initial(name: &str) -> String {
    name.chars()
        .find(|character| character.is_alphanumeric())
        .map_or_else(|| "?".into(), |first| first.to_uppercase().to_string())
}
