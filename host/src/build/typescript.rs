//! TypeScript and JavaScript: rolldown makes one module of the project, and componentize-qjs puts it into the `QuickJS` engine, runs
//! it to its end and takes a snapshot. Beside that, `tsc` checks the types of a project in TypeScript.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;

use super::component::{CONTRACT, SDK_WORLD, SDK_WORLD_NAME};
use super::tool::{Oldest, Tool, Version};
use super::{BuildError, Language, Missing, Project, Recipe, Workshop};

const NODE: Tool = Tool {
    names: &["node"],
    oldest: Some(Oldest { version: Version(20, 19), arguments: &["--version"] }),
    purpose: "runs the tools that build TypeScript and JavaScript",
    install: "see https://nodejs.org/en/download",
};

const ROLLDOWN: Tool = Tool {
    names: &["rolldown"],
    oldest: None,
    purpose: "makes one module of all that a plugin imports",
    install: "npm install",
};

const COMPONENTIZE: Tool = Tool {
    names: &["componentize-qjs"],
    oldest: None,
    purpose: "makes WebAssembly of JavaScript",
    install: "npm install",
};

/// What the SDK is called among a project's dependencies.
const SDK: &str = "turnwise-plugin";
/// What a bundle leaves to the host.
const HOST_MODULE: &str = "turnwise:bot/log@0.1.0";
/// Where the bot is if `package.json` does not say.
const MAIN: [&str; 4] = ["src/bot.ts", "src/bot.js", "index.ts", "index.js"];

/// The recipe, of both languages.
pub(super) struct TypeScript;

#[async_trait]
impl Recipe for TypeScript {
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError> {
        let package = Package::read(project)?;
        let main = package.main(project)?;
        let tools = workshop.find_all(project, [&NODE, &ROLLDOWN, &COMPONENTIZE]).await;
        let [_, rolldown, componentize] = tools.map_err(|error| package.explain(error))?;

        let scratch = workshop.scratch(project)?;
        let entry = if package.has_sdk() {
            write(&scratch.join("entry.js"), &package.entry(project, &main))?
        } else {
            project.dir.join(main)
        };
        let bundle = scratch.join("bot.js");
        let (bundled, checked) =
            tokio::join!(make_bundle(project, workshop, &rolldown, &entry, &bundle), check_types(project, workshop),);
        // What does not parse has no types; rolldown shows it better.
        bundled.and(checked)?;

        let wit = scratch.join("wit");
        let contract = write(&wit.join("deps/bot.wit"), CONTRACT)?;
        write(&wit.join("sdk.wit"), SDK_WORLD)?;
        let (wit, world) = if package.has_sdk() { (wit, SDK_WORLD_NAME) } else { (contract, "plugin") };
        let component = scratch.join("bot.wasm");
        let mut command = workshop.command(project, componentize);
        // WASI is left in: with the engine's clock and stdio stubbed a turn takes longer, and `Date` traps. An instance is thrown
        // away after its turn, so a garbage collection would only touch memory that is about to go.
        command.args(["--sync", "--disable-gc", "--world", world]);
        command.arg("--wit").arg(wit).arg("--js").arg(&bundle).arg("--output").arg(&component);
        workshop.run(project, command).await.map_err(without_tool_stack)?;
        std::fs::read(&component).map_err(|error| BuildError::File { path: component, error })
    }
}

/// All that the entry imports, as one module. Not minified: names and lines are what makes the stack of an exception readable.
async fn make_bundle(
    project: &Project,
    workshop: &Workshop,
    rolldown: &Path,
    entry: &Path,
    bundle: &Path,
) -> Result<(), BuildError> {
    let mut command = workshop.command(project, rolldown);
    command.arg(entry).args(["--format", "esm", "--platform", "browser", "--logLevel", "warn"]);
    command.args(["--external", HOST_MODULE, "--no-codeSplitting", "--file"]).arg(bundle);
    workshop.run(project, command).await.map_err(without_tool_stack)
}

/// Where there is a `tsconfig.json`, and a compiler for it.
async fn check_types(project: &Project, workshop: &Workshop) -> Result<(), BuildError> {
    let compiler = workshop.which(project, "tsc").filter(|_| project.language == Language::TypeScript);
    let Some(compiler) = compiler else { return Ok(()) };
    let mut command = workshop.command(project, compiler);
    command.args(["--noEmit", "--pretty", if workshop.colour() { "true" } else { "false" }]);
    workshop.run(project, command).await
}

/// As much of a `package.json` as a build needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: Option<String>,
    version: Option<String>,
    main: Option<PathBuf>,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, String>,
}

impl Package {
    fn read(project: &Project) -> Result<Self, BuildError> {
        let path = project.dir.join("package.json");
        let text = std::fs::read_to_string(&path).map_err(|error| BuildError::File { path, error })?;
        serde_json::from_str(&text).map_err(|error| BuildError::Project {
            problem: format!("package.json cannot be read: {error}"),
            fix: "it is JSON, without comments, and name, version and main are texts".into(),
        })
    }

    fn lists(&self, package: &str) -> bool {
        self.dependencies.contains_key(package) || self.dev_dependencies.contains_key(package)
    }

    /// Without the SDK the main module is what the component exports, as the bare contract has it.
    fn has_sdk(&self) -> bool {
        self.lists(SDK)
    }

    /// The bot's module, from the project's folder.
    fn main(&self, project: &Project) -> Result<PathBuf, BuildError> {
        let candidates = self.main.as_ref().map_or_else(|| MAIN.map(PathBuf::from).into(), |main| vec![main.clone()]);
        candidates.into_iter().find(|main| project.dir.join(main).is_file()).ok_or_else(|| BuildError::Project {
            problem: match &self.main {
                Some(main) => format!("package.json says the bot is in {}, which is not there", main.display()),
                None => "package.json does not say where the bot is".into(),
            },
            fix: format!("name its module, e.g. \"main\": \"{}\"", MAIN[0]),
        })
    }

    /// The module that makes a component of the bot, for the folder of intermediate files.
    fn entry(&self, project: &Project, main: &Path) -> String {
        let text = |value: &str| serde_json::Value::from(value).to_string();
        let main = text(&format!("../{}", main.display()));
        let name = text(self.name.as_deref().unwrap_or(&project.name));
        let version = text(self.version.as_deref().unwrap_or("0.0.0"));
        format!(
            "import {{ component }} from \"{SDK}/component\";\n\
             import plugin from {main};\n\n\
             export const {{ bot, manifest, migration }} = component(plugin, {{ name: {name}, version: {version} }});\n"
        )
    }

    /// `npm install` brings only what the project lists.
    fn explain(&self, error: BuildError) -> BuildError {
        let BuildError::Missing(missing) = error else { return error };
        let add = |missing: Missing| match missing.tool.as_str() {
            tool @ ("rolldown" | "componentize-qjs") if !self.lists(tool) => {
                Missing { install: format!("npm install --save-dev {tool}"), ..missing }
            }
            _ => missing,
        };
        BuildError::Missing(missing.into_iter().map(add).collect())
    }
}

fn write(file: &Path, text: &str) -> Result<PathBuf, BuildError> {
    let folder = file.parent().unwrap_or(file);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, text));
    written.map(|()| file.to_owned()).map_err(|error| BuildError::File { path: file.to_owned(), error })
}

/// Where in the tool's own source an error about the author's came up helps nobody.
fn without_tool_stack(error: BuildError) -> BuildError {
    let BuildError::Failed { command, said } = error else { return error };
    let own = |line: &&str| !(line.trim_start().starts_with("at ") && line.contains("node_modules/"));
    BuildError::Failed { command, said: said.lines().filter(own).collect::<Vec<_>>().join("\n") }
}

#[cfg(test)]
mod tests;
