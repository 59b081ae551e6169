//! What is laid over the SDK's folder and the author's: bindings made of the contract, and what ties them to the SDK.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use wit_bindgen_core::Files;
use wit_bindgen_go::{Format, Opts};

use super::SDK;
use crate::build::{BuildError, Project, artifact, component};

/// Below the SDK's folder. It is not there outside of builds.
const PACKAGE: &str = "guest";

/// The bindings' own runtime; ours is smaller, and does not need a later Go.
const FOREIGN_RUNTIME: &str = "go.bytecodealliance.org/pkg/wit";

/// Ours, by their place in the package.
const GLUE: [(&str, &str); 7] = [
    ("convert/effect.go", include_str!("guest/effect.go")),
    ("convert/event.go", include_str!("guest/event.go")),
    ("exports/export_turnwise_bot_bot/bot.go", include_str!("guest/bot.go")),
    ("exports/export_turnwise_bot_manifest/manifest.go", include_str!("guest/manifest.go")),
    ("exports/export_turnwise_bot_migration/migration.go", include_str!("guest/migration.go")),
    ("wit/runtime/runtime.go", include_str!("guest/runtime.go")),
    ("wit/types/types.go", include_str!("guest/types.go")),
];

/// Goes into the author's package.
const MAIN: &str = include_str!("guest/main.go");
const MAIN_NAME: &str = "turnwise_wasip1.go";

/// Writes everything into the scratch folder, with the file that tells go where each of it belongs; returns that file.
pub(super) fn write(scratch: &Path, project: &Project, sdk: &Path) -> Result<PathBuf, BuildError> {
    let mut replace = Map::new();
    let mut lay = |file: PathBuf, over: PathBuf, text: &str| {
        put(&file, text)?;
        replace.insert(over.to_string_lossy().into_owned(), json!(file.to_string_lossy()));
        Ok(())
    };
    let glue = GLUE.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    for (name, text) in glue.chain(bindings()?) {
        lay(scratch.join(PACKAGE).join(&name), sdk.join(PACKAGE).join(&name), &text)?;
    }
    // A JSON string is a Go string.
    let main = format!("{MAIN}\nconst turnwisePluginName = {}\n", Value::from(project.name.as_str()));
    lay(scratch.join(MAIN_NAME), project.dir.join(MAIN_NAME), &main)?;
    let overlay = scratch.join("overlay.json");
    put(&overlay, &json!({ "Replace": replace }).to_string())?;
    Ok(overlay)
}

/// Generated of the contract, by their place in the package.
fn bindings() -> Result<Vec<(String, String)>, BuildError> {
    let failed = |error: &dyn std::fmt::Display| BuildError::Component(format!("no Go bindings: {error:#}"));
    let (mut resolve, world) = component::sdk_world()?;
    let options =
        Opts { format: Format::False, pkg_name: Some(format!("{SDK}/{PACKAGE}")), quiet: true, ..Opts::default() };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).map_err(|error| failed(&error))?;
    let sources = files.iter().filter(|(name, _)| name.ends_with(".go"));
    let ours = format!("{SDK}/{PACKAGE}/wit");
    sources
        .map(|(name, bytes)| {
            let text = std::str::from_utf8(bytes).map_err(|error| failed(&error))?;
            Ok((name.to_owned(), text.replace(FOREIGN_RUNTIME, &ours)))
        })
        .collect()
}

fn put(file: &Path, text: &str) -> Result<(), BuildError> {
    let written: io::Result<bool> = artifact::write(file, text.as_bytes());
    written.map(drop).map_err(|error| BuildError::File { path: file.to_owned(), error })
}
