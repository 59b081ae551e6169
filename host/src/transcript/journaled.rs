//! A component whose turns are written down like a host's, to be looked at with what looks at journals.

use turnwise_plugin::testing::contract::{Context, Decision, Event};
use turnwise_plugin::testing::{Decide, Failure};

use super::component::Component;
use super::{convert, failure};
use crate::conversation::{JournalEntry, Outcome};

/// Answers like its component, and keeps a journal.
pub struct Journaled<'a> {
    component: Component<'a>,
    entries: Vec<JournalEntry>,
}

impl<'a> Journaled<'a> {
    #[must_use]
    pub fn new(component: Component<'a>) -> Self {
        Self { component, entries: Vec::new() }
    }

    /// The turns so far, in their order.
    #[must_use]
    pub fn into_entries(self) -> Vec<JournalEntry> {
        self.entries
    }
}

impl Decide for Journaled<'_> {
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure> {
        let (context, event) = (convert::context(context), convert::event(event));
        let decided = self.component.turn(&context, state, &event);
        let plugin = self.component.plugin();
        let outcome = match &decided {
            Ok(decision) => Outcome::Decided(decision.clone()),
            Err(failure) => failure.into(),
        };
        self.entries.push(JournalEntry {
            context,
            bot: plugin.name.clone(),
            plugin_digest: plugin.digest_short(),
            state: state.map(ToOwned::to_owned),
            state_version: plugin.state_version(),
            event,
            outcome,
            log: self.component.log().iter().map(ToString::to_string).collect(),
            unsupported: Vec::new(),
            duration_us: 0,
        });
        decided.map(convert::decision).map_err(|error| failure(&error))
    }
}
