//! The log of who did or looked at what. Never what a message said.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::{Caller, People, lock};
use crate::clock::Timestamp;
use crate::limits::{AUDIT_VIEW_INTERVAL, THROTTLE_BUCKETS_MAX};
use crate::storage::{AuditEntry, AuditSeq, StorageError};

/// What is done, as the log names it: `thing.done`.
pub mod action {
    pub const SIGNED_IN: &str = "session.signed-in";
    pub const SIGNED_OUT: &str = "session.signed-out";
    pub const SIGN_IN_REFUSED: &str = "session.refused";
    pub const TOKEN_REFUSED: &str = "token.refused";
    pub const CONVERSATION_VIEWED: &str = "conversation.viewed";
    pub const CONVERSATIONS_VIEWED: &str = "conversations.viewed";
    pub const TURNS_EXPORTED: &str = "turns.exported";
    pub const EVENT_PUSHED: &str = "conversation.event-pushed";
    pub const SESSION_ENDED: &str = "conversation.session-ended";
    pub const OUTBOX_VIEWED: &str = "outbox.viewed";
    pub const OUTBOX_REDRIVEN: &str = "outbox.redriven";
    pub const OUTBOX_DROPPED: &str = "outbox.dropped";
    pub const QUARANTINE_VIEWED: &str = "quarantine.viewed";
    pub const QUARANTINE_REDRIVEN: &str = "quarantine.redriven";
    pub const QUARANTINE_DROPPED: &str = "quarantine.dropped";
    pub const PLUGIN_PROMOTED: &str = "plugin.promoted";
    pub const PLUGIN_ROLLED_BACK: &str = "plugin.rolled-back";
    pub const CANNED_CHANGED: &str = "canned-reply.changed";
    pub const USER_EXPORTED: &str = "user.exported";
    pub const USER_ERASED: &str = "user.erased";
    pub const PERSON_ADDED: &str = "person.added";
    pub const PERSON_CHANGED: &str = "person.changed";
    pub const PERSON_INVITED: &str = "person.invited";
    pub const PASSWORD_CHANGED: &str = "person.password-changed";
    pub const TOKEN_CREATED: &str = "token.created";
    pub const TOKEN_REVOKED: &str = "token.revoked";

    /// What an agent did with a conversation, by the name of the act.
    #[must_use]
    pub fn of_desk(act: &str) -> String {
        format!("conversation.{act}")
    }
}

/// Writes the log for one request. As an argument of a handler it knows who asks, and from where.
#[derive(Clone)]
pub struct Auditor {
    people: Arc<People>,
    caller: Caller,
    from: IpAddr,
}

impl Auditor {
    #[must_use]
    pub fn new(people: Arc<People>, caller: Caller, from: IpAddr) -> Self {
        Self { people, caller, from }
    }

    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    #[must_use]
    pub fn from(&self) -> IpAddr {
        self.from
    }

    #[must_use]
    pub fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// Something was done, to what `subject` names.
    ///
    /// # Errors
    /// It cannot be written: then what was to be shown or done should not be.
    pub async fn did(&self, action: &str, subject: impl ToString) -> Result<(), StorageError> {
        self.people.audit(&self.caller, action, Some(subject.to_string()), self.from).await
    }

    /// Somebody looks at what users wrote. A page that renews itself is one look.
    ///
    /// # Errors
    /// It cannot be written: then nothing should be shown.
    pub async fn looked(&self, action: &'static str, subject: impl ToString) -> Result<(), StorageError> {
        let subject = subject.to_string();
        if self.people.views.is_new(self.people.now(), &self.caller.id, action, &subject) {
            return self.did(action, subject).await;
        }
        Ok(())
    }
}

impl<S: Sync> FromRequestParts<S> for Auditor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}

impl People {
    pub(super) async fn audit(
        &self,
        caller: &Caller,
        action: &str,
        subject: Option<String>,
        from: IpAddr,
    ) -> Result<(), StorageError> {
        let entry = AuditEntry {
            at: self.now(),
            caller: caller.id.clone(),
            name: caller.name.clone(),
            action: action.to_owned(),
            subject,
            from: from.to_string(),
            count: 1,
        };
        self.records.audit(vec![entry]).await
    }

    /// The log before the given entry, newest first, at most `max`.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn audited(&self, before: AuditSeq, max: usize) -> Result<Vec<(AuditSeq, AuditEntry)>, StorageError> {
        self.records.audited(before, max).await
    }
}

/// Looks that are in the log already.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<(String, &'static str, String), Timestamp>>);

impl Views {
    fn is_new(&self, now: Timestamp, caller: &str, action: &'static str, subject: &str) -> bool {
        let mut views = lock(&self.0);
        // Rather one line too many than memory without bounds.
        if views.len() >= THROTTLE_BUCKETS_MAX {
            views.clear();
        }
        let last = views.entry((caller.to_owned(), action, subject.to_owned()));
        match last {
            std::collections::hash_map::Entry::Occupied(at) if now.since(*at.get()) < AUDIT_VIEW_INTERVAL => false,
            last => {
                last.insert_entry(now);
                true
            }
        }
    }

    pub(super) fn forget_old(&self, now: Timestamp) {
        lock(&self.0).retain(|_, at| now.since(*at) < AUDIT_VIEW_INTERVAL);
    }
}
