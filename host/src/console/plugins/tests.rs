use axum::http::StatusCode;

use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::people::Role;
use crate::plugins::hex;
use crate::plugins::tests::guest::versioned;

fn has(site: &Site, file: &str) -> Option<Vec<u8>> {
    std::fs::read(site.console.config.plugins.dir.join(file)).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_is_promoted_and_the_version_before_it_comes_back() {
    let site = Site::open();
    let (one, two) = (versioned(1, None), versioned(2, None));
    let stable = site.load("menu", &one).await;
    let candidate = site.load("menu@candidate", &two).await;
    let page = site.get("/console/plugins").await.page();
    let (seen, now) = (hex(&candidate.digest), hex(&stable.digest));
    assert!(page.contains(&seen) && page.contains("Promote") && page.contains("serving"), "{page}");

    let stale = site.post("/console/plugins/menu/promote", &[("sha256", &now)]).await;
    assert!(stale.refused(StatusCode::CONFLICT).contains("another file now"));
    assert_eq!(has(&site, "menu.wasm"), Some(one.clone()), "nothing was changed");

    let (to, said) = site.post("/console/plugins/menu/promote", &[("sha256", &seen)]).await.done();
    assert!(to == "/console/plugins" && said.contains("promoted"), "{to}: {said}");
    assert_eq!((has(&site, "menu.wasm"), has(&site, "menu@previous.wasm")), (Some(two.clone()), Some(one.clone())));
    assert_eq!(has(&site, "menu@candidate.wasm"), None);
    site.load("menu", &two).await;
    site.console.plugins.remove("menu@candidate");

    let gone = site.post("/console/plugins/menu/promote", &[("sha256", &seen)]).await;
    assert!(gone.refused(StatusCode::BAD_REQUEST).contains("no candidate"));
    site.post("/console/plugins/menu/roll-back", &[("sha256", &seen)]).await.done();
    assert_eq!((has(&site, "menu.wasm"), has(&site, "menu@withdrawn.wasm")), (Some(one), Some(two)));
    let done = site.audited().await;
    assert!(
        done.iter().any(|(action, subject)| action == "plugin.promoted" && subject.starts_with("menu ")),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_releases_nothing_and_no_other_file_is_touched() {
    let mut site = Site::open();
    let candidate = site.load("menu@candidate", &versioned(2, None)).await;
    let seen = hex(&candidate.digest);
    for bot in ["..%2f..%2fetc", "menu%00", "%2e%2e", "a%2fb"] {
        let seen = site.post(&format!("/console/plugins/{bot}/promote"), &[("sha256", &seen)]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{bot}: {}", seen.text);
    }
    site.as_a(Role::Viewer);
    for what in ["promote", "roll-back"] {
        let refused = site.post(&format!("/console/plugins/menu/{what}"), &[("sha256", &seen)]).await;
        assert!(refused.refused(StatusCode::FORBIDDEN).contains("operator"));
    }
    let page = site.get("/console/plugins").await.page();
    assert!(page.contains("menu") && !page.contains("Promote"), "{page}");
    assert!(has(&site, "menu@candidate.wasm").is_some());
}

#[tokio::test]
async fn a_plugin_that_is_not_there_and_hostile_names_are_said_as_text() {
    let site = Site::with(|config| {
        for source in config.sources.values_mut() {
            source.bot = HOSTILE[0].to_owned();
        }
    });
    let page = site.get("/console/plugins").await.page();
    assert!(page.contains("Nobody answers"), "{page}");
    is_inert(&page);
}
