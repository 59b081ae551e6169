//! `turnwise plugin build [DIR]`: one project, or all of a folder, built, checked the way `plugin check` does, and put in place.

mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use super::output::{FINE, WRONG_USE, colour_on_stderr};
use crate::build::{self, BuildError, Language, Project, Workshop, artifact};
use crate::config::{PluginLimits, SystemEnvironment};
use crate::plugins::{Plugin, Plugins, Wanted};
pub(super) use report::{OnStderr, size};

/// Something was not built, or is no plugin.
const NOT_BUILT: u8 = 1;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// A project, or a folder of projects.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where to put the component: a file, or a folder where there are several. Without it: into the project, or beside it in a
    /// folder called `plugins`.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Print a JSON array, one object per project.
    #[arg(long)]
    json: bool,
}

/// One project's component, in place.
pub(super) struct Done {
    plugin: Arc<Plugin>,
    pub(super) file: PathBuf,
    /// Whether it differs from what was there.
    changed: bool,
    time: Duration,
}

/// Why a project has none.
pub(super) struct NotDone {
    /// One word for programs.
    kind: &'static str,
    /// For the author; more than one line where a tool speaks.
    pub(super) text: String,
}

impl From<BuildError> for NotDone {
    fn from(error: BuildError) -> Self {
        Self { kind: error.kind(), text: error.to_string() }
    }
}

/// 0 where everything was built, 1 where something was not, 2 where there is nothing to build.
pub async fn run(options: Options) -> u8 {
    let projects = match find(&options.dir) {
        Ok(projects) => projects,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            return WRONG_USE;
        }
    };
    let plugins = match Plugins::new(PluginLimits::default().memory_bytes_max) {
        Ok(plugins) => Arc::new(plugins),
        Err(error) => {
            eprintln!("error: {error}");
            return WRONG_USE;
        }
    };
    let colour = colour_on_stderr(&SystemEnvironment);
    let workshop = Arc::new(Workshop::new(Box::new(SystemEnvironment), Arc::new(OnStderr), colour));
    let several = projects.len() > 1 || projects.iter().any(|project| project.dir != absolute(&options.dir));
    let mut building = JoinSet::new();
    for project in projects {
        let (workshop, plugins) = (Arc::clone(&workshop), Arc::clone(&plugins));
        let file = place(&project, options.out.as_deref(), several);
        building.spawn(async move {
            let outcome = one(&project, file, &workshop, &plugins).await;
            (project, outcome)
        });
    }
    let mut results: Vec<(String, Value)> = Vec::new();
    let mut code = FINE;
    while let Some(joined) = building.join_next().await {
        let (project, outcome) = match joined {
            Ok(joined) => joined,
            Err(panic) => {
                eprintln!("error: a build ended unexpectedly: {panic}");
                code = NOT_BUILT;
                continue;
            }
        };
        if let Err(NotDone { text, .. }) = &outcome {
            code = NOT_BUILT;
            eprintln!("error: {} is not built: {text}", project.name);
        }
        if options.json {
            results.push((project.name.clone(), report::as_json(&project, &outcome)));
        } else if let Ok(done) = &outcome {
            print!("{}", report::as_text(&project, done, several));
        }
    }
    if options.json {
        results.sort_by(|(a, _), (b, _)| a.cmp(b));
        println!("{:#}", results.into_iter().map(|(_, result)| result).collect::<Value>());
    }
    code
}

/// The project that a folder is, else those directly below it; or what to say where there are none.
fn find(dir: &Path) -> Result<Vec<Project>, String> {
    let unreadable = |error| format!("{}: {error}", dir.display());
    if let Some(project) = Project::at(dir).map_err(unreadable)? {
        return Ok(vec![project]);
    }
    let projects = Project::below(dir).map_err(unreadable)?;
    if projects.is_empty() {
        let markers = Language::markers().collect::<Vec<_>>().join(", ");
        return Err(format!(
            "there is no plugin's source in {}: a project is a folder with one of {markers}.\n       \
             To begin one: turnwise plugin new NAME --lang rust",
            dir.display()
        ));
    }
    Ok(projects)
}

/// Where a project's component goes.
fn place(project: &Project, out: Option<&Path>, several: bool) -> PathBuf {
    let file = || format!("{}.wasm", project.name);
    match out {
        None => project.output(),
        Some(out) if several || out.is_dir() || out.as_os_str().to_string_lossy().ends_with('/') => out.join(file()),
        Some(out) => out.to_owned(),
    }
}

/// A component that is no plugin is not put in place: whoever serves the one before goes on with it.
pub(super) async fn one(
    project: &Project,
    file: PathBuf,
    workshop: &Workshop,
    plugins: &Plugins,
) -> Result<Done, NotDone> {
    let built = build::build(project, workshop).await?;
    let made = workshop.scratch(project)?.join(format!("{}.wasm", project.name));
    artifact::write(&made, &built.component).map_err(|error| BuildError::File { path: made.clone(), error })?;
    let wanted = Wanted {
        name: project.name.clone(),
        file: made.clone(),
        settings: Vec::new(),
        limits: PluginLimits::default(),
    };
    let plugin = plugins.compile(wanted).await.map_err(|error| NotDone {
        kind: "not-a-plugin",
        text: format!("{}: {}", report::shown(&made), error.problem),
    })?;
    let changed = built.put(project, &file)?;
    Ok(Done { plugin, file, changed, time: built.time })
}

fn absolute(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}

#[cfg(test)]
mod tests;
