//! Turnwise: the intelligence behind a WhatsApp number that Braze runs.
//!
//! Read in this order: the pure core says what a turn means, the adapters each hide one outside thing, the drivers are the
//! order of steps, and `app` is the only file that knows them all. ARCHITECTURE.md has the map.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests measure and spawn; the runtime ends with them"))]

pub mod breaker;
pub mod clock;
pub mod limits;
pub mod xml;

pub mod conversation;
pub mod inbound;
pub mod outbox;

pub mod braze;
pub mod build;
pub mod connections;
pub mod desk;
pub mod ingress;
pub mod people;
pub mod plugins;
pub mod search;
pub mod storage;

pub mod calls;
pub mod dispatch;
pub mod driver;
pub mod feed;

pub mod graph;
pub mod replay;
pub mod sandbox;
pub mod transcript;

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod console;
pub mod telemetry;
