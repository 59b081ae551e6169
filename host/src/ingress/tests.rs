//! Over real TCP, with a storage that answers as told.

mod client;
mod connections;
mod fake_storage;
mod webhooks;
