//! Which component is meant; a project's is built first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Builder;

use super::FAILED;
use crate::build::{Project, Workshop};
use crate::cli::output::{WRONG_USE, colour_on_stderr};
use crate::cli::plugin_build::{OnStderr, one};
use crate::config::{PluginLimits, SystemEnvironment};
use crate::plugins::Plugins;

/// The file to load, or an exit code and what is wrong.
pub(super) fn component(meant: &str, plugins: &Path) -> Result<PathBuf, (u8, String)> {
    let path = Path::new(meant);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    if path.is_dir() {
        return match project(path)? {
            Some(project) => build(&project),
            None => {
                let message = format!(
                    "{meant} is no project's folder; name one, a .wasm file, or a bot in {}/",
                    plugins.display()
                );
                Err((WRONG_USE, message))
            }
        };
    }
    let is_name = !meant.contains(['/', '.']);
    let built = plugins.join(format!("{meant}.wasm"));
    if is_name && built.is_file() {
        return Ok(built);
    }
    match if is_name { project(&plugins.join(meant))? } else { None } {
        Some(project) => build(&project),
        None => Err((WRONG_USE, nothing(meant, plugins))),
    }
}

fn project(folder: &Path) -> Result<Option<Project>, (u8, String)> {
    if !folder.is_dir() {
        return Ok(None);
    }
    Project::at(folder).map_err(|error| (WRONG_USE, format!("{}: {error}", folder.display())))
}

/// What there would be.
fn nothing(meant: &str, plugins: &Path) -> String {
    let mut names: Vec<String> = std::fs::read_dir(plugins)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "wasm")
                || project(path).is_ok_and(|found| found.is_some())
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let fix = if names.is_empty() {
        "name a .wasm file, a project's folder, or with --plugins DIR where bots are".to_owned()
    } else {
        format!("in {}/ there are: {}", plugins.display(), names.join(", "))
    };
    format!("there is no plugin {meant}\n       {fix}")
}

fn build(project: &Project) -> Result<PathBuf, (u8, String)> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(|error| (WRONG_USE, error.to_string()))?;
    let plugins =
        Plugins::new(PluginLimits::default().memory_bytes_max).map_err(|error| (WRONG_USE, error.to_string()))?;
    let workshop = Workshop::new(Box::new(SystemEnvironment), Arc::new(OnStderr), colour_on_stderr(&SystemEnvironment));
    eprintln!("building {}", project.name);
    let built = runtime.block_on(one(project, project.output(), &workshop, &plugins));
    built.map(|done| done.file).map_err(|error| (FAILED, format!("{} is not built: {}", project.name, error.text)))
}
