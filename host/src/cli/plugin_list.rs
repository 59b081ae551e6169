//! `turnwise plugin list`: which plugins serve, and what is wrong with the others. Asks the host that runs with this configuration;
//! where none does, loads what is in the folder the way a host would.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::json;

use super::host::Host;
use super::output::{Output, colour_on_stderr};
use super::plugin_check::table;
use crate::clock::{SystemClock, Timestamp};
use crate::config::{ABSENT_PLUGINS, ABSENT_SECRETS, Plugins, SystemEnvironment, load_excusing};
use crate::plugins::{Compiling, Folder, Listed, Shadowed};

/// The format has no later years.
const YEAR_9999_MS: u64 = 253_370_764_800_000;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "turnwise.toml", conflicts_with = "plugins")]
    config: PathBuf,
    /// A folder of plugins to look at, without a configuration and without asking a host.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Print it as a JSON object.
    #[arg(long)]
    json: bool,
}

/// 0 where every file serves or would, 1 where one does not, 2 for a wrong configuration.
pub async fn run(options: Options) -> ExitCode {
    let list = match list(&options).await {
        Ok(list) => list,
        Err(output) => return output.emit(),
    };
    let stdout = if options.json {
        format!("{:#}\n", json!({ "host": list.host, "plugins": list.plugins }))
    } else {
        list.plugins.iter().map(|plugin| as_text(plugin, list.host.is_some())).collect::<Vec<_>>().join("\n")
    };
    let code = u8::from(list.plugins.iter().any(|plugin| plugin.problem.is_some()));
    Output { stdout, stderr: list.note, code }.emit()
}

#[derive(Deserialize)]
struct Answer {
    plugins: Vec<Listed>,
}

struct List {
    /// The host that answered.
    host: Option<String>,
    plugins: Vec<Listed>,
    /// Where the list is from, for people.
    note: String,
}

async fn list(options: &Options) -> Result<List, Output> {
    let config = match &options.plugins {
        Some(dir) => Plugins { dir: dir.clone(), cache: None, named: Default::default() },
        None => {
            // The list needs no secrets, and who looks at it may have none.
            let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
            let (config, _) = load_excusing(&excused, &options.config, &SystemEnvironment).map_err(|errors| {
                Output::wrong_configuration(&errors, options.json, colour_on_stderr(&SystemEnvironment))
            })?;
            let host = Host::of(&config)?;
            if let Some(Answer { plugins }) = host.get("/v1/plugins").await? {
                let note = format!("The host at {} says:\n\n", host.url);
                return Ok(List { host: Some(host.url), plugins, note });
            }
            // A cache made by whoever looks would not be the host's own.
            let cache = config.plugins.cache.filter(|dir| dir.is_dir());
            Plugins { cache, ..config.plugins }
        }
    };
    let dir = config.dir.display().to_string();
    let folder = Folder::open(config, Compiling::in_processes(), Arc::new(SystemClock)).await;
    let folder =
        folder.map_err(|error| Output { stderr: format!("error: {error}\n"), code: 1, ..Output::default() })?;
    let plugins = folder.plugins().list();
    let none = if plugins.is_empty() { "; there is no plugin" } else { "" };
    let why = if options.plugins.is_some() { "" } else { "No host runs with this configuration. " };
    Ok(List { host: None, plugins, note: format!("{why}This is what is in {dir}{none}:\n\n") })
}

fn as_text(plugin: &Listed, running: bool) -> String {
    let stands = match (plugin.serving, &plugin.problem) {
        (true, None) if plugin.stopped.is_some() => "is stopped, because it mostly fails",
        (true, None) if running => "serves",
        (true, None) => "would serve",
        (true, Some(_)) => "serves, but the file is another by now",
        (false, _) => "does not serve",
    };
    let mut rows = vec![("plugin", format!("{} {stands}", plugin.name)), ("file", plugin.file.clone())];
    rows.extend(plugin.problem.clone().map(|problem| ("problem", problem)));
    rows.extend(plugin.stopped.as_ref().map(|stopped| {
        let (since, until) = (date(Timestamp(stopped.since)), date(Timestamp(stopped.until)));
        ("stopped", format!("since {since} ({}); tried again at {until}", stopped.failure))
    }));
    rows.extend(plugin.shadow.as_ref().map(|shadow| ("shadow", of_shadow(shadow))));
    if plugin.serving {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        rows.push(("version", or_none(&plugin.version)));
        rows.push(("contract", or_none(&plugin.contract)));
        rows.extend(plugin.state_version.map(|version| ("state", format!("version {version}"))));
        if !plugin.steps.is_empty() {
            rows.push(("steps", plugin.steps.join(", ")));
        }
        rows.push(("size", format!("{} KiB", plugin.size.unwrap_or_default().div_ceil(1024))));
        rows.push(("sha256", or_none(&plugin.sha256)));
        rows.push(("compiled", format!("in {} ms", plugin.compile_ms.unwrap_or_default())));
        if running {
            rows.extend(plugin.since.map(|since| ("since", date(Timestamp(since)))));
        }
    }
    table(&rows)
}

/// e.g. `of 120 turns, 3 differ (reply 3, state 1); the latest: c_0f3a… turn 7 (reply)`
fn of_shadow(shadow: &Shadowed) -> String {
    let Shadowed { turns, differing, parts, latest } = shadow;
    let parts: Vec<String> = parts.iter().map(|(part, count)| format!("{part} {count}")).collect();
    let in_what = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let latest = latest.front().map_or_else(String::new, |latest| {
        format!("; the latest: {} turn {} ({})", latest.conversation, latest.turn, latest.parts.join(", "))
    });
    format!("of {turns} turns, {differing} differ{in_what}{latest}")
}

/// e.g. `Mon, 23 Nov 2026 18:33:02 GMT`.
fn date(at: Timestamp) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(at.0.min(YEAR_9999_MS)))
}

#[cfg(test)]
mod tests;
