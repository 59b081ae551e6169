//! A secret that never prints itself.

use std::fmt;

/// The value of an `env:` or `file:` reference.
#[derive(Clone)]
pub struct Secret {
    value: String,
    reference: Option<String>,
}

impl Secret {
    /// A secret that no configuration refers to, e.g. the fixed ones of `turnwise dev`.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), reference: None }
    }

    /// The value that `reference` (e.g. `env:BRAZE_API_KEY`) led to.
    #[must_use]
    pub fn referred(value: impl Into<String>, reference: impl Into<String>) -> Self {
        Self { value: value.into(), reference: Some(reference.into()) }
    }

    /// The value itself, for the one place that sends or compares it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Where it comes from, as written in the configuration; safe to print.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
