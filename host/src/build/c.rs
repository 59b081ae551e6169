//! C: clang compiles a core module with wasi-libc, and [`component`] does the rest.
//!
//! A project says in `compile_flags.txt`, one a line, what clang is to be told beside what every plugin needs; editors read the
//! same file. One of its lines is `-I` with the folder of the SDK, whose sources are compiled with the project's own.

mod bindings;
mod sources;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::tool::Version;
use super::{BuildError, Missing, Project, Recipe, Workshop, component};
use sources::Sources;

const TARGET: &str = "--target=wasm32-wasi";

/// What every file is compiled with: small code, and undefined behaviour ends the turn instead of going on with garbage. (At
/// address zero there is memory, so that reading through NULL would go unnoticed.)
const COMPILE: [&str; 7] = [
    TARGET,
    "-Os",
    "-std=c11",
    "-ffunction-sections",
    "-fdata-sections",
    "-fsanitize=undefined",
    "-fsanitize-trap=undefined",
];

/// A small stack, so that a fresh instance has less memory to set up, below everything else, so that what overflows it traps.
/// Function names stay, for call stacks.
const LINK: [&str; 5] = [
    "-mexec-model=reactor",
    "-Wl,-z,stack-size=65536",
    "-Wl,--stack-first",
    "-Wl,--strip-debug",
    // The printf that has everything: the usual one writes to stderr what it lacks, and imports WASI for that.
    "-lc-printscan-long-double",
];

/// The best first; Debian's `clang` is older than what it has under a number.
const CLANGS: [&str; 5] = ["clang-19", "clang", "clang-20", "clang-18", "clang-16"];
const OLDEST: Version = Version(15, 0);
const INSTALL: &str = "apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32";

/// The recipe.
pub(super) struct C;

#[async_trait]
impl Recipe for C {
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError> {
        let sources = Sources::of(project)?;
        let scratch = workshop.scratch(project)?;
        let bindings = bindings::write(&scratch)?;
        let mut lacking = Missing {
            tool: "clang".into(),
            unfit: None,
            purpose: "compiles C to WebAssembly".into(),
            install: INSTALL.into(),
        };
        for name in CLANGS {
            let Some(program) = workshop.which(project, name) else { continue };
            let version = workshop.version(project, &program, &["--version"]).await;
            if version < Some(OLDEST) {
                lacking.unfit.get_or_insert_with(|| too_old(&program, version));
                continue;
            }
            let clang = Clang { project, workshop, program: &program, scratch: &scratch, bindings: &bindings };
            // Whether it can do WebAssembly at all is asked only where it failed.
            match clang.build(&sources).await {
                Err(failed @ BuildError::Failed { .. }) => match clang.lacks().await {
                    None => return Err(failed),
                    Some(missing) => lacking = missing,
                },
                Err(other) => return Err(other),
                Ok(module) => return component::encode(&module),
            }
        }
        Err(BuildError::Missing(vec![lacking]))
    }
}

fn too_old(program: &Path, version: Option<Version>) -> String {
    let version = version.map_or_else(|| "of an unknown version".into(), |version| version.to_string());
    format!("{} is {version}, and {OLDEST} is needed", program.display())
}

/// One compiler at work on one project.
struct Clang<'a> {
    project: &'a Project,
    workshop: &'a Workshop,
    program: &'a Path,
    scratch: &'a Path,
    bindings: &'a Path,
}

impl Clang<'_> {
    /// The core module.
    async fn build(&self, sources: &Sources) -> Result<Vec<u8>, BuildError> {
        let sdk = self.sdk_objects(sources).await?;
        let module = self.scratch.join("plugin.core.wasm");
        let mut command = self.command();
        command.args(&sources.flags).args(&sources.files).args(sdk).arg(bindings::object(self.bindings));
        command.args(LINK).arg("-o").arg(&module);
        self.workshop.run(self.project, command).await?;
        read(&module)
    }

    /// The SDK's sources, compiled by themselves: what a project wants to be warned of is for its own sources. They rarely change,
    /// so they are compiled when they, the contract or the compiler did.
    async fn sdk_objects(&self, sources: &Sources) -> Result<Vec<PathBuf>, BuildError> {
        let folder = self.scratch.join("sdk");
        let objects: Vec<PathBuf> = sources
            .sdk_files
            .iter()
            .map(|file| folder.join(file.file_name().unwrap_or_default()).with_extension("o"))
            .collect();
        let stamp = folder.join("stamp");
        let fresh = self.stamp(sources)?;
        let is_fresh = std::fs::read(&stamp).is_ok_and(|old| old == fresh);
        if is_fresh && objects.iter().all(|object| object.is_file()) {
            return Ok(objects);
        }
        let file_error = |error| BuildError::File { path: folder.clone(), error };
        std::fs::create_dir_all(&folder).map_err(file_error)?;
        let mut command = self.command();
        command.arg("-c").args(&sources.sdk_files).current_dir(&folder);
        self.workshop.run(self.project, command).await?;
        std::fs::write(&stamp, fresh).map_err(file_error)?;
        Ok(objects)
    }

    /// What the SDK's objects depend on.
    fn stamp(&self, sources: &Sources) -> Result<Vec<u8>, BuildError> {
        let mut digest = Sha256::new();
        digest.update(format!("{} {COMPILE:?} {}", self.program.display(), component::CONTRACT));
        for file in sources.sdk_files.iter().chain(&sources.sdk_headers) {
            digest.update(read(file)?);
        }
        Ok(digest.finalize().to_vec())
    }

    fn command(&self) -> Command {
        let mut command = self.workshop.command(self.project, self.program);
        command.args(COMPILE).arg("-I").arg(self.bindings);
        let colour = self.workshop.colour();
        command.arg(if colour { "-fcolor-diagnostics" } else { "-fno-color-diagnostics" });
        command
    }

    /// What this compiler lacks to build anything at all for WebAssembly, if that is why it failed.
    async fn lacks(&self) -> Option<Missing> {
        let missing = |tool: &str, purpose: &str| Missing {
            tool: tool.into(),
            unfit: None,
            purpose: format!("{purpose} for {}", self.program.display()),
            install: INSTALL.into(),
        };
        let ask = async |arguments: &[&str], output: Option<PathBuf>| {
            let mut command = self.workshop.command(self.project, self.program);
            command.arg(TARGET).args(arguments).args(["-x", "c", "/dev/null"]);
            if let Some(output) = output {
                command.arg("-o").arg(output);
            }
            self.workshop.ask(command).await.is_some()
        };
        if !ask(&["-fsyntax-only", "-include", "stdlib.h"], None).await {
            return Some(missing("wasi-libc", "is the C library of WebAssembly"));
        }
        if !ask(&["-mexec-model=reactor"], Some(self.scratch.join("probe.wasm"))).await {
            return Some(missing("wasm-ld, or libclang-rt for wasm32", "links WebAssembly"));
        }
        None
    }
}

fn read(file: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(file).map_err(|error| BuildError::File { path: file.to_owned(), error })
}

#[cfg(test)]
mod tests;
