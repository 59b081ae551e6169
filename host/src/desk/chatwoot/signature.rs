//! Whether a webhook is Chatwoot's: HMAC-SHA256 of `TIMESTAMP.BODY`, over the bytes as they came.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::super::NotTheirs;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::limits::DESK_WEBHOOK_AGE_MAX;

/// Checks against every secret, so that which one it is takes no time to tell.
pub(super) fn check(
    secrets: &[Secret],
    timestamp: &[u8],
    given: &[u8],
    body: &[u8],
    now: Timestamp,
) -> Result<(), NotTheirs> {
    let tag = given.strip_prefix(b"sha256=").and_then(unhexed).ok_or(NotTheirs::WrongSignature)?;
    let right = secrets.iter().fold(false, |right, secret| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(timestamp);
        mac.update(b".");
        mac.update(body);
        // Compared in constant time.
        mac.verify_slice(&tag).is_ok() | right
    });
    if !right {
        return Err(NotTheirs::WrongSignature);
    }
    // Only now: what time an impostor claims is of no interest.
    let seconds = std::str::from_utf8(timestamp).ok().and_then(|text| text.parse::<u64>().ok());
    let signed = Timestamp(seconds.ok_or(NotTheirs::Unsigned)?.saturating_mul(1_000));
    let apart = now.since(signed).max(signed.since(now));
    if apart > DESK_WEBHOOK_AGE_MAX { Err(NotTheirs::WrongTime) } else { Ok(()) }
}

fn unhexed(hex: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
