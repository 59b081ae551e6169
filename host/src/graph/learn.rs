//! From turns to graphs, turn by turn: each conversation's in their order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Graph, Node};
use crate::conversation::{ConversationId, Effect, Event, JournalEntry, Outcome};

/// What was learned so far.
#[derive(Debug, Default)]
pub struct Learning {
    graphs: BTreeMap<String, Graph>,
    under_way: HashMap<ConversationId, Session>,
}

/// A session under way, or one that ended and whose last turns may still come.
#[derive(Debug)]
struct Session {
    bot: String,
    number: u32,
    at: Node,
    visited: BTreeSet<Node>,
    ended: bool,
}

impl Learning {
    /// Takes the next turn of its conversation.
    pub fn learn(&mut self, entry: &JournalEntry) {
        let (id, number) = (entry.context.conversation, entry.context.session);
        let goes_on = |session: &Session| session.bot == entry.bot && session.number == number;
        let mut session = match self.under_way.remove(&id) {
            Some(session) if goes_on(&session) => session,
            before => {
                if let Some(before) = before {
                    self.leave(&before);
                }
                let visited = BTreeSet::from([Node::Start]);
                self.graph(&entry.bot).nodes.entry(Node::Start).or_default().sessions += 1;
                Session { bot: entry.bot.clone(), number, at: Node::Start, visited, ended: false }
            }
        };
        if !session.ended {
            self.turn(&mut session, entry);
        }
        self.under_way.insert(id, session);
    }

    /// No conversation goes on: the next turn of each, if any, begins anew. As at the end of a transcript.
    pub fn pause(&mut self) {
        for (_, session) in std::mem::take(&mut self.under_way) {
            if !session.ended {
                self.graph(&session.bot).nodes.entry(session.at).or_default().open += 1;
            }
        }
    }

    /// The graphs, by bot.
    #[must_use]
    pub fn finish(mut self) -> BTreeMap<String, Graph> {
        self.pause();
        self.graphs
    }

    fn turn(&mut self, session: &mut Session, entry: &JournalEntry) {
        let decision = match &entry.outcome {
            Outcome::Decided(decision) => decision,
            Outcome::Failed { .. } => {
                self.graph(&entry.bot).nodes.entry(session.at.clone()).or_default().failed += 1;
                if matches!(entry.event, Event::SessionExpired { .. }) {
                    self.leave(session);
                    session.ended = true;
                }
                return;
            }
        };
        if matches!(entry.event, Event::SessionExpired { .. }) {
            // Whatever the bot does about it, nobody is there any more.
            self.leave(session);
            session.ended = true;
            return;
        }
        let by_host = entry.plugin_digest == [0; 8];
        let to = match (&decision.step, &session.at) {
            (Some(step), _) => Node::Step(step.clone()),
            (None, Node::Start) if !by_host => Node::Step(String::new()),
            (None, at) => at.clone(),
        };
        if to != session.at {
            self.go(session, to);
        } else if matches!(entry.event, Event::Message(_) | Event::Burst(_)) {
            self.graph(&entry.bot).nodes.entry(to).or_default().stayed += 1;
        }
        for effect in &decision.effects {
            match effect {
                Effect::Handoff(_) => self.graph(&entry.bot).nodes.entry(session.at.clone()).or_default().handoffs += 1,
                Effect::EndSession(outcome) => self.end(session, Node::Ended(outcome.clone())),
                Effect::SwitchBot(to) => self.end(session, Node::Passed(to.name.clone())),
                _ => {}
            }
        }
    }

    fn go(&mut self, session: &mut Session, to: Node) {
        let is_new = session.visited.insert(to.clone());
        let from = std::mem::replace(&mut session.at, to.clone());
        let graph = self.graph(&session.bot);
        graph.nodes.entry(to.clone()).or_default().sessions += u64::from(is_new);
        *graph.transitions.entry((from, to)).or_default() += 1;
    }

    fn end(&mut self, session: &mut Session, end: Node) {
        if !session.ended {
            self.go(session, end);
            session.ended = true;
        }
    }

    fn leave(&mut self, session: &Session) {
        if !session.ended {
            self.graph(&session.bot).nodes.entry(session.at.clone()).or_default().left += 1;
        }
    }

    fn graph(&mut self, bot: &str) -> &mut Graph {
        let new = || Graph { bot: bot.to_owned(), ..Graph::default() };
        self.graphs.entry(bot.to_owned()).or_insert_with(new)
    }
}
