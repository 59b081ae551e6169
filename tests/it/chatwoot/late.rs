//! A host that was not there, an agent who answers too late, and a user who is not there any more.

use serde_json::{Value, json};
use turnwise::conversation::ConversationId;
use turnwise::storage::Storage;
use turnwise_tests::{Host, until};

use super::{ASKED, BACK, Desk, options};
use crate::support::database;

#[tokio::test]
async fn a_host_that_is_killed_in_mid_chat_goes_on_where_it_was() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    let folder = desk.host.kill().await;
    // Told to nobody, and never again.
    desk.sandbox.post(&format!("/sandbox/chatwoot/conversations/{id}/reply"), json!({"text": "Still there?"})).await;
    until("a webhook that nobody took", || async {
        let deliveries = desk.sandbox.get("/sandbox/chatwoot/deliveries").await;
        let failed = |one: &Value| one["body"]["content"] == "Still there?" && one["status"].is_null();
        deliveries.as_array()?.iter().any(failed).then_some(())
    })
    .await;
    let options = options(&desk.sandbox, "");
    let host = Host::start_in(folder, &desk.sandbox, options).await;
    let desk = Desk { sandbox: desk.sandbox, host };
    assert_eq!(desk.texts(2).await, [ASKED, "Still there?"], "what the webhook did not bring is asked for");
    desk.sandbox.say("ada", "yes").await;
    assert_eq!(desk.lines(0, 1).await, ["yes"], "it is still the agent's");
    desk.act(id, "resolve", json!({})).await;
    assert!(desk.texts(3).await[2].starts_with(BACK));
    desk.end().await;
}

#[tokio::test]
async fn an_agent_who_answers_after_resolving_is_heard_and_the_bot_keeps_the_conversation() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.act(id, "resolve", json!({"agent": "Bia"})).await;
    desk.texts(2).await;
    desk.act(id, "reply", json!({"agent": "Bia", "text": "One more thing"})).await;
    let texts = desk.texts(4).await;
    assert_eq!(texts[2], "One more thing");
    assert!(texts[3].starts_with(BACK), "it is over again: {texts:?}");
    desk.sandbox.say("ada", "Order status").await;
    assert!(desk.texts(5).await[4].contains("order number"), "the bot answers");
    desk.end().await;
}

#[tokio::test]
async fn an_agent_who_answers_in_an_old_conversation_is_told_where_to() {
    let desk = Desk::start("").await;
    let old = desk.ask().await;
    desk.act(old, "resolve", json!({})).await;
    desk.texts(2).await;
    let new = desk.ask().await;
    desk.act(new, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    desk.act(old, "reply", json!({"agent": "Rui", "text": "too late"})).await;
    let is = |one: &Value| super::notes(one).iter().any(|note| note.contains("Not sent to the user"));
    desk.conversation(1, "a note that it was not sent", is).await;
    assert!(!desk.sandbox.texts("ada").await.contains(&"too late".to_owned()), "one agent at a time");
    desk.end().await;
}

#[tokio::test]
async fn nobody_writes_to_a_user_who_was_erased() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    let folder = std::sync::Arc::clone(&desk.host.folder);
    let (status, log) = desk.host.terminate().await;
    assert!(status.success(), "{log}");
    let ada = ConversationId::of("whatsapp", "ada");
    let storage = database(folder.path());
    storage.erase(ada).await.expect("erased");
    storage.close().await.expect("closed");
    drop(storage);

    let host = Host::start_in(folder, &desk.sandbox, options(&desk.sandbox, "")).await;
    let desk = Desk { sandbox: desk.sandbox, host };
    for (what, body) in [("reply", json!({"text": "Are you there?"})), ("resolve", json!({}))] {
        desk.act(id, what, body).await;
    }
    until("webhooks that were taken", || async {
        let deliveries = desk.sandbox.get("/sandbox/chatwoot/deliveries").await;
        let last = deliveries.as_array()?.last()?.clone();
        (last["body"]["status"] == "resolved" && last["status"] == 202).then_some(())
    })
    .await;
    let folder = std::sync::Arc::clone(&desk.host.folder);
    assert_eq!(desk.sandbox.texts("ada").await, [ASKED]);
    desk.end().await;
    let storage = database(folder.path());
    assert!(storage.read(ada).await.expect("read").is_none(), "and is not made up again");
    storage.close().await.expect("closed");
}
