//! Conveniences on what comes in.

use serde::de::DeserializeOwned;

use crate::{Error, HttpResponse, Message, NamedJson, Result, TimerFired};

impl Message {
    /// Whether the user typed exactly this, whatever the case and the space around it.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.text.trim().to_lowercase() == text.to_lowercase()
    }

    /// Whether the user tapped (or typed the title of) the choice with this id.
    #[must_use]
    pub fn chose(&self, id: &str) -> bool {
        self.choice.as_deref() == Some(id)
    }

    /// Whether there is no text to read: only media, a flow's answer, or nothing.
    #[must_use]
    pub fn is_wordless(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl NamedJson {
    /// Reads the value as a type of the plugin's.
    ///
    /// # Errors
    /// The value is of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read(&self.value, &self.name)
    }
}

impl TimerFired {
    /// Reads the payload as it was given to [`start_timer`](crate::Turn::start_timer).
    ///
    /// # Errors
    /// The payload is of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read(&self.payload, &self.name)
    }
}

impl HttpResponse {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The body is no JSON, or of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read(&self.body, "the response's body")
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Reads JSON text, naming what it is in the error.
fn read<T: DeserializeOwned>(json: &str, what: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::from(error).context(what))
}
