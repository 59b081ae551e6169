//! What code is compiled for: the engine's version and settings, as one short name.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

/// Two engines of the same id run each other's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EngineId([u8; 8]);

impl EngineId {
    pub(super) fn of(engine: &Engine) -> Self {
        let mut digest = Digested(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut digest);
        let mut id = [0; 8];
        id.copy_from_slice(&digest.0.finalize()[..8]);
        Self(id)
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The standard library's own hash may change with every release of Rust.
struct Digested(Sha256);

impl Hasher for Digested {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is taken whole")
    }
}
