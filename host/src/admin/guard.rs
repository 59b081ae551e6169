//! Who comes through to the admin listener. In this order: is the request for a name of ours (DNS rebinding), is it not made by another
//! site's page, and who makes it. Whoever comes through is a [`Caller`] with a role; what that role may is said where a route is.

mod credentials;
mod headers;
mod hosts;
mod refused;
mod sites;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::config;
use crate::ingress::listener::Peer;
use crate::people::{Address, Auditor, Caller, People, Role};
use hosts::Hosts;
use refused::Refused;

/// Probes come by address, and whoever runs them has no credentials.
const PROBES: [&str; 2] = ["/livez", "/readyz"];
/// What nobody has to sign in for: figures without names, and what signing in needs.
const OPEN: [&str; 3] = ["/metrics", "/console/sign-in", "/console/welcome"];
const OPEN_BELOW: &str = "/console/assets/";

/// What is asked of every request.
pub struct Guard {
    people: Arc<People>,
    hosts: Hosts,
    proxy: Option<config::Proxy>,
}

impl Guard {
    /// `bound` is where the admin listener is.
    #[must_use]
    pub fn new(people: Arc<People>, server: &config::Server, console: &config::Console, bound: SocketAddr) -> Self {
        Self { people, hosts: Hosts::new(bound.ip(), &server.admin_hosts), proxy: console.proxy.clone() }
    }

    /// Puts the guard in front of everything of `router`, unknown paths included.
    pub fn before(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::new(self), guarded))
    }

    async fn admit(&self, request: &mut Request) -> Result<(), Refused> {
        let path = request.uri().path();
        if PROBES.contains(&path) {
            return Ok(());
        }
        let is_open = OPEN.contains(&path) || path.starts_with(OPEN_BELOW);
        let host = self.hosts.of(request)?;
        if !request.method().is_safe() {
            sites::check(request.headers(), &host, &self.hosts)?;
        }
        let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let from = credentials::client(request.headers(), peer, self.proxy.as_ref());
        let found = credentials::caller(&self.people, request.headers(), peer, from, self.proxy.as_ref()).await;
        request.extensions_mut().insert(Address(from));
        // What signs people in has no caller yet.
        request.extensions_mut().insert(Arc::clone(&self.people));
        match found {
            Ok(Some(caller)) => {
                let auditor = Auditor::new(Arc::clone(&self.people), caller.clone(), from);
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(auditor);
                Ok(())
            }
            Ok(None) if is_open => Ok(()),
            Ok(None) => Err(Refused::unknown(request)),
            Err(_) if is_open => Ok(()),
            Err(refused) => Err(refused),
        }
    }
}

async fn guarded(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let mut response = match guard.admit(&mut request).await {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    headers::complete(response.headers_mut());
    response
}

/// A layer for routes that need a role.
///
/// # Errors
/// 401 without a caller, 403 where the role is too small.
pub async fn needs(State(role): State<Role>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>() {
        Some(caller) if caller.may(role) => next.run(request).await,
        Some(_) => Refused::TooLittle(role).into_response(),
        None => Refused::unknown(&request).into_response(),
    }
}

#[cfg(test)]
mod tests;
