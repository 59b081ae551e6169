//! Compiling in a process of its own. The compiler cannot be interrupted and takes what memory it likes; a process can be ended, and
//! gives back every byte.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, nice, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use wasmtime::Engine;

use super::engine_id::EngineId;
use crate::limits;
use crate::plugins::engine;
use crate::plugins::failure::cause;

/// What compiling one plugin may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, over all cores.
    pub cpu_time: Duration,
    /// Address space, a little more than what is used.
    pub memory_bytes_max: u64,
    /// Until it is given up whatever it does.
    pub wall_clock: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            cpu_time: limits::PLUGIN_COMPILE_CPU_TIME,
            memory_bytes_max: limits::PLUGIN_COMPILE_MEMORY_BYTES_MAX,
            wall_clock: limits::PLUGIN_COMPILE_WALL_CLOCK,
        }
    }
}

/// Why there is no code.
#[derive(Debug)]
pub(super) enum ChildError {
    /// There is no such process here, and it says nothing of the plugin.
    Unavailable(String),
    /// What the compiler says is wrong with the plugin.
    Refused(String),
    /// Which limit it ran into.
    TooMuch(String),
    /// It ended in another way.
    Crashed(String),
}

/// How the hidden command ends. Not with 0, as any program would.
const DONE: u8 = 10;
const REFUSED: u8 = 3;
const OTHER_ENGINE: u8 = 4;
const NO_PIPE: u8 = 5;

/// The name of the hidden command, followed by the limits and the engine's id.
pub const COMMAND: &str = "compile-plugin";

/// Of what the process says before it ends; more is no help.
const WORDS_BYTES_MAX: u64 = 16 * 1024;
const ARENA_KIB: &str = "65536";
/// Below everything that serves.
const NICENESS: i32 = 10;
/// Code is a few times the plugin's size.
const CODE_BYTES_MAX: u64 = 16 * limits::PLUGIN_FILE_BYTES_MAX as u64;

/// Has `program` compile the plugin into `code`.
pub(super) async fn compile(
    program: &Path,
    plugin: &[u8],
    engine: EngineId,
    limits: CompileLimits,
    code: File,
) -> Result<(), ChildError> {
    let child = Command::new(program)
        .arg(COMMAND)
        .args([limits.cpu_time.as_secs().max(1), limits.memory_bytes_max].map(|limit| limit.to_string()))
        .arg(engine.to_string())
        // It needs nothing of ours, and secrets least of all.
        .env_clear()
        // Its allocator reserves a GiB at once otherwise, which would count as taken.
        .env("MIMALLOC_ARENA_RESERVE", ARENA_KIB)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(code))
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.map_err(|error| ChildError::Unavailable(error.to_string()))?;
    match tokio::time::timeout(limits.wall_clock, run(&mut child, plugin)).await {
        Ok(Ok((status, words))) => judge(status, words.trim(), limits),
        Ok(Err(error)) => Err(ChildError::Crashed(error.to_string())),
        Err(_elapsed) => {
            let _ = child.kill().await;
            Err(ChildError::TooMuch(format!("it took more than {} s", limits.wall_clock.as_secs())))
        }
    }
}

async fn run(child: &mut Child, plugin: &[u8]) -> io::Result<(ExitStatus, String)> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // One that ended early says why in its own way.
            let _ = stdin.write_all(plugin).await;
        }
    };
    let listen = async {
        let mut words = Vec::new();
        if let Some(stderr) = stderr {
            stderr.take(WORDS_BYTES_MAX).read_to_end(&mut words).await?;
        }
        Ok::<_, io::Error>(String::from_utf8_lossy(&words).into_owned())
    };
    let ((), words) = tokio::join!(feed, listen);
    Ok((child.wait().await?, words?))
}

fn judge(status: ExitStatus, words: &str, limits: CompileLimits) -> Result<(), ChildError> {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    // As Rust, the allocator, and the threads that could not be started say it.
    let out_of_memory =
        ["memory allocation of", "unable to allocate", "os error 12", "code: 12,", "os error 11", "code: 11,"];
    if code != Some(DONE) && out_of_memory.iter().any(|sign| words.contains(sign)) {
        let mib = limits.memory_bytes_max / (1024 * 1024);
        return Err(ChildError::TooMuch(format!("it took more than {mib} MiB of memory")));
    }
    if status.signal() == Some(Signal::XCPU.as_raw()) {
        let seconds = limits.cpu_time.as_secs();
        return Err(ChildError::TooMuch(format!("it took more than {seconds} s of processor time")));
    }
    if status.signal() == Some(Signal::XFSZ.as_raw()) {
        return Err(ChildError::TooMuch(format!("its code is larger than {} MiB", CODE_BYTES_MAX / (1024 * 1024))));
    }
    match code {
        Some(DONE) => Ok(()),
        Some(0) => Err(ChildError::Unavailable("this program is not turnwise".into())),
        Some(REFUSED) => Err(ChildError::Refused(words.to_owned())),
        Some(OTHER_ENGINE | NO_PIPE) => Err(ChildError::Unavailable(words.to_owned())),
        _ => Err(ChildError::Crashed(format!("{status}; {}", last_words(words)))),
    }
}

fn last_words(words: &str) -> &str {
    words.lines().rfind(|line| !line.starts_with("note: ")).unwrap_or("it said nothing")
}

/// The hidden command: a plugin on stdin, its code on stdout, what is wrong on stderr. Ends with what `judge` reads.
#[must_use]
pub fn serve(cpu_seconds: u64, memory_bytes_max: u64, engine_id: &str) -> u8 {
    restrain(cpu_seconds, memory_bytes_max);
    match answer(engine_id) {
        Ok(()) => DONE,
        Err((status, words)) => {
            eprintln!("{words}");
            status
        }
    }
}

fn answer(engine_id: &str) -> Result<(), (u8, String)> {
    let engine = Engine::new(&engine::config()).map_err(|error| (OTHER_ENGINE, cause(&error)))?;
    let id = EngineId::of(&engine).to_string();
    if id != engine_id {
        return Err((
            OTHER_ENGINE,
            format!("it has the engine {id} and not {engine_id}: another version of turnwise, or machine"),
        ));
    }
    let mut plugin = Vec::new();
    io::stdin().lock().read_to_end(&mut plugin).map_err(|error| (NO_PIPE, error.to_string()))?;
    let code = engine.precompile_component(&plugin).map_err(|error| (REFUSED, cause(&error)))?;
    io::stdout().lock().write_all(&code).map_err(|error| (NO_PIPE, format!("its code cannot be written: {error}")))
}

/// Limits that hold even if nobody waits for us any more. Where the system has one of them not, the others are left.
fn restrain(cpu_seconds: u64, memory_bytes_max: u64) {
    let limit = |max: u64| Rlimit { current: Some(max), maximum: Some(max) };
    // The hard limit kills without a word; the soft one has a signal of its own.
    let cpu = Rlimit { current: Some(cpu_seconds), maximum: Some(cpu_seconds.saturating_add(5)) };
    let _ = setrlimit(Resource::Cpu, cpu);
    let _ = setrlimit(Resource::As, limit(memory_bytes_max));
    let _ = setrlimit(Resource::Fsize, limit(CODE_BYTES_MAX));
    let _ = setrlimit(Resource::Core, limit(0));
    let _ = nice(NICENESS);
    // Where memory is short, the system should rather end this than the host.
    let _ = std::fs::write("/proc/self/oom_score_adj", "900");
}
