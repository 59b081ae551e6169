use super::*;
use crate::config::Secret;

fn checked(name: &str, value: &str) -> Result<(), BadHeader> {
    let own = |name: &str| Header { name: name.into(), value: Secret::new("x"), secrets: Vec::new() };
    check(&[(name.to_owned(), value.to_owned())], &[own("authorization"), own("x-api-key")])
}

#[test]
fn ordinary_headers_pass() {
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("Accept", "*/*"),
        ("Idempotency-Key", "7f3c"),
        ("x-request-id", ""),
        ("if-none-match", "\"abc\""),
        ("x-list", "a,\tb"),
    ] {
        assert_eq!(checked(name, value), Ok(()), "{name}");
    }
}

#[test]
fn the_connections_own_and_the_transports_are_not_a_plugins() {
    for name in ["authorization", "Authorization", "AUTHORIZATION", "x-api-key", "X_Api_Key"] {
        assert_eq!(checked(name, "mine"), Err(BadHeader::OfConnection(name.into())), "{name}");
    }
    for name in [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "transfer_encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Cookie",
        "Set-Cookie",
        "Accept-Encoding",
        "User-Agent",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "x_forwarded_proto",
        "X-Real-IP",
        "X-HTTP-Method-Override",
        "x_http_method_override",
        "X-Original-URL",
        "X-Rewrite-URL",
    ] {
        assert!(matches!(checked(name, "1"), Err(BadHeader::Reserved(..))), "{name}");
    }
}

#[test]
fn nothing_breaks_out_of_a_header() {
    for name in ["", " ", "a b", "a:", "a\r\nb", "a\n", "é", "a\0", "a,b", "(a)"] {
        assert!(matches!(checked(name, "1"), Err(BadHeader::Name(_))), "{name:?}");
    }
    for value in ["a\r\nhost: evil", "a\nb", "a\rb", "a\0", "a\u{7f}", "é", "a\u{b}b"] {
        assert_eq!(checked("x-a", value), Err(BadHeader::Value("x-a".into())), "{value:?}");
    }
}

#[test]
fn there_is_an_end_to_headers() {
    let many: Vec<(String, String)> = (0..=CALL_HEADERS_MAX).map(|number| (format!("x-{number}"), "".into())).collect();
    assert_eq!(check(&many[1..], &[]), Ok(()));
    assert_eq!(check(&many, &[]), Err(BadHeader::TooMany(CALL_HEADERS_MAX + 1)));
    let long = |bytes: usize| check(&[("x".into(), "v".repeat(bytes - 1))], &[]);
    assert_eq!(long(CALL_HEADERS_BYTES_MAX), Ok(()));
    assert_eq!(long(CALL_HEADERS_BYTES_MAX + 1), Err(BadHeader::TooLong(CALL_HEADERS_BYTES_MAX + 1)));
}

#[test]
fn an_operator_may_set_what_a_plugin_may_not() {
    for name in ["host", "Content-Length", "transfer-encoding", "connection", "accept-encoding"] {
        assert!(reserved_to_host(name).is_some(), "{name}");
    }
    for name in ["authorization", "cookie", "user-agent", "x-forwarded-for", "accept"] {
        assert_eq!(reserved_to_host(name), None, "{name}");
    }
}
