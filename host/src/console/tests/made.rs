//! What pages are shown: conversations, rows and turns as the host would have stored them.

use std::time::Duration;

use super::Site;
use crate::clock::{Clock as _, Timestamp};
use crate::conversation::{
    Author, Context, Conversation, ConversationId, Decision, DeskStatus, Event, JournalEntry, Message, NextState,
    Outcome, User,
};
use crate::outbox::{Action, Entry, OutboxSeq, Recipient, Status};
use crate::plugins::{Plugin, Wanted};
use crate::storage::{Committed, Settlement, TurnCommit};

impl Site {
    /// A user's first turn, in which the bot `menu` says this and stands at this step.
    pub(crate) async fn turn(&self, user: &str, text: &str, step: &str) -> ConversationId {
        let id = ConversationId::of("whatsapp", user);
        let now = self.clock.now();
        let conversation = Conversation {
            version: 1,
            turns: 1,
            session: 1,
            source: "whatsapp".into(),
            bot: "menu".into(),
            step: Some(step.to_owned()),
            user: User { external_id: Some(user.to_owned()), ..User::default() },
            last_turn: now,
            last_inbound: now,
            ..Conversation::default()
        };
        let commit = TurnCommit {
            journal: Some(journaled(id, user, text, step, now)),
            outbox: vec![entry(id, user, text, now)],
            ..TurnCommit::of(id, None, conversation)
        };
        assert_eq!(self.console.storage.commit(vec![commit]).await.expect("storage works"), [Committed::Done]);
        id
    }

    /// The rows of the outbox.
    pub(crate) async fn waiting(&self) -> Vec<OutboxSeq> {
        let rows = self.console.storage.due(OutboxSeq::default(), 100).await.expect("storage works");
        rows.into_iter().map(|row| row.seq).collect()
    }

    /// All of them are given up.
    pub(crate) async fn give_up(&self, reason: &str, ambiguous: u32) {
        let status = Status::Dead { at: self.clock.now(), reason: reason.to_owned() };
        let settled = |seq| Settlement { seq, status: status.clone(), attempts: 1, ambiguous, follow_up: None };
        let settlements = self.waiting().await.into_iter().map(settled).collect();
        self.console.storage.settle(settlements).await.expect("storage works");
    }

    /// A plugin of these bytes, in the folder and loaded.
    pub(crate) async fn load(&self, name: &str, component: &[u8]) -> std::sync::Arc<Plugin> {
        let file = self.console.config.plugins.dir.join(format!("{name}.wasm"));
        std::fs::create_dir_all(&self.console.config.plugins.dir).expect("a folder");
        std::fs::write(&file, component).expect("written");
        let wanted = Wanted {
            name: name.to_owned(),
            file,
            settings: Vec::new(),
            limits: crate::config::PluginLimits::default(),
        };
        let plugin = self.console.plugins.compile(wanted).await.expect("a plugin");
        self.console.plugins.activate(std::sync::Arc::clone(&plugin), self.clock.now());
        plugin
    }

    /// What the log says was done.
    pub(crate) async fn audited(&self) -> Vec<(String, String)> {
        let entries =
            self.console.storage.audited(crate::storage::AuditSeq(u64::MAX), 100).await.expect("storage works");
        entries.into_iter().rev().map(|(_, entry)| (entry.action, entry.subject.unwrap_or_default())).collect()
    }
}

fn entry(id: ConversationId, user: &str, text: &str, now: Timestamp) -> Entry {
    Entry {
        conversation: id,
        turn: 1,
        index: 0,
        source: "whatsapp".into(),
        recipient: Recipient::ExternalId(user.to_owned()),
        action: Action::Reply {
            campaign: "reply".into(),
            text: text.to_owned(),
            choices: Vec::new(),
            media: None,
            properties: Vec::new(),
            attributes: Vec::new(),
        },
        created: now,
        expires: now.after(Duration::from_hours(24)),
        fence: 0,
        author: Author::Bot,
        failure_is_told: true,
    }
}

fn journaled(id: ConversationId, user: &str, text: &str, step: &str, now: Timestamp) -> JournalEntry {
    let message = Message {
        id: "m".into(),
        text: text.to_owned(),
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: now,
    };
    JournalEntry {
        context: Context {
            conversation: id,
            session: 1,
            turn: 1,
            user: User { external_id: Some(user.to_owned()), ..User::default() },
            source: "whatsapp".into(),
            now,
            seed: 1,
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::None,
        },
        bot: "menu".into(),
        plugin_digest: [1; 8],
        state: None,
        state_version: None,
        event: Event::Message(message),
        outcome: Outcome::Decided(Decision {
            state: NextState::Keep,
            effects: Vec::new(),
            step: Some(step.to_owned()),
        }),
        log: Vec::new(),
        unsupported: Vec::new(),
        duration_us: 1,
    }
}
