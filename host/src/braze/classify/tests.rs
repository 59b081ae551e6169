use super::*;

fn classified(status: u16, body: &str) -> SendOutcome {
    classify(status, Ok(body.as_bytes()), None)
}

fn kind(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted { .. } => "accepted",
        SendOutcome::NotSent(_) => "not sent",
        SendOutcome::Throttled { .. } => "throttled",
        SendOutcome::Unauthorised(_) => "unauthorised",
        SendOutcome::Rejected(_) => "rejected",
        SendOutcome::ServerError(_) => "server error",
        SendOutcome::Unknown(_) => "unknown",
    }
}

#[test]
fn every_status_and_body_has_its_class() {
    let cases = [
        (200, r#"{"message":"success","dispatch_id":"d"}"#, "accepted"),
        (201, r#"{"message":"success"}"#, "accepted"),
        (202, r#"{"message":"queued"}"#, "accepted"),
        (201, r#"{"message":"success","dispatch_id":7,"errors":"odd"}"#, "accepted"),
        (201, r#"{"message":"Invalid user"}"#, "rejected"),
        (200, "<html>ok</html>", "unknown"),
        (200, r#"{"message":"succ"#, "unknown"),
        (200, "{}", "unknown"),
        (200, "[]", "unknown"),
        (200, r#"{"message":null}"#, "unknown"),
        (204, "", "unknown"),
        (301, "", "rejected"),
        (307, r#"{"message":"success"}"#, "rejected"),
        (400, r#"{"message":"Invalid Campaign ID"}"#, "rejected"),
        (400, "nothing", "rejected"),
        (401, r#"{"message":"Invalid API key"}"#, "unauthorised"),
        (403, r#"{"message":"Access Denied"}"#, "unauthorised"),
        (404, "", "rejected"),
        (408, "", "server error"),
        (410, "", "rejected"),
        (413, "", "rejected"),
        (429, r#"{"message":"rate limited"}"#, "throttled"),
        (429, "", "throttled"),
        (500, r#"{"message":"Internal Server Error"}"#, "server error"),
        (503, r#"{"message":"Service Unavailable"}"#, "server error"),
        (599, r#"{"message":"odd"}"#, "server error"),
        (500, "<html>", "unknown"),
        (503, "", "unknown"),
        (502, r#"{"message":"Bad Gateway"}"#, "unknown"),
        (504, r#"{"message":"Gateway Timeout"}"#, "unknown"),
        (999, "", "unknown"),
    ];
    for (status, body, expected) in cases {
        assert_eq!(kind(&classified(status, body)), expected, "{status} {body}");
    }
    assert_eq!(kind(&classify(201, Ok(b"{\"message\":\"success\xff\"}"), None)), "unknown", "invalid UTF-8");
    assert_eq!(kind(&classify(201, Err("a body that broke off"), None)), "unknown");
    assert_eq!(kind(&classify(400, Err("a body that broke off"), None)), "rejected");
    assert_eq!(kind(&classify(500, Err("a body that broke off"), None)), "unknown");
}

#[test]
fn warnings_and_partial_errors_are_kept() {
    let body = r#"{"message":"success","dispatch_id":"d1","notice":"The campaign is paused.","errors":[{"index":0}]}"#;
    let expected = SendOutcome::Accepted {
        braze_dispatch_id: Some("d1".into()),
        notice: Some("The campaign is paused.".into()),
        partial: Some(r#"[{"index":0}]"#.into()),
    };
    assert_eq!(classified(201, body), expected);
    let plain = SendOutcome::Accepted { braze_dispatch_id: None, notice: None, partial: None };
    assert_eq!(classified(201, r#"{"message":"success","notice":"","errors":[]}"#), plain);
}

#[test]
fn the_rate_limits_end_is_passed_on() {
    let until = Some(Timestamp(5));
    assert_eq!(classify(429, Ok(b""), until), SendOutcome::Throttled { until });
}

#[test]
fn e9_documented_refusals_are_final_and_say_what_to_do() {
    let documented = [
        ("Bad Request", None),
        ("No Recipients", Some("identifier")),
        ("Invalid Campaign ID", Some("API-triggered campaign")),
        ("Message Variant Unspecified", Some("variant")),
        ("Invalid Message Variant", Some("variant")),
        ("Mismatched Message Type", Some("channel")),
        ("No message to send", Some("publish")),
        ("Max Input Length Exceeded", Some("contract")),
        ("The max number of external_ids and aliases per request was exceeded", Some("more users")),
        ("The max number of ids per request was exceeded", Some("more users")),
        ("provided external_id is blacklisted and disallowed", Some("dummy user")),
    ];
    for (message, hint) in documented {
        let SendOutcome::Rejected(reason) = classified(400, &serde_json::json!({ "message": message }).to_string())
        else {
            panic!("{message} is final");
        };
        assert!(reason.contains(message) && reason.contains(hint.unwrap_or_default()), "{reason}");
    }
    let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(100_000));
    assert!(matches!(classified(400, &long), SendOutcome::Rejected(reason) if reason.len() < 400));
}

#[test]
fn a_refused_key_names_both_causes() {
    assert!(matches!(classified(401, ""), SendOutcome::Unauthorised(reason)
        if reason.contains("Bad key") && reason.contains("another instance")));
    assert!(matches!(classified(403, ""), SendOutcome::Unauthorised(reason) if reason.contains("IP allow list")));
}
