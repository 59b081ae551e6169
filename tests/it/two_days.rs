//! Two days in one conversation, over the real binary: order, wait, reminder, expiry, return. `plugins/orders/tests/two-days.chat` is the
//! same in process.

use serde_json::{Value, json};
use turnwise_tests::{Dev, TestSandbox, until};

/// A phone in front of `turnwise dev`.
struct Phone(Dev);

impl Phone {
    async fn ask(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.0.sandbox);
        let request = match body {
            Some(body) => self.0.http.post(url).body(body.to_string()),
            None => self.0.http.get(url),
        };
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
    }

    async fn say(&self, text: &str) {
        let (status, answer) =
            self.ask("/sandbox/inbound?wait=true", Some(json!({ "user_id": "ada", "message": text }))).await;
        assert_eq!((status, &answer["status"]), (200, &json!(202)), "{answer}");
    }

    /// The message with this number, counted from 1, once it is there.
    async fn told(&self, number: usize) -> String {
        until("the next message", || async {
            let (_, messages) = self.ask("/sandbox/messages?user=ada", None).await;
            messages[number - 1]["text"].as_str().map(str::to_owned)
        })
        .await
    }

    async fn skip(&self, seconds: u64) {
        let (status, answer) = self.ask("/sandbox/clock", Some(json!({ "skip_seconds": seconds }))).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn two_days_pass_in_a_moment() {
    let phone = Phone(Dev::start_with_bot("orders").await);
    phone.say("hi").await;
    assert!(phone.told(1).await.contains("order number"));
    phone.say("It's a-12345.").await;
    assert!(phone.told(2).await.contains("A-12345 is on its way"), "the shop was asked");
    phone.say("Remind me").await;
    assert!(phone.told(3).await.contains("tomorrow"));

    phone.skip(20 * 3600).await;
    assert!(phone.told(4).await.contains("A-12345 is on its way"), "the reminder asked the shop again");
    phone.skip(25 * 3600).await;
    phone.say("Hello again").await;
    assert_eq!(
        phone.told(5).await,
        "Is it about order A-12345?",
        "the session expired, and what it was about is still known"
    );
    phone.say("yes").await;
    assert!(phone.told(6).await.contains("A-12345 is on its way"));
    phone.say("That's all").await;
    assert!(phone.told(7).await.contains("welcome"));
    phone.0.kill().await;
}

#[tokio::test]
async fn time_only_goes_on_and_only_in_dev() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let post = |body: &'static str| sandbox.http.post(format!("{}/sandbox/clock", sandbox.url)).body(body).send();
    for (body, status) in [
        (r#"{"skip_seconds": 60}"#, 409),
        (r#"{"skip_seconds": 0}"#, 400),
        (r#"{"skip_seconds": -5}"#, 400),
        (r#"{"skip_seconds": 99999999999}"#, 400),
        (r#"{"skip": 5}"#, 400),
        ("later", 400),
    ] {
        let answer = post(body).await.expect("the sandbox answers");
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
}
