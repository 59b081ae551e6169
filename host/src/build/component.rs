//! From a core module, which most compilers write, to a component of the contract.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use super::BuildError;

/// The text of the contract, `wit/bot.wit`.
pub const CONTRACT: &str = include_str!("../../../wit/bot.wit");

/// What a plugin of our SDKs exports: the optional interfaces too, because both have good defaults and a world cannot depend on what
/// an author overrides.
pub(super) const SDK_WORLD: &str = "
    package turnwise:sdk;
    world sdk-plugin {
        include turnwise:bot/plugin@0.1.0;
        export turnwise:bot/manifest@0.1.0;
        export turnwise:bot/migration@0.1.0;
    }
";

/// The world's name in there.
pub(super) const SDK_WORLD_NAME: &str = "sdk-plugin";

/// What every plugin exports, before its version.
const EXPORT: &str = "turnwise:bot/bot@";

/// The contract, and in it the world that plugins of our SDKs are built for: `handle`, the manifest and the migration.
///
/// # Errors
/// Never, unless the contract itself does not parse.
pub fn sdk_world() -> Result<(Resolve, WorldId), BuildError> {
    let mut resolve = Resolve::default();
    resolve.push_str("bot.wit", CONTRACT).map_err(no_plugin)?;
    let package = resolve.push_str("sdk.wit", SDK_WORLD).map_err(no_plugin)?;
    let world = resolve.select_world(&[package], Some(SDK_WORLD_NAME)).map_err(no_plugin)?;
    Ok((resolve, world))
}

/// Writes into a core module that it implements this world, for compilers whose bindings do not do so themselves.
///
/// # Errors
/// When the bytes are no core module.
pub fn embed(module: &mut Vec<u8>, resolve: &Resolve, world: WorldId) -> Result<(), BuildError> {
    embed_component_metadata(module, resolve, world, StringEncoding::UTF8, false).map_err(no_plugin)
}

/// Makes a component of a core module that says which world it implements. A module that imports WASI preview 1 is given wasmtime's
/// adapter to WASI 0.2.
///
/// # Errors
/// When the module lacks what its world exports, or imports what it does not have.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    // Of a module that says nothing, the encoder makes a component that does nothing.
    if !module.windows(EXPORT.len()).any(|window| window == EXPORT.as_bytes()) {
        return Err(BuildError::Component(format!(
            "it does not export `{EXPORT}0.1.0`; the SDK says how a plugin is exported"
        )));
    }
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module).map_err(no_plugin)?;
    encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER).map_err(no_plugin)?;
    encoder.encode().map_err(no_plugin)
}

/// Every cause, from the outermost to the innermost: the first says where, the last what.
fn no_plugin(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BuildError {
    let error = error.into();
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    BuildError::Component(causes.join(": "))
}

#[cfg(test)]
mod tests;
