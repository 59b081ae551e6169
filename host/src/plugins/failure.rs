//! Why a turn has no decision, told to the plugin's author.

use std::fmt;
use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};

use super::limiter::Refused;
use crate::config::PluginLimits;
use crate::conversation::{Decision, Outcome, PluginError};
use crate::limits;

/// Why a turn has no decision. The state stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnFailure {
    #[error(
        "the plugin trapped: {what}{calls}. A panic ends like this; its message is in the turn's log if the language writes one"
    )]
    Trapped { what: String, calls: CallStack },
    #[error(
        "the plugin ran longer than its {} ms{calls}: look for a loop without an end, or raise the plugin's limit `deadline`",
        limit.as_millis()
    )]
    DeadlineExceeded { limit: Duration, calls: CallStack },
    #[error(
        "the turn was given up after {} ms, although the plugin's own running time was within its deadline: the machine is overloaded",
        limit.as_millis()
    )]
    Stalled { limit: Duration },
    #[error(
        "the plugin needed more than its {limit} bytes of memory{calls}: keep less, or raise the plugin's limit `memory`"
    )]
    OutOfMemory { limit: usize, calls: CallStack },
    #[error(
        "the plugin needed more than {limit} table elements{calls}; it has too many functions, or a loop that grows a table"
    )]
    OutOfTableElements { limit: usize, calls: CallStack },
    #[error("the plugin's call stack is used up{calls}: look for a recursion without an end")]
    StackOverflow { calls: CallStack },
    #[error(
        "more than {limit} bytes were to cross between plugin and host in one call: shorten what `handle` returns or the log line, or raise the plugin's limit `hostcall_fuel`"
    )]
    HostcallFuel { limit: usize },
    #[error("the plugin's answer cannot be used: {0}")]
    BadOutput(String),
    #[error("the plugin gave no decision: {}", refusal(.0))]
    Refused(PluginError),
    #[error(
        "the stored state has version {stored}, and this plugin reads versions up to {known}: put back the plugin that wrote it. \
         The state is kept as it is, and the user gets the fallback text until then"
    )]
    StateTooNew { stored: u32, known: u32 },
    #[error("the state could not be migrated from version {from} to {to}, and stays as it is: {failure}")]
    Migration { from: u32, to: u32, failure: Box<Self> },
    #[error(
        "the plugin failed in more than half of its recent turns, so it is not asked; in {} s one turn tries it again. A new version \
         of it is asked at once",
        probe_in.as_secs()
    )]
    Stopped { probe_in: Duration },
    #[error("there is no plugin {name:?}; {}", known_plugins(.known))]
    NoSuchPlugin { name: String, known: Vec<String> },
    #[error("the plugin cannot be started: {0}")]
    Instantiate(String),
}

/// As the journal keeps it.
impl From<&TurnFailure> for Outcome {
    fn from(failure: &TurnFailure) -> Self {
        Self::Failed { kind: failure.kind().into(), reason: failure.to_string() }
    }
}

impl From<Result<Decision, TurnFailure>> for Outcome {
    fn from(outcome: Result<Decision, TurnFailure>) -> Self {
        outcome.map_or_else(|failure| Self::from(&failure), Self::Decided)
    }
}

impl TurnFailure {
    /// One word for the journal and for counting.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Trapped { .. } => "trapped",
            Self::DeadlineExceeded { .. } => "deadline-exceeded",
            Self::Stalled { .. } => "stalled",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::OutOfTableElements { .. } => "out-of-table-elements",
            Self::StackOverflow { .. } => "stack-overflow",
            Self::HostcallFuel { .. } => "hostcall-fuel",
            Self::BadOutput(_) => "bad-output",
            Self::Refused(_) => "refused",
            Self::StateTooNew { .. } => "state-too-new",
            Self::Migration { .. } => "migration-failed",
            Self::Stopped { .. } => "stopped",
            Self::NoSuchPlugin { .. } => "no-such-plugin",
            Self::Instantiate(_) => "instantiate",
        }
    }

    /// Of what the plugin said itself, no more than is worth keeping.
    pub(super) fn refused(error: PluginError) -> Self {
        Self::Refused(match error {
            PluginError::BadState(reason) => PluginError::BadState(bounded(reason)),
            PluginError::Other(reason) => PluginError::Other(bounded(reason)),
        })
    }

    /// What wasmtime's error means. `refused` is what the instance last asked for and did not get: what fails after that fails of it.
    pub(super) fn of(phase: Phase, error: &wasmtime::Error, refused: Option<Refused>, limits: &PluginLimits) -> Self {
        let calls = CallStack::of(error);
        let trap = error.downcast_ref::<Trap>().copied();
        match (trap, refused) {
            (Some(Trap::Interrupt), _) => Self::DeadlineExceeded { limit: limits.deadline, calls },
            (Some(Trap::StackOverflow), _) => Self::StackOverflow { calls },
            (_, Some(Refused::Memory)) => Self::OutOfMemory { limit: limits.memory_bytes_max, calls },
            (_, Some(Refused::TableElements)) => {
                Self::OutOfTableElements { limit: limits::PLUGIN_TABLE_ELEMENTS_MAX, calls }
            }
            (Some(trap), None) => Self::Trapped { what: bare(&trap.to_string()), calls },
            // wasmtime keeps the type of this error to itself.
            (None, None) if error.chain().any(|cause| cause.to_string().contains("allocated for hostcalls")) => {
                Self::HostcallFuel { limit: limits.hostcall_fuel }
            }
            (None, None) if !frames(error).is_empty() => Self::Trapped { what: cause(error), calls },
            (None, None) => match phase {
                Phase::Start => Self::Instantiate(cause(error)),
                Phase::Call => Self::BadOutput(format!("{}; its bindings do not match the contract", cause(error))),
            },
        }
    }
}

/// What was under way when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Start,
    Call,
}

/// The plugin's functions that were running, innermost first; those without a name, as in a stripped plugin, are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallStack(pub Vec<String>);

const FRAMES_MAX: usize = 8;
const FRAME_CHARS_MAX: usize = 100;

impl CallStack {
    fn of(error: &wasmtime::Error) -> Self {
        let named = frames(error).iter().filter_map(wasmtime::FrameInfo::func_name);
        Self(named.take(FRAMES_MAX).map(|name| name.chars().take(FRAME_CHARS_MAX).collect()).collect())
    }
}

impl fmt::Display for CallStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, frame) in self.0.iter().enumerate() {
            write!(f, "{}`{frame}`", if index == 0 { ", in " } else { " < " })?;
        }
        Ok(())
    }
}

fn frames(error: &wasmtime::Error) -> &[wasmtime::FrameInfo] {
    error.downcast_ref::<WasmBacktrace>().map_or(&[], WasmBacktrace::frames)
}

/// The innermost of the error's causes that says something; the outer ones only repeat where it came from.
pub(super) fn cause(error: &wasmtime::Error) -> String {
    bounded(bare(&error.root_cause().to_string()))
}

fn bare(text: &str) -> String {
    text.trim_start_matches("wasm trap: ").to_owned()
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(limits::PLUGIN_ERROR_BYTES_MAX));
    text
}

fn refusal(error: &PluginError) -> String {
    match error {
        PluginError::BadState(reason) => format!("it cannot read the stored state: {reason}"),
        PluginError::Other(reason) => reason.clone(),
    }
}

fn known_plugins(known: &[String]) -> String {
    if known.is_empty() { "none is loaded".into() } else { format!("loaded are {}", known.join(", ")) }
}
