//! Which names the admin listener goes by. A page of another site whose name was made to point here sends that name.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::HOST;

use super::refused::Refused;

pub(super) struct Hosts {
    /// In lower case, addresses without brackets.
    names: Vec<String>,
}

impl Hosts {
    pub(super) fn new(bound: IpAddr, configured: &[String]) -> Self {
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(ToOwned::to_owned).into();
        if !bound.is_unspecified() {
            names.push(bound.to_string());
        }
        names.extend(configured.iter().map(|name| bare(name).to_ascii_lowercase()));
        Self { names }
    }

    /// The one host the request is for, with its port if it has one.
    pub(super) fn of(&self, request: &Request) -> Result<String, Refused> {
        let mut given = request.headers().get_all(HOST).iter();
        // None, or two, is for nobody.
        let (Some(host), None) = (given.next(), given.next()) else { return Err(Refused::OtherHost) };
        let host = host.to_str().map_err(|_| Refused::OtherHost)?.to_ascii_lowercase();
        let target = request.uri().authority().map(|authority| authority.as_str().to_ascii_lowercase());
        let agree = target.is_none_or(|target| target == host);
        if agree && self.knows(&host) { Ok(host) } else { Err(Refused::OtherHost) }
    }

    /// Whether this is one of our names, whatever its port: a tunnel has another.
    pub(super) fn knows(&self, authority: &str) -> bool {
        let name = without_port(authority);
        self.names.iter().any(|known| known == name)
    }
}

fn without_port(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((address, "")) => address,
            Some((address, port)) if is_port(port) => address,
            _ => "",
        };
    }
    match authority.split_once(':') {
        None => authority,
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => "",
    }
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn bare(name: &str) -> &str {
    name.trim_matches(['[', ']'])
}
