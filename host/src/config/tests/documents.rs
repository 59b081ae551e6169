//! docs/configuration.md and the parser know the same keys and defaults.
