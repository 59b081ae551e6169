//! State that an earlier or a later version of a plugin wrote: brought up to this version, or left alone.

use super::turn::{self, TurnResult};
use super::{LogLevel, LogLine, Plugin, Plugins, TurnFailure};
use crate::conversation::{Context, Event};

/// A conversation's state as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredState<'a> {
    pub state: &'a str,
    /// Of the plugin that wrote it, where its manifest gave one.
    pub version: Option<u32>,
}

impl Plugins {
    /// [`Plugins::decide_with`], on state of any version. State that cannot be brought to the plugin's own is never handed over; a
    /// plugin that gives no version of its own, or exports no migration, reads what it finds.
    pub async fn decide_on(
        &self,
        plugin: &Plugin,
        context: &Context,
        stored: Option<StoredState<'_>>,
        event: &Event,
    ) -> TurnResult {
        let Some(StoredState { state, version }) = stored else {
            return self.decide_with(plugin, context, None, event).await;
        };
        match version.zip(plugin.state_version()) {
            Some((stored, known)) if stored > known => TurnResult {
                plugin_digest: plugin.digest_short(),
                ..TurnResult::failed(TurnFailure::StateTooNew { stored, known })
            },
            Some((from, to)) if from < to && plugin.migrates() => {
                self.decide_migrated(plugin, context, state, (from, to), event).await
            }
            _ => self.decide_with(plugin, context, Some(state), event).await,
        }
    }

    async fn decide_migrated(
        &self,
        plugin: &Plugin,
        context: &Context,
        state: &str,
        (from, to): (u32, u32),
        event: &Event,
    ) -> TurnResult {
        let Some(migrated) = turn::migrate(&self.runtime, plugin, context, state, from).await else {
            return self.decide_with(plugin, context, Some(state), event).await;
        };
        let mut log = migrated.log;
        let decided = match migrated.outcome {
            Ok(state) => {
                let text = format!("the state was migrated from version {from} to {to}");
                log.push(LogLine { level: LogLevel::Info, text });
                self.decide_with(plugin, context, Some(&state), event).await
            }
            Err(failure) => {
                let failure = TurnFailure::Migration { from, to, failure: Box::new(failure) };
                TurnResult { plugin_digest: plugin.digest_short(), ..TurnResult::failed(failure) }
            }
        };
        log.extend(decided.log);
        TurnResult { log, duration: migrated.duration + decided.duration, ..decided }
    }
}
