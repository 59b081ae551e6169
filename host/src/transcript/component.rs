//! A built plugin answers, as it would in production.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use turnwise_plugin::testing::contract::{Context, Decision, Event};
use turnwise_plugin::testing::{Decide, Failure};

use super::{convert, failure};
use crate::config::PluginLimits;
use crate::conversation;
use crate::plugins::{EngineError, LoadError, LogLine, Plugin, Plugins, TurnFailure, Wanted};

/// What runs components for transcripts, one turn at a time on the thread that asks.
pub struct Components {
    runtime: Runtime,
    plugins: Plugins,
}

/// Why no component can run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no runtime: {0}")]
    Runtime(#[from] io::Error),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Components {
    /// # Errors
    /// The machine has no room for the runtime or for the plugins' memory.
    pub fn start() -> Result<Self, StartError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { plugins: Plugins::new(PluginLimits::default().memory_bytes_max)?, runtime })
    }

    /// A plugin with the limits that one has without any in the configuration.
    ///
    /// # Errors
    /// The file is none.
    pub fn load(&self, file: &Path) -> Result<Arc<Plugin>, LoadError> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = Wanted { name, file: file.to_owned(), settings: Vec::new(), limits: PluginLimits::default() };
        self.runtime.block_on(self.plugins.compile(wanted))
    }

    /// Answers one transcript.
    #[must_use]
    pub fn answering<'a>(&'a self, plugin: &'a Plugin) -> Component<'a> {
        Component { waits: Waits::In(&self.runtime), plugins: &self.plugins, plugin, turns: 0, log: Vec::new() }
    }
}

/// Where the end of a turn is waited for.
enum Waits<'a> {
    /// In a runtime of one's own.
    In(&'a Runtime),
    /// Beside one that goes on by itself.
    Beside(Handle),
}

/// A component in a transcript.
pub struct Component<'a> {
    waits: Waits<'a>,
    plugins: &'a Plugins,
    plugin: &'a Plugin,
    turns: usize,
    log: Vec<LogLine>,
}

impl<'a> Component<'a> {
    /// A plugin of a running host, for a thread that may wait, such as one of `spawn_blocking`.
    #[must_use]
    pub fn of_host(runtime: Handle, plugins: &'a Plugins, plugin: &'a Plugin) -> Self {
        Self { waits: Waits::Beside(runtime), plugins, plugin, turns: 0, log: Vec::new() }
    }
}

impl Component<'_> {
    /// How many turns there have been.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.turns
    }

    /// What the plugin wrote to its log in the last turn.
    #[must_use]
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }
}

impl Component<'_> {
    /// The plugin that answers.
    pub(super) fn plugin(&self) -> &Plugin {
        self.plugin
    }

    /// One turn, in the host's own words.
    pub(super) fn turn(
        &mut self,
        context: &conversation::Context,
        state: Option<&str>,
        event: &conversation::Event,
    ) -> Result<conversation::Decision, TurnFailure> {
        let deciding = self.plugins.decide_with(self.plugin, context, state, event);
        let result = match &self.waits {
            Waits::In(runtime) => runtime.block_on(deciding),
            Waits::Beside(runtime) => runtime.block_on(deciding),
        };
        self.turns += 1;
        self.log = result.log;
        result.outcome
    }
}

impl Decide for Component<'_> {
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure> {
        let outcome = self.turn(&convert::context(context), state, &convert::event(event));
        outcome.map(convert::decision).map_err(|error| failure(&error))
    }
}
