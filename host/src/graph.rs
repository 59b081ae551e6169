//! The state graph of a bot as its conversations walked it: which steps there are, what leads from one to another, and where people
//! stop.

mod learn;
mod mermaid;
mod svg;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::limits::{GRAPH_STEPS_MAX, GRAPH_WAYS_MAX};
pub use learn::Learning;
pub use mermaid::mermaid;
pub use svg::{lit, svg};

/// What is drawn as a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Where sessions begin.
    Start,
    /// As the bot names it; no name where it names none.
    Step(String),
    /// The session ended with this outcome.
    Ended(String),
    /// Another bot went on with it.
    Passed(String),
    /// Steps that there are too many of to be drawn one by one.
    Others,
}

/// What happened at a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visits {
    /// Sessions that came here, each counted once.
    pub sessions: u64,
    /// Sessions that were left here: the user did not go on until they expired, or another began.
    pub left: u64,
    /// Sessions that were here when last heard of.
    pub open: u64,
    /// The user wrote, and the bot stayed here.
    pub stayed: u64,
    /// Turns that failed here.
    pub failed: u64,
    /// People were asked for from here.
    pub handoffs: u64,
}

/// Of one bot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub bot: String,
    pub nodes: BTreeMap<Node, Visits>,
    /// How many turns led from one node to another.
    pub transitions: BTreeMap<(Node, Node), u64>,
}

impl Node {
    /// For people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Step(name) if name.is_empty() => "(no step)".to_owned(),
            Self::Step(name) => name.clone(),
            Self::Ended(outcome) => format!("ended: {outcome}"),
            Self::Passed(bot) => format!("passed to {bot}"),
            Self::Others => "(other steps)".to_owned(),
        }
    }

    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Passed(_))
    }

    /// Whether a bot can be in it.
    #[must_use]
    pub fn is_step(&self) -> bool {
        matches!(self, Self::Step(_) | Self::Others)
    }
}

impl Visits {
    /// Of the sessions that came here, how many were left here; 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of so many sessions needs no last digit")]
    pub fn drop_off(&self) -> f64 {
        if self.sessions == 0 { 0.0 } else { self.left as f64 / self.sessions as f64 }
    }

    /// Lines below a node's name.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let sessions = if self.sessions == 1 { "session" } else { "sessions" };
        let mut lines = vec![format!("{} {sessions}", self.sessions)];
        let counts =
            [(self.stayed, "stayed"), (self.handoffs, "to a person"), (self.failed, "failed"), (self.open, "open")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !counts.is_empty() {
            lines.push(counts.join(" · "));
        }
        if self.left > 0 {
            lines.push(format!("{} left ({:.0} %)", self.left, 100.0 * self.drop_off()));
        }
        lines
    }

    fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.left += other.left;
        self.open += other.open;
        self.stayed += other.stayed;
        self.failed += other.failed;
        self.handoffs += other.handoffs;
    }
}

impl Graph {
    /// How many sessions there were.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.nodes.get(&Node::Start).map_or(0, |visits| visits.sessions)
    }

    /// The same with no more nodes and arrows than a drawing can have: the least visited nodes are one, and the least travelled ways are
    /// left out.
    #[must_use]
    pub fn for_drawing(&self) -> Self {
        let mut by_visits: Vec<(&Node, u64)> =
            self.nodes.iter().map(|(node, visits)| (node, visits.sessions)).collect();
        by_visits.sort_by_key(|(node, sessions)| (**node != Node::Start, Reverse(*sessions)));
        let kept: BTreeSet<&Node> = by_visits.iter().take(GRAPH_STEPS_MAX).map(|(node, _)| *node).collect();
        let shown = |node: &Node| if kept.contains(node) { node.clone() } else { Node::Others };
        let mut graph = Self { bot: self.bot.clone(), ..Self::default() };
        for (node, visits) in &self.nodes {
            graph.nodes.entry(shown(node)).or_default().add(visits);
        }
        for ((from, to), count) in &self.transitions {
            let (from, to) = (shown(from), shown(to));
            if from != to {
                *graph.transitions.entry((from, to)).or_default() += count;
            }
        }
        let mut counts: Vec<u64> = graph.transitions.values().copied().collect();
        counts.sort_unstable_by_key(|count| Reverse(*count));
        if let Some(too_rare) = counts.get(GRAPH_WAYS_MAX) {
            let mut room = counts.iter().take(GRAPH_WAYS_MAX).filter(|count| *count == too_rare).count();
            graph.transitions.retain(|_, count| {
                let last = *count == *too_rare && room > 0;
                room -= usize::from(last);
                *count > *too_rare || last
            });
        }
        graph
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let kind = |node: &Node| match node {
            Node::Start => "start",
            Node::Step(_) | Node::Others => "step",
            Node::Ended(_) => "ended",
            Node::Passed(_) => "passed",
        };
        let nodes = self.nodes.iter().map(|(node, visits)| {
            let Visits { sessions, left, open, stayed, failed, handoffs } = visits;
            json!({
                "kind": kind(node),
                "name": node.name(),
                "sessions": sessions,
                "left": left,
                "open": open,
                "stayed": stayed,
                "failed": failed,
                "handoffs": handoffs,
            })
        });
        let transitions = self
            .transitions
            .iter()
            .map(|((from, to), count)| json!({ "from": from.name(), "to": to.name(), "count": count }));
        json!({
            "bot": self.bot,
            "sessions": self.sessions(),
            "nodes": nodes.collect::<Vec<_>>(),
            "transitions": transitions.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests;
