//! `[connections.NAME]`: which other systems plugins may call, and how.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Url;
use toml::Spanned;

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::{Connection, RetryRule, suggest};
use super::connection_headers as headers;
use super::is_loopback;
use crate::connections::address::{self, Policy, Refused};
use crate::connections::target;

const BASE_URL_EXAMPLE: &str = "https://api.example.com/v1";
/// What may be allowed; the rest either is no call (`CONNECT`) or shows the secret headers (`TRACE`).
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const KIB: usize = 1024;
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = Duration::from_mins(5);
/// What a plugin's memory and the journal can bear.
const RESPONSE_BYTES_MAX: usize = 4 * 1024 * KIB;
const IN_FLIGHT_MAX: usize = 1024;
const RETRIES_MAX: usize = 10;

pub(super) fn read(mut section: Section<'_>, references: &References<'_>) -> BTreeMap<String, Connection> {
    let mut connections = BTreeMap::new();
    for (name, mut section) in section.named() {
        connections.insert(name.to_owned(), read_connection(&mut section, name, references));
        section.finish();
    }
    connections
}

fn read_connection(section: &mut Section<'_>, name: &str, references: &References<'_>) -> Connection {
    let report = references.report;
    let base_url = section.required("base_url", BASE_URL_EXAMPLE);
    let allow_private = read_networks(section, report);
    if let Some(base_url) = &base_url {
        check_base_url(base_url, &allow_private, report);
    }
    let default = Connection::to(base_url.map(Spanned::into_inner).unwrap_or_default().trim_end_matches('/'));
    Connection {
        headers: headers::read(section.section("headers"), name, references),
        methods: read_methods(section, default.methods, report),
        paths: read_paths(section, default.paths, report),
        timeout: section.duration("timeout", default.timeout, TIMEOUT_MIN..=TIMEOUT_MAX),
        request_bytes_max: section.bytes("request_bytes", default.request_bytes_max, 1..=default.request_bytes_max),
        response_bytes_max: section.bytes("response_bytes", default.response_bytes_max, KIB..=RESPONSE_BYTES_MAX),
        calls_in_flight_max: section.count("concurrency", default.calls_in_flight_max, 1..=IN_FLIGHT_MAX),
        retries_max: read_retries(section, default.retries_max),
        retry: section
            .choice("retry", &RetryRule::ALL, RetryRule::name, default.retry, "bad-retry", "no rule for trying again")
            .unwrap_or(default.retry),
        base_url: default.base_url,
        allow_private,
    }
}

fn read_retries(section: &mut Section<'_>, default: u32) -> u32 {
    let retries = section.count("retries", default as usize, 0..=RETRIES_MAX);
    u32::try_from(retries).unwrap_or(default)
}

fn read_methods(section: &mut Section<'_>, default: Vec<String>, report: &Report) -> Vec<String> {
    let Some(methods) = section.texts_or("methods", Some(&default), "[\"GET\", \"POST\"]") else { return default };
    for method in methods.iter().filter(|method| !METHODS.contains(&method.get_ref().as_str())) {
        let help = match suggest::closest(method.get_ref(), METHODS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name some of {}", suggest::list(METHODS)),
        };
        report.error("bad-method", method.span(), format!("`{}` is no method to allow", method.get_ref()), help);
    }
    methods.into_iter().map(Spanned::into_inner).collect()
}

fn read_paths(section: &mut Section<'_>, default: Vec<String>, report: &Report) -> Vec<String> {
    let Some(paths) = section.texts_or("paths", Some(&default), "[\"/orders\", \"/orders/*\"]") else { return default };
    for path in &paths {
        if let Some(flaw) = target::flaw_of_pattern(path.get_ref()) {
            let help = "write a path below `base_url`: `\"/orders\"` is that path, `\"/orders/\"` all below it, and a `*` \
                        stands for anything without a `/`";
            report.error("bad-path", path.span(), format!("`{}` {flaw}", path.get_ref()), help);
        }
    }
    paths.into_iter().map(Spanned::into_inner).collect()
}

/// Networks as `10.1.0.0/16`, or single addresses.
fn read_networks(section: &mut Section<'_>, report: &Report) -> Vec<IpNet> {
    let given = section.texts_or("allow_private", Some(&[]), "[\"10.1.0.0/16\"]").unwrap_or_default();
    given.iter().filter_map(|network| read_network(network, report)).collect()
}

fn read_network(given: &Spanned<String>, report: &Report) -> Option<IpNet> {
    let text = given.get_ref().as_str();
    let wrong = |message: String, help: String| {
        report.error("bad-network", given.span(), message, help);
        None
    };
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let Some(network) = parsed else {
        let help = "write a network or an address: `allow_private = [\"10.1.0.0/16\", \"127.0.0.1\"]`";
        return wrong(format!("`{text}` is no network"), help.to_owned());
    };
    if network != network.trunc() {
        return wrong(format!("`{text}` is an address inside a network"), format!("write `\"{}\"`", network.trunc()));
    }
    if address::private_range(&network).is_none() {
        let help =
            format!("write a part of {}; what is public needs no permission", suggest::list(address::private_ranges()));
        return wrong(format!("`{text}` is not inside a private network"), help);
    }
    Some(network)
}

fn check_base_url(given: &Spanned<String>, allow_private: &[IpNet], report: &Report) {
    let text = given.get_ref().as_str();
    let wrong = |code, message: &str, help: String| report.error(code, given.span(), message, help);
    let example = format!("write `base_url = \"{BASE_URL_EXAMPLE}\"`");
    let has_scheme = text.contains("://");
    let parsed = Url::parse(&if has_scheme { text.to_owned() } else { format!("https://{text}") }).ok();
    let Some((url, host)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return wrong("bad-base-url", "`base_url` is not a URL", example);
    };
    if !url.username().is_empty() || url.password().is_some() {
        report.secret(given.span());
        let help = "leave it out and write `headers = { authorization = \"Basic env:NAME\" }`, with USER:PASSWORD in base64 behind it";
        return wrong("bad-base-url", "`base_url` holds a user or a password", help.to_owned());
    }
    if !has_scheme || !matches!(url.scheme(), "https" | "http") {
        let help = format!("write `base_url = \"https://{host}{}\"`", url.path().trim_end_matches('/'));
        return wrong("bad-base-url", "`base_url` does not begin with `https://`", help);
    }
    if url.query().is_some() || url.fragment().is_some() {
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let help = format!("write `base_url = \"{}\"`; a plugin writes the query behind its path", &text[..end]);
        return wrong("bad-base-url", "`base_url` has a query or a fragment", help);
    }
    if url.path().contains("//") || text.contains('\\') || text.contains("/..") {
        return wrong("bad-base-url", "`base_url` has an empty piece, `..` or `\\` in its path", example);
    }
    if url.scheme() == "http" && allow_private.is_empty() && !is_loopback(host) {
        let help =
            format!("write `base_url = \"https://{host}…\"`; plain `http` is for networks in `allow_private` only");
        return wrong(
            "base-url-not-https",
            "calls and their secrets would travel unencrypted to this `base_url`",
            help,
        );
    }
    let policy = Policy { allow_private: allow_private.to_vec(), public: url.scheme() == "https" };
    check_host(host, &policy, &wrong);
}

/// What is known of the host already; where a name leads is known when it is called.
fn check_host(host: &str, policy: &Policy, wrong: &dyn Fn(&'static str, &str, String)) {
    let localhost = [IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)];
    let literal = host.trim_matches(['[', ']']).parse().ok();
    let addresses: Vec<IpAddr> = if host == "localhost" { localhost.into() } else { literal.into_iter().collect() };
    let refused: Vec<Refused> = addresses.iter().filter_map(|address| policy.check(*address).err()).collect();
    if refused.is_empty() || refused.len() < addresses.len() {
        return;
    }
    let help = match refused[0] {
        Refused::Private(_) => format!("allow it: `allow_private = [\"{}\"]`", addresses[0]),
        Refused::Readable => format!("write `base_url = \"https://{host}…\"`"),
        Refused::Never(_) => "name the service itself, by its name or its own address".to_owned(),
    };
    wrong("private-address", &format!("the host of `base_url` {}", refused[0]), help);
}
