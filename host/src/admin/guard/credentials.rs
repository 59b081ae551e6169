//! Who makes a request: a bearer token, else somebody a proxy vouches for, else a browser's session.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::refused::Refused;
use crate::config::Proxy;
use crate::people::{Caller, People, cookie};

const PROXY_SECRET: &str = "x-turnwise-proxy-secret";
const FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) async fn caller(
    people: &People,
    headers: &HeaderMap,
    peer: IpAddr,
    from: IpAddr,
    proxy: Option<&Proxy>,
) -> Result<Option<Caller>, Refused> {
    if headers.contains_key(AUTHORIZATION) {
        let token = one(headers, AUTHORIZATION.as_str()).and_then(bearer).ok_or(Refused::NoToken)?;
        return people.by_bearer(token, from).await?.map(Some).ok_or(Refused::WrongToken);
    }
    if let Some(proxy) = proxy.filter(|proxy| is_trusted(proxy, headers, peer))
        && headers.contains_key(&proxy.header)
    {
        let name = one(headers, proxy.header.as_str()).map(str::trim).filter(|name| !name.is_empty());
        let name = name.ok_or(Refused::NobodysName)?;
        return people.vouched(name, proxy.unknown).await?.map(Some).ok_or(Refused::NobodysName);
    }
    if let Some(session) = cookie::session(headers)
        && let Some(caller) = people.by_session(session).await?
    {
        return Ok(Some(caller));
    }
    // Whoever is on this machine and no browser. A page in a browser could be anybody's.
    let is_browser = headers.contains_key(COOKIE)
        || headers.contains_key(ORIGIN)
        || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"));
    Ok((people.is_dev() && !is_browser).then(Caller::dev))
}

/// Where a request comes from: what a trusted proxy says, else who connected.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, proxy: Option<&Proxy>) -> IpAddr {
    let forwarded = proxy.filter(|proxy| is_trusted(proxy, headers, peer)).and_then(|_| {
        // The last one is the proxy's own; those before it are whatever the client wrote.
        let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    });
    forwarded.unwrap_or(peer)
}

fn is_trusted(proxy: &Proxy, headers: &HeaderMap, peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    let is_there = proxy.peers.is_empty() || proxy.peers.iter().any(|network| network.contains(&peer));
    let knows = proxy.secret.as_ref().is_none_or(|secret| {
        one(headers, PROXY_SECRET).is_some_and(|given| {
            let [given, secret] = [given, secret.expose()].map(|text| Sha256::digest(text.as_bytes()));
            bool::from(given.as_slice().ct_eq(secret.as_slice()))
        })
    });
    // Whoever the configuration asks for nothing of is nobody.
    is_there && knows && (proxy.secret.is_some() || !proxy.peers.is_empty())
}

/// The value of a header that is there once: of two, proxies disagree on which counts.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    Some(value)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    let is_token = !token.is_empty() && !token.contains(char::is_whitespace);
    (scheme.eq_ignore_ascii_case("Bearer ") && is_token).then_some(token)
}
