//! The page over real storage.

use crate::console::tests::{HOSTILE, Site};
use crate::conversation::count::{Count, Measure};
use crate::conversation::{Conversation, ConversationId};
use crate::storage::TurnCommit;

async fn count(site: &Site, measure: Measure, label: &str, times: usize) {
    let id = ConversationId::of("whatsapp", &format!("{measure:?} {label}"));
    let last_turn = crate::clock::Clock::now(site.clock.as_ref());
    let mut commit = TurnCommit::of(id, None, Conversation { version: 1, last_turn, ..Conversation::default() });
    commit.counts = vec![Count { bot: "menu".into(), version: [7; 8], measure, label: label.into() }; times];
    site.console.storage.commit(vec![commit]).await.expect("committed");
}

#[tokio::test]
async fn without_counts_it_says_when_they_begin() {
    let site = Site::open();
    assert!(site.get("/console/analytics").await.page().contains("Nothing was counted yet"));
}

#[tokio::test]
async fn figures_are_shares_of_what_was_counted() {
    let site = Site::open();
    count(&site, Measure::Sessions, "", 40).await;
    count(&site, Measure::Ended, "solved", 15).await;
    count(&site, Measure::Ended, "stopped", 5).await;
    count(&site, Measure::Contained, "", 15).await;
    count(&site, Measure::Handoffs, "asked", 4).await;
    count(&site, Measure::Answer, "25", 99).await;
    count(&site, Measure::Answer, "1000", 1).await;
    let page = site.get("/console/analytics?days=7").await.page();
    for said in ["<b>40</b>", "<b>75 %</b>", "<b>10 %</b>", "<b>25 %</b>", "25 ms · 25 ms · 25 ms"] {
        assert!(page.contains(said), "{said} in {page}");
    }
    let other = site.get("/console/analytics?bot=orders").await.page();
    assert!(other.contains("Nothing was counted yet"), "another bot has none");
}

#[tokio::test]
async fn labels_are_text_whatever_a_bot_calls_them() {
    let site = Site::open();
    for hostile in HOSTILE {
        count(&site, Measure::Ended, hostile, 1).await;
    }
    let page = site.get("/console/analytics").await.page();
    assert!(!page.contains("<script>document") && !page.contains("<img src=x"), "{page}");
}
