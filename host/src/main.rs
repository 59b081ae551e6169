//! The `turnwise` command.

use std::process::ExitCode;

use clap::Parser;
use turnwise::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
