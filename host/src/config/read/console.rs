//! `[console]`: whom besides those with a password the admin listener lets in.

use std::net::IpAddr;

use axum::http::HeaderName;
use ipnet::IpNet;
use toml::Spanned;

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::suggest;
use super::super::{Console, Proxy, Secret};
use crate::people::Role;

/// Less can be guessed.
const SECRET_CHARS_MIN: usize = 16;
/// Headers that mean something else, or that any client sends.
const NOT_A_NAME: [&str; 8] =
    ["authorization", "connection", "content-length", "cookie", "host", "origin", "referer", "user-agent"];

pub(super) fn read(mut section: Section<'_>, references: &References<'_>) -> Console {
    let report = references.report;
    let header = section.text("proxy_header", None, "x-forwarded-email");
    let secret = section.text("proxy_secret", None, "env:CONSOLE_PROXY_SECRET");
    let peers = section.texts("proxy_peers", "[\"10.0.0.7\"]");
    let role = section.text("proxy_role", None, "viewer");

    let secret_given = secret.is_some();
    let secret = secret.and_then(|reference| read_secret(&reference, references));
    let peer_count = peers.as_ref().map_or(0, Vec::len);
    let given: Vec<IpNet> = peers.iter().flatten().filter_map(|peer| read_peer(peer, report)).collect();
    let unknown = role.as_ref().and_then(|role| read_role(role, report));
    let proxy = match header {
        Some(header) => {
            let name = read_header(&header, report);
            if !secret_given && peer_count == 0 {
                let help = "say which proxy is believed: `proxy_secret = \"env:CONSOLE_PROXY_SECRET\"`, which it sends as \
                            `x-turnwise-proxy-secret`, or `proxy_peers = [\"10.0.0.7\"]`, or both";
                report.error("proxy-not-named", header.span(), "anybody could send `proxy_header`", help);
            }
            name.map(|header| Proxy { header, secret, peers: given, unknown })
        }
        None => {
            for (key, is_given) in
                [("proxy_secret", secret_given), ("proxy_peers", peer_count > 0), ("proxy_role", role.is_some())]
            {
                if is_given {
                    let help = format!("add `proxy_header = \"x-forwarded-email\"`, or remove `{key}`");
                    report.error("unused-proxy", section.span(), format!("`{key}` has no `proxy_header`"), help);
                }
            }
            None
        }
    };
    section.finish();
    Console { proxy }
}

fn read_header(given: &Spanned<String>, report: &Report) -> Option<HeaderName> {
    let text = given.get_ref().to_ascii_lowercase();
    let help = "write the header in which your proxy names who signed in: `proxy_header = \"x-forwarded-email\"`";
    if NOT_A_NAME.contains(&text.as_str()) {
        report.error("bad-header", given.span(), format!("`{text}` is a header that any client sends"), help);
        return None;
    }
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    if name.is_none() {
        report.error("bad-header", given.span(), "`proxy_header` is not the name of a header", help);
    }
    name
}

fn read_secret(reference: &Spanned<String>, references: &References<'_>) -> Option<Secret> {
    let secret = references.resolve("proxy_secret", reference, "CONSOLE_PROXY_SECRET")?;
    if secret.expose().chars().count() < SECRET_CHARS_MIN {
        let message =
            format!("the secret behind `{}` has fewer than {SECRET_CHARS_MIN} characters", reference.get_ref());
        references.report.error("token-short", reference.span(), message, "make one with `openssl rand -hex 32`");
    }
    Some(secret)
}

fn read_peer(given: &Spanned<String>, report: &Report) -> Option<IpNet> {
    let text = given.get_ref().as_str();
    let help = "write the proxy's address, or its network: `proxy_peers = [\"10.0.0.7\", \"10.1.0.0/16\"]`";
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match network {
        None => report.error("bad-network", given.span(), format!("`{text}` is no network"), help),
        Some(network) if network.prefix_len() == 0 => {
            report.error("bad-network", given.span(), format!("`{text}` is everybody"), help);
        }
        Some(network) => return Some(network),
    }
    None
}

fn read_role(given: &Spanned<String>, report: &Report) -> Option<Role> {
    let text = given.get_ref().as_str();
    let names = || Role::ALL.iter().map(|role| role.name());
    match text.parse() {
        Ok(Role::Admin) => {
            let help = "add those who are admins by name, and write `proxy_role = \"viewer\"` for the others";
            report.error("bad-role", given.span(), "whoever the proxy lets in would be an admin", help);
            None
        }
        Ok(role) => Some(role),
        Err(_) => {
            let help = match suggest::closest(text, names()) {
                Some(near) => format!("did you mean `proxy_role = \"{near}\"`?"),
                None => format!("write one of {}", suggest::list(names())),
            };
            report.error("bad-role", given.span(), format!("`{text}` is no role"), help);
            None
        }
    }
}
