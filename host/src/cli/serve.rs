//! `turnwise serve`: the host, until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::output::{Output, colour_on_stderr};
use super::{address, signals};
use crate::app::App;
use crate::clock::SteadyClock;
use crate::config::{ABSENT_PLUGINS, SystemEnvironment, load_excusing};

/// 0 after a drain, 1 when something failed, 2 for a wrong configuration.
pub async fn run(file: PathBuf) -> ExitCode {
    // A plugin can be dropped in later; until it is there its source is not ready.
    let (config, absent) = match load_excusing(&ABSENT_PLUGINS, &file, &SystemEnvironment) {
        Ok(loaded) => loaded,
        Err(errors) => return Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)).emit(),
    };
    for mistake in absent {
        tracing::warn!(help = mistake.help, "{}; it is loaded as soon as it is there", mistake.message);
    }
    let (stop, _listening) = match signals::shutdown() {
        Ok(stop) => stop,
        Err(error) => return failed(&error),
    };
    let app = match App::build(config, Arc::new(SteadyClock::start())).await {
        Ok(app) => app,
        Err(error) => return failed(&error),
    };
    print!("{}{}", address("public", app.addr(), ""), address("admin", app.admin_addr(), "the console"));
    if let Some(link) = app.welcome() {
        print!("\nNobody can sign in yet. Open this once, and choose a name and a password:\n  {link}\n");
    }
    match app.run(stop.cancelled_owned()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

pub(super) fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
