//! A person's conversation through the real binary.

use serde_json::json;
use turnwise_tests::{Host, HostOptions, TestSandbox};

#[tokio::test]
async fn a_message_is_answered_with_buttons_state_and_attributes() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;

    let delivered = sandbox.say("ada", "hello").await;
    assert_eq!((&delivered["status"], &delivered["attempts"]), (&json!(202), &json!(1)), "{delivered}");
    sandbox.texts_once("ada", 1).await;
    let greeting = &sandbox.messages("ada").await[0];
    assert_eq!(greeting["choices"].as_array().map(Vec::len), Some(3), "{greeting}");

    sandbox.say("ada", "Order status").await;
    sandbox.say("ada", "nonsense").await;
    let texts = sandbox.texts_once("ada", 3).await;
    assert!(texts[2].contains("A-12345"), "the state is kept, and the number asked for again: {texts:?}");
    let profile = sandbox.get("/sandbox/profiles/ada").await;
    assert_eq!(profile["custom_attributes"]["last_intent"], "order_status", "{profile}");

    let (status, log) = host.terminate().await;
    assert!(status.success(), "{status}: {log}");
}
