//! Every kind of answer.

use super::*;

fn of(status: u16, body: &str) -> Result<Value, Failed> {
    classify(status, Ok(body.as_bytes()), None)
}

#[test]
fn success_is_json_and_nothing_else() {
    assert!(of(200, r#"{"id":1}"#).is_ok());
    for body in ["", "<!DOCTYPE html>", "[]", "{\"id\":", "null", "\"ok\""] {
        assert!(matches!(of(200, body), Err(Failed::Failing(_))), "{body}");
    }
    assert!(matches!(classify(200, Err("a body that broke off"), None), Err(Failed::Failing(_))));
    assert!(matches!(of(204, ""), Err(Failed::Failing(_))));
}

#[test]
fn each_failure_is_of_its_kind() {
    assert!(matches!(of(301, ""), Err(Failed::Unauthorised(_))));
    for status in [401, 403] {
        let failed = of(status, r#"{"error":"Invalid Access Token"}"#);
        assert!(
            matches!(&failed, Err(Failed::Unauthorised(reason)) if reason.contains("Invalid Access Token")),
            "{failed:?}"
        );
    }
    assert_eq!(of(404, "{}"), Err(Failed::Gone));
    let after = Some(Duration::from_secs(7));
    assert!(
        matches!(classify(429, Ok(b"{}"), after), Err(Failed::Busy { after: Some(wait), .. }) if wait.as_secs() == 7)
    );
    for status in [400, 413, 422] {
        assert!(matches!(of(status, r#"{"message":"Content can't be blank"}"#), Err(Failed::Refused(_))));
    }
    for status in [408, 500, 502, 503, 504, 599, 999] {
        assert!(matches!(of(status, "<html>"), Err(Failed::Failing(_))), "{status}");
    }
}

#[test]
fn its_words_are_cut_and_drive_no_terminal() {
    let Err(Failed::Refused(reason)) = of(422, &serde_json::json!({"message": "\u{1b}[31m".repeat(400)}).to_string())
    else {
        panic!("refused")
    };
    assert!(reason.chars().count() < 400 && !reason.contains('\u{1b}'), "{reason}");
}
