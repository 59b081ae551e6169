//! Where a name leads: looked up once for each connection made, checked, and connected to as checked. A name that leads elsewhere
//! the next time is checked anew.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::address::{Policy, Refused};
use crate::limits::CALL_LOOKUPS_AT_ONCE;

/// What knows the addresses of names.
#[async_trait]
pub(super) trait Names: Send + Sync {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system.
pub(super) struct System {
    at_once: Arc<Semaphore>,
}

impl Default for System {
    fn default() -> Self {
        Self { at_once: Arc::new(Semaphore::new(CALL_LOOKUPS_AT_ONCE)) }
    }
}

#[async_trait]
impl Names for System {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let looking = tokio::task::spawn_blocking(move || {
            // Held until the system is done: it goes on looking when nobody waits for it any more.
            let _permit = permit;
            Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect())
        });
        looking.await.map_err(io::Error::other)?
    }
}

/// The name leads to no address that a call may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's address {0}")]
pub(super) struct Blocked(pub(super) Refused);

/// Hands a client the addresses that its connection may reach, and no others.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) names: Arc<dyn Names>,
    pub(super) policy: Arc<Policy>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { names, policy } = self.clone();
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let allowed = allowed(found, &policy)?;
            let addresses: Addrs = Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Those that a call may go to; an error if that is none of some.
fn allowed(found: Vec<IpAddr>, policy: &Policy) -> Result<Vec<IpAddr>, Blocked> {
    let mut allowed = Vec::new();
    let mut refused = None;
    for address in found {
        match policy.check(address) {
            Ok(()) => allowed.push(address),
            Err(reason) => refused = Some(reason),
        }
    }
    match refused {
        Some(reason) if allowed.is_empty() => Err(Blocked(reason)),
        _ => Ok(allowed),
    }
}
