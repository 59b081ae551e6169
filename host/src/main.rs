//! The `turnwise` command.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use turnwise::cli::{self, Cli};

/// A turn is many small allocations on several threads: with it the host does a fifth more turns than with the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
