//! What `wit/bot.wit` is in Rust, generated. Only `convert` and `turn` look in here; everything else uses the pure types.

/// The world every plugin is built against.
pub(super) mod plugin {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "turnwise:bot/plugin",
        imports: { default: trappable },
        exports: { default: async },
    });
}

/// The optional manifest, as a world of its own so that its presence is found by trying.
pub(super) mod described {
    wasmtime::component::bindgen!({
        inline: "package turnwise:host; world described { export turnwise:bot/manifest@0.1.0; }",
        path: "../wit",
        world: "turnwise:host/described",
        exports: { default: async },
    });
}

/// The optional migration, likewise.
pub(super) mod migrating {
    wasmtime::component::bindgen!({
        inline: "package turnwise:host; world migrating { export turnwise:bot/migration@0.1.0; }",
        path: "../wit",
        world: "turnwise:host/migrating",
        exports: { default: async },
        with: { "turnwise:bot/types": super::plugin::turnwise::bot::types },
    });
}
