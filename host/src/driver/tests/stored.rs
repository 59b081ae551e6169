//! A conversation that outlives versions of its plugin, forwards and back.

use super::*;
use crate::plugins::tests::guest::{MIGRATED, UNMIGRATED, versioned};

impl World {
    /// Puts this version of the plugin in place of the bot `echo`.
    async fn release(&self, component: &[u8]) {
        let file = self.folder.path().join("echo.wasm");
        std::fs::write(&file, component).expect("written");
        let wanted = Wanted { name: "echo".into(), file, settings: Vec::new(), limits: PluginLimits::default() };
        self.plugins.insert(self.plugins.compile(wanted).await.expect("a plugin"));
    }

    /// One message; the conversation afterwards, and how its turn is recorded.
    async fn one_turn(&self) -> (Conversation, JournalEntry) {
        let id = ConversationId::of("echo", "u1");
        let nth = self.journal("echo", "u1").await.len();
        self.accept([message("echo", "u1", &format!("message {nth}"))]).await;
        let row = self.waiting().await.remove(0);
        let stored = self.storage.read(id).await.expect("read");
        self.driver(Duration::ZERO).row(id, stored, row).await.expect("storage works");
        let conversation = self.storage.read(id).await.expect("read").expect("there is one");
        let journal = self.journal("echo", "u1").await;
        assert_eq!(journal.len(), nth + 1);
        let newest = journal.into_iter().max_by_key(|entry| entry.context.turn).expect("a turn");
        (conversation, newest)
    }
}

fn state(conversation: &Conversation) -> (Option<&str>, Option<u32>) {
    (conversation.state.as_deref(), conversation.state_version)
}

fn kind(entry: &JournalEntry) -> &str {
    match &entry.outcome {
        Outcome::Failed { kind, .. } => kind,
        Outcome::Decided(_) => "decided",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_pain7_a_state_goes_forward_with_its_plugin_and_never_back() {
    let world = World::new().await;
    world.release(&versioned(1, None)).await;
    let (conversation, entry) = world.one_turn().await;
    assert_eq!((state(&conversation), entry.log.len()), ((Some("v1"), Some(1)), 0));

    // The new version migrates.
    world.release(&versioned(2, Some(MIGRATED))).await;
    let (conversation, entry) = world.one_turn().await;
    assert_eq!(entry.log, ["info: the state was migrated from version 1 to 2", "info: m2"]);
    assert_eq!(state(&conversation), (Some("v2"), Some(2)));
    let (_, entry) = world.one_turn().await;
    assert_eq!(entry.log, ["info: v2"], "once is enough");

    // The old version comes back: it never sees what the new one wrote, and nobody is left without an answer.
    world.release(&versioned(1, None)).await;
    let said_before = world.said("echo", "u1").await.len();
    let (conversation, entry) = world.one_turn().await;
    assert_eq!((kind(&entry), entry.log.len()), ("state-too-new", 0));
    assert_ne!(entry.plugin_digest, [0; 8], "which plugin refused it is recorded");
    assert_eq!(state(&conversation), (Some("v2"), Some(2)));
    assert_eq!(world.said("echo", "u1").await[said_before..], ["fallback"]);
    world.accept([message("echo", "u2", "hi")]).await;
    let running = world.start();
    world.until_waiting(0).await;
    running.stop().await;
    assert!(
        world.said("echo", "u2").await.is_empty(),
        "who has no such state is answered by the plugin, which says nothing"
    );

    // A later version goes on where the second was.
    world.release(&versioned(3, Some(MIGRATED))).await;
    let (conversation, entry) = world.one_turn().await;
    assert_eq!(entry.log, ["info: the state was migrated from version 2 to 3", "info: m3"]);
    assert_eq!(state(&conversation), (Some("v3"), Some(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_a_migration_that_fails_leaves_the_state_for_a_better_one() {
    let world = World::new().await;
    world.release(&versioned(1, None)).await;
    world.one_turn().await;
    for (nth, migration) in [UNMIGRATED, "unreachable"].into_iter().enumerate() {
        world.release(&versioned(2, Some(migration))).await;
        let (conversation, entry) = world.one_turn().await;
        assert_eq!(kind(&entry), "migration-failed");
        assert_eq!(state(&conversation), (Some("v1"), Some(1)));
        assert_eq!(world.said("echo", "u1").await.len(), nth + 1, "the fallback text");
    }
    world.release(&versioned(2, Some(MIGRATED))).await;
    let (conversation, _) = world.one_turn().await;
    assert_eq!(state(&conversation), (Some("v2"), Some(2)));
}
