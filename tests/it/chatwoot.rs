//! People who answer in Chatwoot: the real binary, and a fake Chatwoot with the documented shapes.

mod faults;
mod late;
mod webhooks;

use serde_json::{Value, json};
use turnwise::conversation::ConversationId;
use turnwise_tests::{API_KEY, Host, HostOptions, TOKEN, TestSandbox, until};

const ASKED: &str = "One moment, I'm getting a colleague for you.";
const NOBODY: &str = "Sorry, nobody is free right now. You can try again later, or see if I can help:";
const BACK: &str = "It's me again, the bot. Anything else I can do?";

/// A sandbox and a host whose desk is the Chatwoot in it.
struct Desk {
    sandbox: TestSandbox,
    host: Host,
}

fn options(sandbox: &TestSandbox, desk: &str) -> HostOptions {
    let more = format!(
        "[desk]\nkind = \"chatwoot\"\n{desk}\n[desk.chatwoot]\nurl = \"{}/chatwoot\"\naccount = 1\ninbox = 4\n\
         token = \"env:CHATWOOT_TOKEN\"\nwebhook_secret = \"env:CHATWOOT_SECRET\"\n[desk.teams.billing]\nid = 7\n",
        sandbox.url
    );
    let secrets = [("CHATWOOT_TOKEN", API_KEY), ("CHATWOOT_SECRET", TOKEN)];
    let environment = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    HostOptions { more, environment, ..HostOptions::default() }
}

impl Desk {
    async fn start(desk: &str) -> Self {
        let sandbox = TestSandbox::start(|_| {}).await;
        let host = Host::start(&sandbox, options(&sandbox, desk)).await;
        Self { sandbox, host }
    }

    /// Ada asks for a person; returns the conversation that Chatwoot has of it.
    async fn ask(&self) -> u64 {
        let before = self.conversations().await.len();
        self.sandbox.say("ada", "agent").await;
        let opened = self.conversation(before, "a conversation with a note", |one| !messages(one).is_empty()).await;
        opened["id"].as_u64().expect("an id")
    }

    async fn conversations(&self) -> Vec<Value> {
        self.sandbox.get("/sandbox/chatwoot/conversations").await.as_array().expect("a list").clone()
    }

    /// The conversation at this place, once it is as it should be.
    async fn conversation(&self, place: usize, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let ask = || async { self.conversations().await.into_iter().nth(place).filter(|one| is(one)) };
        until(what, ask).await
    }

    /// What the user said there, once there are so many lines of it.
    async fn lines(&self, place: usize, count: usize) -> Vec<String> {
        let is = |one: &Value| said(one, 0).len() >= count;
        said(&self.conversation(place, &format!("{count} lines in Chatwoot"), is).await, 0)
    }

    async fn act(&self, id: u64, what: &str, body: Value) -> Value {
        self.sandbox.post(&format!("/sandbox/chatwoot/conversations/{id}/{what}"), body).await
    }

    /// Whoever has the conversation, once it is as it should be, by what the bot's profile attribute says at Braze.
    async fn owner(&self, owner: &str) {
        until(&format!("the owner {owner}"), || async {
            let profile = self.sandbox.get("/sandbox/profiles/ada").await;
            (profile["custom_attributes"]["turnwise_owner"] == owner).then_some(())
        })
        .await;
    }

    async fn texts(&self, count: usize) -> Vec<String> {
        self.sandbox.texts_once("ada", count).await
    }

    async fn end(self) -> String {
        let (status, log) = self.host.terminate().await;
        assert!(status.success(), "{status}: {log}");
        assert!(!log.contains(API_KEY) && !log.contains(TOKEN), "no secrets: {log}");
        log
    }
}

fn messages(conversation: &Value) -> &[Value] {
    conversation["messages"].as_array().expect("messages")
}

/// Public messages of a kind: 0 is the user's, 1 the other side's.
fn said(conversation: &Value, kind: u8) -> Vec<String> {
    let public = messages(conversation).iter().filter(|one| one["message_type"] == kind && one["private"] == false);
    public.map(|one| one["content"].as_str().unwrap_or_default().to_owned()).collect()
}

fn notes(conversation: &Value) -> Vec<String> {
    let private = messages(conversation).iter().filter(|one| one["private"] == true);
    private.map(|one| one["content"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_conversation_goes_to_an_agent_in_chatwoot_and_back() {
    let desk = Desk::start("").await;
    desk.sandbox.say("ada", "hello").await;
    desk.texts(1).await;
    let id = desk.ask().await;
    assert_eq!(desk.texts(2).await[1], ASKED);
    let opened = &desk.conversations().await[0];
    assert_eq!((&opened["status"], &opened["inbox_id"]), (&json!("open"), &json!(4)));
    let conversation = ConversationId::of("whatsapp", "ada").to_string();
    assert_eq!(opened["custom_attributes"]["turnwise_conversation"], json!(conversation));
    assert_eq!(opened["meta"]["sender"]["identifier"], "ada");
    let note = &notes(opened)[0];
    assert!(note.starts_with("Asked for an agent\n"), "the summary comes first: {note}");
    for line in ["User: hello", "Bot: Hi! I can look up an order", "User: agent", "Reason: asked", "Bot: menu"] {
        assert!(note.contains(line), "{line} is missing: {note}");
    }

    desk.sandbox.say("ada", "It's about order A-12345").await;
    assert_eq!(desk.lines(0, 1).await, ["It's about order A-12345"]);
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    desk.act(id, "reply", json!({"agent": "Bia", "text": "Hi Ada, this is Bia"})).await;
    assert_eq!(desk.texts(3).await[2], "Hi Ada, this is Bia");
    desk.act(id, "note", json!({"agent": "Bia", "text": "she is in a hurry"})).await;
    desk.sandbox.say("ada", "Order status").await;
    assert_eq!(desk.lines(0, 2).await[1], "Order status");
    assert_eq!(desk.texts(3).await.len(), 3, "the bot is silent");

    desk.act(id, "resolve", json!({"agent": "Bia"})).await;
    assert!(desk.texts(4).await[3].starts_with(BACK), "the bot knows it");
    desk.sandbox.say("ada", "Order status").await;
    assert!(desk.texts(5).await[4].contains("order number"), "and goes on");
    let after = &desk.conversations().await[0];
    assert_eq!((said(after, 0).len(), said(after, 1).len()), (2, 1), "Chatwoot hears no more of it: {after}");
    assert_eq!(after["status"], "resolved");
    let log = desk.end().await;
    for private in ["hurry", "A-12345", "Hi Ada"] {
        assert!(!log.contains(private), "no log line holds what people write: {log}");
    }
}

#[tokio::test]
async fn who_writes_first_has_it_and_pictures_arrive() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    let picture = "https://desk.example/a.png";
    desk.act(id, "reply", json!({"text": "Look", "attachments": [picture], "device": true})).await;
    desk.texts(2).await;
    desk.owner("agent").await;
    let sent = &desk.sandbox.messages("ada").await[1];
    assert!(sent["text"] == "Look" && sent.to_string().contains(picture), "{sent}");
    desk.act(id, "pending", json!({})).await;
    assert!(desk.texts(3).await[2].starts_with(BACK), "pending gives it back, too");
    desk.end().await;
}

#[tokio::test]
async fn put_aside_until_the_user_writes() {
    let desk = Desk::start("").await;
    let id = desk.ask().await;
    desk.act(id, "assign", json!({"agent": "Bia"})).await;
    desk.owner("agent").await;
    desk.act(id, "snooze", json!({"agent": "Bia"})).await;
    desk.owner("parked").await;
    desk.sandbox.say("ada", "are you there?").await;
    assert_eq!(desk.lines(0, 1).await, ["are you there?"]);
    // Chatwoot opens it again by itself, and it is still Bia's.
    desk.owner("agent").await;
    assert_eq!(desk.texts(1).await, [ASKED], "nobody but the agent speaks");
    desk.end().await;
}

#[tokio::test]
async fn nobody_answers_and_the_bot_speaks_on() {
    let desk = Desk::start("offer_timeout = \"2s\"").await;
    desk.ask().await;
    assert!(desk.texts(2).await[1].starts_with(NOBODY));
    let closed = desk.conversation(0, "a conversation that is closed", |one| one["status"] == "resolved").await;
    assert!(notes(&closed).iter().any(|note| note.starts_with("Closed by Turnwise: nobody took it")), "{closed}");
    // Asking again opens another.
    desk.ask().await;
    assert_eq!(desk.conversations().await.len(), 2);
    desk.end().await;
}
