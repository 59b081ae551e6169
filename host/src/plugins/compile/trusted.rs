//! The one place where bytes become code that runs.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache::Entry;

/// Maps code into memory. Pages are read when they are first needed and shared with the system's page cache.
pub(super) fn load(engine: &Engine, entry: &Entry) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "wasmtime cannot know where code comes from; `Cache` can")]
    // SAFETY: the file must be what this engine compiled, and must not change while it is mapped. An `Entry` is only made by `Cache`:
    // for code it has just taken from this program's own compiler, or that carries a MAC under a key which never leaves a folder that
    // only we can read. Nothing is written to an entry once it has its name: the cache writes to drafts, renames and removes, and
    // nobody else can open files in that folder for writing.
    unsafe {
        Component::deserialize_file(engine, &entry.0)
    }
}
