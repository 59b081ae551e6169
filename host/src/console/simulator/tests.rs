use std::path::Path;

use axum::http::{StatusCode, header};

use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::limits::SIMULATIONS_MAX;
use crate::people::Role;
use crate::plugins::tests::guest::versioned;
use crate::transcript::component::Components;
use crate::transcript::play;

const HAPPEN: &str = "/console/simulator/happen";

/// With a bot of `plugins/`, which `make plugins` builds.
async fn with(bot: &str) -> Site {
    let site = Site::open();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../plugins/{bot}.wasm"));
    let component = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; `make plugins`", file.display()));
    site.load(bot, &component).await;
    site
}

/// Lets something happen to `menu` and looks at the page after it.
async fn happens(site: &Site, bot: &str, what: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<(&str, &str)> = [("plugin", bot), ("what", what)].iter().chain(fields).copied().collect();
    let seen = site.post(HAPPEN, &fields).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
    site.get(seen.headers[header::LOCATION].to_str().unwrap()).await.page()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_held_its_clock_turned_and_its_transcript_passes() {
    let site = with("menu").await;
    assert!(site.get("/console/simulator").await.page().contains("Say hello"));
    let page = happens(&site, "menu", "say", &[("text", "hello")]).await;
    assert!(page.contains("Order status") && page.contains("Last turns"), "{page}");
    let page = happens(&site, "menu", "choose", &[("text", "Order status")]).await;
    assert!(page.contains("Turn 2"), "{page}");
    let page = happens(&site, "menu", "wait", &[("text", "1d")]).await;
    assert!(page.contains("2026-01-06"), "a day has passed: {page}");
    happens(&site, "menu", "say", &[("text", "one\ntwo")]).await;
    let page = happens(&site, "menu", "say", &[("text", "agent")]).await;
    assert!(page.contains("handoff"), "{page}");
    let page = happens(&site, "menu", "accepted", &[("text", "Ana")]).await;
    assert!(page.contains("an agent has it"), "{page}");
    let page = happens(&site, "menu", "returned", &[("text", "refunded")]).await;
    assert!(!page.contains("an agent has it") && page.contains("refunded"), "{page}");
    happens(&site, "menu", "external", &[("name", "order-shipped"), ("text", "{\"order\":\"A-1\"}")]).await;

    let saved = site.get("/console/simulator/transcript?plugin=menu").await;
    assert!(saved.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("menu.chat"));
    let transcript = saved.page();
    assert!(transcript.contains("\n> hello\n") && transcript.contains("\n>> two\n"), "{transcript}");
    let file = site.console.config.plugins.dir.join("menu.wasm");
    let played = std::thread::spawn(move || {
        let components = Components::start().expect("a runtime");
        let plugin = components.load(&file).expect("a plugin");
        play(&transcript, &mut components.answering(&plugin)).map_err(|problem| format!("{problem:?}"))
    });
    played.join().expect("no panic").expect("what was saved passes");

    let page = happens(&site, "menu", "reset", &[]).await;
    assert!(page.contains("Say hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_there_is_text_and_mistakes_are_said() {
    let site = with("echo").await;
    for hostile in HOSTILE {
        is_inert(&happens(&site, "echo", "say", &[("text", hostile)]).await);
        is_inert(
            &happens(
                &site,
                "echo",
                "external",
                &[("name", "event"), ("text", &serde_json::json!(hostile).to_string())],
            )
            .await,
        );
    }
    for (what, fields) in [
        ("say", vec![("text", " \n ")]),
        ("say", vec![("text", "@ nonsense")]),
        ("wait", vec![("text", "forever")]),
        ("wait", vec![("text", "9000d")]),
        ("timer", vec![]),
        ("external", vec![("name", ""), ("text", "{")]),
        ("dance", vec![]),
    ] {
        let fields: Vec<(&str, &str)> = [("plugin", "echo"), ("what", what)].into_iter().chain(fields).collect();
        let seen = site.post(HAPPEN, &fields).await;
        assert!(!seen.refused(StatusCode::BAD_REQUEST).is_empty(), "{fields:?}");
    }
    site.post(HAPPEN, &[("plugin", "nobody"), ("what", "reset")]).await.refused(StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_a_conversation_of_their_own_and_there_are_not_too_many() {
    let mut site = Site::open();
    site.load("menu", &versioned(1, None)).await;
    site.as_a(Role::Operator);
    happens(&site, "menu", "say", &[("text", "mine alone")]).await;
    site.as_a(Role::Admin);
    assert!(!site.get("/console/simulator").await.page().contains("mine alone"));
    site.as_a(Role::Operator);
    assert!(site.get("/console/simulator").await.page().contains("mine alone"));

    // Another version is loaded: the conversation stays with the one it began with, until it begins anew.
    site.load("menu", &versioned(2, None)).await;
    assert!(site.get("/console/simulator").await.page().contains("Another version of menu is loaded"));
    happens(&site, "menu", "reset", &[]).await;
    assert!(!site.get("/console/simulator").await.page().contains("Another version of menu is loaded"));
    happens(&site, "menu", "say", &[("text", "mine alone")]).await;

    for n in 0..SIMULATIONS_MAX {
        site.load(&format!("bot{n}"), &versioned(1, None)).await;
        site.get(&format!("/console/simulator?plugin=bot{n}")).await.page();
    }
    assert!(!site.get("/console/simulator?plugin=menu").await.page().contains("mine alone"), "the oldest made room");
    site.as_a(Role::Agent);
    assert_eq!(site.get("/console/simulator").await.status, StatusCode::FORBIDDEN);
}
