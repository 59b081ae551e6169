use axum::http::StatusCode;

use crate::config::Secret;
use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::people::Role;

#[tokio::test]
async fn no_secret_is_on_the_page_only_where_it_comes_from() {
    let site = Site::with(|config| {
        config.braze.api_key = Secret::referred("canary-key-1", "env:BRAZE_API_KEY");
        for source in config.sources.values_mut() {
            source.tokens = vec![Secret::referred("canary-token-2", "file:/run/token")];
        }
        for connection in config.connections.values_mut() {
            for header in &mut connection.headers {
                header.value = Secret::referred("Bearer canary-3", "Bearer env:LLM_KEY");
                header.secrets = vec![Secret::referred("canary-3", "env:LLM_KEY")];
            }
        }
    });
    let page = site.get("/console/setup").await.page();
    assert!(!page.contains("canary"), "{page}");
    for whence in
        ["set, from env:BRAZE_API_KEY", "set, from file:/run/token", "the value of file:/run/token", "env:LLM_KEY"]
    {
        assert!(page.contains(whence), "{whence}");
    }
}

#[tokio::test]
async fn what_is_pasted_has_the_address_that_was_given_or_says_why_not() {
    let site = Site::open();
    let page = site.get("/console/setup").await.page();
    assert!(page.contains("https://YOUR-HOST/v1/inbound/whatsapp"));
    assert!(page.contains("json_escape") && page.contains("api_trigger_properties"));
    assert!(page.contains("put menu.wasm into the plugins folder"), "what is missing is said");
    let page = site.get("/console/setup?public_url=https%3A%2F%2Fbot.example.com%2F").await.page();
    assert!(page.contains("https://bot.example.com/v1/inbound/whatsapp") && !page.contains("YOUR-HOST"));
    let page = site.get("/console/setup?public_url=http%3A%2F%2Fbot.example.com").await.page();
    assert!(page.contains("would send the token unencrypted") && page.contains("role=\"alert\""));
}

#[tokio::test]
async fn what_is_typed_and_configured_is_text() {
    let site = Site::with(|config| {
        for source in config.sources.values_mut() {
            source.fallback_text = HOSTILE.join(" ");
            source.bot = HOSTILE[2].to_owned();
        }
    });
    for hostile in HOSTILE {
        let typed = percent_encoding::utf8_percent_encode(hostile, percent_encoding::NON_ALPHANUMERIC);
        is_inert(&site.get(&format!("/console/setup?public_url={typed}")).await.page());
    }
}

#[tokio::test]
async fn canned_replies_are_added_changed_and_removed_by_those_who_may() {
    let mut site = Site::open();
    assert!(site.get("/console/setup").await.page().contains("There is none yet"));
    for (name, text) in [("greeting", "Hi {name}"), ("greeting", "Hello {name}\r\nagain"), ("zum Abschied", HOSTILE[0])]
    {
        site.post("/console/setup/canned", &[("name", name), ("text", text)]).await.done();
    }
    let page = site.get("/console/setup").await.page();
    assert!(page.contains("Hello {name}\nagain") && !page.contains("Hi {name}<"), "{page}");
    is_inert(&page);
    for (name, text) in [("", "x"), ("x", ""), ("<b>", "x"), (&*"x".repeat(65), "x"), ("x", &*"x".repeat(4097))] {
        site.post("/console/setup/canned", &[("name", name), ("text", text)]).await.refused(StatusCode::BAD_REQUEST);
    }
    site.post("/console/setup/canned/remove", &[("name", "greeting")]).await.done();
    site.post("/console/setup/canned/remove", &[("name", "greeting")]).await.refused(StatusCode::NOT_FOUND);
    assert!(!site.get("/console/setup").await.page().contains("greeting</b>"));
    site.as_a(Role::Viewer);
    for path in ["canned", "canned/remove"] {
        let refused = site.post(&format!("/console/setup/{path}"), &[("name", "x"), ("text", "x")]).await;
        refused.refused(StatusCode::FORBIDDEN);
    }
}
