//! The commands: each is one function from its arguments to an exit code, data on stdout and talk on stderr.

pub mod braze_template;
pub mod check;
pub mod output;
pub mod plugin_check;
