//! A look at how much a plugin has of everything, before anything is compiled: the cheapest way to refuse what was made to be slow.

use wasmparser::{Parser, Payload};

use crate::limits;

/// What has more than its limit, told to the plugin's author. What cannot be parsed is the compiler's to explain.
pub(super) fn check(plugin: &[u8]) -> Result<(), String> {
    let mut count = Count::default();
    for payload in Parser::new(0).parse_all(plugin) {
        let Ok(payload) = payload else { return Ok(()) };
        count.add(&payload)?;
    }
    Ok(())
}

#[derive(Default)]
struct Count {
    modules: u64,
    instances: u64,
    functions: u64,
    locals: u64,
    types: u64,
    adapters: u64,
}

impl Count {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), String> {
        match payload {
            Payload::Version { .. } => more(&mut self.modules, 1, limits::PLUGIN_MODULES_MAX, "modules"),
            Payload::InstanceSection(section) => {
                more(&mut self.instances, section.count(), limits::PLUGIN_INSTANCES_MAX, "instances")
            }
            Payload::ComponentInstanceSection(section) => {
                more(&mut self.instances, section.count(), limits::PLUGIN_INSTANCES_MAX, "instances")
            }
            Payload::FunctionSection(section) => {
                more(&mut self.functions, section.count(), limits::PLUGIN_FUNCTIONS_MAX, "functions")
            }
            Payload::ComponentCanonicalSection(section) => more(
                &mut self.adapters,
                section.count(),
                limits::PLUGIN_ADAPTERS_MAX,
                "imported and exported functions",
            ),
            Payload::TypeSection(section) => more(&mut self.types, section.count(), limits::PLUGIN_TYPES_MAX, "types"),
            Payload::ComponentTypeSection(section) => {
                more(&mut self.types, section.count(), limits::PLUGIN_TYPES_MAX, "types")
            }
            Payload::CodeSectionEntry(body) => {
                let bytes_max = limits::PLUGIN_FUNCTION_BYTES_MAX;
                if body.range().len() > bytes_max {
                    let bytes = body.range().len();
                    return Err(format!("it has a function of {bytes} bytes, and {bytes_max} are allowed"));
                }
                let Ok(locals) = body.get_locals_reader() else { return Ok(()) };
                for (count, _) in locals.into_iter().flatten() {
                    more(&mut self.locals, count, limits::PLUGIN_LOCALS_MAX, "local variables")?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn more(sum: &mut u64, count: u32, max: u64, what: &str) -> Result<(), String> {
    *sum += u64::from(count);
    if *sum > max { Err(format!("it has more than {max} {what}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
