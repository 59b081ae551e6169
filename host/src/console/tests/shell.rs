//! What all pages have in common.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{HOSTILE, Site, is_inert};
use crate::clock::Timestamp;
use crate::console::page::{PLACES, done};
use crate::conversation::ConversationId;
use crate::feed::{Change, What};

/// All of a page that a browser fetches before it shows it.
const PAGE_BYTES_MAX: usize = 150 * 1024;

#[tokio::test]
async fn every_place_is_a_page_that_runs_nothing_foreign_and_is_small() {
    let site = Site::open();
    for place in PLACES {
        let seen = site.get(place.path).await;
        let policy = seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("require-trusted-types-for"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(seen.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(seen.headers[header::REFERRER_POLICY], "same-origin");
        let page = seen.page();
        assert!(page.contains("aria-current=\"page\""), "{} is where it is", place.path);
        assert!(page.contains("<h1"), "{} has a heading", place.path);
        for inline in [" style=\"", "<style", "<script>", " onclick", " onload"] {
            assert!(!page.contains(inline), "{inline} on {}", place.path);
        }
        let mut bytes = page.len();
        for file in page
            .split('"')
            .filter(|part| part.starts_with("/console/assets/"))
            .collect::<std::collections::BTreeSet<_>>()
        {
            bytes += site.get(file).await.page().len();
        }
        assert!(bytes < PAGE_BYTES_MAX, "{} takes {bytes} bytes", place.path);
    }
}

#[tokio::test]
async fn the_files_of_pages_are_kept_for_ever_and_no_other_file_can_be_had() {
    let site = Site::open();
    let page = site.get("/console/inbox").await.page();
    let files: Vec<&str> = page.split('"').filter(|part| part.starts_with("/console/assets/")).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let seen = site.get(file).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(seen.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let again = Request::get(file).header(header::IF_NONE_MATCH, &seen.headers[header::ETAG]);
        assert_eq!(site.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    }
    for path in [
        "../Cargo.toml",
        "..%2fCargo.toml",
        "%2e%2e/%2e%2e/Cargo.toml",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cx",
        "....//x",
        "console.css",
        "",
        "%00",
        "/etc/passwd",
        "..%252fCargo.toml",
    ] {
        for place in ["/console/assets/", "/console/", "/console/assets/../../"] {
            let Ok(request) = Request::get(format!("{place}{path}")).body(Body::empty()) else { continue };
            let seen = site.send(request).await;
            if (place, path) == ("/console/", "") {
                continue;
            }
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{place}{path}: {}", seen.text);
        }
    }
}

#[tokio::test]
async fn what_was_done_is_said_once_and_is_only_text() {
    let site = Site::open();
    for said in HOSTILE {
        let response = done("/console/inbox", said);
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let ask = |region: bool| {
            let request = Request::get("/console/inbox").header(header::COOKIE, format!("a=b; {cookie}"));
            let request = if region { request.header("x-turnwise-region", "1") } else { request };
            request.body(Body::empty()).unwrap()
        };
        let region = site.send(ask(true)).await;
        assert!(!region.headers.contains_key(header::SET_COOKIE), "a region takes nothing away");
        assert!(!region.page().contains("id=\"flash\""));
        let seen = site.send(ask(false)).await;
        assert!(seen.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
        let page = seen.page();
        assert!(page.contains("id=\"flash\""), "{page}");
        is_inert(&page);
    }
}

#[tokio::test]
async fn a_page_hears_of_what_it_shows_soon_once_for_a_storm_and_no_more_when_the_host_stops() {
    let site = Site::open();
    let id = ConversationId([7; 16]);
    let path = format!("/console/live?topic=conversation:{id}&topic=conversations");
    let response = site.answer(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let mut next = async || {
        let event = timeout(Duration::from_secs(20), events.next()).await.expect("an event in time")?;
        Some(String::from_utf8(event.unwrap().to_vec()).unwrap())
    };
    assert!(next().await.unwrap().contains("event: hello"));
    let publish = |conversation| {
        site.console.feed.publish(Change { conversation, at: Timestamp(1), what: What::Delivery { turn: 1 } })
    };
    publish(id);
    let event = next().await.unwrap();
    assert!(event.contains(&format!("data: conversation:{id} conversations")), "{event}");
    // Far more than the feed holds, of others: one notice for all of them.
    for n in 0..5_000_u32 {
        publish(ConversationId(u128::from(n).to_be_bytes()));
    }
    assert!(next().await.unwrap().contains("conversations"));
    site.console.closing.cancel();
    while let Some(event) = next().await {
        assert!(event.contains("changed"), "{event}");
    }
    assert_eq!(site.get("/console/live?topic=plugins").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn no_more_pages_listen_than_there_is_room_for() {
    let site = Site::open();
    let ask = || site.answer(Request::get("/console/live?topic=plugins").body(Body::empty()).unwrap());
    let mut open = Vec::new();
    for _ in 0..crate::limits::CONSOLE_LISTENERS_MAX {
        let response = ask().await;
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    assert_eq!(ask().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    assert_eq!(ask().await.status(), StatusCode::OK);
}
