//! The pure core: what a turn means. No IO, no clock, no randomness, no async.

mod arrival;
pub mod check;
pub mod commands;
pub mod context;
pub mod control;
pub mod count;
pub mod decision;
pub mod desk;
pub mod difference;
pub mod effects;
pub mod event;
pub mod handoff;
pub mod id;
pub mod journal;
pub mod kept;
mod refusal;
pub mod release;
pub mod routing;
pub mod turn;

pub use arrival::Cause;
pub use check::{BadOutput, check};
pub use context::{Context, DeskStatus};
pub use control::{Case, Control, Owner};
pub use decision::{
    AttributeChange, Campaign, Choice, Decision, Effect, Handoff, NextState, PluginError, Priority, Reply, Request,
    Timer, WhileWaiting,
};
pub use desk::{Act, Agent, DeskAct, DeskMessage, DeskRules};
pub use difference::{Change, Difference, End};
pub use event::{
    Author, DeliveryFailure, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, Message, NamedJson,
    RequestError, Response, TimerFired, TranscriptLine, User, UserAlias,
};
pub use id::ConversationId;
pub use journal::{JournalEntry, Outcome};
pub use kept::{Conversation, Due};
pub use release::{Release, Version};
pub use routing::Route;
pub use turn::{Answer, Begun, Ended, Finished, Turn};
