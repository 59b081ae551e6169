//! The whole, from outside: one binary of tests, so that it is linked once.

mod commands;
mod conversation;
mod documented;
mod inbound;
mod page;
mod plugin_faults;
mod privacy;
mod support;
mod tidy;
