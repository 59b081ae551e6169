//! What is believed, and what is not.

use super::*;

const NOW: Timestamp = Timestamp(1_788_264_000_000);
const BODY: &[u8] = br#"{"event":"message_created","content":"caf\u00e9"}"#;

fn secrets(values: &[&str]) -> Vec<Secret> {
    values.iter().map(|value| Secret::new(*value)).collect()
}

/// As Chatwoot signs: `openssl dgst -sha256 -hmac SECRET` says the same.
fn signed(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

fn checked(timestamp: &str, given: &str, body: &[u8]) -> Result<(), NotTheirs> {
    check(&secrets(&["old", "secret"]), timestamp.as_bytes(), given.as_bytes(), body, NOW)
}

#[test]
fn a_known_signature() {
    let given = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").expect("any key");
    mac.update(b"The quick brown fox jumps over the lazy dog");
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(given, format!("sha256={hex}"));
}

#[test]
fn any_of_the_secrets_will_do_and_no_other() {
    for secret in ["old", "secret"] {
        assert_eq!(checked("1788264000", &signed(secret, "1788264000", BODY), BODY), Ok(()));
    }
    for secret in ["", "Secret", "secrets"] {
        let given = signed(secret, "1788264000", BODY);
        assert_eq!(checked("1788264000", &given, BODY), Err(NotTheirs::WrongSignature), "{secret}");
    }
    let given = signed("", "1788264000", BODY);
    assert!(check(&[], b"1788264000", given.as_bytes(), BODY, NOW).is_err(), "without a secret nobody is believed");
}

#[test]
fn every_bit_of_the_body_and_of_the_time_counts() {
    let given = signed("secret", "1788264000", BODY);
    for at in 0..BODY.len() {
        let mut other = BODY.to_vec();
        other[at] ^= 1;
        assert_eq!(checked("1788264000", &given, &other), Err(NotTheirs::WrongSignature));
    }
    assert_eq!(checked("1788264001", &given, BODY), Err(NotTheirs::WrongSignature));
    for broken in [
        "",
        "sha256=",
        "sha1=00",
        &given[7..],
        &given[..70],
        &format!("{given}00"),
        &given.replace("sha256=", "SHA256="),
    ] {
        assert_eq!(checked("1788264000", broken, BODY), Err(NotTheirs::WrongSignature), "{broken}");
    }
}

#[test]
fn what_was_signed_long_ago_is_a_copy() {
    let at = |timestamp: &str| checked(timestamp, &signed("secret", timestamp, BODY), BODY);
    assert_eq!((at("1788263700"), at("1788264300")), (Ok(()), Ok(())));
    assert_eq!((at("1788263699"), at("1788264301")), (Err(NotTheirs::WrongTime), Err(NotTheirs::WrongTime)));
    assert_eq!(at("18446744073709551615"), Err(NotTheirs::WrongTime));
    assert_eq!(at("yesterday"), Err(NotTheirs::Unsigned));
}
