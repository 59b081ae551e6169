//! What opens a door: 256 random bits, kept by us as a hash only.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// So that a leaked one is recognised by whoever looks for secrets.
const PREFIX: &str = "tw_";

/// A session, a token or a one-time link. Its text is shown to its owner once.
#[derive(Clone)]
pub struct Key([u8; 32]);

/// What we keep of a key: nobody gets back from it to the key, and guessing 256 bits needs no slow hash to be hopeless.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digest([u8; 32]);

impl Key {
    /// # Panics
    /// The system has no randomness: nothing may be let in by a key that can be guessed.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        Self(bytes)
    }

    /// From its text; none where it is no key's.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// For its owner; fit for a URL, a cookie and a header.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    pub(super) fn digest(&self) -> Digest {
        Digest(<Sha256 as sha2::Digest>::digest(self.0).into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Digest {
    /// Takes the same time whatever differs.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// As a record's key.
    pub(super) fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// A short random name, e.g. "p_1f0a…", 64 bits.
#[must_use]
pub fn random_id(prefix: &str) -> String {
    format!("{prefix}{}", hex(&Key::random().0[..8]))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A string can always be written to.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
