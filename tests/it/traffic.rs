//! Many users who write at once, and the audit of what became of every word.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;
use turnwise::conversation::{Effect, Event, Outcome};
use turnwise::outbox::Status;
use turnwise_tests::{Stored, TestSandbox};

/// What users wrote and Braze saw acknowledged.
#[derive(Default)]
pub(crate) struct Traffic {
    acknowledged: BTreeMap<String, BTreeSet<String>>,
}

/// What the audit counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) messages: usize,
    /// Replies of which at least one call's answer was lost.
    pub(crate) in_doubt: usize,
    /// Replies that a user read more than once.
    pub(crate) doubled: usize,
    /// Replies that were given up because repeating them was no longer allowed.
    pub(crate) given_up: usize,
}

impl Traffic {
    /// Every user writes this many messages, each after the one before was acknowledged; all users at once. Texts are told apart
    /// by `round`. What the sender of webhooks gives up on counts as never written.
    pub(crate) async fn talk(
        &mut self,
        sandbox: &Arc<TestSandbox>,
        users: usize,
        messages: usize,
        round: impl ToString,
    ) {
        let mut talking = JoinSet::new();
        for user in (0..users).map(|index| format!("user-{index}")) {
            let (sandbox, round) = (Arc::clone(sandbox), round.to_string());
            talking.spawn(async move {
                let mut acknowledged = Vec::new();
                for message in 0..messages {
                    let text = format!("{user} {round}.{message}");
                    if sandbox.say(&user, &text).await["outcome"] == "delivered" {
                        acknowledged.push(text);
                    }
                }
                (user, acknowledged)
            });
        }
        while let Some(talked) = talking.join_next().await {
            let (user, texts) = talked.expect("nobody who writes panics");
            self.acknowledged.entry(user).or_default().extend(texts);
        }
    }

    /// Everybody says goodbye, and each waits for the answer: whatever was said before has come to an end by then.
    pub(crate) async fn end(&mut self, sandbox: &Arc<TestSandbox>) {
        let users = self.acknowledged.len();
        self.talk(sandbox, users, 1, "goodbye").await;
        for user in self.acknowledged.keys() {
            turnwise_tests::until(&format!("a goodbye to {user}"), || async {
                let texts = sandbox.texts(user).await;
                texts.last().filter(|text| text.ends_with("goodbye.0")).map(drop)
            })
            .await;
        }
    }

    /// Holds what users read, as the sandbox knows it, against what the host recorded. The bot is the echo: it says
    /// `COUNT: TEXT`.
    pub(crate) async fn audit(&self, sandbox: &TestSandbox, stored: &Stored) -> Audit {
        assert_eq!(stored.unsent, [], "the outbox is empty");
        assert_eq!(stored.untaken, [], "the inbox is empty");
        let mut audit = Audit::default();
        for (user, acknowledged) in &self.acknowledged {
            let read = sandbox.texts(user).await;
            let counts: Vec<u64> = read.iter().map(|text| count(text)).collect();
            assert!(counts.is_sorted(), "{user} reads replies in the order of the turns: {read:?}");
            let mut copies = HashMap::<&str, u32>::new();
            read.iter().for_each(|text| *copies.entry(text).or_default() += 1);
            let fates: HashMap<u32, _> = stored.fates_of(user).into_iter().map(|fate| (fate.turn, fate)).collect();

            let journal = stored.journal(user).await;
            let version = stored.conversation(user).await.version;
            assert_eq!(version, journal.len() as u64, "{user}: as many versions as turns");
            let mut turns = BTreeSet::new();
            for entry in &journal {
                let Event::Message(message) = &entry.event else { continue };
                assert!(turns.insert(message.text.clone()), "{user}: {:?} had two turns", message.text);
                let Outcome::Decided(decision) = &entry.outcome else { panic!("{user}: a turn failed: {entry:?}") };
                let [Effect::Reply(reply)] = decision.effects.as_slice() else { panic!("{user}: {decision:?}") };
                let fate =
                    fates.get(&entry.context.turn).unwrap_or_else(|| panic!("{user}: {:?} has no fate", reply.text));
                let copies = copies.remove(reply.text.as_str()).unwrap_or_default();
                let least = match &fate.status {
                    Status::Sent { .. } => 1,
                    Status::Dead { reason, .. } if reason.starts_with("unknown whether") => 0,
                    status => panic!("{user}: {:?} ended as {status:?}", reply.text),
                };
                let most = least + fate.ambiguous;
                assert!((least..=most).contains(&copies), "{user}: {:?} was read {copies} times: {fate:?}", reply.text);
                audit.messages += 1;
                audit.in_doubt += usize::from(fate.ambiguous > 0);
                audit.doubled += usize::from(copies > 1);
                audit.given_up += usize::from(least == 0);
            }
            let lost: Vec<_> = acknowledged.difference(&turns).collect();
            assert!(lost.is_empty(), "{user}: acknowledged, but never had a turn: {lost:?}");
            assert!(copies.is_empty(), "{user} read what nobody said: {copies:?}");
        }
        audit
    }
}

/// The number that the echo puts before the text.
fn count(text: &str) -> u64 {
    text.split_once(": ").and_then(|(count, _)| count.parse().ok()).unwrap_or_else(|| panic!("an echo: {text:?}"))
}
