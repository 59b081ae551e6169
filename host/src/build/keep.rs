//! Keeps what is built of a folder's projects up to date while somebody edits them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::sources::{Watch, digest};
use super::stamp::Stamp;
use super::{BuildError, Project, Workshop, build};

/// Hears of each build.
pub trait Report: Send + Sync {
    /// A component is in place; `changed` if it is another than before.
    fn built(&self, project: &Project, file_bytes: usize, time: Duration, changed: bool);

    /// There is none, and the one before stays.
    fn failed(&self, project: &Project, error: &BuildError);

    /// Sources are not watched, and why.
    fn blind(&self, error: &dyn std::error::Error);
}

/// The projects of a folder: the folder itself if it is one, else those directly below it.
///
/// # Errors
/// When there is no such folder.
pub fn projects(folder: &Path) -> io::Result<Vec<Project>> {
    match Project::at(folder)? {
        Some(project) => Ok(vec![project]),
        None => Project::below(folder),
    }
}

/// Where `keep` puts what is built: into the folder that is served.
fn place(folder: &Path, project: &Project) -> PathBuf {
    folder.join(format!("{}.wasm", project.name))
}

/// Builds every project of the folder, and each one again when its sources change, until it is dropped. A build under way is not
/// disturbed by a save; it is followed by another.
pub async fn keep(folder: &Path, workshop: Arc<Workshop>, report: Arc<dyn Report>) {
    let mut watch = match Watch::start(folder) {
        Ok(watch) => Some(watch),
        Err(error) => {
            report.blind(&error);
            None
        }
    };
    let mut kept = Kept { folder: folder.to_owned(), workshop, report, known: BTreeMap::new(), builds: JoinSet::new() };
    kept.look().await;
    loop {
        tokio::select! {
            () = changed(&mut watch) => kept.look().await,
            Some(ended) = kept.builds.join_next() => {
                match ended {
                    Ok(ended) => kept.ended(ended),
                    Err(panic) => tracing::error!("a build ended unexpectedly: {panic}"),
                }
                // What was saved meanwhile is not built yet.
                kept.look().await;
            }
        }
    }
}

async fn changed(watch: &mut Option<Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// What is known of one project.
#[derive(Default)]
struct Known {
    /// The sources of the last build that began, or needed not to.
    sources: Option<[u8; 32]>,
    building: bool,
    /// What was last said of its tools, so that it is said once.
    missing: Option<String>,
}

/// A build that has ended.
struct Ended {
    project: Project,
    outcome: Result<(usize, Duration, bool), BuildError>,
}

struct Kept {
    folder: PathBuf,
    workshop: Arc<Workshop>,
    report: Arc<dyn Report>,
    known: BTreeMap<PathBuf, Known>,
    builds: JoinSet<Ended>,
}

impl Kept {
    /// Begins a build of each project whose sources are other than those of its last one.
    async fn look(&mut self) {
        let folder = self.folder.clone();
        let looked = tokio::task::spawn_blocking(move || {
            // A folder that is not there is one without projects.
            let projects = projects(&folder).unwrap_or_default();
            let look = |project: Project| {
                let sources = digest(&project.dir);
                let is_built =
                    Stamp::of(&project, &sources).is_some_and(|stamp| stamp.is_on(&project, &place(&folder, &project)));
                (project, sources, is_built)
            };
            projects.into_iter().map(look).collect::<Vec<_>>()
        });
        for (project, sources, is_built) in looked.await.unwrap_or_default() {
            let known = self.known.entry(project.dir.clone()).or_default();
            if known.building || known.sources == Some(sources) {
                continue;
            }
            known.sources = Some(sources);
            if is_built {
                continue;
            }
            known.building = true;
            let (workshop, file) = (Arc::clone(&self.workshop), place(&self.folder, &project));
            self.builds.spawn(async move {
                let outcome = one(&project, &file, &workshop).await;
                Ended { project, outcome }
            });
        }
    }

    fn ended(&mut self, Ended { project, outcome }: Ended) {
        let known = self.known.entry(project.dir.clone()).or_default();
        known.building = false;
        match outcome {
            Ok((file_bytes, time, changed)) => {
                known.missing = None;
                self.report.built(&project, file_bytes, time, changed);
            }
            Err(error) => {
                let missing = matches!(error, BuildError::Missing(_)).then(|| error.to_string());
                if missing.is_none() || missing != known.missing {
                    self.report.failed(&project, &error);
                }
                known.missing = missing;
            }
        }
    }
}

async fn one(project: &Project, file: &Path, workshop: &Workshop) -> Result<(usize, Duration, bool), BuildError> {
    let built = build(project, workshop).await?;
    let changed = built.put(project, file)?;
    Ok((built.component.len(), built.time, changed))
}

#[cfg(test)]
mod tests;
