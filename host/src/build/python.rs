//! Python: componentize-py puts CPython, the SDK and the bot into a component, already started, so that a turn imports nothing.
//!
//! WASI is not stubbed: the host's clock, random and standard streams are the turn's, and a fresh instance costs the same.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;

use super::tool::{Oldest, Tool, Version};
use super::{BuildError, Project, Recipe, Workshop, component};

const COMPONENTIZE: Tool = Tool {
    names: &["componentize-py"],
    oldest: Some(Oldest { version: Version(0, 25), arguments: &["--version"] }),
    purpose: "makes components of Python",
    install: "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
};

/// The module that is imported first: it hands the bot's module to the SDK's adapter.
const ENTRY: &str = "turnwise_entry";
/// What the bot's module is called unless the project says otherwise.
const MODULE: &str = "bot";
/// The SDK's package.
const PACKAGE: &str = "turnwise_plugin";
/// Where `turnwise plugin new` puts the SDK.
const SDK: &str = "sdk";

/// The recipe.
pub(super) struct Python;

#[async_trait]
impl Recipe for Python {
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError> {
        let manifest = Manifest::read(project)?;
        let sdk = manifest.sdk(project)?;
        manifest.check_module(project)?;
        let componentize = workshop.find(project, &COMPONENTIZE).await?;
        let scratch = workshop.scratch(project)?.join("python");
        let (wit, entry, output) = (scratch.join("wit"), scratch.join("entry"), scratch.join("plugin.wasm"));
        write(&wit.join("world.wit"), component::SDK_WORLD)?;
        write(&wit.join("deps/bot/bot.wit"), component::CONTRACT)?;
        write(&entry.join(ENTRY).with_extension("py"), &manifest.entry(project))?;

        let mut command = workshop.command(project, componentize);
        command.arg("--wit-path").arg(&wit).args(["--world", component::SDK_WORLD_NAME, "componentize", ENTRY]);
        let roots = [&project.dir, &sdk, &entry];
        for root in roots {
            command.arg("--python-path").arg(root);
        }
        command.arg("--output").arg(&output).env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
        workshop.run(project, command).await.map_err(|error| match error {
            BuildError::Failed { command, said } => BuildError::Failed { command, said: readable(&said, roots) },
            other => other,
        })?;
        std::fs::read(&output).map_err(|error| BuildError::File { path: output, error })
    }
}

/// As much of pyproject.toml as matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    project: ProjectTable,
    tool: ToolTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProjectTable {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolTable {
    turnwise: TurnwiseTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TurnwiseTable {
    /// The module that makes the plugin.
    module: Option<String>,
    /// The folder of the SDK, from the project's.
    sdk: Option<PathBuf>,
}

impl Manifest {
    fn read(project: &Project) -> Result<Self, BuildError> {
        let path = project.dir.join("pyproject.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| BuildError::Project {
                problem: format!("pyproject.toml: {}", error.to_string().trim_end()),
                fix: "[tool.turnwise] can have module = \"bot\" and sdk = \"sdk\"".into(),
            }),
            Err(error) => Err(BuildError::File { path, error }),
        }
    }

    fn sdk(&self, project: &Project) -> Result<PathBuf, BuildError> {
        let sdk = project.dir.join(self.tool.turnwise.sdk.as_deref().unwrap_or(Path::new(SDK)));
        if sdk.join(PACKAGE).join("__init__.py").is_file() {
            return Ok(sdk);
        }
        Err(BuildError::Project {
            problem: format!("{} holds no {PACKAGE}", sdk.display()),
            fix: "say in pyproject.toml where the SDK is: [tool.turnwise] sdk = \"sdk\"".into(),
        })
    }

    fn module(&self) -> &str {
        self.tool.turnwise.module.as_deref().unwrap_or(MODULE)
    }

    /// A module that is not there would be reported by Python as one that the SDK cannot import.
    fn check_module(&self, project: &Project) -> Result<(), BuildError> {
        let module = self.module();
        let identifier = |part: &str| {
            part.chars().all(|c| c.is_alphanumeric() || c == '_') && part.starts_with(|c: char| !c.is_numeric())
        };
        let path = project.dir.join(module.replace('.', "/"));
        let there = path.with_extension("py").is_file() || path.join("__init__.py").is_file();
        if module.split('.').all(identifier) && there {
            return Ok(());
        }
        Err(BuildError::Project {
            problem: format!("there is no module {module}"),
            fix: format!(
                "write {MODULE}.py, or say in pyproject.toml what yours is called: [tool.turnwise] module = \"{MODULE}\""
            ),
        })
    }

    fn entry(&self, project: &Project) -> String {
        let name = self.project.name.as_deref().unwrap_or(&project.name);
        let version = self.project.version.as_deref().unwrap_or("0.0.0");
        // Python reads every escape that JSON writes.
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "from {PACKAGE}.adapter import Bot, Manifest, Migration, serve\n\
             import {} as module\n\
             serve(module, name={}, version={})\n",
            self.module(),
            text(name),
            text(version)
        )
    }
}

/// Written only where it is different, so that Python need not compile it again.
fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    let failed = |error| BuildError::File { path: path.to_owned(), error };
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text)).map_err(failed)
}

/// The bot's traceback without the tool's own and the entry's, with the author's paths: inside, the roots are folders called 0, 1, 2.
fn readable(said: &str, roots: [&PathBuf; 3]) -> String {
    let (_, said) = said.split_once("AssertionError: ").unwrap_or(("", said));
    let end = ["\n\nCaused by:", "\n\nStack backtrace:"].iter().filter_map(|mark| said.find(mark)).min();
    let said = said[..end.unwrap_or(said.len())].trim_end();
    // A frame is a line and what is further in below it.
    let mut of_entry = false;
    let authors = said.lines().filter(|line| {
        if !line.starts_with("    ") {
            of_entry = line.starts_with("  File \"/2/");
        }
        !of_entry
    });
    let mut said = authors.collect::<Vec<_>>().join("\n");
    for (number, root) in roots.into_iter().enumerate() {
        said = said.replace(&format!("\"/{number}/"), &format!("\"{}/", root.display()));
    }
    said
}

#[cfg(test)]
mod tests;
