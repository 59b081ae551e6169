//! Who wrote and what they wrote is in the database and nowhere else: values that occur once in the world are sent through every
//! fault, and then looked for.

use serde_json::{Value, json};
use turnwise::sandbox::SandboxConfig;
use turnwise_tests::{Host, HostOptions, TestSandbox, until};

use crate::support::plugins;

const TEXT: &str = "canary-text-b7c1f0";
const PHONE: &str = "+4915798765432";
/// The phone number without its sign, as some template may write it.
const DIGITS: &str = "15798765432";
const NAME: &str = "Kanarienvogel";
const USER: &str = "canary-user-5d2e";
const WEBHOOK_TOKEN: &str = "canary_webhook_token_0a9b8c7d";
const WRONG_TOKEN: &str = "canary_wrong_token_3e4f5a6b";
const REST_KEY: &str = "canary-rest-key-9f8e7d6c";
const CANARIES: [&str; 7] = [TEXT, DIGITS, NAME, USER, WEBHOOK_TOKEN, WRONG_TOKEN, REST_KEY];

struct Run {
    sandbox: TestSandbox,
    host: Host,
    posted: u32,
}

impl Run {
    async fn start(log: Option<&str>, folder: &tempfile::TempDir) -> Self {
        let secrets = |config: &mut SandboxConfig| {
            config.token = WEBHOOK_TOKEN.into();
            config.api_key = REST_KEY.into();
        };
        let sandbox = TestSandbox::start(secrets).await;
        let mut options =
            HostOptions { bot: "hostile".into(), plugins: folder.path().into(), ..HostOptions::default() };
        let environment = [("BRAZE_API_KEY", REST_KEY), ("WEBHOOK_TOKEN", WEBHOOK_TOKEN)];
        let environment = environment.into_iter().chain(log.map(|log| ("TURNWISE_LOG", log)));
        options.environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let host = Host::start(&sandbox, options).await;
        Self { sandbox, host, posted: 0 }
    }

    /// Posts a body of the canary user; returns the status.
    async fn say(&mut self, message: &str) -> u16 {
        self.posted += 1;
        let body = json!({
            "user_id": USER, "phone_number": PHONE, "dispatch_id": format!("d-{}", self.posted),
            "profile_name": NAME, "first_name": NAME, "message": message,
        });
        self.post("/v1/inbound/whatsapp", WEBHOOK_TOKEN, body.to_string()).await
    }

    async fn post(&self, path: &str, token: &str, body: String) -> u16 {
        let request = self.sandbox.http.post(format!("{}{path}", self.host.public)).bearer_auth(token);
        request.body(body).send().await.expect("the host answers").status().as_u16()
    }

    async fn logged(&self, part: &str) {
        until(part, || std::future::ready(self.host.log().contains(part).then_some(()))).await;
    }

    /// Answered, refused, unreadable, failed, dead, lost, and locked out.
    async fn everything_goes_wrong(&mut self) {
        let known = json!({ "user_id": USER, "phone_number": PHONE, "message": TEXT, "first_name": NAME });
        assert_eq!(self.sandbox.inbound(known).await["status"], 202);
        self.sandbox.texts_once(USER, 1).await;
        assert_eq!(self.say(TEXT).await, 202);
        self.sandbox.texts_once(USER, 2).await;
        let phone_only = json!({ "phone_number": PHONE, "message": TEXT });
        assert_eq!(self.sandbox.inbound(phone_only).await["status"], 202);

        assert_eq!(self.post("/v1/inbound/whatsapp", WRONG_TOKEN, TEXT.into()).await, 401);
        assert_eq!(self.post(&format!("/v1/inbound/{TEXT}"), WRONG_TOKEN, String::new()).await, 401);
        assert_eq!(self.post(&format!("/{TEXT}?phone={DIGITS}"), WRONG_TOKEN, String::new()).await, 404);
        let unreadable = format!(r#"{{"phone_number":"{PHONE}","{NAME}":{TEXT},"message":"{TEXT}"}}"#);
        assert_eq!(self.post("/v1/inbound/whatsapp", WEBHOOK_TOKEN, unreadable).await, 202);
        self.logged("webhook quarantined").await;
        let unescaped = format!("{{\"user_id\":\"{USER}\",\"message\":\"\"{TEXT}\"\n\"}}");
        assert_eq!(self.post("/v1/inbound/whatsapp", WEBHOOK_TOKEN, unescaped).await, 202);
        assert_eq!(self.post("/v1/inbound/whatsapp", WEBHOOK_TOKEN, TEXT.repeat(8192)).await, 413);

        for attack in ["panic", "bad json", "error", "log line"] {
            assert_eq!(self.say(attack).await, 202);
        }
        self.logged("\"kind\":\"trapped\"").await;
        self.sandbox.texts_once(USER, 7).await;

        for (fault, told) in [
            (json!({ "status": 400, "body": { "message": "Invalid Campaign ID" } }), "\"status\":\"dead\""),
            (json!({ "reset_after_processing": true }), "unknown whether Braze sent it"),
            (json!({ "status": 500 }), "\"status\":\"retry\""),
            (json!({ "notice": "The campaign is paused" }), "accepts the call but warns"),
            (json!({ "status": 401 }), "sending is stopped"),
        ] {
            let mut rule = fault;
            rule["times"] = 1.into();
            self.sandbox.chaos(rule).await;
            assert_eq!(self.say(TEXT).await, 202);
            self.logged(told).await;
        }
    }
}

fn without_canaries(what: &str, text: &str) {
    for canary in CANARIES {
        let found = text.lines().find(|line| line.contains(canary));
        assert!(found.is_none(), "{what} shows {canary}: {}", found.unwrap_or_default());
    }
}

async fn keeps_quiet(log: Option<&str>) {
    let folder = plugins(&["hostile"]);
    let mut run = Run::start(log, &folder).await;
    run.everything_goes_wrong().await;
    for path in ["/readyz", "/readyz?verbose", "/livez", "/nowhere"] {
        let answer = run.sandbox.http.get(format!("{}{path}", run.host.admin)).send().await.expect("the host answers");
        without_canaries(path, &answer.text().await.expect("a body"));
    }
    let (status, log) = run.host.terminate().await;
    assert!(status.success(), "{status}");
    without_canaries("the log", &log);
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in ["timestamp", "level", "message", "target"] {
            assert!(line[key].is_string(), "{key} is missing: {line}");
        }
    }
    assert!(log.contains("\"user\":\"u_"), "users have names of their own in the log: {log}");
}

#[tokio::test]
async fn pain22_the_log_names_no_one_and_quotes_nothing() {
    keeps_quiet(None).await;
}

#[tokio::test]
async fn not_even_a_verbose_log_does() {
    keeps_quiet(Some("debug,turnwise=trace,hyper=trace,hyper_util=trace,reqwest=trace,cranelift=info,wasmtime=info"))
        .await;
}
