//! What a message asks for, by the button tapped or else by its words.

use turnwise_plugin::Message;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Menu,
    Agent,
    Stop,
    Done,
    Order,
    Hours,
}

impl Intent {
    pub fn of(message: &Message) -> Option<Self> {
        match message.choice.as_deref() {
            Some("menu") => Some(Self::Menu),
            Some("agent") => Some(Self::Agent),
            Some("done") => Some(Self::Done),
            Some("order") => Some(Self::Order),
            Some("hours") => Some(Self::Hours),
            _ => Self::of_text(&message.text),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        // Only punctuation around a word is taken off: `agent@example.com` is not the word "agent".
        let words = || text.split_whitespace().map(|word| word.trim_matches(|char: char| !char.is_alphanumeric()));
        let has = |wanted: &[&str]| words().any(|word| wanted.contains(&word));
        let is = |wanted: &[&str]| words().count() == 1 && has(wanted);
        if has(&["agent", "human"]) {
            Some(Self::Agent)
        } else if is(&["menu", "back", "help", "restart"]) {
            Some(Self::Menu)
        } else if is(&["stop"]) {
            Some(Self::Stop)
        } else if crate::order::find_number(&text).is_some() {
            // "Where is order 12345?" is answered by what takes the number.
            None
        } else if has(&["order", "orders", "package", "parcel", "delivery"]) {
            Some(Self::Order)
        } else if has(&["hours", "open", "opening"]) {
            Some(Self::Hours)
        } else {
            None
        }
    }
}
