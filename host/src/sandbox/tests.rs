//! The sandbox driven over real HTTP, as the host and its tests drive it.

mod api;
mod chaos;
mod chatwoot;
mod llm;
mod reading;
mod sender;
mod world;
