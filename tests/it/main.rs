//! The whole, from outside: one binary of tests, so that it is linked once.

mod conversation;
mod page;
