//! `[server]` and `[storage]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use toml::Spanned;

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::{Server, Storage};
use crate::limits::{JOURNAL_BYTES_MAX, JOURNAL_RETENTION, STORAGE_CACHE_BYTES, WEBHOOK_BODY_BYTES_MAX};
use crate::storage::redb::{JournalKeep, Settings};

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
/// Half of the file descriptors most systems give a process.
const CONNECTIONS_MAX: usize = 512;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Less than the 30 s after which Kubernetes kills.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
const STORAGE_URL: &str = "redb:data/turnwise.redb";

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const GIB: usize = 1024 * 1024 * 1024;

pub(super) fn read(mut section: Section<'_>, report: &Report) -> Server {
    let listen = section.address("listen", LISTEN);
    let admin = section.address("admin", ADMIN);
    let (public, private) = (*listen.get_ref(), *admin.get_ref());
    let remote = section.flag("admin_remote", false);
    let admin_hosts = read_hosts(&mut section, report);
    if !private.ip().is_loopback() && !remote {
        let help = format!(
            "write `admin = \"127.0.0.1:{}\"` and reach it through an SSH tunnel or a proxy on this machine; where that is not \
             possible, allow it with `admin_remote = true` and put TLS in front of it",
            private.port()
        );
        report.error("admin-not-loopback", admin.span(), "`admin` is reachable from other machines", help);
    }
    if private.ip().is_unspecified() && remote && admin_hosts.is_empty() {
        let help = "add `admin_hosts = [\"console.example.com\"]`: requests for any other name are refused, since they may be \
                    another site's that points here";
        report.error("admin-hosts-missing", admin.span(), "nobody could reach `admin` by a name", help);
    }
    let overlaps = public.ip() == private.ip() || public.ip().is_unspecified() || private.ip().is_unspecified();
    if overlaps && public.port() == private.port() && public.port() != 0 {
        // A key that is missing has its section's span.
        let at = if admin.span() != section.span() { admin.span() } else { listen.span() };
        let free = public.port().checked_add(1).unwrap_or(8081);
        let message = format!("`listen` and `admin` both want port {}", public.port());
        report.error("port-clash", at, message, format!("give one another port: `admin = \"127.0.0.1:{free}\"`"));
    }
    let server = Server {
        listen: public,
        admin: private,
        admin_hosts,
        connections_max: section.count("connections_max", CONNECTIONS_MAX, 1..=65_536),
        header_timeout: section.duration("header_timeout", HEADER_TIMEOUT, SECOND..=MINUTE),
        body_timeout: section.duration("body_timeout", BODY_TIMEOUT, SECOND..=MINUTE),
        body_bytes_max: section.bytes("body_limit", WEBHOOK_BODY_BYTES_MAX, 1024..=4 * 1024 * 1024),
        drain_timeout: section.duration("drain_timeout", DRAIN_TIMEOUT, SECOND..=10 * MINUTE),
    };
    section.finish();
    server
}

/// Names and addresses as they stand in a URL, without scheme and port.
fn read_hosts(section: &mut Section<'_>, report: &Report) -> Vec<String> {
    let given = section.texts_or("admin_hosts", Some(&[]), "[\"console.example.com\"]").unwrap_or_default();
    let read = |host: &Spanned<String>| {
        let text = host.get_ref().to_ascii_lowercase();
        let is_address = text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_name =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if !is_name && !is_address {
            let help = "write the name alone, without scheme, port and path: `admin_hosts = [\"console.example.com\"]`";
            report.error("bad-host", host.span(), format!("`{}` is not the name of a host", host.get_ref()), help);
            return None;
        }
        Some(text)
    };
    given.iter().filter_map(read).collect()
}

pub(super) fn read_storage(mut section: Section<'_>, references: &References<'_>) -> Storage {
    let url = section.text("url", Some(STORAGE_URL), STORAGE_URL);
    let path = url.as_ref().map_or(STORAGE_URL, |url| url.get_ref()).strip_prefix("redb:").unwrap_or_default();
    if let Some(url) = url.as_ref().filter(|_| path.trim().is_empty()) {
        let scheme = url.get_ref().split_once("://").map(|(scheme, _)| scheme);
        if let Some("postgres" | "postgresql") = scheme {
            let help = format!("write `url = \"{STORAGE_URL}\"`");
            // It usually carries a password.
            references.report.secret(url.span());
            references.report.error(
                "not-supported",
                url.span(),
                "this version keeps its data in redb only, not in PostgreSQL",
                help,
            );
        } else {
            let help = match scheme {
                None if is_path(url.get_ref()) => format!("write `url = \"redb:{}\"`", url.get_ref()),
                _ => format!("write `url = \"{STORAGE_URL}\"`"),
            };
            references.report.error("bad-storage-url", url.span(), "`url` is not `redb:` and the path of a file", help);
        }
    }
    let storage = Storage {
        path: references.folder.join(Path::new(path)),
        settings: Settings {
            cache_bytes: section.bytes("cache", STORAGE_CACHE_BYTES, 1024 * 1024..=64 * GIB),
            journal: read_journal(&mut section),
        },
    };
    section.finish();
    storage
}

/// A retention of zero keeps no journal at all.
fn read_journal(section: &mut Section<'_>) -> JournalKeep {
    let years = Duration::from_hours(10 * 365 * 24);
    let bytes_max = usize::try_from(JOURNAL_BYTES_MAX).unwrap_or(usize::MAX);
    JournalKeep {
        retention: section.duration("journal_retention", JOURNAL_RETENTION, Duration::ZERO..=years),
        bytes_max: section.bytes("journal", bytes_max, 1024 * 1024..=1024 * GIB) as u64,
    }
}

fn is_path(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(':')
}
