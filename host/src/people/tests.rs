//! Who gets in, who does not, and what is written down of it.

mod entering;
mod guessing;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::storage::redb::{Redb, Settings};
use crate::storage::{AuditEntry, AuditSeq};

pub(crate) const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A clock moved by hand.
#[derive(Debug)]
pub(crate) struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn skip(&self, span: Duration) -> bool {
        self.0.fetch_add(u64::try_from(span.as_millis()).expect("a short span"), Ordering::SeqCst);
        true
    }
}

/// People on a database of their own.
pub(crate) struct World {
    pub(crate) people: People,
    pub(crate) storage: Arc<Redb>,
    pub(crate) clock: Arc<Hand>,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(dev: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
        let storage = Redb::open(&folder.path().join("turnwise.redb"), Settings::default(), clock.now());
        let storage = Arc::new(storage.expect("it opens"));
        let people = People::new(Arc::clone(&storage) as Arc<dyn Records>, Arc::clone(&clock) as _, dev, None);
        Self { people, storage, clock, folder }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.folder.path().to_owned()
    }

    /// With its first admin, ada; the key is of the session she has.
    pub(crate) async fn with_ada() -> (Self, Key) {
        let world = Self::new(false);
        let key = world.people.first_key().await.expect("storage works").expect("nobody is there");
        let session = world.people.enter(&key.text(), "Ada", PASSWORD, HERE).await.expect("she enters");
        (world, session)
    }

    /// With another person who has accepted the invitation.
    pub(crate) async fn add(&self, name: &str, role: Role) -> (Person, Key) {
        let (person, key) = self.people.add(name, role).await.expect("added");
        let session = self.people.enter(&key.text(), "", PASSWORD, HERE).await.expect("they enter");
        (person, session)
    }

    pub(crate) async fn caller(&self, session: &Key) -> Option<Caller> {
        self.people.by_session(&session.text()).await.expect("storage works")
    }

    /// The audit log, oldest first.
    pub(crate) async fn audited(&self) -> Vec<AuditEntry> {
        let mut log = self.people.audited(AuditSeq(u64::MAX), usize::MAX).await.expect("storage works");
        log.reverse();
        log.into_iter().map(|(_, entry)| entry).collect()
    }
}
