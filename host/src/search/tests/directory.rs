//! The directory of conversations.

use super::*;
use crate::conversation::kept::PendingRequest;
use crate::conversation::{UserAlias, WhileWaiting};

async fn listed(kept: &Kept, filter: ConversationFilter) -> Vec<String> {
    let page = kept.search.conversations(&filter, None, 10).await.expect("listed");
    assert_eq!(page.total, page.rows.len() as u64);
    page.rows.into_iter().map(|row| row.conversation.user.external_id.unwrap_or_default()).collect()
}

async fn filled() -> (Place, Kept) {
    let place = Place::new();
    place.turn("ada", 10, "hi", &[]).await;
    place
        .commit("bob", 30, "hi", Err("it broke"), |conversation| {
            conversation.bot = "orders".into();
            conversation.step = Some("paying".into());
            conversation.plugin_digest = [0xab; 8];
        })
        .await;
    place
        .commit("eve", 20, "hi", Ok(Vec::new()), |conversation| {
            conversation.user.phone = Some("+49 170 1234567".into());
            conversation.user.profile_name = Some("Ève Émond".into());
            conversation.user.alias = Some(UserAlias { name: "visitor-77".into(), label: "web".into() });
            let request = PendingRequest { turn: 1, index: 0, while_waiting: WhileWaiting::Hold };
            conversation.requests.push(request);
        })
        .await;
    let kept = place.keep();
    kept.until_complete().await;
    (place, kept)
}

#[tokio::test]
async fn conversations_are_listed_by_what_they_are() {
    let (_place, kept) = filled().await;
    let none = ConversationFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(listed(&kept, none()).await, ["bob", "eve", "ada"], "the last to have done something is first");
    assert_eq!(listed(&kept, ConversationFilter { bot: text("menu"), ..none() }).await, ["eve", "ada"]);
    assert_eq!(listed(&kept, ConversationFilter { step: text("paying"), ..none() }).await, ["bob"]);
    assert_eq!(listed(&kept, ConversationFilter { version: text("abababababababab"), ..none() }).await, ["bob"]);
    assert_eq!(listed(&kept, ConversationFilter { source: text("whatsapp"), ..none() }).await.len(), 3);
    assert_eq!(listed(&kept, ConversationFilter { source: text("whats"), ..none() }).await.len(), 0);
    assert_eq!(listed(&kept, ConversationFilter { stuck: true, ..none() }).await, ["bob"]);
    assert_eq!(listed(&kept, ConversationFilter { waiting: true, ..none() }).await, ["eve"]);
    assert_eq!(listed(&kept, ConversationFilter { owner: Some(OwnerKind::Bot), stuck: true, ..none() }).await, ["bob"]);
    assert_eq!(listed(&kept, ConversationFilter { owner: Some(OwnerKind::Agent), ..none() }).await.len(), 0);
    let owners =
        kept.search.owners(&ConversationFilter { owner: Some(OwnerKind::Agent), bot: text("menu"), ..none() }).await;
    assert_eq!(owners.expect("counted")[&OwnerKind::Bot], 2, "the owner's own filter does not count");
    let values = kept.search.values().await.expect("listed");
    assert_eq!((values.bots, values.steps), (vec!["menu".into(), "orders".into()], vec!["paying".to_owned()]));
    kept.stop().await;
}

#[tokio::test]
async fn people_are_found_by_what_is_known_of_them() {
    let (_place, kept) = filled().await;
    for typed in [
        "eve",
        "EVE",
        "ève émo",
        "emond",
        "visitor-77",
        "77",
        "+49 170 1234567",
        "0049 170 123",
        "0170 1234567",
        "34567",
    ] {
        let filter =
            ConversationFilter { who: Some(Who::read(typed).expect("words")), ..ConversationFilter::default() };
        assert_eq!(listed(&kept, filter).await, ["eve"], "{typed}");
    }
    for typed in ["evelyn", "vis-77", "0171", "4567 170", "whatsapp", "hi"] {
        let filter =
            ConversationFilter { who: Some(Who::read(typed).expect("words")), ..ConversationFilter::default() };
        assert_eq!(listed(&kept, filter).await.len(), 0, "{typed}");
    }
    kept.stop().await;
}

#[tokio::test]
async fn a_conversation_is_listed_as_it_is_now() {
    let (place, kept) = filled().await;
    let stuck = || ConversationFilter { stuck: true, ..ConversationFilter::default() };
    kept.changed(place.turn("bob", 40, "again", &[]).await);
    kept.until(async || listed(&kept, stuck()).await.is_empty()).await;
    // Nothing of the journal: somebody else changed it.
    let id = ConversationId::of("whatsapp", "ada");
    let before = place.storage.read(id).await.expect("readable").expect("there");
    let after = Conversation { version: before.version + 1, step: Some("moved".into()), ..before.clone() };
    place.storage.commit(vec![TurnCommit::of(id, Some(&before), after)]).await.expect("committed");
    kept.changed(id);
    let moved = || ConversationFilter { step: Some("moved".into()), ..ConversationFilter::default() };
    kept.until(async || listed(&kept, moved()).await == ["ada"]).await;
    assert_eq!(kept.find("hi").await.len(), 3, "its messages are still there");
    kept.stop().await;
}

#[tokio::test]
async fn without_a_journal_there_is_still_a_directory() {
    let place = Place::keeping(JournalKeep { retention: Duration::ZERO, bytes_max: u64::MAX });
    place.turn("ada", 0, "hi", &[]).await;
    let kept = place.keep();
    kept.until_complete().await;
    assert_eq!(listed(&kept, ConversationFilter::default()).await, ["ada"]);
    kept.changed(place.turn("bob", 1, "hi", &[]).await);
    kept.until(async || listed(&kept, ConversationFilter::default()).await == ["bob", "ada"]).await;
    kept.stop().await;
}
