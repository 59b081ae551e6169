//! `[connections.NAME]` and the grants of plugins.

use std::time::Duration;

use super::super::{Config, Connection, RetryRule};
use super::{completed, mistakes, read};

fn configured(text: &str) -> Config {
    read(&completed(text)).unwrap_or_else(|errors| panic!("{errors}"))
}

fn connection(rest: &str) -> Connection {
    configured(&format!("[connections.llm]\n{rest}")).connections["llm"].clone()
}

#[test]
fn a_base_url_is_all_a_connection_needs() {
    let connection = connection("base_url = \"https://api.example.com/v1/\"");
    assert_eq!(connection.base_url, "https://api.example.com/v1");
    assert_eq!((connection.methods.join(" ").as_str(), connection.paths.join(" ").as_str()), ("GET POST", "/"));
    assert_eq!((connection.timeout, connection.calls_in_flight_max), (Duration::from_secs(30), 16));
    assert_eq!((connection.request_bytes_max, connection.response_bytes_max), (64 << 10, 256 << 10));
    assert_eq!((connection.retries_max, connection.retry), (2, RetryRule::Safe));
    assert!(connection.headers.is_empty() && connection.allow_private.is_empty());
}

#[test]
fn everything_about_a_connection_is_read_as_written() {
    let connection = connection(
        r#"
base_url = "http://127.0.0.1:9000"
headers = { Authorization = "Bearer env:LLM_KEY", x-pair = "env:LLM_KEY file:token", accept = "application/json" }
methods = ["POST", "DELETE"]
paths = ["/chat/completions", "/threads/*/"]
timeout = "1500ms"
request_bytes = "1KiB"
response_bytes = "1MiB"
concurrency = 2
retries = 0
retry = "always"
allow_private = ["127.0.0.1", "10.1.0.0/16", "fd12::/48"]
"#,
    );
    let header = |name: &str| connection.headers.iter().find(|header| header.name == name).expect(name);
    assert_eq!(header("authorization").value.expose(), "Bearer sk-hunter2-0123456789");
    assert_eq!(header("authorization").value.reference(), Some("Bearer env:LLM_KEY"));
    assert_eq!(header("authorization").secrets[0].expose(), "sk-hunter2-0123456789");
    assert_eq!(header("x-pair").value.expose(), "sk-hunter2-0123456789 0123456789abcdef-of-a-file");
    assert_eq!((header("accept").value.expose(), header("accept").secrets.len()), ("application/json", 0));
    assert_eq!(connection.methods, ["POST", "DELETE"]);
    assert_eq!(connection.paths, ["/chat/completions", "/threads/*/"]);
    assert_eq!(connection.timeout, Duration::from_millis(1500));
    assert_eq!((connection.request_bytes_max, connection.response_bytes_max), (1 << 10, 1 << 20));
    assert_eq!((connection.calls_in_flight_max, connection.retries_max), (2, 0));
    assert_eq!(connection.retry, RetryRule::Always);
    let networks: Vec<String> = connection.allow_private.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["127.0.0.1/32", "10.1.0.0/16", "fd12::/48"]);
}

/// What stands below `[connections.llm]`, and `code line:column` of what is reported.
const BAD: &[(&str, &str)] = &[
    ("", "missing-key 1:14"),
    ("base_url = 1", "wrong-type 2:12"),
    ("base_url = \"\"", "bad-base-url 2:12"),
    ("base_url = \"api.example.com\"", "bad-base-url 2:12"),
    ("base_url = \"ftp://api.example.com\"", "bad-base-url 2:12"),
    ("base_url = \"https://\"", "bad-base-url 2:12"),
    ("base_url = \"https://me:hunter2@api.example.com\"", "bad-base-url 2:12"),
    ("base_url = \"https://api.example.com?key=1\"", "bad-base-url 2:12"),
    ("base_url = \"https://api.example.com#a\"", "bad-base-url 2:12"),
    ("base_url = \"https://api.example.com/a//b\"", "bad-base-url 2:12"),
    ("base_url = \"https://api.example.com/a/../b\"", "bad-base-url 2:12"),
    ("base_url = \"https://api.example.com\\\\b\"", "bad-base-url 2:12"),
    ("base_url = \"http://api.example.com\"", "base-url-not-https 2:12"),
    ("base_url = \"http://8.8.8.8\"\nallow_private = [\"10.0.0.0/8\"]", "private-address 2:12"),
    ("base_url = \"http://127.0.0.1:9000\"", "private-address 2:12"),
    ("base_url = \"http://localhost:9000\"", "private-address 2:12"),
    ("base_url = \"https://localhost\"", "private-address 2:12"),
    ("base_url = \"https://10.1.2.3\"", "private-address 2:12"),
    ("base_url = \"https://10.1.2.3\"\nallow_private = [\"10.2.0.0/16\"]", "private-address 2:12"),
    ("base_url = \"https://169.254.169.254\"", "private-address 2:12"),
    ("base_url = \"https://[::ffff:127.0.0.1]\"", "private-address 2:12"),
    ("base_url = \"https://2130706433\"", "private-address 2:12"),
    ("base_url = \"https://0x7f.1\"", "private-address 2:12"),
    ("base_url = \"https://0177.0.0.1\"", "private-address 2:12"),
    ("base_url = \"https://x.example\"\nbase_urls = 1", "unknown-key 3:1"),
    ("base_url = \"https://x.example\"\nallow_private = [\"10.1.2.3/8\"]", "bad-network 3:18"),
    ("base_url = \"https://x.example\"\nallow_private = [\"0.0.0.0/0\"]", "bad-network 3:18"),
    ("base_url = \"https://x.example\"\nallow_private = [\"169.254.169.254\"]", "bad-network 3:18"),
    ("base_url = \"https://x.example\"\nallow_private = [\"crm.internal\"]", "bad-network 3:18"),
    ("base_url = \"https://x.example\"\nallow_private = true", "wrong-type 3:17"),
    ("base_url = \"https://x.example\"\nmethods = [\"get\"]", "bad-method 3:12"),
    ("base_url = \"https://x.example\"\nmethods = [\"TRACE\"]", "bad-method 3:12"),
    ("base_url = \"https://x.example\"\nmethods = []", "empty-list 3:11"),
    ("base_url = \"https://x.example\"\npaths = []", "empty-list 3:9"),
    ("base_url = \"https://x.example\"\npaths = [\"orders\"]", "bad-path 3:10"),
    ("base_url = \"https://x.example\"\npaths = [\"/a\", \"/../b\", \"/c/**\"]", "bad-path 3:16 bad-path 3:25"),
    ("base_url = \"https://x.example\"\ntimeout = 30", "missing-unit 3:11"),
    ("base_url = \"https://x.example\"\ntimeout = \"1h\"", "out-of-range 3:11"),
    ("base_url = \"https://x.example\"\nrequest_bytes = \"1MiB\"", "out-of-range 3:17"),
    ("base_url = \"https://x.example\"\nresponse_bytes = \"1GiB\"", "out-of-range 3:18"),
    ("base_url = \"https://x.example\"\nconcurrency = 0", "out-of-range 3:15"),
    ("base_url = \"https://x.example\"\nretries = 100", "out-of-range 3:11"),
    ("base_url = \"https://x.example\"\nretry = \"save\"", "bad-retry 3:9"),
    ("base_url = \"https://x.example\"\nheaders = \"x\"", "wrong-type 3:11"),
    ("base_url = \"https://x.example\"\nheaders = { x-a = 1 }", "wrong-type 3:19"),
    ("base_url = \"https://x.example\"\nheaders = { \"x a\" = \"1\" }", "bad-header 3:13"),
    ("base_url = \"https://x.example\"\nheaders = { host = \"evil.example\" }", "bad-header 3:13"),
    ("base_url = \"https://x.example\"\nheaders = { Content-Length = \"1\" }", "bad-header 3:13"),
    ("base_url = \"https://x.example\"\nheaders = { x-a = \"1\", X-A = \"2\" }", "bad-header 3:24"),
    ("base_url = \"https://x.example\"\nheaders = { x-a = \"\" }", "bad-header 3:19"),
    ("base_url = \"https://x.example\"\nheaders = { x-a = \"a\\r\\nb: c\" }", "bad-header 3:19"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer hunter2\" }", "literal-secret 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { x-api-key = \"hunter2\" }", "literal-secret 3:25"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer $LLM_KEY\" }", "bad-reference 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:\" }", "bad-reference 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:NOBODY\" }", "missing-variable 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer file:none\" }", "unreadable-secret 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:BEARER\" }", "secret-characters 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:BROKEN\" }", "secret-characters 3:29"),
    ("base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:EMPTY\" }", "empty-secret 3:29"),
];

#[test]
fn r1_every_mistake_of_a_connection_is_found_where_it_is() {
    for (rest, expected) in BAD {
        let text = completed(&format!("[connections.llm]\n{rest}"));
        assert_eq!(mistakes(&text).join(" "), *expected, "{text}");
    }
    assert_eq!(mistakes(&completed("[connections]\nllm = \"https://x.example\"")), ["unknown-key 2:1"]);
    assert_eq!(mistakes(&completed("[connections.\"l m\"]\nbase_url = \"https://x.example\"")), ["bad-name 1:14"]);
}

#[test]
fn the_help_for_a_connection_can_be_pasted() {
    for (rest, help) in [
        ("base_url = \"api.example.com/v1\"", "write `base_url = \"https://api.example.com/v1\"`"),
        (
            "base_url = \"https://x.example/a?b=1\"",
            "write `base_url = \"https://x.example/a\"`; a plugin writes the query behind its path",
        ),
        ("base_url = \"http://localhost:9000\"", "allow it: `allow_private = [\"127.0.0.1\"]`"),
        ("base_url = \"https://[fd12::1]\"", "allow it: `allow_private = [\"fd12::1\"]`"),
        ("base_url = \"https://x.example\"\nallow_private = [\"10.1.2.3/8\"]", "write `\"10.0.0.0/8\"`"),
        ("base_url = \"https://x.example\"\nmethods = [\"get\"]", "did you mean `GET`?"),
        ("base_url = \"https://x.example\"\nretry = \"alway\"", "did you mean `retry = \"always\"`?"),
        (
            "base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer hunter2\" }",
            "`export LLM_KEY=…` and write `authorization = \"Bearer env:LLM_KEY\"`; replace the secret if this file was ever shared",
        ),
        ("base_url = \"https://x.example\"\nconcurency = 1", "did you mean `concurrency`?"),
    ] {
        let errors = read(&completed(&format!("[connections.llm]\n{rest}"))).expect_err(rest);
        assert_eq!(errors.errors[0].help, help, "{rest}");
    }
}

#[test]
fn no_secret_of_a_connection_is_ever_shown() {
    for rest in [
        "base_url = \"https://me:hunter2@x.example\"",
        "base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer hunter2\", x = 1 }",
        "base_url = \"https://x.example\"\nheaders = { x-api-key = \"hunter2\" }\nlisen = 1",
        "base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:LLM_KEY\", x-api-key = hunter2 }",
        "base_url = \"https://x.example\"\nheaders = { authorization = \"Bearer hunter2",
        "base_url = \"https://x.example\"\n[connections.llm.headers]\nauthorization = \"Bearer hunter2\nx-a = 1",
        "base_url = \"https://x.example\"\n[connections.llm.headers]\n\"x-api-key\" = hunter2",
    ] {
        let errors = read(&completed(&format!("[connections.llm]\n{rest}"))).expect_err(rest);
        let shown = format!("{}{}{errors:?}", errors.render(true), errors.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let config = configured(
        "[connections.llm]\nbase_url = \"https://x.example\"\nheaders = { authorization = \"Bearer env:LLM_KEY\" }",
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn plugins_call_what_they_were_given_and_nothing_else() {
    let config = configured(
        "[connections.llm]\nbase_url = \"https://x.example\"\n[connections.crm]\nbase_url = \"https://y.example\"\n\
         [plugins.menu]\nconnections = [\"llm\"]\ncampaigns = [\"welcome\"]\n[plugins.orders]\n\
         [braze.campaigns.reply]\nid = \"a\"\n[braze.campaigns.offer]\nid = \"b\"\n[braze.canvases.welcome]\nid = \"c\"",
    );
    assert_eq!(config.denies_connection("menu", "llm"), None);
    assert!(config.denies_connection("menu", "crm").is_some_and(|reason| reason.contains("was not given")));
    assert!(config.denies_connection("orders", "llm").is_some_and(|reason| reason.contains("was not given")));
    assert!(config.denies_connection("nobody", "llm").is_some());
    assert!(config.denies_connection("menu", "lmm").is_some_and(|reason| reason.contains("is configured")));

    assert!(config.grants_campaign("menu", "welcome") && !config.grants_campaign("menu", "offer"));
    assert!(config.grants_campaign("menu", "reply"), "its replies go through it anyway");
    assert!(config.grants_campaign("orders", "offer") && config.grants_campaign("nobody", "offer"));
    let none = configured("[plugins.menu]\ncampaigns = []\n[braze.campaigns.reply]\nid = \"a\"");
    assert!(none.grants_campaign("menu", "reply") && !none.grants_campaign("menu", "offer"));
}
