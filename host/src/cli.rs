//! The commands, each a plain function from its options to what it prints.

pub mod braze_template;
pub mod check;
pub mod output;
