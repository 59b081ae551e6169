//! Who may deliver: bearer tokens per source, compared so that neither time nor answer says what was wrong.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::Secret;

type TokenDigest = [u8; 32];

/// As many tokens as may live at once. Every source has this many, so that all take the same time.
const SLOTS: usize = 2;

/// No token has this digest.
const VACANT: TokenDigest = [0; 32];

/// The digests of every source's tokens.
pub(super) struct Tokens {
    sources: HashMap<String, Vec<TokenDigest>>,
    unknown: Vec<TokenDigest>,
}

impl Tokens {
    pub(super) fn new<'a>(sources: impl IntoIterator<Item = (&'a str, &'a [Secret])>) -> Self {
        let digests = |tokens: &[Secret]| {
            let mut digests: Vec<_> = tokens.iter().map(|token| digest(token.expose().as_bytes())).collect();
            digests.resize(digests.len().max(SLOTS), VACANT);
            digests
        };
        let sources = sources.into_iter().map(|(name, tokens)| (name.to_owned(), digests(tokens))).collect();
        Self { sources, unknown: vec![VACANT; SLOTS] }
    }

    /// Whether the configuration names this source. Only such names are fit for the log.
    pub(super) fn know(&self, source: &str) -> bool {
        self.sources.contains_key(source)
    }

    /// Whether the headers carry one of the source's tokens. Does the same work whatever is wrong.
    pub(super) fn admit(&self, source: &str, headers: &HeaderMap) -> bool {
        let presented = presented(headers);
        let presented_digest = digest(presented.unwrap_or_default());
        let slots = self.sources.get(source).unwrap_or(&self.unknown);
        let equal = slots.iter().fold(Choice::from(0), |any, slot| any | slot.ct_eq(&presented_digest));
        bool::from(equal) & presented.is_some()
    }
}

/// The token of the one `Authorization: Bearer TOKEN` header. Two such headers are none: proxies disagree on which counts.
fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?.as_bytes(), values.next()) else { return None };
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    let fit =
        scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty() && !token.iter().any(u8::is_ascii_whitespace);
    fit.then_some(token)
}

fn digest(token: &[u8]) -> TokenDigest {
    Sha256::digest(token).into()
}
