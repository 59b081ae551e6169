//! Replies that agents need again and again, with blanks that are filled from the conversation.

use crate::conversation::{Conversation, User};
use crate::storage::{Records, StorageError};

/// Their kind among the records; the key is the name, the value the text.
pub const CANNED: &str = "canned";

/// One reply to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    pub name: String,
    pub text: String,
}

/// All of them, by name.
///
/// # Errors
/// Storage that cannot be read.
pub async fn all(records: &(impl Records + ?Sized)) -> Result<Vec<Canned>, StorageError> {
    let records = records.records(CANNED).await?;
    Ok(records
        .into_iter()
        .map(|(name, text)| Canned { name, text: String::from_utf8_lossy(&text).into_owned() })
        .collect())
}

/// What can stand in a text between double braces, and what it means.
pub const BLANKS: [(&str, &str); 5] = [
    ("name", "how the user is called on WhatsApp"),
    ("first_name", "the first word of that"),
    ("phone", "the user's number"),
    ("agent", "who writes"),
    ("bot", "the bot that had the conversation"),
];

impl Canned {
    /// With its blanks filled; one that is unknown stays, so that whoever reads it over sees it.
    #[must_use]
    pub fn filled(&self, conversation: &Conversation, agent: &str) -> String {
        let User { profile_name, phone, .. } = &conversation.user;
        let name = profile_name.as_deref().unwrap_or_default();
        let values = [
            name,
            name.split_whitespace().next().unwrap_or_default(),
            phone.as_deref().unwrap_or_default(),
            agent,
            &conversation.bot,
        ];
        // One pass: what is filled in is the user's, and no place for further blanks.
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, behind)) = rest.split_once("{{") {
            filled.push_str(before);
            let blank = behind.split_once("}}").and_then(|(blank, after)| {
                let place = BLANKS.iter().position(|(known, _)| *known == blank.trim())?;
                Some((values[place], after))
            });
            match blank {
                Some((value, after)) => {
                    filled.push_str(value);
                    rest = after;
                }
                None => {
                    filled.push_str("{{");
                    rest = behind;
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        let user = User { profile_name: Some("Ada {{agent}} Lovelace".into()), ..User::default() };
        let conversation = Conversation { user, bot: "menu".into(), ..Conversation::default() };
        Canned { name: "hello".into(), text: text.into() }.filled(&conversation, "Bia")
    }

    #[test]
    fn blanks_are_filled_once_and_unknown_ones_stay() {
        assert_eq!(filled("Hi {{first_name}}, {{ agent }} here for {{bot}}"), "Hi Ada, Bia here for menu");
        assert_eq!(filled("{{name}}"), "Ada {{agent}} Lovelace");
        assert_eq!(filled("{{order}} {{ {{phone}}!"), "{{order}} {{ !");
    }
}
