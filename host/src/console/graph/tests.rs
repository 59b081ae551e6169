use axum::http::StatusCode;

use crate::console::tests::{HOSTILE, Site, is_inert};

#[tokio::test]
async fn the_graph_says_how_many_went_where_and_lights_where_one_user_is() {
    let site = Site::open();
    assert!(site.get("/console/graph").await.page().contains("No turn in this period"));
    for user in ["u1", "u2", "u3"] {
        site.turn(user, "hi", "main-menu").await;
    }
    let id = site.turn("u4", "hi", "order-number").await;
    let page = site.get("/console/graph?bot=menu&period=1h").await.page();
    assert!(page.contains("<svg") && page.contains("main-menu") && page.contains("4 sessions"), "{page}");
    assert!(page.contains("4 turns</b>") || page.contains("Learned from 4 turns"), "{page}");
    assert!(!page.contains(" lit\""));
    let page = site.get(&format!("/console/graph?conversation={id}")).await.page();
    assert_eq!(page.matches(" lit\"").count(), 1, "one step is lit");
    assert!(page.contains("<b>order-number</b>"), "{page}");
    assert_eq!(site.get("/console/graph?conversation=nobody").await.status, StatusCode::BAD_REQUEST);
    let other = "c_00000000000000000000000000000009";
    assert_eq!(site.get(&format!("/console/graph?conversation={other}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn steps_and_bots_are_text_also_in_the_drawing() {
    let site = Site::open();
    for hostile in HOSTILE {
        site.turn(hostile, hostile, hostile).await;
        let bot = percent_encoding::utf8_percent_encode(hostile, percent_encoding::NON_ALPHANUMERIC);
        is_inert(&site.get(&format!("/console/graph?bot={bot}")).await.page());
    }
    let page = site.get("/console/graph?bot=menu").await.page();
    assert!(page.contains("<svg"));
    is_inert(&page);
}
