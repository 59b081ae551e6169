//! `turnwise plugin promote` and `rollback`: which file has a bot's name. A running host follows the files, so both are renames.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{Output, colour_on_stderr};
use crate::config::{self, ABSENT_PLUGINS, ABSENT_SECRETS, SystemEnvironment, load_excusing};
use crate::conversation::Version;
use crate::limits::PLUGIN_MEMORY_BYTES_MAX;
use crate::plugins::{Compiling, Plugin, Plugins, WITHDRAWN, Wanted, hex};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The bot.
    name: String,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
    config: PathBuf,
}

/// Where the versions of one bot are.
struct Files {
    name: String,
    stable: PathBuf,
    candidate: PathBuf,
    previous: PathBuf,
    withdrawn: PathBuf,
    pinned: Option<[u8; 32]>,
    limits: config::PluginLimits,
}

/// 0 where the candidate has the bot's name now, 1 where it cannot, 2 for a wrong configuration. A candidate that no host could load
/// is not promoted.
pub async fn promote(options: Options) -> ExitCode {
    promoted(&options).await.unwrap_or_else(|output| output).emit()
}

async fn promoted(options: &Options) -> Result<Output, Output> {
    let files = Files::of(options)?;
    let Files { name, candidate, .. } = &files;
    if !candidate.is_file() {
        return Err(failure(&format!("{name} has no candidate: put it into {}", candidate.display())));
    }
    let plugin = files.load(candidate).await?;
    if let Some(pinned) = files.pinned.filter(|pinned| *pinned != plugin.digest) {
        return Err(failure(&format!(
            "plugins.{name}.sha256 allows {} only: write sha256 = \"{}\" there, restart the host, and promote then",
            hex(&pinned),
            hex(&plugin.digest)
        )));
    }
    if files.stable.is_file() {
        keep(&files.stable, &files.previous)?;
    }
    rename(candidate, &files.stable)?;
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
    let Files { name, stable, candidate, previous, withdrawn, .. } = Files::of(options)?;
    let kept = withdrawn.display();
    if candidate.is_file() {
        rename(&candidate, &withdrawn)?;
        return Ok(Output::fine(format!(
            "{name}: the candidate is withdrawn, and kept as {kept}, which no host loads.\n"
        )));
    }
    if !previous.is_file() {
        return Err(failure(&format!(
            "{name} has neither a candidate ({}) nor a previous version ({})",
            candidate.display(),
            previous.display()
        )));
    }
    if stable.is_file() {
        keep(&stable, &withdrawn)?;
    }
    rename(&previous, &stable)?;
    Ok(Output::fine(format!(
        "{name}: the previous version is back; what it replaces is kept as {kept}, which no host loads.\n"
    )))
}

impl Files {
    fn of(options: &Options) -> Result<Self, Output> {
        // Files are all this is about; who moves them may have no secrets.
        let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
        let (config, _) = load_excusing(&excused, &options.config, &SystemEnvironment)
            .map_err(|errors| Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)))?;
        let name = options.name.clone();
        if !config::is_name(&name) {
            return Err(Output::wrong_use(&format!("{name:?} is no bot's name: write it without `.wasm`, e.g. menu")));
        }
        let beside = |plugin: String| config.plugins.dir.join(format!("{plugin}.wasm"));
        let configured = config.plugins.named.get(&name);
        Ok(Self {
            stable: config.plugins.file(&name),
            candidate: beside(Version::Candidate.plugin(&name)),
            previous: beside(Version::Previous.plugin(&name)),
            withdrawn: beside(format!("{name}{WITHDRAWN}")),
            pinned: configured.and_then(|plugin| plugin.sha256),
            limits: configured.map_or_else(config::PluginLimits::default, |plugin| plugin.limits),
            name,
        })
    }

    /// The way a host loads it.
    async fn load(&self, file: &Path) -> Result<std::sync::Arc<Plugin>, Output> {
        let memory_bytes_max = self.limits.memory_bytes_max.max(PLUGIN_MEMORY_BYTES_MAX);
        let plugins = Plugins::compiling(memory_bytes_max, Compiling::in_processes())
            .map_err(|error| failure(&format!("the plugin engine does not start: {error}")))?;
        let (name, file, limits) = (self.name.clone(), file.to_owned(), self.limits);
        let loaded = plugins.compile(Wanted { name, file, settings: Vec::new(), limits }).await;
        loaded.map_err(|error| failure(&format!("the candidate is not promoted: {error}")))
    }
}

/// Keeps a file under a second name; there is no moment in which either name leads to half a file.
fn keep(file: &Path, kept: &Path) -> Result<(), Output> {
    let unfinished = kept.with_extension("wasm.unfinished");
    fs::copy(file, &unfinished).map_err(|error| cannot("copy", file, &unfinished, &error))?;
    rename(&unfinished, kept)
}

fn rename(from: &Path, to: &Path) -> Result<(), Output> {
    fs::rename(from, to).map_err(|error| cannot("rename", from, to, &error))
}

fn cannot(what: &str, from: &Path, to: &Path, error: &io::Error) -> Output {
    failure(&format!("cannot {what} {} to {}: {error}", from.display(), to.display()))
}

fn failure(why: &str) -> Output {
    Output { stderr: format!("error: {why}\n"), code: 1, ..Output::default() }
}
