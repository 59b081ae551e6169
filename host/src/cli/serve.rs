//! `turnwise serve`: the host, until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::output::{colour_on_stderr, configuration};
use super::{address, signals};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::SystemEnvironment;

/// 0 after a drain, 1 when something failed, 2 for a wrong configuration.
pub async fn run(file: PathBuf) -> ExitCode {
    let config = match configuration(&file, false, colour_on_stderr(&SystemEnvironment), &SystemEnvironment) {
        Ok(config) => config,
        Err(output) => return output.emit(),
    };
    let (stop, _listening) = match signals::shutdown() {
        Ok(stop) => stop,
        Err(error) => return failed(&error),
    };
    let app = match App::build(config, Arc::new(SystemClock)).await {
        Ok(app) => app,
        Err(error) => return failed(&error),
    };
    introduce(&app);
    print!("{}{}", address("public", app.addr(), ""), address("admin", app.admin_addr(), ""));
    match app.run(stop.cancelled_owned()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Logs which plugins are ready, and which files are not and why.
pub(super) fn introduce(app: &App) {
    for name in app.plugins().names() {
        if let Some(plugin) = app.plugins().get(&name) {
            let compile_ms = plugin.compile_time.as_millis();
            let compiled_before = plugin.compiled_before;
            tracing::info!(plugin = name, contract = plugin.contract, compile_ms, compiled_before, "plugin ready");
        }
    }
    for error in app.load_errors() {
        tracing::error!("{error}");
    }
}

pub(super) fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
