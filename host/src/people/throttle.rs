//! How guessing is slowed down: buckets of tries, per name, per address and for all together. Whoever has a session or a token does
//! not pass here, and who signs in rightly takes nothing from a bucket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::lock;
use crate::clock::Timestamp;
use crate::conversation::id::hash128;
use crate::limits::THROTTLE_BUCKETS_MAX;

/// How many tries at once, and how long until there is another one.
struct Rate {
    burst: u32,
    refill: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Of {
    Everybody,
    Name([u8; 16]),
    Address(IpAddr),
    /// Tokens have an address's bucket of their own: a machine with a wrong one must not keep people out.
    Tokens(IpAddr),
}

impl Of {
    /// A name's is the loosest of what an attacker can aim at a person: half a million guesses a year against a long password.
    fn rate(self) -> Rate {
        match self {
            Self::Everybody => Rate { burst: 60, refill: Duration::from_millis(250) },
            Self::Name(_) => Rate { burst: 10, refill: Duration::from_secs(5) },
            Self::Address(_) => Rate { burst: 20, refill: Duration::from_secs(2) },
            Self::Tokens(_) => Rate { burst: 50, refill: Duration::from_secs(1) },
        }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    /// When it is full again: each try takes one refill.
    full_at: Timestamp,
}

#[derive(Default)]
pub(super) struct Throttle {
    buckets: Mutex<HashMap<Of, Bucket>>,
}

/// Tries that were taken, to be given back where they were right.
pub(super) struct Taken([Of; 3]);

impl Throttle {
    /// One try at a password; where there is none left, how long until there is.
    pub(super) fn admit(&self, now: Timestamp, name: &str, from: IpAddr) -> Result<Taken, Duration> {
        let name = Of::Name(hash128("name", &[name.to_lowercase().as_bytes()]));
        let all = [Of::Everybody, name, Of::Address(network(from))];
        self.take(now, &all).map(|()| Taken(all))
    }

    /// One wrong token.
    pub(super) fn admit_token(&self, now: Timestamp, from: IpAddr) -> Result<(), Duration> {
        self.take(now, &[Of::Tokens(network(from))])
    }

    pub(super) fn give_back(&self, taken: &Taken) {
        let mut buckets = lock(&self.buckets);
        for of in taken.0 {
            if let Some(bucket) = buckets.get_mut(&of) {
                bucket.full_at = Timestamp(bucket.full_at.0.saturating_sub(millis(of.rate().refill)));
            }
        }
    }

    /// Takes from all or from none.
    fn take(&self, now: Timestamp, all: &[Of]) -> Result<(), Duration> {
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= THROTTLE_BUCKETS_MAX {
            buckets.retain(|_, bucket| bucket.full_at > now);
            // Still too many: an attack from everywhere, which the bucket of all together bounds.
            if buckets.len() >= THROTTLE_BUCKETS_MAX {
                buckets.retain(|of, _| *of == Of::Everybody);
            }
        }
        let full_at =
            |buckets: &HashMap<Of, Bucket>, of: &Of| buckets.get(of).map_or(now, |bucket| bucket.full_at.max(now));
        let wait = all.iter().map(|of| {
            let Rate { burst, refill } = of.rate();
            full_at(&buckets, of).after(refill).since(now).saturating_sub(refill * burst)
        });
        if let Some(wait) = wait.max().filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        for of in all {
            let full_at = full_at(&buckets, of).after(of.rate().refill);
            buckets.insert(*of, Bucket { full_at });
        }
        Ok(())
    }
}

/// Who has one IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
