//! The whole, from outside: one binary of tests, so that it is linked once.

mod braze_faults;
mod conversation;
mod crash;
mod database;
mod shutdown;
mod traffic;
