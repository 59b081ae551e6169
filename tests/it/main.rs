//! The whole, from outside: one binary of tests, so that it is linked once.

#![allow(clippy::disallowed_methods, reason = "tests measure and read their environment")]

mod admin;
mod braze_faults;
mod building;
mod building_c;
mod building_python;
mod chat;
mod chatwoot;
mod commands;
mod compile_bombs;
mod console;
mod conversation;
mod corpus;
mod crash;
mod database;
mod documented;
mod inbound;
mod inbox;
mod languages;
mod page;
mod plugin_changes;
mod plugin_faults;
mod privacy;
mod releases;
mod replay;
mod requests;
mod shutdown;
mod support;
mod tidy;
mod traffic;
mod transcripts;
mod two_days;
