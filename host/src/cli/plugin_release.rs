//! `turnwise plugin promote` and `rollback`: which file has a bot's name. A running host follows the files.

use std::path::PathBuf;
use std::process::ExitCode;

use super::output::{Output, colour_on_stderr};
use crate::config::{ABSENT_PLUGINS, ABSENT_SECRETS, SystemEnvironment, load_excusing};
use crate::limits::PLUGIN_MEMORY_BYTES_MAX;
use crate::plugins::{Compiling, Plugins, ReleaseError, RolledBack, Versions, hex};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The bot.
    name: String,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
    config: PathBuf,
}

/// 0 where the candidate has the bot's name now, 1 where it cannot, 2 for a wrong configuration. A candidate that no host could load
/// is not promoted.
pub async fn promote(options: Options) -> ExitCode {
    promoted(&options).await.unwrap_or_else(|output| output).emit()
}

async fn promoted(options: &Options) -> Result<Output, Output> {
    let (versions, memory_bytes_max) = versions(options)?;
    let plugins = Plugins::compiling(memory_bytes_max.max(PLUGIN_MEMORY_BYTES_MAX), Compiling::in_processes())
        .map_err(|error| failure(&format!("the plugin engine does not start: {error}")))?;
    let plugin = versions.load_candidate(&plugins).await.map_err(|error| refused(&error))?;
    versions.promote().map_err(|error| refused(&error))?;
    let name = &versions.name;
    let version = plugin.version().unwrap_or("without a version");
    let digest = hex(&plugin.digest_short());
    Ok(Output::fine(format!(
        "{name}: {version} ({digest}) is promoted; a running host takes it over within a second.\n\
         The version before it is kept: `turnwise plugin rollback {name}` puts it back.\n"
    )))
}

/// 0 where the bot is as it was before, 1 where there is nothing to go back to, 2 for a wrong configuration.
#[must_use]
pub fn rollback(options: &Options) -> Output {
    rolled_back(options).unwrap_or_else(|output| output)
}

fn rolled_back(options: &Options) -> Result<Output, Output> {
    let (versions, _) = versions(options)?;
    let done = versions.roll_back().map_err(|error| refused(&error))?;
    let (name, kept) = (&versions.name, versions.withdrawn.display());
    Ok(Output::fine(match done {
        RolledBack::CandidateWithdrawn => {
            format!("{name}: the candidate is withdrawn, and kept as {kept}, which no host loads.\n")
        }
        RolledBack::PreviousIsBack => {
            format!("{name}: the previous version is back; what it replaces is kept as {kept}, which no host loads.\n")
        }
    }))
}

/// The files, and what memory the configuration gives the plugin.
fn versions(options: &Options) -> Result<(Versions, usize), Output> {
    // Files are all this is about; who moves them may have no secrets.
    let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
    let (config, _) = load_excusing(&excused, &options.config, &SystemEnvironment)
        .map_err(|errors| Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)))?;
    let name = &options.name;
    let memory_bytes_max = config.plugins.named.get(name).map_or(0, |plugin| plugin.limits.memory_bytes_max);
    let versions = Versions::of(&config.plugins, name)
        .ok_or_else(|| Output::wrong_use(&format!("{name:?} is no bot's name: write it without `.wasm`, e.g. menu")))?;
    Ok((versions, memory_bytes_max))
}

fn refused(error: &ReleaseError) -> Output {
    failure(&error.to_string())
}

fn failure(why: &str) -> Output {
    Output { stderr: format!("error: {why}\n"), code: 1, ..Output::default() }
}
