//! Finds the tools of a language and runs them, so that what they say reaches the author and nothing else does.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::{Instant, interval_at};

use super::tool::{Tool, Version};
use super::{BuildError, Missing, Project};
use crate::config::Environment;
use crate::limits::{BUILD_DATA_BYTES_MAX, BUILD_TALK_BYTES_MAX};

/// How often a build that goes on says what it is at.
const PROGRESS: Duration = Duration::from_secs(10);
/// Where an installation for one project alone is.
const LOCAL: [&str; 2] = [".venv/bin", "node_modules/.bin"];

/// Whom builds talk to while they run.
pub trait Talk: Send + Sync {
    /// A build goes on, and the last thing its tool said.
    fn progress(&self, project: &Project, elapsed: Duration, last_line: &str);

    /// A tool that did not fail had warnings; all it said.
    fn warned(&self, project: &Project, said: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silence;

impl Talk for Silence {
    fn progress(&self, _project: &Project, _elapsed: Duration, _last_line: &str) {}

    fn warned(&self, _project: &Project, _said: &str) {}
}

/// Where builds are done: the tools of this machine and the environment they run in.
pub struct Workshop {
    environment: Box<dyn Environment + Send + Sync>,
    talk: Arc<dyn Talk>,
    colour: bool,
    at_once: Semaphore,
    /// Versions already asked for: some tools take a second to say theirs.
    versions: Mutex<HashMap<PathBuf, Option<Version>>>,
}

impl Workshop {
    /// `colour`: whether what tools say will be read on a terminal. As many tools run at once as there are processors.
    #[must_use]
    pub fn new(environment: Box<dyn Environment + Send + Sync>, talk: Arc<dyn Talk>, colour: bool) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { environment, talk, colour, at_once: Semaphore::new(processors), versions: Mutex::default() }
    }

    /// Whether tools should colour what they say, for those that need to be told by an argument.
    #[must_use]
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// A variable of the environment; none if it is unset or empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<String> {
        self.environment.var(name).filter(|value| !value.is_empty())
    }

    /// The project's folder for intermediate files, made if need be. Git ignores it whatever the project ignores.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, project: &Project) -> Result<PathBuf, BuildError> {
        make_scratch(project.scratch())
    }

    /// The folder for caches that all projects of a folder share, made if need be.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn shared_scratch(&self, project: &Project) -> Result<PathBuf, BuildError> {
        make_scratch(project.shared_scratch())
    }

    /// A program by its name: the project's own installation first, then PATH.
    #[must_use]
    pub fn which(&self, project: &Project, name: &str) -> Option<PathBuf> {
        self.every(project, name).into_iter().next()
    }

    /// Every program of this name, in the order of [`Self::which`].
    fn every(&self, project: &Project, name: &str) -> Vec<PathBuf> {
        let path = self.var("PATH").unwrap_or_default();
        let local = LOCAL.iter().map(|folder| project.dir.join(folder));
        let files = local.chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
        files.filter(|file| is_program(file)).collect()
    }

    /// A tool that will do.
    ///
    /// # Errors
    /// [`BuildError::Missing`] where there is none, or only one that is too old.
    pub async fn find(&self, project: &Project, tool: &Tool) -> Result<PathBuf, BuildError> {
        self.look_for(project, tool).await.map_err(|missing| BuildError::Missing(vec![missing]))
    }

    /// All of these tools; everything that is missing is told at once.
    ///
    /// # Errors
    /// [`BuildError::Missing`] with each one that is not there, or too old.
    pub async fn find_all<const N: usize>(
        &self,
        project: &Project,
        tools: [&Tool; N],
    ) -> Result<[PathBuf; N], BuildError> {
        let mut found = [const { PathBuf::new() }; N];
        let mut missing = Vec::new();
        for (place, tool) in found.iter_mut().zip(tools) {
            match self.look_for(project, tool).await {
                Ok(file) => *place = file,
                Err(error) => missing.push(error),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(BuildError::Missing(missing)) }
    }

    async fn look_for(&self, project: &Project, tool: &Tool) -> Result<PathBuf, Missing> {
        let mut unfit = None;
        for file in tool.names.iter().flat_map(|name| self.every(project, name)) {
            let Some(oldest) = tool.oldest else { return Ok(file) };
            match self.version(project, &file, oldest.arguments).await {
                Some(version) if version >= oldest.version => return Ok(file),
                Some(version) => {
                    let needed = oldest.version;
                    unfit = unfit.or(Some(format!("{} is {version}, and {needed} is needed", file.display())));
                }
                None => unfit = unfit.or(Some(format!("{} does not say its version", file.display()))),
            }
        }
        Err(Missing {
            tool: tool.names.first().copied().unwrap_or_default().to_owned(),
            unfit,
            purpose: tool.purpose.to_owned(),
            install: tool.install.to_owned(),
        })
    }

    /// The version a program says it has.
    pub async fn version(&self, project: &Project, file: &Path, arguments: &[&str]) -> Option<Version> {
        if let Some(known) = self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(file) {
            return *known;
        }
        let mut command = self.command(project, file);
        command.args(arguments);
        let version = self.ask(command).await.and_then(|said| Version::first_in(&said));
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned(), version);
        version
    }

    /// What a small question is answered with, without the white space around it; `None` if the program fails.
    pub async fn ask(&self, mut command: Command) -> Option<String> {
        let output = command.stderr(Stdio::null()).output().await.ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| said.trim().to_owned())
    }

    /// A command in the project's folder. It has nothing to read, and ends when it is let go of.
    #[must_use]
    pub fn command(&self, project: &Project, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&project.dir).stdin(Stdio::null()).kill_on_drop(true);
        if self.colour {
            command.env("CLICOLOR_FORCE", "1").env("FORCE_COLOR", "1").env_remove("NO_COLOR");
        } else {
            command.env("NO_COLOR", "1").env_remove("FORCE_COLOR").env_remove("CLICOLOR_FORCE");
        }
        command
    }

    /// Runs a tool whose output is all talk. It is held back until the tool ends, and heard if it fails or warns.
    ///
    /// # Errors
    /// [`BuildError::Failed`] with what it said.
    pub async fn run(&self, project: &Project, command: Command) -> Result<(), BuildError> {
        let mut talk = Heard::new(BUILD_TALK_BYTES_MAX);
        self.run_hearing(project, command, None, &mut talk).await
    }

    /// Runs a tool whose stdout is data, which is returned; its stderr is talk.
    ///
    /// # Errors
    /// [`BuildError::Failed`] with what it said on stderr.
    pub async fn read(&self, project: &Project, command: Command) -> Result<Vec<u8>, BuildError> {
        let (mut talk, mut data) = (Heard::new(BUILD_TALK_BYTES_MAX), Heard::new(BUILD_DATA_BYTES_MAX));
        self.run_hearing(project, command, Some(&mut data), &mut talk).await?;
        Ok(data.bytes)
    }

    async fn run_hearing(
        &self,
        project: &Project,
        mut command: Command,
        mut data: Option<&mut Heard>,
        talk: &mut Heard,
    ) -> Result<(), BuildError> {
        // The semaphore is never closed, and without a place the tool would merely run beside others.
        let _place = self.at_once.acquire().await;
        let named = named(&command);
        let started = Instant::now();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error| BuildError::Start { command: named.clone(), error };
        let mut child = command.spawn().map_err(failed)?;
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let mut progress = interval_at(started + PROGRESS, PROGRESS);
        while stdout.is_some() || stderr.is_some() {
            tokio::select! {
                bytes = next(&mut stdout) => data.as_deref_mut().unwrap_or(talk).hear(&bytes),
                bytes = next(&mut stderr) => talk.hear(&bytes),
                _ = progress.tick() => self.talk.progress(project, started.elapsed(), &talk.last_line()),
            }
        }
        let status = child.wait().await.map_err(failed)?;
        let said = talk.text();
        if !status.success() {
            return Err(BuildError::Failed { command: named, said });
        }
        if said.to_lowercase().contains("warning") {
            self.talk.warned(project, &said);
        }
        Ok(())
    }
}

/// The next bytes of a stream; at its end it is put away, and never asked again.
async fn next(stream: &mut Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(open) = stream else { return std::future::pending().await };
    let mut bytes = Vec::with_capacity(8 * 1024);
    if matches!(open.read_buf(&mut bytes).await, Ok(0) | Err(_)) {
        *stream = None;
    }
    bytes
}

/// What was heard, up to a bound.
struct Heard {
    bytes: Vec<u8>,
    bytes_max: usize,
    cut: bool,
}

impl Heard {
    fn new(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), bytes_max, cut: false }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let room = (self.bytes_max - self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        self.cut |= room < bytes.len();
    }

    fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.cut {
            text.push_str("\n… and more");
        }
        text
    }

    /// The last line that says anything, without colours; progress bars overwrite theirs with carriage returns.
    fn last_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let line = text.split(['\n', '\r']).rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut pieces = line.split('\x1b');
        let first = pieces.next().unwrap_or_default();
        let plain = pieces.map(|piece| piece.split_once('m').map_or("", |(_, text)| text));
        std::iter::once(first).chain(plain).collect::<String>().trim().to_owned()
    }
}

/// As a person would type it, without its arguments' whole length.
fn named(command: &Command) -> String {
    let command = command.as_std();
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let first = command.get_args().next().map(|argument| format!(" {}", argument.to_string_lossy()));
    format!("`{}{}`", program.to_string_lossy(), first.unwrap_or_default())
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0)
}

fn make_scratch(folder: PathBuf) -> Result<PathBuf, BuildError> {
    let ignore = folder.join(".gitignore");
    let made = std::fs::create_dir_all(&folder)
        .and_then(|()| if ignore.exists() { Ok(()) } else { std::fs::write(&ignore, "*\n") });
    match made {
        Ok(()) => Ok(folder),
        Err(error) => Err(BuildError::File { path: folder, error }),
    }
}

#[cfg(test)]
mod tests;
