//! Tries that were refused, for the audit log: the first at once, those that follow counted, so that ten thousand are one line a minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use super::lock;
use crate::clock::Timestamp;
use crate::limits::{AUDIT_SUMMARY_INTERVAL, THROTTLE_BUCKETS_MAX};
use crate::storage::AuditEntry;

#[derive(Default)]
pub(super) struct Tries {
    counted: Mutex<HashMap<(&'static str, IpAddr), Counted>>,
}

struct Counted {
    written: Timestamp,
    unwritten: u64,
    /// The last one tried.
    name: String,
}

impl Tries {
    /// Counts one; returns what is to be written now.
    pub(super) fn count(&self, now: Timestamp, action: &'static str, name: &str, from: IpAddr) -> Option<AuditEntry> {
        let mut counted = lock(&self.counted);
        // From more addresses than fit, all are counted as one.
        let address = if counted.len() < THROTTLE_BUCKETS_MAX { from } else { IpAddr::from([0, 0, 0, 0]) };
        let Some(known) = counted.get_mut(&(action, address)) else {
            counted.insert((action, address), Counted { written: now, unwritten: 0, name: String::new() });
            return Some(entry(now, action, name, from, 1));
        };
        known.unwritten += 1;
        name.clone_into(&mut known.name);
        if now.since(known.written) < AUDIT_SUMMARY_INTERVAL {
            return None;
        }
        known.written = now;
        Some(entry(now, action, name, address, std::mem::take(&mut known.unwritten)))
    }

    /// What was counted long enough to be written.
    pub(super) fn due(&self, now: Timestamp) -> Vec<AuditEntry> {
        self.drain(now, |counted| now.since(counted.written) >= AUDIT_SUMMARY_INTERVAL)
    }

    /// What was counted of an address, before somebody signs in from there.
    pub(super) fn of(&self, now: Timestamp, from: IpAddr) -> Vec<AuditEntry> {
        let mut counted = lock(&self.counted);
        let mut entries = Vec::new();
        for ((action, address), counted) in counted.iter_mut().filter(|((_, address), _)| *address == from) {
            let count = std::mem::take(&mut counted.unwritten);
            entries.extend((count > 0).then(|| entry(now, action, &counted.name, *address, count)));
        }
        entries
    }

    fn drain(&self, now: Timestamp, is_due: impl Fn(&Counted) -> bool) -> Vec<AuditEntry> {
        let mut entries = Vec::new();
        lock(&self.counted).retain(|(action, address), counted| {
            if is_due(counted) && counted.unwritten > 0 {
                entries.push(entry(now, action, &counted.name, *address, counted.unwritten));
            }
            !is_due(counted)
        });
        entries
    }
}

fn entry(at: Timestamp, action: &str, name: &str, from: IpAddr, count: u64) -> AuditEntry {
    // Whatever was typed as a name may be a password that went into the wrong field; a part of it says enough.
    let name: String = name.chars().take(3).chain((name.chars().count() > 3).then_some('…')).collect();
    let (action, from) = (action.to_owned(), from.to_string());
    AuditEntry { at, caller: String::new(), name, action, subject: None, from, count }
}
