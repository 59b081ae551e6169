//! How much memory one instance may take, summed over all its memories.

use wasmtime::ResourceLimiter;

use crate::limits;

/// Counts what one instance takes and remembers what it was refused: a trap that follows is then known for what it is.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    refused: Option<Refused>,
}

/// What an instance asked for and did not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Memory,
    TableElements,
}

impl Limiter {
    pub(super) fn new(memory_bytes_max: usize) -> Self {
        Self { memory_bytes: 0, memory_bytes_max, table_elements: 0, refused: None }
    }

    /// Memories only grow, so this is also the most that was ever taken.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(super) fn refused(&self) -> Option<Refused> {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    // A refusal is the guest's -1 and not a trap: some languages have a way to go on without.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        let allowed = sum <= self.memory_bytes_max && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.memory_bytes = sum;
        } else {
            self.refused = Some(Refused::Memory);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.table_elements.saturating_add(desired.saturating_sub(current));
        let allowed = sum <= limits::PLUGIN_TABLE_ELEMENTS_MAX && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.table_elements = sum;
        } else {
            self.refused = Some(Refused::TableElements);
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        limits::PLUGIN_CORE_INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        limits::PLUGIN_TABLES_MAX
    }

    fn memories(&self) -> usize {
        limits::PLUGIN_MEMORIES_MAX
    }
}
