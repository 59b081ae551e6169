//! Write Turnwise plugins in Rust.
//!
//! A plugin is a pure function: it is given a conversation's state and an event, and says what becomes of the state and
//! what is to be done. It has no clock, no network and no memory of its own; the [`Turn`] hands it all it may know and
//! collects all it asks for.
//!
//! ```
//! use turnwise_plugin::{Message, Plugin, Result, Turn};
//!
//! struct Greeter;
//!
//! impl Plugin for Greeter {
//!     type State = ();
//!
//!     fn on_message(turn: &mut Turn<Self::State>, _message: &Message) -> Result {
//!         turn.reply("Hello! What can I do for you?").choice("order", "Order status").choice("agent", "An agent");
//!         Ok(())
//!     }
//! }
//!
//! turnwise_plugin::export!(Greeter);
//! ```
//!
//! `plugins/echo` is the tutorial, `plugins/menu` a complete bot. [`llm`] lets a language model answer, [`testing`] runs a
//! plugin natively on a transcript.

#[doc(hidden)]
pub mod bindings {
    // The manifest and the migration are optional in the contract. A Rust plugin always exports both, because both have
    // a good default, and because what a world exports cannot depend on what a trait implementation overrides.
    wit_bindgen::generate!({
        inline: "
            package turnwise:sdk;
            world rust-plugin {
                include turnwise:bot/plugin@0.1.0;
                export turnwise:bot/manifest@0.1.0;
                export turnwise:bot/migration@0.1.0;
            }
        ",
        path: "wit",
        world: "turnwise:sdk/rust-plugin",
        pub_export_macro: true,
        default_bindings_module: "turnwise_plugin::bindings",
        additional_derives: [PartialEq],
        generate_all,
    });
}

#[doc(hidden)]
pub mod adapter;
mod effects;
mod error;
mod events;
pub mod llm;
pub mod log;
mod plugin;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod turn;

pub use bindings::turnwise::bot::types::{
    Author, Context, DeliveryFailure, DeskStatus, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, Message,
    NamedJson, Priority, RequestError, Response, TimerFired, Timestamp, TranscriptLine, User, UserAlias, WhileWaiting,
};
pub use effects::{Campaign, Handoff, Reply, Request, Timer};
pub use error::{Error, Result};
pub use plugin::{Plugin, dispatch};
pub use serde_json::json;
pub use turn::Turn;
