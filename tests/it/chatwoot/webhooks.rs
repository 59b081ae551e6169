//! Who may tell what an agent did.

use serde_json::json;

use super::{ASKED, Desk};

#[tokio::test]
async fn only_what_the_desk_signed_is_believed() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    let url = format!("{}/v1/desk/chatwoot", desk.host.public);
    let body = json!({"event": "conversation_status_changed", "id": id, "status": "resolved"}).to_string();
    let post = async |url: &str, headers: &[(&str, &str)], body: String| {
        let request = desk.sandbox.http.post(url).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("the host answers").status().as_u16()
    };
    let zeros = format!("sha256={}", "0".repeat(64));
    let signed = [("x-chatwoot-timestamp", "1788264000"), ("x-chatwoot-signature", zeros.as_str())];
    assert_eq!(post(&url, &[], body.clone()).await, 401);
    assert_eq!(post(&url, &signed, body.clone()).await, 401);
    assert_eq!(post(&url, &[signed[0], signed[0], signed[1]], body.clone()).await, 401);
    assert_eq!(post(&url.replace("chatwoot", "zendesk"), &signed, body).await, 404);
    assert_eq!(post(&url, &signed, "x".repeat(3 * 1024 * 1024)).await, 413);

    // Signed, but nothing that can be understood: accepted, so that nobody sends it again.
    for crafted in [json!("nonsense"), json!({"event": "message_created"}), json!({"event": ["a"], "conversation": 7})]
    {
        desk.sandbox.post("/sandbox/chatwoot/webhooks", json!({ "body": crafted })).await;
    }
    turnwise_tests::until("three webhooks", || async {
        let deliveries = desk.sandbox.get("/sandbox/chatwoot/deliveries").await;
        let crafted = deliveries.as_array()?.iter().filter(|one| one["event"] == "crafted");
        (crafted.filter(|one| one["status"] == 202).count() == 3).then_some(())
    })
    .await;
    assert_eq!(desk.texts(1).await, [ASKED]);
    desk.end().await;
}
