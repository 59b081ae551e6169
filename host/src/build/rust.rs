//! Rust: cargo compiles a core module for `wasm32-unknown-unknown`, and [`component`] does the rest.
//!
//! Two toolchains will do, the first that is there: rustup's with that target, or Debian's `rustc-web`, which builds the standard
//! library itself. `TURNWISE_WASM_TOOLCHAIN=rustup` or `=debian` insists on one.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::tool::{Tool, Version};
use super::{BuildError, Missing, Project, Recipe, Workshop, component};

const TARGET: &str = "wasm32-unknown-unknown";

/// A small shadow stack: a fresh instance has less memory to set up, and a turn starts sooner.
const STACK: &str = "link-arg=-zstack-size=65536";

/// Small code, for the same reason.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
];

const CARGO: Tool = Tool {
    names: &["cargo"],
    oldest: None,
    purpose: "compiles Rust",
    install: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -t wasm32-unknown-unknown",
};

/// Debian's, whose names are not those of rustup's shims on PATH.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// What the SDK needs; older Debian releases have an older rustc of the same name.
const DEBIAN_OLDEST: Version = Version(1, 95);
const DEBIAN_INSTALL: &str = "apt-get install rustc-web cargo-web rust-web-src lld";

/// One cargo at a time: it uses every processor by itself, and what it wrote is read before the next one writes.
static LANE: Mutex<()> = Mutex::const_new(());

/// The recipe.
pub(super) struct Rust;

#[async_trait]
impl Recipe for Rust {
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError> {
        let toolchain = Toolchain::choose(project, workshop).await?;
        let target_dir = match workshop.var("CARGO_TARGET_DIR") {
            Some(dir) => project.dir.join(dir),
            None => {
                no_twin(project)?;
                workshop.shared_scratch(project)?.join("target").join(toolchain.name())
            }
        };
        let mut command = toolchain.cargo(project, workshop);
        command.args(["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET]);
        command.args(["--message-format", "json-render-diagnostics"]);
        if let Toolchain::Debian { .. } = toolchain {
            command.args(["-Z", "build-std=std,panic_abort"]);
        }
        command.args(["--", "-C", STACK]);
        command.env("CARGO_TARGET_DIR", target_dir).envs(PROFILE);
        command.env("CARGO_TERM_COLOR", if workshop.colour() { "always" } else { "never" });
        let lane = LANE.lock().await;
        let messages = workshop.read(project, command).await?;
        let file = module(&messages, project)?;
        let module = std::fs::read(&file).map_err(|error| BuildError::File { path: file, error })?;
        drop(lane);
        component::encode(&module)
    }
}

/// What compiles.
enum Toolchain {
    Rustup {
        cargo: PathBuf,
    },
    /// `linker`: where there is one that links WebAssembly.
    Debian {
        linker: PathBuf,
    },
}

impl Toolchain {
    async fn choose(project: &Project, workshop: &Workshop) -> Result<Self, BuildError> {
        let wanted = workshop.var("TURNWISE_WASM_TOOLCHAIN");
        match wanted.as_deref() {
            Some("rustup") => Self::rustup(project, workshop).await,
            Some("debian") => Self::debian(project, workshop).await,
            Some(other) => Err(BuildError::Project {
                problem: format!("TURNWISE_WASM_TOOLCHAIN is {other:?}"),
                fix: "it can be rustup or debian, or unset".into(),
            }),
            None => match Self::rustup(project, workshop).await {
                // What rustup lacks is told, as it is the easier one to come by.
                Err(missing) => Self::debian(project, workshop).await.map_err(|_| missing),
                found => found,
            },
        }
    }

    async fn rustup(project: &Project, workshop: &Workshop) -> Result<Self, BuildError> {
        let cargo = workshop.find(project, &CARGO).await?;
        let mut rustc = workshop.command(project, workshop.var("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(["--print", "target-libdir", "--target", TARGET]);
        match workshop.ask(rustc).await {
            Some(libraries) if Path::new(&libraries).is_dir() => Ok(Self::Rustup { cargo }),
            _ => Err(missing(
                &format!("Rust's target {TARGET}"),
                "compiles Rust to WebAssembly",
                &format!("rustup target add {TARGET}"),
            )),
        }
    }

    async fn debian(project: &Project, workshop: &Workshop) -> Result<Self, BuildError> {
        let absent = || missing("Debian's rustc-web", "compiles Rust to WebAssembly", DEBIAN_INSTALL);
        let rustc = Path::new(DEBIAN_RUSTC);
        if !Path::new(DEBIAN_CARGO).is_file() || !rustc.is_file() {
            return Err(absent());
        }
        let version = workshop.version(project, rustc, &["--version"]).await;
        let mut sysroot = workshop.command(project, rustc);
        sysroot.args(["--print", "sysroot"]);
        let sources = workshop.ask(sysroot).await.map(|root| Path::new(&root).join("lib/rustlib/src/rust/library/std"));
        if version < Some(DEBIAN_OLDEST) || !sources.is_some_and(|sources| sources.is_dir()) {
            return Err(absent());
        }
        let linker = Self::linker(project, workshop).await.ok_or_else(|| {
            missing("wasm-ld", "links what Debian's rustc compiles to WebAssembly", "apt-get install lld")
        })?;
        Ok(Self::Debian { linker })
    }

    /// LLVM's linker under the name that makes it link WebAssembly: of Debian, else of a rustup toolchain beside it.
    async fn linker(project: &Project, workshop: &Workshop) -> Option<PathBuf> {
        if let Some(linker) = ["wasm-ld", "wasm-ld-19"].iter().find_map(|name| workshop.which(project, name)) {
            return Some(linker);
        }
        let mut rustc = workshop.command(project, workshop.which(project, "rustc")?);
        rustc.args(["--print", "target-libdir"]);
        let libraries = workshop.ask(rustc).await?;
        Some(Path::new(&libraries).parent()?.join("bin/gcc-ld/wasm-ld")).filter(|linker| linker.is_file())
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Rustup { .. } => "rustup",
            Self::Debian { .. } => "debian",
        }
    }

    fn cargo(&self, project: &Project, workshop: &Workshop) -> Command {
        match self {
            Self::Rustup { cargo } => workshop.command(project, cargo),
            Self::Debian { linker } => {
                let mut command = workshop.command(project, DEBIAN_CARGO);
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTDOC", "/usr/bin/rustdoc").env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command
            }
        }
    }
}

fn missing(tool: &str, purpose: &str, install: &str) -> BuildError {
    let (tool, purpose, install) = (tool.to_owned(), purpose.to_owned(), install.to_owned());
    BuildError::Missing(vec![Missing { tool, unfit: None, purpose, install }])
}

/// As much of a `Cargo.toml` as tells two crates apart.
#[derive(Deserialize)]
struct Manifest {
    package: Named,
    lib: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

impl Manifest {
    /// What cargo calls the file it writes, without its ending.
    fn library(dir: &Path) -> Option<String> {
        let manifest: Self = toml::from_str(&std::fs::read_to_string(dir.join("Cargo.toml")).ok()?).ok()?;
        let name = manifest.lib.and_then(|lib| lib.name).or(manifest.package.name)?;
        Some(name.replace('-', "_"))
    }
}

/// Two crates of one name would overwrite each other's files in a shared target folder, and cargo would call both up to date.
fn no_twin(project: &Project) -> Result<(), BuildError> {
    let (Some(folder), Some(library)) = (&project.folder, Manifest::library(&project.dir)) else { return Ok(()) };
    let others = Project::below(folder).unwrap_or_default();
    let twin = others
        .iter()
        .find(|other| other.dir != project.dir && Manifest::library(&other.dir).as_ref() == Some(&library));
    match twin {
        None => Ok(()),
        Some(twin) => Err(BuildError::Project {
            problem: format!("{} and {} both build a crate called `{library}`", project.name, twin.name),
            fix: "change `name` in one of their Cargo.toml files".into(),
        }),
    }
}

/// One line of `cargo --message-format json`, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The core module among what cargo says it made.
fn module(messages: &[u8], project: &Project) -> Result<PathBuf, BuildError> {
    let manifest = project.dir.join("Cargo.toml");
    let ours = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact" && message.manifest_path == manifest);
    let module =
        ours.flat_map(|message| message.filenames).find(|file| file.extension().is_some_and(|of| of == "wasm"));
    module.ok_or_else(|| BuildError::Project {
        problem: "cargo built no WebAssembly of this folder".into(),
        fix: "a plugin is a library of its own: Cargo.toml has [package], and src/lib.rs is there".into(),
    })
}

#[cfg(test)]
mod tests;
