//! The admin listener over the real binary: who gets in, who does not, and what commands do with it.

use std::process::Stdio;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use turnwise_tests::{Host, HostOptions, PATIENCE, TestSandbox, binary, until};

use crate::support::{escaped, introduce, post};

const PASSWORD: &str = "correct horse battery";

/// The one-time link that the host printed, if it did.
fn link(host: &Host) -> Option<String> {
    let printed = host.printed();
    printed.split_whitespace().find(|word| word.contains("/console/welcome?key=")).map(ToOwned::to_owned)
}

/// A browser: it keeps cookies, follows nothing, and says where a form comes from.
pub(crate) struct Browser {
    http: reqwest::Client,
    origin: String,
    cookie: Option<String>,
}

impl Browser {
    fn at(host: &Host) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { http, origin: host.admin.clone(), cookie: None }
    }

    async fn get(&self, url: &str) -> (StatusCode, String) {
        let request = self.http.get(url).header("accept", "text/html").header("sec-fetch-site", "same-origin");
        let answer = self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie)).send().await;
        let answer = answer.expect("it answers");
        (answer.status(), String::from_utf8(answer.bytes().await.expect("a body").to_vec()).expect("UTF-8"))
    }

    /// Sends a form, and keeps the session it may be answered with.
    pub(crate) async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        let body = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
        let body = body.collect::<Vec<_>>().join("&");
        let request = self.http.post(format!("{}{path}", self.origin)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("origin", &self.origin).header("sec-fetch-site", "same-origin");
        let request = self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
        let answer = request.send().await.expect("it answers");
        let given = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        for cookie in given.filter(|cookie| cookie.starts_with("turnwise_session=")) {
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            assert!(!cookie.contains("Secure"), "this is not TLS: {cookie}");
            self.cookie = cookie.split(';').next().map(ToOwned::to_owned);
        }
        answer.status()
    }

    /// The first admin, with the link the host printed.
    pub(crate) async fn enter(host: &Host) -> Self {
        let link = until("the link", || std::future::ready(link(host))).await;
        let mut browser = Self::at(host);
        assert_eq!(browser.get(&link).await.0, StatusCode::OK);
        let key = link.split_once("key=").expect("a key").1;
        let sent = browser.send("/console/welcome", &[("key", key), ("name", "ada"), ("password", PASSWORD)]).await;
        assert_eq!(sent, StatusCode::SEE_OTHER);
        browser
    }
}

#[tokio::test]
async fn the_first_start_prints_a_link_that_is_used_once_and_no_password_opens_anything_before() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let first = until("the link", || std::future::ready(link(&host))).await;
    let mut stranger = Browser::at(&host);
    for name in ["admin", "ada", ""] {
        let sent = stranger.send("/console/sign-in", &[("name", name), ("password", "admin")]).await;
        assert_eq!(sent, StatusCode::UNAUTHORIZED, "{name}");
    }
    let browser = Browser::enter(&host).await;
    let page = browser.get(&format!("{}/console/people", host.admin)).await;
    assert!(page.0 == StatusCode::OK && page.1.contains("ada"), "{page:?}");
    assert_eq!(stranger.get(&first).await.0, StatusCode::GONE, "the link is used up");
    let key = first.split_once("key=").expect("a key").1;
    let again = stranger.send("/console/welcome", &[("key", key), ("name", "eve"), ("password", PASSWORD)]).await;
    assert_eq!(again, StatusCode::GONE);

    let host = host.restart(&sandbox).await;
    let ready = host.ask(Method::GET, "/v1/plugins").send().await.expect("it answers").status();
    assert_eq!(ready, StatusCode::OK, "it has printed what it prints");
    assert_eq!(link(&host), None, "somebody can sign in");
    let mut ada = Browser::at(&host);
    assert_eq!(ada.send("/console/sign-in", &[("name", "Ada"), ("password", PASSWORD)]).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn x2_another_sites_page_and_a_rebound_name_change_nothing() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let ada = Browser::enter(&host).await;
    let cookie = ada.cookie.clone().expect("a session");
    let disable = |name: &'static str, value: String| {
        let request = ada.http.post(format!("{}/console/people/tokens", host.admin)).header("cookie", &cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header(name, value);
        request.body("name=evil&role=admin").send()
    };
    for (name, value) in [
        ("origin", "http://evil.example.com"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let status = disable(name, value.to_owned()).await.expect("it answers").status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let port = host.admin.rsplit(':').next().expect("a port");
    for rebound in [format!("evil.example.com:{port}"), "127.0.0.1.evil.example.com".to_owned()] {
        let status = disable("host", rebound.clone()).await.expect("it answers").status();
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{rebound}");
    }
    let page = ada.get(&format!("{}/console/people", host.admin)).await.1;
    assert!(page.contains("ada") && !page.contains("evil"), "nothing has changed");
    let probe = ada.http.get(format!("{}/readyz", host.admin)).header("host", "10.1.2.3").send().await;
    assert!(probe.expect("it answers").status() != StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn x4_ten_thousand_guesses_are_throttled_written_down_in_short_and_keep_nobody_out_for_long() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let mut ada = Browser::enter(&host).await;
    let mut tasks = tokio::task::JoinSet::new();
    for guesser in 0..8 {
        let (http, url) = (ada.http.clone(), host.admin.clone());
        tasks.spawn(async move {
            let mut throttled = 0;
            for number in 0..1250 {
                let answer = if guesser % 2 == 0 {
                    let form = http.post(format!("{url}/console/sign-in"));
                    let form = form.header("content-type", "application/x-www-form-urlencoded");
                    form.body(format!("name=ada&password=guess+{guesser}+{number}")).send().await
                } else {
                    http.get(format!("{url}/v1/plugins")).bearer_auth(format!("guess-{guesser}-{number}")).send().await
                };
                let status = answer.expect("it answers").status();
                assert!([StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(&status), "{status}");
                throttled += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
            }
            throttled
        });
    }
    let mut throttled = 0;
    while let Some(count) = tasks.join_next().await {
        throttled += count.expect("a guesser");
    }
    assert!(throttled > 9_000, "{throttled} of 10,000 were throttled");
    assert_eq!(ada.get(&format!("{}/console/account", host.admin)).await.0, StatusCode::OK, "who is in stays in");
    assert_eq!(host.ask(Method::GET, "/v1/plugins").send().await.expect("it answers").status(), StatusCode::OK);

    let in_again = until("ada to sign in", || async {
        let mut again = Browser::at(&host);
        let sent = again.send("/console/sign-in", &[("name", "ada"), ("password", PASSWORD)]).await;
        (sent == StatusCode::SEE_OTHER).then_some(again)
    });
    ada = in_again.await;
    let log = ada.get(&format!("{}/console/audit?what=refused", host.admin)).await.1;
    let lines = log.matches("session.refused").count() + log.matches("token.refused").count();
    assert!((2..20).contains(&lines) && log.contains(" times"), "{lines} lines: {log}");
}

#[tokio::test]
async fn a_role_may_what_it_may_and_a_revoked_token_nothing() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let host = Host::start(&sandbox, HostOptions::default()).await;
    let mut ada = Browser::enter(&host).await;
    let made = ada.http.post(format!("{}/console/people/tokens", host.admin));
    let made = made.header("cookie", ada.cookie.as_deref().expect("a session")).header("origin", &ada.origin);
    let made = made.header("content-type", "application/x-www-form-urlencoded").body("name=ci&role=viewer");
    let page = made.send().await.expect("it answers").bytes().await.expect("a body");
    let page = String::from_utf8(page.to_vec()).expect("UTF-8");
    let token = page.split(['"', '<', '>', ' ']).find(|word| word.starts_with("tw_")).expect("a token").to_owned();
    let id = page.split_once("/console/people/tokens/").expect("an id").1.split('/').next().expect("an id").to_owned();

    let ask = async |method: Method, path: &str| {
        let request = ada.http.request(method, format!("{}{path}", host.admin)).bearer_auth(&token);
        request.send().await.expect("it answers").status()
    };
    assert_eq!(ask(Method::GET, "/v1/plugins").await, StatusCode::OK);
    assert_eq!(ask(Method::POST, "/v1/outbox/o_1/redrive").await, StatusCode::FORBIDDEN);
    assert_eq!(ask(Method::DELETE, "/v1/users/ada").await, StatusCode::FORBIDDEN);
    assert_eq!(ask(Method::GET, "/console/people").await, StatusCode::FORBIDDEN);
    let word = ada.http.get(format!("{}/v1/plugins", host.admin)).header("x-forwarded-email", "ada").send().await;
    assert_eq!(word.expect("it answers").status(), StatusCode::UNAUTHORIZED, "no proxy is configured");
    assert_eq!(ada.send(&format!("/console/people/tokens/{id}/revoke"), &[]).await, StatusCode::SEE_OTHER);
    let request = ada.http.get(format!("{}/v1/plugins", host.admin)).bearer_auth(&token);
    assert_eq!(request.send().await.expect("it answers").status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ada.send("/console/sign-out", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(ada.get(&format!("{}/console/account", host.admin)).await.0, StatusCode::SEE_OTHER);
}

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A command on the host's machine; `--config` says where the host is.
async fn turnwise(host: &Host, arguments: &[&str], token: &str) -> Said {
    let text = std::fs::read_to_string(host.folder.path().join("turnwise.toml")).expect("a configuration");
    let admin = host.admin.trim_start_matches("http://");
    let file = host.folder.path().join("running.toml");
    std::fs::write(&file, text.replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""))).expect("written");
    let mut command = Command::new(binary());
    command.args(arguments).arg("--config").arg(&file).env("TURNWISE_TOKEN", token);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[tokio::test]
async fn commands_mend_a_quarantined_body_and_erase_a_user() {
    let sandbox = TestSandbox::start(|_| {}).await;
    introduce(&sandbox, &["ada"]).await;
    let host = Host::start(&sandbox, HostOptions { bot: "echo".into(), ..HostOptions::default() }).await;
    let (status, quarantined) = post(&host.public, "whatsapp", r#"{"message":"hello"}"#).await;
    assert_eq!((status, &quarantined["quarantined"]), (202, &json!(true)), "{quarantined}");
    let id = quarantined["event_id"].as_str().expect("an id");
    let listed = turnwise(&host, &["quarantine", "list"], "").await;
    assert!(listed.code == Some(0) && listed.stdout.starts_with(id), "{}{}", listed.stdout, listed.stderr);
    let still = turnwise(&host, &["quarantine", "redrive", id], "").await;
    assert!(still.code == Some(1) && still.stderr.contains("cannot be read yet"), "{}", still.stderr);
    let body = host.folder.path().join("mended.json");
    std::fs::write(&body, escaped("d-1", "ada", "hello")).expect("written");
    let redrive = ["quarantine", "redrive", id, "--body", body.to_str().expect("UTF-8")];
    let mended = turnwise(&host, &redrive, "").await;
    assert_eq!(mended.code, Some(0), "{}", mended.stderr);
    assert_eq!(sandbox.texts_once("ada", 1).await, ["1: hello"]);

    let unknown = turnwise(&host, &["outbox", "list"], "tw_nobody").await;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("TURNWISE_TOKEN"), "{}", unknown.stderr);
    let outbox = turnwise(&host, &["outbox", "list", "--json"], "").await;
    assert!(serde_json::from_str::<Value>(&outbox.stdout).expect("JSON")["rows"].is_array(), "{}", outbox.stderr);
    let none = turnwise(&host, &["outbox", "redrive", "o_1"], "").await;
    assert!(none.code == Some(1) && none.stderr.contains("no row o_1"), "{}", none.stderr);

    let exported = turnwise(&host, &["user", "export", "ada"], "").await;
    let export: Value = serde_json::from_str(&exported.stdout).expect("JSON");
    assert!(export.to_string().contains("1: hello"), "{export}");
    assert_eq!(turnwise(&host, &["user", "erase", "ada"], "").await.code, Some(2), "not without --yes");
    let erased = turnwise(&host, &["user", "erase", "ada", "--yes"], "").await;
    let receipt: Value = serde_json::from_str(&erased.stdout).expect("a receipt");
    assert_eq!((erased.code, &receipt["removed"]["conversations"]), (Some(0), &json!(1)), "{receipt}");

    // X6: the webhook comes again, late.
    let late = std::fs::read_to_string(&body).expect("readable");
    let (status, answer) = post(&host.public, "whatsapp", late).await;
    assert_eq!((status, &answer["duplicate"]), (200, &json!(true)), "{answer}");
    let path = format!("/v1/erasures/{}", receipt["receipt"].as_str().expect("a receipt"));
    assert_eq!(host.ask(Method::GET, &path).send().await.expect("it answers").status(), StatusCode::OK);
    let gone = turnwise(&host, &["user", "export", "ada"], "").await;
    assert!(gone.code == Some(1) && gone.stderr.contains("nothing is kept"), "{}{}", gone.stdout, gone.stderr);
}

#[tokio::test]
async fn dev_needs_nothing_and_its_link_signs_in() {
    let dev = turnwise_tests::Dev::start().await;
    let link = dev.console().await;
    let admin = link.split("/console").next().expect("an address");
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let open = http.get(format!("{admin}/v1/plugins")).send().await.expect("it answers");
    assert_eq!(open.status(), StatusCode::OK, "a program on this machine");
    let page = http.get(format!("{admin}/v1/plugins")).header("sec-fetch-mode", "cors").send().await;
    assert_eq!(page.expect("it answers").status(), StatusCode::UNAUTHORIZED, "a page in a browser");
    for _ in 0..2 {
        let opened = http.get(&link).send().await.expect("it answers");
        assert_eq!(opened.status(), StatusCode::SEE_OTHER);
        let cookie = opened.headers()["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a cookie");
        let inside = http.get(format!("{admin}/console/account")).header("cookie", cookie).send().await;
        assert_eq!(inside.expect("it answers").status(), StatusCode::OK);
    }
}
