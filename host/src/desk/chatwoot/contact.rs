//! The user as a contact there, known by the identifier we give; made where there is none.

use serde_json::{Value, json};

use super::super::Telling;
use super::Chatwoot;
use super::answer::Failed;

/// A contact that can have a conversation in our inbox.
pub(super) struct Contact {
    pub(super) id: u64,
    /// What the contact is called in our inbox.
    pub(super) source_id: String,
}

impl Chatwoot {
    /// The user's contact, made where there is none.
    pub(super) async fn contact(&self, telling: &Telling) -> Result<Contact, Failed> {
        if let Some(contact) = self.known_contact(telling).await? {
            return Ok(contact);
        }
        let user = &telling.user;
        let phone = user.phone.as_deref().filter(|phone| is_e164(phone));
        let name = user.profile_name.as_deref().or(phone).or(user.external_id.as_deref()).unwrap_or("WhatsApp user");
        let mut contact = json!({
            "inbox_id": self.settings.inbox,
            "name": name,
            "identifier": identifier(telling),
            "phone_number": phone,
        });
        let made = match self.api.post("contacts", &contact).await {
            // The number may be another contact's, of before; agents see it in the first note all the same.
            Err(Failed::Refused(_)) if phone.is_some() => {
                contact["phone_number"] = Value::Null;
                self.api.post("contacts", &contact).await?
            }
            made => made?,
        };
        let made = &made["payload"];
        self.in_our_inbox(&made["contact"], made["contact_inbox"]["source_id"].as_str()).await
    }

    /// The user's contact, where there is one. Searching finds what merely resembles, too.
    pub(super) async fn known_contact(&self, telling: &Telling) -> Result<Option<Contact>, Failed> {
        let identifier = identifier(telling);
        let found = self.api.get(&format!("contacts/search?q={}", encoded(&identifier))).await?;
        let payload = found["payload"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(contact) = payload.iter().find(|contact| contact["identifier"] == identifier) else { return Ok(None) };
        let inboxes = contact["contact_inboxes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ours = inboxes.iter().find(|inbox| inbox["inbox"]["id"].as_u64() == Some(self.settings.inbox));
        let source_id = ours.and_then(|inbox| inbox["source_id"].as_str());
        self.in_our_inbox(contact, source_id).await.map(Some)
    }

    async fn in_our_inbox(&self, contact: &Value, source_id: Option<&str>) -> Result<Contact, Failed> {
        let lacks = |what: &str| Failed::Failing(format!("Chatwoot's answer lacks {what} of a contact"));
        let id = contact["id"].as_u64().ok_or_else(|| lacks("the id"))?;
        if let Some(source_id) = source_id {
            return Ok(Contact { id, source_id: source_id.to_owned() });
        }
        let made = json!({ "inbox_id": self.settings.inbox });
        let made = match self.api.post(&format!("contacts/{id}/contact_inboxes"), &made).await {
            Err(Failed::Gone) => {
                Err(Failed::Refused("Chatwoot has no inbox with the number desk.chatwoot.inbox".into()))
            }
            made => made,
        }?;
        let source_id = made["source_id"].as_str().ok_or_else(|| lacks("the source_id"))?;
        Ok(Contact { id, source_id: source_id.to_owned() })
    }
}

/// The external id, else the number, else the conversation's own.
fn identifier(telling: &Telling) -> String {
    let user = &telling.user;
    user.external_id.clone().or_else(|| user.phone.clone()).unwrap_or_else(|| telling.conversation.to_string())
}

/// The one form in which Chatwoot takes numbers.
fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// For a query: everything but letters and digits is written as `%XX`.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(encoded, "%{byte:02X}").ok();
        }
        encoded
    })
}
