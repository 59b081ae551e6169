//! Whether a request that changes something was made by another site's page. Browsers say so themselves; whoever is no browser carries
//! no cookie that could be abused, and says nothing.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

use super::hosts::Hosts;
use super::refused::Refused;

pub(super) fn check(headers: &HeaderMap, host: &str, hosts: &Hosts) -> Result<(), Refused> {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return Err(Refused::OtherSite);
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    if origins.next().is_some() {
        return Err(Refused::OtherSite);
    }
    // "null", a sandboxed frame's or a file's, has no authority.
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let authority = authority.ok_or(Refused::OtherSite)?.to_ascii_lowercase();
    // A proxy may have put its own idea of the host in the place of what the browser asked for.
    let is_ours = authority == host || (site.is_some() && hosts.knows(&authority));
    if is_ours { Ok(()) } else { Err(Refused::OtherSite) }
}
