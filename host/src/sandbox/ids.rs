//! Ids in Braze's form from a seeded generator, so that a run can be repeated.

use std::hash::{BuildHasher, RandomState};

/// A seed that differs from run to run.
pub(super) fn fresh_seed() -> u64 {
    RandomState::new().hash_one(0_u64)
}

/// SplitMix64: enough to make ids unique, and to roll the dice of chaos rules.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 32 hexadecimal digits.
    pub(super) fn dispatch_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// 24 hexadecimal digits.
    pub(super) fn braze_id(&mut self) -> String {
        format!("{:016x}{:08x}", self.next(), self.next() >> 32)
    }
}
