//! `[braze]`, its campaigns and Canvases.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use toml::Spanned;

use super::super::reference::References;
use super::super::report::Report;
use super::super::section::Section;
use super::super::{Braze, Campaign, Secret};
use crate::outbox::gate::{PROBE_WAIT, PROBE_WAIT_MAX};
use crate::outbox::transition::RESEND_WAIT;

pub(super) const ID_EXAMPLE: &str = "01234567-89ab-cdef-0123-456789abcdef";
const ENDPOINT_EXAMPLE: &str = "https://rest.fra-01.braze.eu";
pub(crate) const TEXT_PROPERTY: &str = "external_system_msg_body";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Braze names no figure; beyond this an answer is treated as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const REQUESTS_IN_FLIGHT_MAX: usize = 64;

const TENTH: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_mins(1);

pub(super) fn read(mut section: Section<'_>, references: &References<'_>) -> Braze {
    let report = references.report;
    if !section.exists() {
        let help = format!(
            "add:\n[braze]\nendpoint = \"{ENDPOINT_EXAMPLE}\"\napi_key = \"env:BRAZE_API_KEY\"\n\n\
             [braze.campaigns.reply]\nid = \"{ID_EXAMPLE}\""
        );
        report.error("missing-key", section.span(), "there is no `[braze]`: where replies are sent", help);
    }
    let endpoint = section.required("endpoint", ENDPOINT_EXAMPLE);
    if let Some(endpoint) = &endpoint {
        check_endpoint(endpoint, report);
    }
    let api_key = section.required("api_key", "env:BRAZE_API_KEY");
    let api_key = api_key.and_then(|key| references.resolve("api_key", &key, "BRAZE_API_KEY"));
    let braze = Braze {
        endpoint: endpoint.map(Spanned::into_inner).unwrap_or_default(),
        api_key: api_key.unwrap_or_else(|| Secret::new("")),
        campaigns: read_campaigns(section.section("campaigns"), report),
        canvases: read_canvases(section.section("canvases"), report),
        connect_timeout: section.duration("connect_timeout", CONNECT_TIMEOUT, TENTH..=MINUTE),
        request_timeout: section.duration("request_timeout", REQUEST_TIMEOUT, TENTH..=5 * MINUTE),
        requests_in_flight_max: section.count("requests_in_flight_max", REQUESTS_IN_FLIGHT_MAX, 1..=1024),
        resend_unknown: section.flag("resend_unknown", false),
        resend_wait: section.duration("resend_wait", RESEND_WAIT, TENTH..=10 * MINUTE),
        probe_wait: section.duration("probe_wait", PROBE_WAIT, TENTH..=PROBE_WAIT_MAX),
    };
    section.finish();
    braze
}

fn read_campaigns(mut section: Section<'_>, report: &Report) -> BTreeMap<String, Campaign> {
    let mut campaigns = BTreeMap::new();
    for (name, mut section) in section.named() {
        let id = read_id(&mut section, report);
        let text_property = section.text("text_property", Some(TEXT_PROPERTY), TEXT_PROPERTY);
        if let Some(property) = &text_property {
            check_property(property, report);
        }
        let text_property = text_property.map_or_else(|| TEXT_PROPERTY.to_owned(), Spanned::into_inner);
        let buttons = section.flag("buttons", false);
        section.finish();
        campaigns.insert(name.to_owned(), Campaign { id, text_property, buttons });
    }
    campaigns
}

fn read_canvases(mut section: Section<'_>, report: &Report) -> BTreeMap<String, String> {
    let mut canvases = BTreeMap::new();
    for (name, mut section) in section.named() {
        canvases.insert(name.to_owned(), read_id(&mut section, report));
        section.finish();
    }
    canvases
}

fn read_id(section: &mut Section<'_>, report: &Report) -> String {
    let Some(id) = section.required("id", ID_EXAMPLE) else { return String::new() };
    let text = id.get_ref();
    if text.is_empty()
        || text.len() > 64
        || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    {
        let help = format!(
            "copy the API identifier from the campaign's or Canvas's last step in Braze: `id = \"{ID_EXAMPLE}\"`"
        );
        report.error("bad-id", id.span(), "`id` is not an identifier that Braze gives out", help);
    }
    id.into_inner()
}

fn check_property(property: &Spanned<String>, report: &Report) {
    let name = property.get_ref().as_str();
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let help = match name {
            "external_system_msg+body" => {
                "that name is a slip in Braze's own guide; in the campaign and here write `external_system_msg_body`"
                    .to_owned()
            }
            _ => format!(
                "use letters, digits and `_`, as in the campaign's Liquid: `text_property = \"{TEXT_PROPERTY}\"`"
            ),
        };
        report.error("bad-property", property.span(), "`text_property` is not a name Liquid can look up", help);
    } else if matches!(name, "choices" | "media_url") || name.starts_with("choice_") {
        let message = format!("`{name}` carries something else than the text");
        report.error("bad-property", property.span(), message, format!("write `text_property = \"{TEXT_PROPERTY}\"`"));
    }
}

fn check_endpoint(endpoint: &Spanned<String>, report: &Report) {
    let text = endpoint.get_ref().as_str();
    let wrong = |code, message: &str, help: String| report.error(code, endpoint.span(), message, help);
    let has_scheme = text.contains("://");
    let parsed = Url::parse(&if has_scheme { text.to_owned() } else { format!("https://{text}") }).ok();
    let Some((url, host)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?.to_owned()))) else {
        return wrong("bad-endpoint", "`endpoint` is not a URL", format!("write `endpoint = \"{ENDPOINT_EXAMPLE}\"`"));
    };
    for (prefix, code, what) in [
        ("dashboard", "endpoint-is-dashboard", "`endpoint` is the address of Braze's dashboard, not of its REST API"),
        ("sdk.", "endpoint-is-sdk", "`endpoint` is the address for Braze's SDKs, not of its REST API"),
    ] {
        if host.starts_with(prefix) {
            let rest = rest_host(&host).unwrap_or_else(|| "rest.fra-01.braze.eu".to_owned());
            return wrong(code, what, format!("write `endpoint = \"https://{rest}\"`"));
        }
    }
    if !has_scheme {
        let help = format!("write `endpoint = \"https://{host}\"`");
        return wrong("bad-endpoint", "`endpoint` does not begin with `https://`", help);
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&host)) {
        let help = format!("write `endpoint = \"https://{host}\"`; plain `http` is for 127.0.0.1 only");
        return wrong("endpoint-not-https", "the API key would travel unencrypted to this `endpoint`", help);
    }
    let origin = url.origin().ascii_serialization();
    if text != origin {
        let what = if text == format!("{origin}/") {
            "`endpoint` ends with a slash"
        } else {
            "`endpoint` is more than `https://` and a host"
        };
        wrong("endpoint-has-path", what, format!("write `endpoint = \"{origin}\"`"));
    }
}

/// Of a URL's host: whether it is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

/// `dashboard-03.braze.com` and `sdk.iad-03.braze.com` belong to `rest.iad-03.braze.com`.
fn rest_host(host: &str) -> Option<String> {
    if let Some(rest) = host.strip_prefix("sdk.").or_else(|| host.strip_prefix("dashboard.")) {
        return Some(format!("rest.{rest}"));
    }
    let (number, domain) = host.strip_prefix("dashboard-")?.split_once('.')?;
    let region = if domain.ends_with("eu") { "fra" } else { "iad" };
    Some(format!("rest.{region}-{number}.{domain}"))
}
